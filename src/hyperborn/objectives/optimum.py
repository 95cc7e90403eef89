"""The lowest value of an objective over all distributions, including those that no circuit reaches."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import ArrayLike

from hyperborn._typing import Probabilities
from hyperborn.arguments import check_kind
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.geometries import Coordinates, Entropic, Euclidean, Geometry
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import ExactPosterior
from hyperborn.priors import Prior, Uniform

RELATIVE_ROUNDING = 1e-13
"""Error of sums in float64, relative to the value, and in nats where the value is near 0."""

GROWTH, RELAXATION = 2.0, 1.2
"""The curvature is multiplied by the first if a step is too long, and divided by the second before each step."""

LARGEST_CURVATURE = 1e15
"""A step at a larger curvature is accepted, whatever its value."""


@dataclass(frozen=True)
class Optimum:
    """A q near the minimum of F over all distributions over 2^n networks.

    The minimum lies between value - gap and value, up to rounding.
    """

    q: Float[np.ndarray, " states"]
    """Probabilities of all networks in index order, float64; F of them is `value`."""
    value: float
    """F[q] in nats, the lowest energy included."""
    gap: float
    """Bound on F[q] minus the lowest F of all distributions (nats)."""
    iterations: int


def optimum(
    objective: Objective,
    energies: ArrayLike,
    prior: Prior | ArrayLike = Uniform(),
    *,
    tolerance: float = 1e-4,
    steps: int = 5000,
) -> Optimum:
    """The distribution over all 2^n networks at which a convex objective is lowest, with a certificate.

    **Certificate.** With r the first variation at q, convexity gives F[q'] >= F[q] + <r, q'> - <r, q> for every q', so
    F[q] - min F <= <r, q> - min_w r(w), the gap of Frank and Wolfe (Jaggi, ICML 2013). It does not matter how q was
    found.

    **Algorithm.** FISTA from the prior (Beck and Teboulle, SIAM Journal on Imaging Sciences 2, 2009): proximal steps
    with momentum, their length found by backtracking; momentum is reset where it leads uphill (O'Donoghue and Candès,
    arXiv 1204.3982). Steps are Euclidean, but entropic if the divergence is `steep`. Each takes about two evaluations
    of F and its first variation, with MMD in O(n 2^n). Memory: some tens of arrays of 2^n float64.

    Args:
        objective: what is minimised.
        energies: of all networks in index order, as `hyperborn.energies` gives them (nats).
        prior: a prior, or its log probabilities (nats); one by field names has to be given as these.
        tolerance: largest gap (nats).
        steps: most steps.

    Raises:
        UserError: if the objective is not convex in q, energies or prior do not fit (see `ExactPosterior`), or the gap
            is above the tolerance after all steps.
    """
    check_kind("objective", objective, (Objective,), "an objective, such as hb.ELBO()")
    whole_number("steps", steps, 1)
    if not (is_number(tolerance) and tolerance > 0):
        raise UserError(f"tolerance = {tolerance!r}: give a positive number of nats, such as 1e-4")
    problem = ExactPosterior(energies, prior)
    with jax.enable_x64(True):
        functional = objective.bind(problem.energies, problem.log_prior)
        divergence = functional.divergence
        if divergence is not None and not divergence.convex:
            raise UserError(f"{objective} is not convex in q, so nothing can certify its lowest value; give another")
        geometry = Entropic() if divergence is not None and divergence.steep else Euclidean()
        start = jnp.asarray(problem.log_prior)
        found = minimised(geometry, functional, start, jnp.asarray(tolerance, float), jnp.asarray(steps, int))
        q = np.asarray(geometry.probabilities(found.u))
    gap, taken = float(found.gap), int(found.steps)
    if not gap <= tolerance:
        raise UserError(
            f"tolerance = {tolerance!r}: after {taken:,} steps the gap is {gap:.1e} nats; give more steps or a larger "
            "tolerance"
        )
    return Optimum(q, float(found.value) + float(functional.lowest), gap, taken)


class Iterate(NamedTuple):
    """State of the iteration: coordinates of q and of the extrapolated point, F[q] and its gap (nats)."""

    u: Coordinates
    extrapolated: Coordinates
    momentum: Float[Array, ""]
    curvature: Float[Array, ""]
    value: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]


class LineSearchStep(NamedTuple):
    """A proximal step of length 1 / curvature; it is accepted if the quadratic model bounds F where it ends."""

    u: Coordinates
    curvature: Float[Array, ""]
    value: Float[Array, ""]
    gap: Float[Array, ""]
    accepted: Bool[Array, ""]


def certified(functional: Functional, q: Probabilities) -> tuple[Array, Probabilities, Array]:
    """F[q] above the lowest energy, its first variation and its gap."""
    value, variation = functional.value_and_first_variation(q)
    return value, variation, jnp.maximum(jnp.sum(q * variation) - jnp.min(variation), 0.0)


@partial(jax.jit, static_argnums=0)
def minimised(
    geometry: Geometry, functional: Functional, log_q: Float[Array, " states"], tolerance: Array, steps: Array
) -> Iterate:
    """The iterate, started from log_q (nats), whose gap is at most the tolerance, or the last one."""
    u = geometry.projected(geometry.of(log_q))
    value, variation, gap = certified(functional, geometry.probabilities(u))
    # The first step changes no difference of two coordinates by more than 1: longer ones fail where F is steep.
    curvature = jnp.maximum(jnp.max(variation) - jnp.min(variation), 1.0)
    start = Iterate(u, u, jnp.ones_like(value), curvature, value, gap, jnp.zeros_like(steps))
    return jax.lax.while_loop(
        lambda found: ~(found.gap <= tolerance) & (found.steps < steps),
        partial(next_iterate, geometry, functional),
        start,
    )


def next_iterate(geometry: Geometry, functional: Functional, current: Iterate) -> Iterate:
    """One step of FISTA, with backtracking line search."""
    before = geometry.probabilities(current.extrapolated)
    value, variation = functional.value_and_first_variation(before)

    def step_of(curvature: Array) -> LineSearchStep:
        u = geometry.projected(current.extrapolated - variation / curvature)
        q = geometry.probabilities(u)
        reached, _, gap = certified(functional, q)
        model = value + jnp.sum(variation * (q - before)) + curvature * geometry.distance(u, current.extrapolated)
        slack = RELATIVE_ROUNDING * (1.0 + jnp.abs(value))
        return LineSearchStep(u, curvature, reached, gap, (reached <= model + slack) | (curvature > LARGEST_CURVATURE))

    step = jax.lax.while_loop(
        lambda tried: ~tried.accepted,
        lambda tried: step_of(GROWTH * tried.curvature),
        step_of(current.curvature / RELAXATION),
    )
    moved = geometry.probabilities(step.u) - geometry.probabilities(current.u)
    uphill = jnp.sum(variation * moved) > 0
    momentum = jnp.where(uphill, 1.0, (1.0 + jnp.sqrt(1.0 + 4.0 * current.momentum**2)) / 2.0)
    weight = jnp.where(uphill, 0.0, (current.momentum - 1.0) / momentum)
    extrapolated = geometry.projected(step.u + weight * (step.u - current.u))
    return Iterate(step.u, extrapolated, momentum, step.curvature, step.value, step.gap, current.steps + 1)
