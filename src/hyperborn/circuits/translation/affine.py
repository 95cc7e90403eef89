"""Angles as affine functions of parameters, found by differentiation."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun
from jaxtyping import Float

from hyperborn.circuits.angle import Angle
from hyperborn.errors import UserError
from hyperborn.printable import printable
from hyperborn.redaction import error_text

Recording = tuple[list[Any], list[Any]]
"""PennyLane's operations and measurements."""

MOST_DERIVATIVES = 100_000_000
"""Most angles times parameters: all derivatives are computed at once."""

MAGNITUDES = (1.0, 10.0, 1000.0)
"""Largest sizes (radians) of the random parameters at which angles are compared with what was found.

Clipped or chosen by a comparison, an angle may be affine near 0 only.
"""

SAME = 1e-9
"""How far two angles (radians) of the same gate may differ, relative to the terms of their sum, or to 1."""

CHOICES = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)
"""What JAX raises where a program needs the numbers of a traced array."""


def affine_angles(
    record: Callable[[Any], Recording], shape: tuple[int, ...]
) -> tuple[list[Any], list[Any], list[tuple[Angle, ...]]]:
    """Operations and measurements of a quantum function, and the angles of each operation.

    Args:
        record: from an array of parameters to operations and measurements.
        shape: of the array of parameters.

    Raises:
        UserError: if the function fails, an angle is not affine, or the operations depend on the parameters.
    """
    random = np.random.default_rng(0)
    # First as NumPy arrays, which refuse an index that is out of range; JAX would take the last parameter.
    halves = [size * random.uniform(0.5, 1, shape) * random.choice([-1, 1], shape) for size in MAGNITUDES]
    trials = [np.asarray(sign * half) for half in halves for sign in (1, -1)]
    operations, measurements = recorded(record, trials[0])
    n_angles = sum(len(operation.data) for operation in operations)
    if n_angles * prod(shape) > MOST_DERIVATIVES:
        raise UserError(
            f"the function has {n_angles:,} angles of {prod(shape):,} parameters, over the limit of "
            f"{MOST_DERIVATIVES:,} derivatives; give a smaller circuit, or list its gates in a hb.circuits.GateList"
        )
    with jax.enable_x64(True):
        try:
            # Traced without numbers first, on which the operations may not depend.
            angles = jaxpr_as_fun(jax.make_jaxpr(angles_beside(record, operations))(jnp.zeros(shape)))
            (constants,), (derivatives,) = angles(jnp.zeros(shape)), jax.jacfwd(angles)(jnp.zeros(shape))
        except CHOICES as error:
            raise UserError(
                "the function takes its parameters for numbers, as in math.sin, float or an if "
                f"({printable(str(error).splitlines()[0])}); make angles of them by sums and multiples only"
            ) from error
        except UserError:
            raise
        except Exception as error:
            raise failed(error, shape) from error
    constants = np.asarray(constants)
    table = np.asarray(derivatives).reshape(len(constants), prod(shape))
    found = grouped(operations, [angle_from(constant, row) for constant, row in zip(constants, table, strict=True)])
    for trial in trials:
        check_trial(recorded(record, trial)[0], operations, found, trial)
    return operations, measurements, found


def recorded(record: Callable[[Any], Recording], params: Float[np.ndarray, "..."]) -> Recording:
    """What a quantum function does at parameters.

    Raises:
        UserError: if it fails.
    """
    try:
        # JAX would cut double precision.
        with jax.enable_x64(True):
            return record(params)
    except (UserError, MemoryError):
        raise
    except Exception as error:
        raise failed(error, params.shape) from error


def failed(error: Exception, shape: tuple[int, ...]) -> UserError:
    return UserError(
        f"the function fails at an array of parameters of shape {shape} ({error_text(error)}); give its shape as "
        "n_params, and a function of nothing else"
    )


def angles_beside(record: Callable[[Any], Recording], operations: Sequence[Any]) -> Callable[[Any], jax.Array]:
    """A function from parameters to all angles of the operations, one after the other."""

    def angles(params: Any) -> jax.Array:
        traced = record(params)[0]
        check_same(traced, operations)
        own = [jnp.asarray(angle, float).reshape(()) for operation in traced for angle in operation.data]
        return jnp.stack(own) if own else jnp.zeros(0)

    return angles


def angle_from(constant: float, row: Float[np.ndarray, " parameters"]) -> Angle | None:
    """The angle with this value and these derivatives at 0; None if some are not finite."""
    if not np.isfinite(constant) or not np.isfinite(row).all():
        return None
    return Angle(float(constant), tuple((int(index), float(row[index])) for index in np.flatnonzero(row)))


def grouped(operations: Sequence[Any], angles: Sequence[Angle | None]) -> list[tuple[Any, ...]]:
    """The angles of each operation."""
    rest = iter(angles)
    return [tuple(next(rest) for _ in operation.data) for operation in operations]


def check_trial(
    seen: Sequence[Any],
    operations: Sequence[Any],
    found: Sequence[tuple[Angle | None, ...]],
    params: Float[np.ndarray, "..."],
) -> None:
    """Raise a UserError if operations at parameters have other angles than those that were found."""
    check_same(seen, operations)
    flat = params.reshape(-1)
    for operation, own in zip(seen, found, strict=True):
        for angle, value in zip(own, operation.data, strict=True):
            if angle is None or not abs(angle.at(flat) - float(value)) <= SAME * size_of(angle, flat):
                raise UserError(
                    f"an angle of {printable(operation.name)} on wires {', '.join(map(str, operation.wires))} is not "
                    "an affine function of the parameters, such as 2*a - pi/2; make angles by sums and multiples only"
                )


def size_of(angle: Angle, params: Float[np.ndarray, " parameters"]) -> float:
    """The sizes of an angle's terms (radians) at parameters, added up, and 1."""
    return 1 + abs(angle.constant) + sum(abs(factor * params[index]) for index, factor in angle.terms)


def check_same(seen: Sequence[Any], operations: Sequence[Any]) -> None:
    """Raise a UserError if there are other operations than before, at other parameters."""
    if [(one.name, one.wires) for one in seen] != [(one.name, one.wires) for one in operations]:
        raise UserError("the gates depend on the values of the parameters; apply the same gates at all of them")
