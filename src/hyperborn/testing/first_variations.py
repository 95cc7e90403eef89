"""First variations of functionals of q: as compiled programs, at point masses, and beside finite differences."""

from collections.abc import Callable
from typing import Any, TypeVar, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.testing.contract import broken, check_array, network_of
from hyperborn.testing.finite_differences import finite_differences

N = 4
"""Bits of the distributions."""

SHARE = 1e-4
"""Step of finite differences, as a share of q(w)."""

TOLERANCE = 1e-6
"""Of derivatives, relative to the largest one."""


Table = Float[np.ndarray, " states"]
Bound = TypeVar("Bound")


def checked_bound(part: Any, call: str, bound: Any, kind: type[Bound], cause: str) -> Bound:
    """What `bind` has returned, if it is of the class that it has to be of.

    Raises:
        ContractError: if not.
    """
    if not isinstance(bound, kind):
        raise broken(part, call, f"gives a {type(bound).__name__}", cause)
    return bound


@final
class CompiledVariation:
    """Value and first variation of what a part binds, as a compiled program."""

    def __init__(self, part: Any) -> None:
        self.part, self.programs = part, 0

        @jax.jit
        def evaluated(bound: Any, q: Any) -> Any:
            self.programs += 1
            return bound.value_and_first_variation(q)

        self.evaluated = evaluated

    def __call__(self, bound: Any, q: Table) -> tuple[float, Table]:
        """Value and first variation at q, checked to be arrays of the right shapes in the dtype of q.

        Raises:
            ContractError: if they are not, or cannot be compiled.
        """
        try:
            value, variation = self.evaluated(bound, jnp.asarray(q))
        except TypeError as error:
            cause = (
                "the class of the divergence is no pytree: put jax.tree_util.register_dataclass above the frozen "
                "dataclass, as in hb.MMD's"
            )
            checked = "value_and_first_variation in a compiled program"
            raise broken(self.part, checked, str(error).splitlines()[0], cause) from error
        dtype = jnp.asarray(q).dtype
        cause = "arrays of another precision than q's, or log q of a q that is 0"
        check_array(self.part, f"the value at a q of {dtype}", value, (), dtype, cause)
        check_array(self.part, f"the first variation at a q of {dtype}", variation, q.shape, dtype, cause)
        return float(value), np.asarray(variation)

    def check_one_program(self, bound: Any, q: Table, serves: str, other: str) -> None:
        """Check that another problem, of the same shapes, needs no other program than the one before.

        Raises:
            ContractError: if it does; `serves` says what one program should serve, and `other` what it did not.
        """
        count = self.programs
        self(bound, q)
        if self.programs > count:
            cause = "a number of the problem is a static field of what bind makes; keep it as an array of the pytree"
            raise broken(self.part, f"one compiled program for {serves}", f"{other} another program", cause)

    def check_point_masses(self, bound: Any) -> None:
        """Check that single precision keeps the value and first variation of point masses finite.

        Raises:
            ContractError: if not.
        """
        for place, point in enumerate(np.eye(2**N, dtype=np.float32)):
            value, variation = self.evaluated(bound, jnp.asarray(point))
            strange = ~np.isfinite(np.append(np.asarray(variation), np.asarray(value)))
            if strange.any():
                where = "the value" if strange[-1] else f"the first variation at {network_of((int(strange.argmax()),))}"
                cause = "a logarithm or a power of q(w) = 0: replace smaller numbers by hyperborn's TINY = 1e-30"
                checked = f"the point mass of network {place} in float32"
                raise broken(self.part, checked, f"{where} is not finite", cause)


def check_first_variation(part: Any, value: Callable[[Any], Any], q: Table, variation: Table) -> None:
    """Check that r(w) is the derivative of a value by q(w), for all w; both in float64.

    The value is asked for at q that do not add up to 1, where its formula holds as well.

    Raises:
        ContractError: if it is not, with what can be told of the difference.
    """
    checked = "first variation beside finite differences of the value"
    slopes = finite_differences(value, q, SHARE * q)
    tolerance = TOLERANCE * (1 + np.abs(slopes).max())
    error = variation - slopes
    if not np.abs(error).max() > tolerance and np.isfinite(variation).all():
        return
    if np.abs(error - error.mean()).max() <= tolerance:
        cause = "a term that is the same for all networks, such as the + 1 of KL's log q - log p + 1; training hides it"
        raise broken(part, checked, f"it is off by {error.mean():+.6g} at every network", cause)
    ratio = float(variation @ slopes / (slopes @ slopes))
    if np.abs(variation - ratio * slopes).max() <= tolerance:
        sign = "it has the wrong sign" if ratio < 0 else f"it is {ratio:.6g} times the derivative"
        cause = "a sign" if ratio < 0 else "a factor, such as the 2 of the derivative of a quadratic form"
        raise broken(part, checked, sign, cause)
    place = int(np.abs(error).argmax())
    raise broken(
        part,
        checked,
        f"at network {place}, where q = {q[place]:.3g}, it is {variation[place]:.8g}, not {slopes[place]:.8g}",
        "a term that was not differentiated, or q held fixed where it stands a second time",
    )
