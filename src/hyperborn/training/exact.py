"""Training on all 2^n networks at once: exact values, exact gradients, and the exact posterior beside them."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, cast, final

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from hyperborn._typing import Bits, Examples, Parameters, Probabilities
from hyperborn.bits import LARGEST_ENUMERATED, check_enumerable
from hyperborn.energy import EnergySource
from hyperborn.errors import UserError
from hyperborn.networks import Network, n_side_of
from hyperborn.objectives.divergences import KullbackLeibler
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.objectives import ELBO, Objective
from hyperborn.posteriors import ExactPosterior, ExplicitPosterior, Posterior, enumeration
from hyperborn.posteriors.enumeration import most_probable
from hyperborn.predictive import Predictions, predictions_of_distribution
from hyperborn.priors import Prior, Uniform
from hyperborn.priors.prior import marginals_of_table
from hyperborn.progress import Progress
from hyperborn.training.annealing import AnnealingSchedule
from hyperborn.training.definition import Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Adam, Optimizer, check_optimizer, update_rule_of
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import (
    Diagnosis,
    Findings,
    LazyDistribution,
    PosteriorPredictor,
    Problem,
    Regime,
    Resources,
    check_no_backend,
)
from hyperborn.training.scheduled import Scheduled
from hyperborn.training.state import TrainState

STEPS = 1000
"""Default steps at most."""

RECORD_EVERY = 25
"""Steps between two records of losses."""


@dataclass(frozen=True)
class ExactEstimator(Estimator):
    """A loss of all 2^n probabilities, whose JAX gradient is followed."""

    regime: ClassVar[str] = "exact"

    @abstractmethod
    def loss(self, posterior: ExplicitPosterior, functional: Functional, params: Parameters) -> Float[Array, ""]:
        """F[q] above the lowest energy (nats), from the angles (radians); its JAX gradient is the estimate."""

    def check(self, posterior: Posterior, network: Network | int) -> None:
        if not isinstance(posterior, ExplicitPosterior):
            raise UserError(
                f"the estimator {self.name} needs probabilities, and {type(posterior).__name__} gives "
                "shots; give hb.SPSA() or hb.ParameterShift()"
            )
        if isinstance(network, int) and network > LARGEST_ENUMERATED:
            raise UserError(
                f"{network} bits make 2^{network} rows, over the limit of {LARGEST_ENUMERATED} bits of the estimator "
                f"{self.name}; give hb.Registers({network}) with the estimator hb.FirstOrder(), or, on a backend, "
                f"hb.ShotRegisters(hb.Registers({network}), backend) with hb.SPSA()"
            )
        n_side, remedy = n_side_of(network), "hb.Registers(network) with the estimator hb.FirstOrder()"
        check_enumerable(posterior.n_weights, f"use fewer hidden units or features (components), or {remedy}")
        if n_side:
            raise UserError(
                f"the network has {n_side} side parameters (scale or noise 'learned'), which the estimator "
                f"{self.name} does not learn; use {remedy}, or scale 'fan_in' and noise 'bits'"
            )

    def check_training(
        self, posterior: Posterior, network: Network | int, objective: Objective, prior: Prior, optimizer: Optimizer
    ) -> None:
        del posterior, network, objective, prior
        check_optimizer(optimizer, self.name, exact=True, from_shots=False)


@final
@dataclass(frozen=True)
class Exact(ExactEstimator):
    """The pull-back of the first variation through all 2^n probabilities: no sampling, no bias, no variance."""

    name: ClassVar[str] = "exact"

    def loss(self, posterior: ExplicitPosterior, functional: Functional, params: Parameters) -> Float[Array, ""]:
        return functional(posterior.probabilities(params))


@final
class ExactRegime(Regime):
    """All 2^n networks are enumerated, so that nothing is sampled and the exact posterior is known."""

    name = "exact"
    enumerates = True
    numbers = (
        *("loss", "expected_energy", "elbo", "log_evidence", "elbo_gap", "optimum_gap"),
        *("total_variation", "kl_to_posterior", "entropy", "posterior_entropy"),
    )
    may_lack = ("optimum_gap",)
    estimators = ExactEstimator
    restarts = 2

    def takes(self, posterior: Posterior) -> bool:
        return isinstance(posterior, ExplicitPosterior)

    def default_estimator(self) -> Estimator:
        return Exact()

    def default_objective(self, prior: Prior = Uniform(), *, predicts: bool = True) -> Objective:
        del prior, predicts
        return ELBO()

    def default_optimizer(self, estimator: Estimator) -> Optimizer:
        del estimator
        return Adam()

    def default_steps(self, examples: int, batch_size: int) -> int:
        del examples, batch_size
        return STEPS

    @contextmanager
    def prepare(self, definition: Definition, energies: EnergySource, resources: Resources) -> Iterator[Problem]:
        check_no_backend(resources)
        yield ExactProblem(definition, exact_posterior(definition, energies, resources.progress))

    def memory(self, definition: Definition, params: Any) -> Any:
        del definition, params
        return ()

    def record_every(self, definition: Definition) -> int:
        del definition
        return RECORD_EVERY

    def annealing(self, definition: Definition) -> AnnealingSchedule | None:
        useful = definition.objective.separable and definition.optimizer.follows_changing_loss
        found = definition.annealing
        return found if found and useful and found.length(definition.steps) > 0 else None

    def plateau(self, definition: Definition) -> Plateau | None:
        return definition.plateau

    def predictor(
        self, definition: Definition, params: np.ndarray, distribution: LazyDistribution
    ) -> PosteriorPredictor:
        return ExactPredictor(definition.posterior.ideal, params, distribution)

    def check_exact(self, definition: Definition) -> None:
        del definition


def exact_posterior(definition: Definition, energies: EnergySource, progress: Progress) -> ExactPosterior:
    """The exact posterior of energies and a definition's prior: what no approximation can beat."""
    table = energies.table(progress.counter("energies"))
    return ExactPosterior(table, definition.prior.log_probabilities(definition.network))


