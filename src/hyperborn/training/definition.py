"""Everything but the data that a run is a function of."""

from dataclasses import dataclass
from math import prod
from types import NoneType
from typing import Any

from hyperborn.arguments import check_kind
from hyperborn.data.dataset import Dataset
from hyperborn.energy import EnergySource, NetworkEnergies, OwnEnergies
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.networks import Network, n_side_of
from hyperborn.networks.layers import check_magnitude
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import LARGEST_SPREAD, SPREAD, Posterior
from hyperborn.printable import shown
from hyperborn.priors import Prior
from hyperborn.priors.prior import weights_in
from hyperborn.priors.side_parameters import SidePrior
from hyperborn.records import record_of
from hyperborn.training.annealing import AnnealingSchedule
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer, as_recorded
from hyperborn.training.plateau import Plateau

KINDS_OF_ARGUMENTS: dict[str, tuple[tuple[type, ...], str]] = {
    "network": (
        (Network, int),
        "a network, such as hb.networks.BinaryMLP(n_features=4), or energies of your own, such as "
        "hb.Energies(table) or hb.EnergyFunction(f, n_bits)",
    ),
    "data": ((Dataset, OwnEnergies), "the whole data set with its splits, such as hb.data.load('iris')"),
    "posterior": ((Posterior,), "a posterior, such as hb.Register(hb.circuits.AllPairs(9, depth=4))"),
    "objective": ((Objective,), "an objective, such as hb.ELBO()"),
    "estimator": ((Estimator,), "an estimator, such as hb.Exact(), hb.FirstOrder() or hb.SPSA()"),
    "prior": ((Prior,), "a prior, such as hb.Uniform()"),
    "optimizer": ((Optimizer,), "an optimizer, such as hb.Adam(), or a transformation of Optax"),
    "annealing": (
        (AnnealingSchedule, NoneType),
        "an annealing, such as hb.Annealing(), or None for none",
    ),
    "plateau": ((Plateau, NoneType), "a plateau, such as hb.Plateau(), or None to stop at the last step only"),
}
"""What each argument of a run must be, and what to say where it is not."""

COMPILED = ("network", "posterior", "estimator", "optimizer", "annealing")
"""Parts that programs are compiled for."""

REQUIRED_PARTS = ("network", "posterior", "objective", "estimator", "prior", "optimizer")
OPTIONAL_PARTS = ("annealing", "plateau")
NUMBERS = ("steps", "batch_size", "restarts", "seed", "spread")

LARGEST_SEED = 2**32 - 1
"""Largest seed of a run."""


