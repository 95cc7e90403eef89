"""Training on minibatches, with networks drawn from registers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.energy import EnergySource
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.objectives.objectives import ELBO, Objective
from hyperborn.posteriors import Posterior, PreviousPosterior, Registers
from hyperborn.predictive import Predictions, predictions_of_draws
from hyperborn.priors import Prior, Uniform
from hyperborn.training.definition import Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.minibatch.estimator import MinibatchEstimator
from hyperborn.training.minibatch.first_order import FirstOrder
from hyperborn.training.minibatch.steps import MinibatchProblem, registers_of
from hyperborn.training.optimizers import Adam, Optimizer
from hyperborn.training.regime import LazyDistribution, PosteriorPredictor, Problem, Regime, Resources, check_no_backend

EPOCHS = 60
"""Default passes over the data, between `FEWEST` and `MOST` steps.

The tables of docs/registers.md did not choose it: they give registers and baselines the same number of steps. The
baselines' own default is `hyperborn.baselines.baseline.EPOCHS`.
"""
FEWEST, MOST = 1500, 12_000
"""Default steps, at least and at most."""

RECORD_EVERY = 25
"""Steps between two records of losses."""

BETA = 0.03
"""β of an ELBO for which none is chosen."""
PREDICTING = 32
"""Networks that predict together."""


@final
class MinibatchRegime(Regime):
    """Energies estimated from minibatches and draws, penalties exactly; side parameters by maximum a posteriori.

    Of the numbers, the standard error is that of the expected energy. With side parameters, the ELBO bounds the
    evidence at their values from below, not that with them integrated out; the loss has minus their log prior in it,
    without its constant.
    """

    name = "minibatch"
    draws_networks = True
    numbers = ("loss", "expected_energy", "standard_error", "kl", "elbo", "entropy")
    estimators = MinibatchEstimator
    restarts = 1
    learning_rates: ClassVar[Mapping[type[Optimizer], float]] = {Adam: 0.1}

    def takes(self, posterior: Posterior) -> bool:
        return isinstance(posterior, Registers)

    def default_estimator(self) -> Estimator:
        return FirstOrder()

    def default_beta(self, prior: Prior) -> float:
        """A colder posterior predicts better (docs/registers.md); what was learnt before counts in full.

        KL to an earlier posterior, register by register, says far too little of what its network would lose: with 0.03
        again, new examples made predictions worse than they had been (docs/learning-on.md).
        """
        return 1.0 if isinstance(prior, PreviousPosterior) else BETA

    def default_objective(self, prior: Prior = Uniform(), *, predicts: bool = True) -> Objective:
        return ELBO(self.default_beta(prior)) if predicts else ELBO()

    def default_optimizer(self, estimator: Estimator) -> Optimizer:
        del estimator
        return Adam(self.learning_rates[Adam])

    def default_steps(self, examples: int, batch_size: int) -> int:
        """`EPOCHS` over so many examples, in bounds."""
        return min(max(EPOCHS * max(1, examples // batch_size), FEWEST), MOST)

    @contextmanager
    def prepare(self, definition: Definition, energies: EnergySource, resources: Resources) -> Iterator[Problem]:
        check_no_backend(resources)
        if cast(MinibatchEstimator, definition.estimator).needs_derivatives:
            energies.check_derivatives()
        yield MinibatchProblem(definition, energies)

    def memory(self, definition: Definition, params: Any) -> Any:
        del definition, params
        return ()

    def record_every(self, definition: Definition) -> int:
        del definition
        return RECORD_EVERY

    def predictor(
        self, definition: Definition, params: np.ndarray, distribution: LazyDistribution
    ) -> PosteriorPredictor:
        del distribution
        return DrawsPredictor(registers_of(definition), params)

    def check_exact(self, definition: Definition) -> None:
        raise UserError(
            f"the exact posterior of a network of {definition.n_weights} weights on many registers is not known; leave "
            "the exact posterior out, or choose a smaller network (--hidden, --components) or one circuit (--posterior "
            "register)"
        )


@dataclass(frozen=True, eq=False)
class DrawsPredictor(PosteriorPredictor):
    """The mean of `PREDICTING` networks, the same each time."""

    posterior: Registers
    params: np.ndarray

    @property
    def n_networks(self) -> int:
        return PREDICTING

    @cached_property
    def draws(self) -> Bits:
        """The networks that predict."""
        return self.sample(PREDICTING, 0)

    def predictive(self, network: Network, x: Examples) -> Predictions:
        return predictions_of_draws(network, x, self.draws)

    def marginals(self) -> Float[np.ndarray, " n"]:
        return self.posterior.marginals(jnp.asarray(self.params))

    def sample(self, shots: int, seed: int) -> Bits:
        return self.posterior.sample(jnp.asarray(self.params), shots, key=jax.random.key(seed))

    def most_probable(self, k: int) -> Bits:
        if whole_number("k", k, 1) != 1:
            raise UserError(f"k={k}: of registers side by side, only the most probable network is found; give 1")
        return self.posterior.most_probable(jnp.asarray(self.params))[None]
