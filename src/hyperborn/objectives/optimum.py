"""The lowest value of an objective over all distributions, whether or not a circuit reaches them."""

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

ROUNDING = 1e-13
"""Share of a value (and nats, near 0) by which sums in float64 may be off."""

GROWTH, RELAXATION = 2.0, 1.2
"""By what the curvature is multiplied where a step is too long, and divided before each step."""

SHARPEST = 1e15
"""Curvature at which a step counts as short enough, whatever the value says."""


@dataclass(frozen=True)
class Optimum:
    """The lowest F[q] of all distributions q over 2^n networks, between value - gap and value, up to rounding."""

    q: Float[np.ndarray, " states"]
    """Probabilities of all networks in index order, float64; F of them is `value`."""
    value: float
    """F[q] in nats, the lowest energy included."""
    gap: float
    """How much lower than F[q] that of another distribution can be at most (nats)."""
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
    with momentum, of a length found by backtracking, started afresh where momentum leads uphill (O'Donoghue and Candès,
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
        q = np.asarray(geometry.probabilities(found.place))
    gap, taken = float(found.gap), int(found.steps)
    if not gap <= tolerance:
        raise UserError(
            f"tolerance = {tolerance!r}: after {taken:,} steps the gap is {gap:.1e} nats; give more steps or a larger "
            "tolerance"
        )
    return Optimum(q, float(found.value) + float(functional.lowest), gap, taken)


class Walk(NamedTuple):
    """Where the search stands: coordinates of q, from where it steps next, F[q] and its gap (nats)."""

    place: Coordinates
    ahead: Coordinates
    momentum: Float[Array, ""]
    curvature: Float[Array, ""]
    value: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]


class Trial(NamedTuple):
    """A step of length 1 / curvature, and whether the quadratic model bounds F where it ends."""

    place: Coordinates
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
) -> Walk:
    """The walk from log_q (nats) to a gap of at most the tolerance, or until the steps are used up."""
    place = geometry.nearest(geometry.of(log_q))
    value, variation, gap = certified(functional, geometry.probabilities(place))
    # The first step moves no coordinate by more than 1 against another: where F is steep, a longer one would get lost.
    curvature = jnp.maximum(jnp.max(variation) - jnp.min(variation), 1.0)
    start = Walk(place, place, jnp.ones_like(value), curvature, value, gap, jnp.zeros_like(steps))
    return jax.lax.while_loop(
        lambda walk: ~(walk.gap <= tolerance) & (walk.steps < steps), partial(advanced, geometry, functional), start
    )


def advanced(geometry: Geometry, functional: Functional, walk: Walk) -> Walk:
    """One step, with as many trials as it takes."""
    before = geometry.probabilities(walk.ahead)
    value, variation = functional.value_and_first_variation(before)

    def attempt(curvature: Array) -> Trial:
        place = geometry.nearest(walk.ahead - variation / curvature)
        q = geometry.probabilities(place)
        reached, _, gap = certified(functional, q)
        model = value + jnp.sum(variation * (q - before)) + curvature * geometry.distance(place, walk.ahead)
        slack = ROUNDING * (1.0 + jnp.abs(value))
        return Trial(place, curvature, reached, gap, (reached <= model + slack) | (curvature > SHARPEST))

    trial = jax.lax.while_loop(
        lambda trial: ~trial.accepted,
        lambda trial: attempt(GROWTH * trial.curvature),
        attempt(walk.curvature / RELAXATION),
    )
    moved = geometry.probabilities(trial.place) - geometry.probabilities(walk.place)
    uphill = jnp.sum(variation * moved) > 0
    momentum = jnp.where(uphill, 1.0, (1.0 + jnp.sqrt(1.0 + 4.0 * walk.momentum**2)) / 2.0)
    share = jnp.where(uphill, 0.0, (walk.momentum - 1.0) / momentum)
    ahead = geometry.nearest(trial.place + share * (trial.place - walk.place))
    return Walk(trial.place, ahead, momentum, trial.curvature, trial.value, trial.gap, walk.steps + 1)
