"""Energies of one's own as a table of all 2^n bit strings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from hyperborn._typing import Bits, EnergyTable
from hyperborn.arguments import check_bits
from hyperborn.bits import LARGEST_ENUMERATED, bit_string, bits_of, index_of
from hyperborn.data.preprocessing import frozen
from hyperborn.data.tables import real_numbers
from hyperborn.energy.source import Counter, DeviceEnergies, OwnEnergies, WithoutExamples
from hyperborn.errors import UserError

FORBIDDEN = (
    "for a forbidden string give a finite energy: 50 nats above the others already make it exp(-50) times as probable"
)
"""What to do instead of an infinite energy, against which every circuit would have an infinite loss."""


@final
@dataclass(frozen=True, eq=False)
class Energies(OwnEnergies):
    """Energies (nats) of all 2^n bit strings in index order, bit 0 the most significant; kept as read-only float64.

    The posterior that is approximated is p(w) exp(-energy(w)) / Z, with p the prior. An infinite energy is refused:
    see `FORBIDDEN`.

    Raises:
        UserError: for what is not 2^n finite real numbers, with n from 1 to `bits.LARGEST_ENUMERATED`.
    """

    values: EnergyTable | ArrayLike = field(repr=False)
    n_bits: int = field(init=False)
    offset: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        table = checked_table(self.values)
        object.__setattr__(self, "values", table)
        object.__setattr__(self, "n_bits", len(table).bit_length() - 1)
        object.__setattr__(self, "offset", float(table.min()))

    @property
    def label(self) -> str:
        return f"a table of 2^{self.n_bits}"

    @property
    def why_unsaved(self) -> None:
        return None

    def __call__(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        check_bits("bits", bits, self.n_bits)
        return self.table()[index_of(bits)]

    def table(self, progress: Counter | None = None) -> EnergyTable:
        del progress
        return np.asarray(self.values)

    def on_device(self, *, whole: bool = False) -> DeviceEnergies:
        del whole
        return TableOnDevice(jnp.asarray(self.table() - self.offset, jnp.float32))

    def check_derivatives(self) -> None:
        pass

    def check_steps(self) -> None:
        pass

    def to_record(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {"energies": self.table()}, {"kind": type(self).__name__}

    @staticmethod
    def from_record(arrays: Mapping[str, np.ndarray], description: Mapping[str, Any]) -> "Energies":
        if set(description) != {"kind"} or set(arrays) != {"energies"} or arrays["energies"].dtype != np.float64:
            raise UserError("data record: a table of energies is one float64 array; restore it from a backup")
        return Energies(arrays["energies"])


def checked_table(values: Any) -> EnergyTable:
    """The values as a read-only float64 table.

    Raises:
        UserError: see `Energies`.
    """
    remedy = f"give 2^n energies (nats) in index order, n from 1 to {LARGEST_ENUMERATED}"
    try:
        shape = np.shape(values)
        if len(shape) != 1:
            raise UserError(f"energies of shape {shape}: {remedy}, in one dimension")
        n = shape[0].bit_length() - 1
        if n > LARGEST_ENUMERATED:
            raise UserError(
                f"{shape[0]:,} energies: {remedy}; beyond that give hb.EnergyFunction(f, n_bits) on hb.Registers"
            )
        if n < 1 or shape[0] != 2**n:
            raise UserError(f"{shape[0]} energies: {remedy}")
        table = frozen(real_numbers(values), np.float64)
    except UserError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"energies must be real numbers ({error}); {remedy}") from error
    strange = np.flatnonzero(~np.isfinite(table))
    if len(strange):
        raise not_finite("energies", float(table[strange[0]]), bits_of(strange[:1], n)[0])
    return table


def not_finite(owner: str, value: float, bits: np.ndarray) -> UserError:
    """The error for an energy of a string that is NaN or infinite."""
    remedy = FORBIDDEN if value == np.inf else "give finite numbers (nats)"
    string = bit_string(bits) if len(bits) <= 64 else f"{bit_string(bits[:64])}..."
    return UserError(f"{owner}: {value} for the bits {string}; {remedy}")


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TableOnDevice(WithoutExamples):
    """The table in single precision, less its lowest energy."""

    values: Float[Array, " states"]

    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        return looked_up(self.values, bits)


@jax.custom_vjp
def looked_up(values: Float[Array, " states"], bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
    """The table's entries at rows of zeros and ones, in the precision of the rows.

    Their derivative by a bit is the energy with a 1 there minus that with a 0, which is the derivative of the one
    extension to numbers between 0 and 1 that is linear in every bit.
    """
    return values[(bits.astype(jnp.int32) * place_values(bits.shape[-1])[None]).sum(axis=-1)].astype(bits.dtype)


def place_values(n: int) -> Int[np.ndarray, " n"]:
    """What a 1 in each place adds to an index."""
    return np.int32(1) << np.arange(n - 1, -1, -1, dtype=np.int32)


def looked_up_forward(values: Array, bits: Array) -> tuple[Array, tuple[Array, Array]]:
    return looked_up(values, bits), (values, bits)


def looked_up_backward(kept: tuple[Array, Array], cotangent: Float[Array, " samples"]) -> tuple[Array, Array]:
    values, bits = kept
    places = place_values(bits.shape[-1])[None]
    index = (bits.astype(jnp.int32) * places).sum(axis=-1, keepdims=True)
    differences = values[index | places] - values[index & ~places]
    return jnp.zeros_like(values), cotangent[:, None] * differences.astype(cotangent.dtype)


looked_up.defvjp(looked_up_forward, looked_up_backward)
