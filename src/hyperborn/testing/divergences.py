"""The contract of divergences."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from hyperborn.objectives.divergences.divergence import BoundDivergence, Divergence
from hyperborn.testing.contract import broken, check_class, check_close, check_record
from hyperborn.testing.first_variations import CompiledVariation, N, Table, check_first_variation, checked_bound

PAIRS = 40
"""Pairs of distributions on which convexity is tried."""

MATCHED = 0.1
"""Share by which the matched weight may miss the charge of KL, as where a divergence has a ridge."""


def check_divergence(divergence: Divergence, *, seed: int = 0) -> None:
    """Check a divergence D(q, p) between distributions over four bits.

    - It can be hashed, and `bind` makes a pytree of arrays, so that one compiled program serves every p.
    - D(p, p) is 0, and D(q, p) at random q is not negative.
    - The first variation is the derivative of the value by q(w), for every w, in float64.
    - Value and first variation are finite at every point mass, in float32.
    - Where it says `convex`, no tangent of 40 lies above it; it is `steep` if its first variation falls without bound
      as q(w) -> 0, and only then.
    - `matched_weight` charges point masses what KL charges, on average over p: within 10 %.
    - Its record, as JSON, makes an equal divergence.

    Raises:
        ContractError: if it does not.
    """
    check_class(divergence, Divergence)
    random = np.random.default_rng(seed)
    tables = [0.9 * random.dirichlet(np.full(2**N, 2.0)) + 0.1 / 2**N for _ in range(2)]
    evaluated = CompiledVariation(divergence)
    with jax.enable_x64(True):
        first, second = (bound_to(divergence, np.log(p)) for p in tables)
        check_values(divergence, partial(evaluated, first), tables[0], random)
        evaluated.check_one_program(second, tables[0], "every p", "another p compiles")
        check_claims(divergence, evaluated, random)
        check_matched_weight(divergence, partial(evaluated, first), tables[0])
    evaluated.check_point_masses(bound_to(divergence, np.log(tables[0])))
    check_record(divergence, "divergence")


def bound_to(divergence: Divergence, log_p: Table) -> BoundDivergence:
    """The divergence from one p."""
    cause = "bind returns no BoundDivergence"
    return checked_bound(divergence, "bind(log_p)", divergence.bind(log_p), BoundDivergence, cause)


def check_values(divergence: Divergence, at: Callable[[Table], Any], p: Table, random: np.random.Generator) -> None:
    """Check the value at p and around, and the first variation."""
    others = [random.dirichlet(np.full(2**N, spread)) for spread in (0.2, 1.0, 1.0, 5.0)]
    values = np.array([at(q)[0] for q in others])
    check_close(
        divergence,
        "D(p, p)",
        at(p)[0],
        0.0,
        "a term of p alone is missing, or p is not what bind was given",
        absolute=1e-9 * (1 + np.abs(values).max()),
    )
    if values.min() < 0:
        found = f"D(q, p) is {values.min():.6g} at q = {np.round(others[int(values.argmin())], 3).tolist()}"
        raise broken(divergence, "D(q, p) at random q", found, "the arguments are the other way round, or a sign")
    for q in (others[1], p):
        check_first_variation(divergence, lambda own: at(own)[0], q, at(q)[1])


def check_claims(divergence: Divergence, evaluated: CompiledVariation, random: np.random.Generator) -> None:
    """Check what the bound divergence says of its shape."""
    p = random.dirichlet(np.full(2**N, 0.3)) + 1e-6
    bound = bound_to(divergence, np.log(p / p.sum()))
    for number in range(PAIRS if bound.convex else 0):
        q, other = random.dirichlet(np.full(2**N, 0.05 if number % 2 else 1.0), size=2)
        value, variation = evaluated(bound, q)
        tangent, reached = value + variation @ (other - q), evaluated(bound, other)[0]
        if reached < tangent - 1e-9 * (1 + abs(tangent)):
            found = f"D is {reached:.8g} at pair {number}, below its tangent {tangent:.8g}"
            raise broken(divergence, "the claim that it is convex", found, "the claim: return False")
    q = random.dirichlet(np.ones(2**N))
    ends = []
    for small in (1e-12, 1e-24):
        q[3] = small
        ends.append(evaluated(bound, q / q.sum())[1][3])
    falls = bool(ends[1] < ends[0] - 1.0)
    if bound.steep is not falls:
        found = f"the first variation is {ends[0]:.6g} at q(w) = 1e-12 and {ends[1]:.6g} at 1e-24"
        cause = "the claim: it is True where log q is a term of the first variation"
        raise broken(divergence, f"the claim that steep is {bound.steep}", found, cause)


def check_matched_weight(divergence: Divergence, at: Callable[[Table], Any], p: Table) -> None:
    """Check the mean charge of a point mass at the matched weight."""
    weight = divergence.matched_weight(np.log(p))
    charges = np.array([at(point)[0] for point in np.eye(2**N)])
    checked = "matched_weight times the mean divergence of a point mass, beside that of KL"
    cause = "it is E_p[-log p(w)] / E_p[D(δ_w, p)]; both means are over p, and D is bind's own"
    check_close(divergence, checked, weight * (p @ charges), -p @ np.log(p), cause, absolute=0.0, relative=MATCHED)
