"""The contract of objectives."""

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.objectives import Objective
from hyperborn.testing.contract import broken, check_array, check_class, check_close, check_record
from hyperborn.testing.first_variations import check_first_variation

N = 4
"""Bits of the distributions."""

Table = Float[np.ndarray, " states"]
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
    traced: list[Any] = []

    @jax.jit
    def evaluated(functional: Functional, q: Any) -> Any:
        traced.append(q)
        return functional.value_and_first_variation(q)

    with jax.enable_x64(True):
        first, second = (bound_to(objective, *problem) for problem in problems)
        tables = random.dirichlet(np.ones(2**N), size=2)
        for q in tables:
            value, variation = called(objective, evaluated, first, q)
            check_array(objective, "the first variation", variation, (2**N,), np.float64, "arrays of another precision")
            check_value(objective, formula, float(value) + float(first.lowest), q, *problems[0])
            check_first_variation(
                objective, lambda own: evaluated(first, jnp.asarray(own))[0], q, np.asarray(variation)
            )
            slope = np.asarray(jax.grad(first)(jnp.asarray(q)))
            cause = "bind returns a Functional of another class"
            check_close(objective, "jax.grad beside the first variation", slope, variation, cause, absolute=1e-12)
        count = len(traced)
        evaluated(second, jnp.asarray(tables[0]))
        if len(traced) > count:
            cause = "a number of the data or the prior is a static field; keep it as an array of the pytree"
            raise broken(
                objective, "one compiled program for all data", "other energies compile another program", cause
            )
        check_lowest(
            objective, lambda own: float(evaluated(first, jnp.asarray(own))[0] + first.lowest), problems[0], random
        )
    check_point_masses(objective, evaluated, problems[0])
    check_record(objective, "objective")


def bound_to(objective: Objective, energies: Table, log_p: Table) -> Functional:
    """The functional of energies and a prior."""
    functional = objective.bind(energies, log_p)
    if not isinstance(functional, Functional):
        found = f"gives a {type(functional).__name__}"
        raise broken(objective, "bind(energies, log_p)", found, "bind returns no Functional: see Functional.of")
    return functional


def called(objective: Objective, evaluated: Any, functional: Functional, q: Table) -> tuple[Any, Any]:
    """F[q] above the lowest energy and its first variation, in a compiled program."""
    try:
        return evaluated(functional, jnp.asarray(q))
    except TypeError as error:
        cause = "a divergence that is no pytree: put jax.tree_util.register_dataclass above its class"
        checked = "value_and_first_variation in a compiled program"
        raise broken(objective, checked, str(error).splitlines()[0], cause) from error


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


def check_point_masses(objective: Objective, evaluated: Any, problem: tuple[Table, Table]) -> None:
    """Check that single precision keeps F and its first variation at point masses finite."""
    functional = bound_to(objective, *problem)
    for place, point in enumerate(np.eye(2**N, dtype=np.float32)):
        value, variation = evaluated(functional, jnp.asarray(point))
        if not (np.isfinite(np.asarray(value)) and np.isfinite(np.asarray(variation)).all()):
            cause = "a logarithm or a power of q(w) = 0: replace smaller numbers by hyperborn's TINY = 1e-30"
            raise broken(objective, f"the point mass of network {place} in float32", "a number is not finite", cause)
