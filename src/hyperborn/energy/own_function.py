"""Energies of one's own as a function of rows of bits, written in NumPy or in JAX."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Bits, EnergyTable
from hyperborn.arguments import check_bits, type_and_shape
from hyperborn.bits import bits_of, check_enumerable
from hyperborn.energy.device_calls import Called, Traced
from hyperborn.energy.function_names import function_named, name_of_function, naming_remedy
from hyperborn.energy.own_table import not_finite
from hyperborn.energy.source import Counter, DeviceEnergies, OwnEnergies
from hyperborn.errors import UserError, whole_number
from hyperborn.printable import shown

AT_ONCE = 2**21
"""Bits that the function is given at once: 16 MiB of float64."""

PROBES = 16
"""Rows whose energies are saved with a run, so that another function of the same name is noticed."""

RELATIVE, ABSOLUTE = 1e-5, 1e-3
"""Differences that rounding may make between two energies of one row: relative, and in nats."""

OTHERWISE = (
    "write it as a polynomial of them, or in NumPy, whose differences are taken instead, or take the estimator "
    "hb.ScoreFunction()"
)
"""What to do about a function in JAX whose derivatives are of no use."""


@final
@dataclass(frozen=True, eq=False)
class EnergyFunction(OwnEnergies):
    """Energies (nats) of rows of `n_bits` bits by a function of one's own.

    `function` takes an array (networks, n_bits) of zeros and ones and returns one energy a row, a vector (networks,) of
    real numbers; each depends on its own row alone. It is tried on a few rows at once.

    A function that returns a NumPy array is given float64, which it must not write to. On `Registers` it is called from
    inside of compiled steps, and its derivative by a bit is the difference that the bit makes, for which it is called
    with n_bits more rows a draw. A function that returns a JAX array is compiled: it is given float64 where values are
    reported, and float32 in steps on `Registers`, whose derivatives are then its own. Written as a polynomial in which
    no bit has a power, they are the same differences; a comparison of bits has none, and is refused there. Leave out a
    large constant, in which float32 would lose the digits of the rest; one of a table or of NumPy is taken off for you.

    Infinite energies are refused: for a forbidden string give a finite one, 50 nats above the others, say.

    A run of it can be saved if the function can be found by its name, as one at the top of a module can; the module
    must be imported before the run is loaded. One of an installed package has to be named as a plugin, too.

    Raises:
        UserError: if it cannot be called, raises, gives anything else for a few rows, or n_bits is out of range.
    """

    function: Callable[[Any], Any] = field(repr=False)
    n_bits: int
    in_jax: bool = field(init=False, repr=False)
    offset: float = field(init=False, repr=False)
    failures: list[UserError] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        if not callable(self.function) or isinstance(self.function, type):
            raise UserError(
                f"function = {shown(self.function)}: give a function of rows of bits, an array (networks, n_bits), "
                "such as lambda rows: rows.sum(axis=1)"
            )
        object.__setattr__(self, "n_bits", whole_number("n_bits", self.n_bits, 1))
        rows = np.zeros((2, self.n_bits), np.uint8)
        rows[1, ::2] = 1
        if self.n_bits == 2:
            # With as many rows as bits, a vector of the wrong length would pass.
            rows = bits_of(np.arange(3), 2)
        object.__setattr__(self, "in_jax", isinstance(self.called(rows.astype(np.float64)), jax.Array))
        if self.in_jax:
            self.check_traceable()
        together = self(rows)
        alone = np.concatenate([self(row[None]) for row in rows])
        if not agree(together, alone):
            raise UserError(
                f"{self.owner} gives {together.tolist()} for rows together and {alone.tolist()} for each alone; the "
                "energy of a row must depend on that row only"
            )
        # Of two rows, as good a constant as any; what a function in JAX computes in single precision is its own.
        object.__setattr__(self, "offset", 0.0 if self.in_jax else float(together.min()))

    @property
    def label(self) -> str:
        return name_of_function(self.function) or shown(getattr(self.function, "__name__", self.function)).strip("'")

    @property
    def why_unsaved(self) -> str | None:
        if name_of_function(self.function):
            return None
        return (
            f"{self.owner} has no name that it could be found by, so that its run cannot be saved; "
            f"{naming_remedy(self.function)}, or give the table of its energies, hb.Energies(energies.table())"
        )

    @property
    def owner(self) -> str:
        """The function in an error."""
        return f"the energy function {self.label}"

    @property
    def remedy(self) -> str:
        """What the function should do."""
        return (
            f"it takes an array (networks, {self.n_bits}) of zeros and ones and returns one energy (nats) a row; "
            "with a function g of one row give lambda rows: np.array([g(row) for row in rows])"
        )

    def __call__(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        check_bits("bits", bits, self.n_bits)
        parts = [self.energies_of(bits[part]) for part in parts_of(len(bits), self.n_bits)]
        return np.concatenate(parts) if parts else np.empty(0)

    def table(self, progress: Counter | None = None) -> EnergyTable:
        n = self.n_bits
        check_enumerable(n, "give the posterior hb.Registers(n_bits)")
        found, parts = np.empty(2**n), list(parts_of(2**n, n))
        for done, part in enumerate(parts, start=1):
            found[part] = self.energies_of(bits_of(np.arange(part.start, part.stop), n))
            if progress is not None:
                progress(done, len(parts))
        return found

    def energies_of(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        """As a call, of rows that are at once small enough and known to be bits.

        Raises:
            UserError: if the function raises, or does not return one finite real number a row.
        """
        rows = bits.astype(np.float64)
        values = self.compiled_values(rows) if self.in_jax else self.called(rows)
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf" or values.shape != (len(bits),):
            given = type_and_shape(np.asarray(values) if isinstance(values, np.generic) else values)
            raise UserError(f"{self.owner} gives {given} for {len(bits)} rows; {self.remedy}")
        energies = values.astype(np.float64)
        strange = np.flatnonzero(~np.isfinite(energies))
        if len(strange):
            raise not_finite(self.owner, float(energies[strange[0]]), bits[strange[0]])
        return energies

    def called(self, rows: Float[np.ndarray, "networks n"]) -> Any:
        """What the function returns for rows, which it cannot write to.

        Raises:
            UserError: if it raises.
        """
        rows.flags.writeable = False
        try:
            # JAX would cut double precision, and say so.
            with jax.enable_x64(True):
                return self.function(rows)
        except Exception as error:  # the function is the user's own
            raise UserError(f"{self.owner} raised {failure(error)}; {self.remedy}") from error

    def compiled_values(self, rows: Float[np.ndarray, "networks n"]) -> np.ndarray:
        """What a function in JAX returns for rows, in double precision."""
        # Few lengths, so that few programs are compiled.
        padded = np.zeros((1 << (len(rows) - 1).bit_length(), self.n_bits))
        padded[: len(rows)] = rows
        with jax.enable_x64(True):
            values = np.asarray(self.compiled(padded))
        return values[: len(rows)] if values.shape == padded.shape[:1] else values

    @cached_property
    def compiled(self) -> Callable[[Any], Array]:
        """The function in JAX as a program."""
        return jax.jit(self.function)

    def check_traceable(self) -> None:
        """Raise a UserError if JAX cannot compile a function that returns a JAX array."""
        try:
            jax.eval_shape(self.function, jax.ShapeDtypeStruct((2, self.n_bits), jnp.float32))
        except Exception as error:  # the function is the user's own
            raise UserError(
                f"{self.owner} returns a JAX array and JAX cannot compile it ({failure(error)}); compute with "
                "jax.numpy alone, or with NumPy alone"
            ) from error

    def differences(self, bits: Bits) -> Float[np.ndarray, "networks n"]:
        """Energy (nats) of each row with a 1 in each place minus that with a 0 there."""
        own, gained = self(bits), np.empty(bits.size)
        for part in parts_of(bits.size, self.n_bits):
            rows, places = np.divmod(np.arange(part.start, part.stop), self.n_bits)
            flipped = bits[rows]
            flipped[np.arange(len(rows)), places] ^= 1
            gained[part] = self.energies_of(flipped) - own[rows]
        gained = gained.reshape(bits.shape)
        return np.where(bits == 1, -gained, gained)

    def on_device(self, *, whole: bool = False) -> DeviceEnergies:
        del whole
        return Traced(self.function) if self.in_jax else Called(self.values_in_steps, self.differences_in_steps)

    def check_derivatives(self) -> None:
        if not self.in_jax:
            return
        bits = probes(self.n_bits)[:2]
        slopes = jax.grad(lambda rows: self.function(rows).sum().astype(jnp.float32))(bits.astype(np.float32))
        if not np.isfinite(slopes).all():
            raise UserError(f"{self.owner} has derivatives that are NaN or infinite in single precision; {OTHERWISE}")
        if not np.any(slopes) and self.differences(bits).any():
            raise UserError(f"{self.owner} has no derivative by its bits; {OTHERWISE}")

    def values_in_steps(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        """As a call less `offset`, from inside of compiled steps: NaN stands for an error that `check_steps` raises."""
        try:
            return self(bits) - self.offset
        except UserError as error:
            self.failures.append(error)
            return np.full(len(bits), np.nan)

    def differences_in_steps(self, bits: Bits) -> Float[np.ndarray, "networks n"]:
        """As `differences`, with NaN as in `values_in_steps`."""
        try:
            return self.differences(bits)
        except UserError as error:
            self.failures.append(error)
            return np.full(bits.shape, np.nan)

    def check_steps(self) -> None:
        if self.failures:
            first = self.failures[0]
            self.failures.clear()
            raise first

    def to_record(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        if self.why_unsaved:
            raise UserError(self.why_unsaved)
        description = {"kind": type(self).__name__, "function": name_of_function(self.function), "n_bits": self.n_bits}
        return {"energies": self(probes(self.n_bits))}, description

    @staticmethod
    def from_record(arrays: Mapping[str, np.ndarray], description: Mapping[str, Any]) -> "EnergyFunction":
        if set(description) != {"kind", "function", "n_bits"} or set(arrays) != {"energies"}:
            raise UserError("data record: the entries of an energy function do not fit; restore it from a backup")
        found = EnergyFunction(function_named(description["function"]), description["n_bits"])
        before, now = arrays["energies"], found(probes(found.n_bits))
        if before.shape != now.shape or not agree(before, now):
            raise UserError(
                f"{found.owner} is not the one that the run was trained with: it gives other energies; restore it"
            )
        return found


def agree(one: Float[np.ndarray, " networks"], other: Float[np.ndarray, " networks"]) -> bool:
    """Whether two energies (nats) of each row differ by no more than rounding."""
    return np.allclose(one, other, rtol=RELATIVE, atol=ABSOLUTE)


def failure(error: Exception) -> str:
    """What was raised, in a few words."""
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0][:200]}" if first else type(error).__name__


def parts_of(rows: int, n: int) -> Iterator[slice]:
    """Rows of n bits in parts of `AT_ONCE` bits at most, a power of two of rows each."""
    step = 1 << max(0, (AT_ONCE // n).bit_length() - 1)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def probes(n: int) -> Bits:
    """The same few rows of bits at every call."""
    return np.random.default_rng(0).integers(0, 2, (PROBES, n), np.uint8)
