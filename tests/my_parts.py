"""Parts of a user's own of every kind that a run may hold, each as short as it can be."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from hyperborn.backends import Backend, Connection, Statevector
from hyperborn.circuits import Circuit, Gate
from hyperborn.circuits.circuit import rotation_to
from hyperborn.likelihoods import Gaussian
from hyperborn.networks import BinaryMLP, Network
from hyperborn.objectives.divergences import KL, Divergence
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.objectives import Objective
from hyperborn.priors import Prior, Uniform
from hyperborn.training.annealing import AnnealingSchedule
from hyperborn.training.estimator import Estimator
from hyperborn.training.exact import ExactEstimator
from hyperborn.training.minibatch.estimator import MinibatchEstimator
from hyperborn.training.optimizers import Optimizer


@dataclass(frozen=True)
class Doubled(Objective):
    """F = 2 weight E_q[energy]."""

    name = "doubled"
    weight: float = 1.0

    def bind(self, energies: Any, log_prior: Any) -> Functional:
        del log_prior
        return Functional.of(2 * self.weight * energies)

    def penalty(self, log_prior: Any) -> Functional:
        del log_prior
        return Functional.nothing()

    def check_samples(self) -> None:
        """Energies are all that is needed."""


@dataclass(frozen=True)
class Softened(Divergence):
    """KL to what `order` says: a field that has an option's name."""

    name = "softened"
    order: int = 2

    def bind(self, log_p: Any) -> Any:
        return KL().bind(log_p / self.order)

    def matched_weight(self, log_p: Any) -> float:
        del log_p
        return 1.0


@dataclass(frozen=True)
class Descent(Optimizer):
    """Gradient descent at a constant rate."""

    name = "descent"
    follows_changing_loss = True
    learning_rate: float = 0.01

    def transformation(self, steps: int) -> optax.GradientTransformationExtraArgs:
        del steps
        return optax.with_extra_args_support(optax.sgd(self.learning_rate))


@dataclass(frozen=True)
class Searching(Optimizer):
    """L-BFGS, which cannot follow energies that rise."""

    name = "searching"
    follows_changing_loss = False

    def transformation(self, steps: int) -> optax.GradientTransformationExtraArgs:
        del steps
        return optax.lbfgs()


@dataclass(frozen=True)
class Tripled(ExactEstimator):
    """Three times the gradient."""

    name = "tripled"

    def loss(self, posterior: Any, functional: Any, params: Any) -> Any:
        return 3 * functional(posterior.probabilities(params))


@dataclass(frozen=True)
class Centred(MinibatchEstimator):
    """The energy at the middle of every weight's two values, whatever the posterior says."""

    name = "centred"
    samples: int = 1

    def expected_energy(self, registers: Any, tables: Any, batch: Any, progress: Any, *, key: Any) -> Any:
        del tables, progress, key
        return batch.energies(jnp.full((self.samples, registers.n_weights), 0.5)).mean()


@dataclass(frozen=True)
class Adrift(Estimator):
    """It names no way of training."""

    name = "adrift"
    regime = "by hand"
    check = check_training = lambda *_: None


@dataclass(frozen=True)
class Ladder(Circuit):
    """RY on every qubit, and in each layer CX from neighbour to neighbour and RY again."""

    n_qubits: int
    depth: int = 1

    @property
    def parameter_shape(self) -> tuple[int, int]:
        return self.depth + 1, self.n_qubits

    def gates(self) -> tuple[Gate, ...]:
        n, found = self.n_qubits, [Gate("ry", (j,), j) for j in range(self.n_qubits)]
        for layer in range(1, self.depth + 1):
            found += [Gate("cx", (j, j + 1)) for j in range(n - 1)]
            found += [Gate("ry", (j,), layer * n + j) for j in range(n)]
        return tuple(found)

    def product_angles(self, probabilities: Any) -> Any:
        return jnp.zeros(self.parameter_shape).at[-1].set(rotation_to(probabilities))


@dataclass(frozen=True)
class Needy(Circuit):
    """It has a field that no option sets."""

    n_qubits: int
    colour: str

    parameter_shape = gates = product_angles = lambda *_: ()


@dataclass(frozen=True)
class Tilted(Prior):
    """Independent bits, each 1 with the probability 0.5 + tilt."""

    tilt: float = 0.1
    centre: Prior = Uniform()

    def check(self, network: Any) -> None:
        self.centre.check(network)

    def marginals(self, network: Any) -> np.ndarray:
        return self.centre.marginals(network) + self.tilt

    def log_probabilities(self, network: Any) -> np.ndarray:
        log_p = np.zeros(1)
        for one in self.marginals(network):
            log_p = np.add.outer(log_p, np.log([1 - one, one])).reshape(-1)
        return log_p

    def log_factors(self, network: Any, places: np.ndarray) -> np.ndarray:
        del network
        return np.tile(Tilted(self.tilt).log_probabilities(places.shape[1])[:, None], len(places))


@dataclass(frozen=True)
class Linear(AnnealingSchedule):
    """The energies' factor rises in proportion to the steps."""

    share: float = 0.5

    def length(self, steps: int) -> float:
        return self.share * steps

    def inverse_temperature(self, step: Any, steps: int) -> Any:
        return jnp.minimum(1.0, (step + 1) / self.length(steps))


@dataclass(frozen=True)
class Sharpened(Network):
    """`factor` times the logits of a logistic regression."""

    n_features: int
    factor: float = 2.0
    n_classes: int = 2
    values: tuple[float, float] = (-1.0, 1.0)

    @property
    def own(self) -> BinaryMLP:
        return BinaryMLP(self.n_features, ())

    fields = property(lambda self: self.own.fields)
    additive = property(lambda self: self.own.additive)
    choices = property(lambda self: (self,))
    working_floats = property(lambda self: self.own.working_floats)
    side_fields = ()

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        return self.factor * self.own.forward(weights, x, side)


@dataclass(frozen=True)
class Renamed(Gaussian):  # pyright: ignore[reportGeneralTypeIssues]
    """Normal noise, whose score has another name."""

    noise: float | str = 0.5
    score = "miss"


@dataclass(frozen=True)
class Mine(Backend):
    """The built-in simulator by another name."""

    seed: int = 0

    @property
    def label(self) -> str:
        return "mine"

    def connect(self) -> Connection:
        return Statevector().connect()
