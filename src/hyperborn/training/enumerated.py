"""Training on all 2^n networks at once."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from hyperborn._typing import Parameters, Probabilities
from hyperborn.data.dataset import Dataset
from hyperborn.energy import energies as energies_of
from hyperborn.inference.divergences import KullbackLeibler
from hyperborn.inference.estimators import Exact
from hyperborn.inference.functional import Functional
from hyperborn.posteriors import ExactPosterior, ExplicitPosterior, evidence
from hyperborn.progress import Progress
from hyperborn.training.annealing import Annealing
from hyperborn.training.definition import Definition
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.problem import Leap, Problem
from hyperborn.training.steps import Diagnosis, State

NUMBERS: tuple[str, ...] = (
    *("loss", "expected_energy", "elbo", "log_evidence", "elbo_gap"),
    *("total_variation", "kl_to_posterior", "entropy", "posterior_entropy"),
)
"""What is reported, in the order in which it is shown."""


@dataclass(frozen=True)
class Enumerated(Problem):
    """What the data make of a definition: the energies of all 2^n networks (nats) and the prior's log probabilities."""

    energies: Float[np.ndarray, " states"]
    log_prior: Float[np.ndarray, " states"]

    @classmethod
    def of(cls, definition: Definition, data: Dataset, progress: Progress) -> "Enumerated":
        """The problem of the definition's network and prior on the training split."""
        table = energies_of(definition.network, data.train, progress=progress.counter("energies"))
        return cls(table, definition.prior.log_probabilities(definition.network))

    @cached_property
    def posterior(self) -> ExactPosterior:
        """What no approximation can beat."""
        return ExactPosterior(self.energies, self.log_prior)

    def functional(self, definition: Definition) -> Functional:
        """The definition's objective for this problem."""
        return definition.objective.bind(self.energies, self.log_prior)

    def loss(self, definition: Definition, q: Float[np.ndarray, " states"]) -> float:
        """The definition's objective of q (nats), in float64, which training does without."""
        with jax.enable_x64(True):
            functional = self.functional(definition)
            return float(value_of(functional, jnp.asarray(q))) + float(functional.lowest)

    def leaper(self, definition: Definition) -> Leap:
        posterior = definition.posterior
        assert isinstance(posterior, ExplicitPosterior), "the estimator has seen to it"
        functional = self.functional(definition)
        log_prior = jnp.asarray(self.log_prior, jnp.float32)
        lowest = float(self.energies.min())
        energies = jnp.asarray(self.energies - lowest, jnp.float32)

        def leap(state: State, count: int) -> tuple[State, Diagnosis]:
            state = advance(
                state,
                functional,
                jnp.int32(count),
                posterior=posterior,
                optimizer=definition.optimizer,
                annealing=definition.annealed,
                steps=definition.steps,
            )
            found = diagnose(state.params, functional, energies, log_prior, posterior=posterior)
            return state, whole(found, float(functional.lowest), lowest)

        return leap

    def numbers(self, definition: Definition, params: Float[np.ndarray, "..."]) -> dict[str, float]:
        """Loss, expected energy, how far q is from the exact posterior, and the entropies of both."""
        posterior = definition.posterior
        assert isinstance(posterior, ExplicitPosterior), "the estimator has seen to it"
        q = posterior.distribution(jnp.asarray(params))
        found = self.posterior.compared(q) | {
            "loss": self.loss(definition, q),
            "expected_energy": evidence.expected_energy(q, self.energies),
            "entropy": evidence.entropy(q),
            "posterior_entropy": self.posterior.entropy,
        }
        return {name: found[name] for name in NUMBERS}


@jax.jit
def value_of(functional: Functional, q: Probabilities) -> Float[Array, ""]:
    """F[q] above the lowest energy, in one program."""
    return functional(q)


def whole(diagnosis: Diagnosis, offset: float, lowest: float) -> Diagnosis:
    """A diagnosis with what loss and energy (nats) leave out added, in NumPy arrays, float64."""
    loss, energy, kl = (np.asarray(row, np.float64) for row in diagnosis[:3])
    return Diagnosis(loss + offset, energy + lowest, kl, np.asarray(diagnosis.most_probable))


@partial(jax.jit, static_argnames=("posterior", "optimizer", "annealing", "steps"))
def advance(
    state: State,
    functional: Functional,
    count: Int[Array, ""],
    *,
    posterior: ExplicitPosterior,
    optimizer: Optimizer,
    annealing: Annealing | None,
    steps: int,
) -> State:
    """The state `count` steps later; `count` is data, so that every length of leap is one compiled program."""
    update_rule = optimizer.transformation(steps)

    def update(
        functional: Functional, params: Parameters, optimizer_state: optax.OptState
    ) -> tuple[Parameters, optax.OptState]:
        def loss(params: Parameters) -> Float[Array, ""]:
            return Exact().loss(posterior, functional, params)

        value, gradient = jax.value_and_grad(loss)(params)
        change, optimizer_state = update_rule.update(
            gradient, optimizer_state, params, value=value, grad=gradient, value_fn=loss
        )
        return cast(Array, optax.apply_updates(params, change)), optimizer_state

    def one_step(_: Int[Array, ""], state: State) -> State:
        now = functional
        if annealing:
            now = functional.tempered(annealing.inverse_temperature(state.step, steps))
        # One after the other: batched products of so small matrices are slower, and line searches would wait for all.
        params, optimizer_state = jax.lax.map(lambda one: update(now, *one), (state.params, state.optimizer))
        return State(state.step + 1, state.key, params, optimizer_state)

    return jax.lax.fori_loop(0, count, one_step, state)


@partial(jax.jit, static_argnames=("posterior",))
def diagnose(
    params: Parameters, functional: Functional, energies: Array, log_prior: Array, *, posterior: ExplicitPosterior
) -> Diagnosis:
    """How every restart stands, from its parameters.

    Energies (nats) are given above the lowest, and so are loss and energy, to keep their digits.
    """

    def one(params: Parameters) -> Diagnosis:
        q = posterior.probabilities(params)
        kl, _ = KullbackLeibler(log_prior).value_and_first_variation(q)
        energy = jnp.sum(q * energies)
        places = jnp.arange(posterior.n_weights - 1, -1, -1)
        bits = ((jnp.argmax(q) >> places) & 1).astype(jnp.uint8)
        return Diagnosis(functional(q), energy, kl, bits)

    return jax.vmap(one)(params)