@dataclass(frozen=True)
class Definition:
    """A run: same definition and data, same result; on the same machine with as many CPUs, to the last bit.

    For energies of one's own, which are the data then, `network` is the number of their bits.

    Nothing has a default here: what suits the way of training is chosen by `hyperborn.training.defaults`.

    Raises:
        UserError: for a part of the wrong kind, a number out of range, or parts that do not fit each other.
    """

    network: Network | int
    posterior: Posterior
    objective: Objective
    estimator: Estimator
    prior: Prior
    optimizer: Optimizer
    annealing: AnnealingSchedule | None
    plateau: Plateau | None
    steps: int
    batch_size: int
    restarts: int
    seed: int
    spread: float

    def __post_init__(self) -> None:
        check_kinds(**{name: getattr(self, name) for name in KINDS_OF_ARGUMENTS if name != "data"})
        counts = (("steps", 1, None), ("batch_size", 1, None), ("restarts", 1, None), ("seed", 0, LARGEST_SEED))
        for name, least, most in counts:
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least, most))
        if not is_number(self.spread) or not 0 <= self.spread <= LARGEST_SPREAD:
            raise UserError(
                f"spread = {self.spread!r}: give a number of radians from 0 to {LARGEST_SPREAD:.4f}, such as {SPREAD}"
            )
        # JAX cannot take every whole number that a float can hold.
        object.__setattr__(self, "spread", float(self.spread))
        n, owner = weights_in(self.network), "energies take" if isinstance(self.network, int) else "network has"
        if self.posterior.n_weights != n:
            raise UserError(
                f"the posterior is over {self.posterior.n_weights} weights and the {owner} {n}; "
                "give the circuit one qubit a weight"
            )
        self.estimator.check(self.posterior, self.network)
        self.prior.check(self.network)
        self.estimator.check_training(self.posterior, self.network, self.objective, self.prior, self.optimizer)

    @property
    def n_weights(self) -> int:
        """Number of weights, or of the bits of energies of one's own."""
        return self.posterior.n_weights

    @property
    def n_side(self) -> int:
        """Number of the network's side parameters."""
        return n_side_of(self.network)

    @property
    def side_prior(self) -> SidePrior:
        """The prior of the network's side parameters."""
        return self.prior.of_side_parameters(self.n_side)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """Of what is trained: the posterior's parameters, and after them the network's side parameters, if any."""
        shape = self.posterior.parameter_shape
        return (prod(shape) + self.n_side,) if self.n_side else shape

    @property
    def untrained(self) -> str | None:
        """What to say where nothing is trained; None where something is."""
        if prod(self.parameter_shape):
            return None
        return (
            "the circuit has no parameters, so that nothing is trained; OpenQASM 3 has them as: input float[64] theta; "
            "(OpenQASM 2 has none)"
        )

    def energies(self, data: Dataset | OwnEnergies) -> EnergySource:
        """What is learnt from, once `check` has passed: a network's energies on the training split, or one's own."""
        if isinstance(data, OwnEnergies):
            return data
        assert isinstance(self.network, Network)
        return NetworkEnergies(self.network, data.train)

    @property
    def score(self) -> str:
        """Name of the score that is told as training goes; bits without labels have none, and then it is not known."""
        return "accuracy" if isinstance(self.network, int) else self.network.likelihood.score

    def check(self, data: Dataset | OwnEnergies) -> None:
        """Raise a UserError if the data are not what the network takes, or too large to be trained on."""
        check_kinds(data=data)
        network = self.network
        if isinstance(network, int) or isinstance(data, OwnEnergies):
            if not isinstance(data, OwnEnergies) or network != data.n_bits:
                raise UserError(
                    f"data = {shown(data)} for network = {shown(network)}: give a data set for a network, and for a "
                    "number of bits energies of as many"
                )
            return
        if bool(data.n_classes) != bool(network.n_classes):
            remedy = "hb.networks.Regression(network)" if network.n_classes else "the network inside the Regression"
            given = f"{data.n_classes} classes" if data.n_classes else "a number as its target"
            raise UserError(
                f"the data has {given}, the network predicts {'classes' if network.n_classes else 'a number'}; "
                f"give {remedy}"
            )
        if data.n_features != network.n_features or data.n_classes != network.n_classes:
            raise UserError(
                f"the data has {data.n_features} features and {data.n_classes} classes, the network "
                f"{network.n_features} and {network.n_classes}; build the network for the data"
            )
        check_magnitude(data.train.x, data.features)

    def to_record(self) -> dict[str, Any]:
        """The definition as JSON can hold it.

        Raises:
            UserError: if a part of a user's own cannot be found again, or has a field that JSON cannot hold.
        """
        kept = vars(self) | {"optimizer": as_recorded(self.optimizer)}
        try:
            parts = {name: part if isinstance(part := kept[name], int) else record_of(part) for name in REQUIRED_PARTS}
            optional = {name: record_of(part) if (part := kept[name]) else None for name in OPTIONAL_PARTS}
        except UserError as error:
            raise UserError(f"the run cannot be saved: {error}") from error
        return optional | parts | {name: kept[name] for name in NUMBERS}


def check_kinds(**arguments: Any) -> None:
    """Raise a UserError for the first argument that is not of its kind in `KINDS_OF_ARGUMENTS`."""
    for name, value in arguments.items():
        check_kind(name, value, *KINDS_OF_ARGUMENTS[name], hashable=name in COMPILED)
