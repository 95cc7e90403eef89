"""Everything but the data that a run is a function of."""

from dataclasses import dataclass, field
from typing import Any

from hyperborn.circuits import Brickwork, ProductState
from hyperborn.errors import UserError
from hyperborn.inference.kernels import Hamming
from hyperborn.inference.objectives import ELBO, MLE, SELBO, Objective
from hyperborn.inference.priors import Bernoulli, Prior, Uniform
from hyperborn.networks import Network, network_from_record
from hyperborn.posteriors.register import SPREAD, Register
from hyperborn.records import record_of, thing_of
from hyperborn.training.optimizers import LBFGS, Adam, Optimizer
from hyperborn.training.plateau import Plateau

KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (Register, Brickwork, ProductState, MLE, ELBO, SELBO, Hamming, Uniform, Bernoulli, Adam, LBFGS, Plateau)
}


@dataclass(frozen=True)
class Definition:
    """A run: same definition and data, same result, on the same machine to the last bit."""

    network: Network
    posterior: Register
    objective: Objective = field(default_factory=ELBO)
    prior: Prior = field(default_factory=Uniform)
    optimizer: Optimizer = field(default_factory=Adam)
    plateau: Plateau | None = field(default_factory=Plateau)
    steps: int = 500
    restarts: int = 4
    seed: int = 0
    spread: float = SPREAD

    def __post_init__(self) -> None:
        for name in ("steps", "restarts"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} = {getattr(self, name)}: give at least 1")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"seed = {self.seed}: give a whole number from 0 to {2**32 - 1}")
        if self.posterior.n_weights != self.network.n_weights:
            raise UserError(
                f"the posterior has {self.posterior.n_weights} qubits and the network {self.network.n_weights} weights; "
                "give the circuit one qubit a weight"
            )

    def to_record(self) -> dict[str, Any]:
        """The definition as JSON can hold it."""
        parts = {name: record_of(getattr(self, name)) for name in ("posterior", "objective", "prior", "optimizer")}
        plain = {name: getattr(self, name) for name in ("steps", "restarts", "seed", "spread")}
        plateau = record_of(self.plateau) if self.plateau else None
        return {"network": self.network.describe(), "plateau": plateau} | parts | plain

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Definition":
        """The definition that `to_record` wrote.

        Raises:
            UserError: if the record was damaged.
        """
        try:
            parts = {
                name: thing_of(record[name], KINDS, name) for name in ("posterior", "objective", "prior", "optimizer")
            }
            plain = {name: record[name] for name in ("steps", "restarts", "seed", "spread")}
            plateau = thing_of(record["plateau"], KINDS, "plateau") if record["plateau"] else None
            return cls(network=network_from_record(record["network"]), plateau=plateau, **parts, **plain)
        except (KeyError, TypeError) as error:
            raise UserError(f"the definition of the run lacks or misuses {error}; was it edited by hand?") from error