@dataclass(frozen=True, eq=False)
class ExactPredictor(PosteriorPredictor):
    """Sums over all 2^n networks."""

    posterior: ExplicitPosterior
    params: np.ndarray
    distribution: LazyDistribution

    @property
    def n_networks(self) -> int:
        return 2**self.posterior.n_weights

    def predictive(self, network: Network, x: Examples) -> Predictions:
        return predictions_of_distribution(network, x, self.distribution())

    def marginals(self) -> Float[np.ndarray, " n"]:
        return marginals_of_table(self.distribution())

    def sample(self, shots: int, seed: int) -> Bits:
        return self.posterior.sample(jnp.asarray(self.params), shots, key=jax.random.key(seed))

    def most_probable(self, k: int) -> Bits:
        return most_probable(self.distribution(), k)


@dataclass(frozen=True, eq=False)
class ExactProblem(Problem):
    """A definition, and the exact posterior of its energies and prior, which other objectives may share."""

    definition: Definition
    exact: ExactPosterior

    @cached_property
    def functional(self) -> Functional:
        """The definition's objective."""
        return self._bound()

    def _bound(self) -> Functional:
        return self.definition.objective.bind(self.exact.energies, self.exact.log_prior)

    @cached_property
    def _tables(self) -> tuple[Array, Array, float]:
        lowest = float(self.exact.energies.min())
        energies = jnp.asarray(self.exact.energies - lowest, jnp.float32)
        return energies, jnp.asarray(self.exact.log_prior, jnp.float32), lowest

    def loss(self, q: Float[np.ndarray, " states"]) -> float:
        """The definition's objective of q (nats), in float64, which training does without."""
        with jax.enable_x64(True):
            functional = self._bound()
            return float(value_above_lowest(functional, jnp.asarray(q))) + float(functional.lowest)

    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Diagnosis]:
        definition, posterior = self.definition, self.definition.posterior.ideal
        functional, (energies, log_prior, lowest) = self.functional, self._tables
        annealing = ExactRegime().annealing(definition)
        state = advance(
            state,
            functional,
            jnp.int32(steps),
            Scheduled(definition.optimizer, definition.steps),
            None if annealing is None else Scheduled(annealing, definition.steps),
            posterior=posterior,
            estimator=cast(ExactEstimator, definition.estimator),
        )
        found = diagnose(state.params, functional, energies, log_prior, posterior=posterior)
        loss, energy, kl = (np.asarray(row, np.float64) for row in found[:3])
        offset = float(functional.lowest)
        return state, Diagnosis(loss + offset, energy + lowest, kl, np.asarray(found.most_probable))

    def findings(self, params: Float[np.ndarray, "..."]) -> Findings:
        """Loss, expected energy, how far q is from the exact posterior and from its own optimum, and entropies.

        ``elbo_gap`` is KL(q ‖ posterior) with the posterior at β = 1, whatever was minimised. ``optimum_gap`` is the
        loss above the lowest that any distribution has: with an ELBO β KL(q ‖ p_β), p_β ∝ p exp(-energy / β) being the
        posterior at β. It is left out where no formula gives it, which is for the SELBO. Both are in nats.
        """
        q = self.definition.posterior.ideal.distribution(jnp.asarray(params))
        loss = self.loss(q)
        lowest = self.definition.objective.lowest(self.exact.energies, self.exact.log_prior)
        found = self.exact.compared(q) | {
            "loss": loss,
            "optimum_gap": None if lowest is None else loss - lowest,
            "expected_energy": enumeration.expected_energy(q, self.exact.energies),
            "entropy": enumeration.entropy(q),
            "posterior_entropy": self.exact.entropy,
        }
        return Findings({name: number for name in ExactRegime.numbers if (number := found[name]) is not None}, None)


@jax.jit
def value_above_lowest(functional: Functional, q: Probabilities) -> Float[Array, ""]:
    """F[q] above the lowest energy, in one program."""
    return functional(q)


@partial(jax.jit, static_argnames=("posterior", "estimator"))
def advance(
    state: TrainState,
    functional: Functional,
    count: Int[Array, ""],
    optimizer: Scheduled[Optimizer],
    annealing: Scheduled[AnnealingSchedule] | None,
    *,
    posterior: ExplicitPosterior,
    estimator: ExactEstimator,
) -> TrainState:
    """The state `count` steps later; `count` is data, so that every length of leap is one compiled program."""
    update_rule = update_rule_of(optimizer)

    def update(
        functional: Functional, params: Parameters, optimizer_state: optax.OptState
    ) -> tuple[Parameters, optax.OptState]:
        def loss(params: Parameters) -> Float[Array, ""]:
            return estimator.loss(posterior, functional, params)

        value, gradient = jax.value_and_grad(loss)(params)
        change, optimizer_state = update_rule.update(
            gradient, optimizer_state, params, value=value, grad=gradient, value_fn=loss
        )
        return cast(Array, optax.apply_updates(params, change)), optimizer_state

    def one_step(_: Int[Array, ""], state: TrainState) -> TrainState:
        now = functional
        if annealing is not None:
            now = functional.tempered(annealing.part.inverse_temperature(state.step, annealing.steps))
        # One after the other: batched products of so small matrices are slower, and line searches would wait for all.
        params, optimizer_state = jax.lax.map(lambda one: update(now, *one), (state.params, state.optimizer))
        return TrainState(state.step + 1, state.key, params, optimizer_state)

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
