"""Everything but the data that a run is a function of."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import prod
from types import NoneType
from typing import Any

from hyperborn.backends import BACKENDS, Noise
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, ProductState
from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.inference.divergences import DIVERGENCES
from hyperborn.inference.estimators import ESTIMATORS, Estimator, Exact, SampledEstimator, ShotEstimator
from hyperborn.inference.kernels import Hamming
from hyperborn.inference.objectives import ELBO, OBJECTIVES, SELBO, Objective, inseparable
from hyperborn.inference.sampled.discrepancy import check_prior
from hyperborn.inference.sampled.making import check_samples_suffice
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network
from hyperborn.posteriors import (
    SPREAD,
    Autoregressive,
    MultiBasis,
    Posterior,
    PreviousPosterior,
    Register,
    Registers,
    SampledPosterior,
    SampledRegister,
    SampledRegisters,
)
from hyperborn.priors import Bernoulli, Empirical, Ising, Prior, Uniform
from hyperborn.records import Slots, record_of, thing_of
from hyperborn.training.annealing import Annealing
from hyperborn.training.optimizers import OPTIMIZERS, Adam, Gains, Optimizer
from hyperborn.training.plateau import Plateau

SLOTS: Slots = {
    "network": (BinaryMLP, BinaryConvNet),
    "posterior": (Register, Registers, Autoregressive, MultiBasis, SampledRegister, SampledRegisters),
    "registers": (Registers,),
    "backend": BACKENDS,
    "noise": (Noise,),
    "circuit": (AllPairs, ChosenPairs, Brickwork, ProductState),
    "objective": tuple(OBJECTIVES.values()),
    "estimator": tuple(ESTIMATORS.values()),
    "divergence": tuple(DIVERGENCES.values()),
    "kernel": (Hamming,),
    "prior": (Uniform, Bernoulli, Ising, Empirical, PreviousPosterior),
    "optimizer": tuple(OPTIMIZERS.values()),
    "annealing": (Annealing,),
    "plateau": (Plateau,),
}

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "network": ((Network,), "a network, such as hb.networks.BinaryMLP(n_features=4)"),
    "data": ((Dataset,), "the whole data set with its splits, such as hb.data.load('iris')"),
    "posterior": ((Posterior,), "a posterior, such as hb.Register(hb.circuits.AllPairs(9, depth=4))"),
    "objective": ((Objective,), "an objective, such as hb.ELBO()"),
    "estimator": ((Estimator,), "an estimator, such as hb.Exact(), hb.FirstOrder() or hb.SPSA()"),
    "prior": ((Prior,), "a prior, such as hb.Uniform()"),
    "optimizer": ((Optimizer,), "an optimizer, such as hb.Adam()"),
    "annealing": (
        (Annealing, NoneType),
        "an annealing, such as hb.Annealing(), or None for none",
    ),
    "plateau": ((Plateau, NoneType), "a plateau, such as hb.Plateau(), or None to stop at the last step only"),
}
"""What each argument of a run must be, and what to say where it is not."""

PARTS = ("network", "posterior", "objective", "estimator", "prior", "optimizer")
OPTIONAL = ("annealing", "plateau")
NUMBERS = ("steps", "batch_size", "restarts", "seed", "spread")

RECORD_EVERY = 25
"""Steps between two records of the metrics log."""
MOST_RECORDS = 200
"""Records of a run from shots, about."""

LARGEST_SEED = 2**32 - 1
"""Largest seed of a run."""


@dataclass(frozen=True)
class Definition:
    """A run: same definition and data, same result; on the same machine with as many CPUs, to the last bit.

    Raises:
        UserError: for a part of the wrong kind, a number out of range, or parts that do not fit each other.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    network: Network
    posterior: Posterior
    objective: Objective = ELBO()
    estimator: Estimator = Exact()
    prior: Prior = Uniform()
    optimizer: Optimizer = Adam()
    annealing: Annealing | None = Annealing()
    plateau: Plateau | None = Plateau()
    steps: int = 1000
    batch_size: int = 128
    restarts: int = 2
    seed: int = 0
    spread: float = SPREAD

    def __post_init__(self) -> None:
        check_kinds(**{name: getattr(self, name) for name in KINDS if name != "data"})
        counts = (("steps", 1, None), ("batch_size", 1, None), ("restarts", 1, None), ("seed", 0, LARGEST_SEED))
        for name, least, most in counts:
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least, most))
        if not is_number(self.spread) or self.spread < 0:
            raise UserError(f"spread = {self.spread!r}: give a number of radians from 0 on, such as {SPREAD}")
        n = self.network.n_weights
        if self.posterior.n_weights != n:
            raise UserError(
                f"the posterior is over {self.posterior.n_weights} weights and the network has {n}; "
                "give the circuit one qubit a weight"
            )
        self.estimator.check(self.posterior, self.network)
        self.prior.check(self.network)
        if self.sampled:
            self._check_registers()
        if isinstance(self.optimizer, Gains) and not self.measured:
            raise UserError("the optimizer gains is for gradients from shots; give hb.Adam()")
        if isinstance(self.posterior, SampledPosterior):
            self._check_shots(self.posterior)

    def _check_registers(self) -> None:
        """Raise a UserError for an objective, a prior or an optimizer that many registers cannot be trained with."""
        assert isinstance(self.posterior, Registers)
        if isinstance(self.posterior.network, Network) and self.posterior.network != self.network:
            raise UserError("the registers are those of another network; give hb.Registers of the network itself")
        if not self.objective.annealed:
            raise inseparable(self.objective)
        for bank in self.posterior.banks:
            self.prior.log_factors(self.network, bank.places)
        self._check_optimizer()

    def _check_shots(self, posterior: SampledPosterior) -> None:
        """Raise a UserError for an objective, a prior or an optimizer that shots are not enough for."""
        check_samples_suffice(self.objective)
        if isinstance(posterior, SampledRegisters):
            if isinstance(posterior.registers.network, Network) and posterior.registers.network != self.network:
                raise UserError("the registers are those of another network; give hb.Registers of the network itself")
            for bank in posterior.banks:
                self.prior.log_factors(self.network, bank.weights)
        elif isinstance(self.objective, SELBO):
            check_prior(self.prior, self.network)
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        if not self.optimizer.annealed:
            raise UserError(
                f"the optimizer {self.optimizer.name} searches along lines of an exact loss, and the estimator "
                f"{self.estimator.name} draws a new one at every step; give hb.Adam()"
            )

    @property
    def exact(self) -> bool:
        """Whether all 2^n networks are at hand, and gradients are exact."""
        return isinstance(self.estimator, Exact)

    @property
    def measured(self) -> bool:
        """Whether the posterior is known by the shots of a backend."""
        return isinstance(self.estimator, ShotEstimator)

    @property
    def sampled(self) -> bool:
        """Whether energies are estimated from draws and minibatches, instead of those of all 2^n networks."""
        return isinstance(self.estimator, SampledEstimator)

    @property
    def annealed(self) -> Annealing | None:
        """The annealing, where there is one that objective, estimator and optimizer have a use for."""
        useful = self.objective.annealed and self.optimizer.annealed and self.exact
        return self.annealing if self.annealing and self.annealing.start < 1 and useful else None

    @property
    def stopping(self) -> Plateau | None:
        """The plateau, where losses are exact: those of draws never are flat."""
        return self.plateau if self.exact else None

    @property
    def record_every(self) -> int:
        """Steps between two records of losses; where every step is a job of its own, it is worth one."""
        return max(1, self.steps // MOST_RECORDS) if self.measured else RECORD_EVERY

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """Of what is trained: the posterior's parameters, and after them the network's side parameters, if any."""
        shape = self.posterior.parameter_shape
        return (prod(shape) + self.network.n_side,) if self.network.n_side else shape

    def check(self, data: Dataset) -> None:
        """Raise a UserError if the data are not what the network takes."""
        check_kinds(data=data)
        network = self.network
        if data.n_features != network.n_features or data.n_classes != network.n_classes:
            raise UserError(
                f"the data has {data.n_features} features and {data.n_classes} classes, the network "
                f"{network.n_features} and {network.n_classes}; build the network for the data"
            )

    def to_record(self) -> dict[str, Any]:
        """The definition as JSON can hold it."""
        parts = {name: record_of(getattr(self, name)) for name in PARTS}
        plain = {name: getattr(self, name) for name in NUMBERS}
        optional = {name: record_of(part) if (part := getattr(self, name)) else None for name in OPTIONAL}
        return optional | parts | plain

    @classmethod
    def from_record(cls, record: Any) -> "Definition":
        """The definition that `to_record` wrote.

        Raises:
            UserError: if the record was damaged, or one of its kinds is not hyperborn's own.
        """
        expected = {field.name for field in fields(cls)}
        if not isinstance(record, Mapping) or record.keys() != expected:
            raise UserError(f"the definition of a run must hold {', '.join(sorted(expected))}; was it edited by hand?")
        parts = {name: thing_of(record[name], SLOTS, name) for name in PARTS}
        plain = {name: record[name] for name in NUMBERS}
        optional = {name: None if record[name] is None else thing_of(record[name], SLOTS, name) for name in OPTIONAL}
        try:
            return cls(**optional, **parts, **plain)
        except UserError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UserError(f"the definition of the run misuses a value: {error}; was it edited by hand?") from error


def check_kinds(**arguments: Any) -> None:
    """Raise a UserError for the first argument that is not of its kind in `KINDS`."""
    for name, value in arguments.items():
        kinds, remedy = KINDS[name]
        if not isinstance(value, kinds):
            given = f"the class {value.__name__}" if isinstance(value, type) else " ".join(reprlib.repr(value).split())
            raise UserError(f"{name} = {given}: give {remedy}")
