"""The contract of objectives."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from hyperborn.errors import UserError
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.objectives import Objective
from hyperborn.testing.contract import broken, check_class, check_close, check_record
from hyperborn.testing.first_variations import CompiledVariation, N, Table, check_first_variation, checked_bound

Formula: TypeAlias = Callable[[Table, Table, Table], float]
"""F[q] in plain NumPy, from q, the energies (nats) and log p, each of shape (2^n,)."""


def check_objective(objective: Objective, formula: Formula | None = None, *, seed: int = 0) -> None:
    """Check an objective F[q] on distributions over four bits, by enumeration.

    - It can be hashed, and `bind` makes a `Functional`: one compiled program serves all energies and priors.
    - F is what `formula` says, if one is given: ``lambda q, energies, log_p: q @ energies``. A `separable` objective is
      E_q[energy] plus its `penalty`; one that is not refuses to give a penalty.
    - The first variation is the derivative of F by q(w), for every w, in float64; so is the gradient by `jax.grad`.
    - F and its first variation are finite at every point mass, in float32.
    - `lowest` is not above F at any distribution that is tried.
    - Its record, as JSON, makes an equal objective.

    Raises:
        ContractError: if it does not.
    """
    check_class(objective, Objective)
    random = np.random.default_rng(seed)
    problems = [(random.gamma(2.0, 3.0, 2**N) + 40, np.log(random.dirichlet(np.full(2**N, 3.0)))) for _ in range(2)]
    evaluated = CompiledVariation(objective)
    with jax.enable_x64(True):
        first, second = (bound_to(objective, *problem) for problem in problems)
        tables = random.dirichlet(np.ones(2**N), size=2)
        for q in tables:
            value, variation = evaluated(first, q)
            check_value(objective, formula, value + float(first.lowest), q, *problems[0])
            check_first_variation(objective, lambda own: evaluated(first, own)[0], q, variation)
            slope = np.asarray(jax.grad(first)(jnp.asarray(q)))
            cause = "bind returns a Functional of another class"
            check_close(objective, "jax.grad beside the first variation", slope, variation, cause, absolute=1e-12)
        evaluated.check_one_program(second, tables[0], "all data", "other energies compile")
        check_lowest(objective, lambda own: float(first(jnp.asarray(own)) + first.lowest), problems[0], random)
    evaluated.check_point_masses(bound_to(objective, *problems[0]))
    check_record(objective, "objective")


def bound_to(objective: Objective, energies: Table, log_p: Table) -> Functional:
    """The functional of energies and a prior."""
    cause = "bind returns no Functional: see Functional.of"
    return checked_bound(objective, "bind(energies, log_p)", objective.bind(energies, log_p), Functional, cause)


def check_value(
    objective: Objective, formula: Formula | None, value: float, q: Table, energies: Table, log_p: Table
) -> None:
    """Check F[q] against the formula, and against its two terms."""
    if formula is not None:
        cause = "a factor or a sign, or the lowest energy counted twice"
        expected = formula(q, energies, log_p)
        check_close(objective, "F[q] beside the formula", value, expected, cause, absolute=0.0, relative=1e-10)
    try:
        penalty = objective.penalty(log_p)
    except UserError as error:
        if objective.separable:
            cause = "separable = True in an objective whose penalty depends on the energies"
            raise broken(objective, "penalty(log_p)", f"is refused ({error})", cause) from error
        return
    if not objective.separable:
        cause = "an objective that is not separable gives a penalty; raise a UserError"
        raise broken(objective, "penalty(log_p)", "is given", cause)
    expected = q @ energies + float(penalty(jnp.asarray(q))) + float(penalty.lowest)
    cause = "bind and penalty have other weights, or bind forgets the mean energy"
    check_close(objective, "F[q] beside E_q[energy] + penalty", value, expected, cause, absolute=0.0, relative=1e-10)


def check_lowest(
    objective: Objective, value: Callable[[Table], float], problem: tuple[Table, Table], random: np.random.Generator
) -> None:
    """Check that no distribution has a lower value than `lowest`."""
    energies, log_p = problem
    lowest = objective.lowest(energies, log_p)
    if lowest is None:
        return
    posterior = np.exp(log_p - energies + energies.min())
    tried = [*random.dirichlet(np.ones(2**N), size=5), *np.eye(2**N), posterior / posterior.sum()]
    found = min(value(q) for q in tried)
    if found < lowest - 1e-9 * (1 + abs(lowest)):
        cause = "a sign or a factor of lowest; return None where no formula gives it"
        raise broken(objective, f"lowest = {lowest:.8g}", f"F is {found:.8g} at a distribution", cause)
