"""Posteriors of which only shots come out: circuits on a backend."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import jax
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Parameters, RandomKey
from hyperborn.arguments import check_finite_parameters, check_key, check_kind
from hyperborn.backends.backend import Backend, connected
from hyperborn.circuits import Circuit
from hyperborn.energy import CachedEnergies
from hyperborn.energy.likelihood import Labelled
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.objectives.penalties import Penalties
from hyperborn.posteriors.posterior import SPREAD, ExplicitPosterior, Posterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import RegisterBank, Registers
from hyperborn.priors import Prior
from hyperborn.training.shots.discrepancy import ShotDiscrepancy, check_prior
from hyperborn.training.shots.many_registers import ManyRegistersVariation
from hyperborn.training.shots.one_register import OneRegisterVariation
from hyperborn.training.shots.subcircuits import Subcircuit, batch_of, beside, joined, seed_from, width_of
from hyperborn.training.shots.variation import FirstVariation

Mitigation: TypeAlias = Literal["none", "readout"]


class ShotPosterior(Posterior):
    """A circuit or many on a backend: an implicit q(w), known by samples alone, noise and all.

    `ideal` is what it would be without noise and with its probabilities at hand.
    """

    backend: Backend
    mitigation: Mitigation

    @property
    @abstractmethod
    def ideal(self) -> ExplicitPosterior:
        """The same circuits on the built-in simulator."""

    @property
    @abstractmethod
    def banks(self) -> tuple[RegisterBank, ...]:
        """What is independent of what, by size."""

    @property
    @abstractmethod
    def registers_alone(self) -> tuple[Subcircuit, ...] | None:
        """Every register as a circuit of its own; None where there is but one."""

    @abstractmethod
    def check_penalty(self, network: Network, objective: Objective, prior: Prior) -> None:
        """Raise a UserError if what the objective adds to energies cannot be had from shots under the prior."""

    @abstractmethod
    def variation(self, objective: Objective, prior: Prior, network: Network, split: Labelled) -> FirstVariation:
        """The first variation of an objective on the examples of a split.

        Raises:
            UserError: if the objective or the prior needs more than shots.
        """

    @abstractmethod
    def subcircuits(self, width: int | None) -> tuple[Subcircuit, ...]:
        """Circuits to be run one after the other, of `width` qubits at most where that can be; None: any number."""

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        return self.ideal.parameter_shape

    def init(
        self, marginals: Float[np.ndarray, " n"] | None = None, *, spread: float = SPREAD, key: RandomKey
    ) -> Parameters:
        return self.ideal.init(marginals, spread=spread, key=key)

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        """As `Posterior.sample`: raw shots, without mitigation and without a ledger.

        Raises:
            UserError: if shots is not positive or they cost money, or the parameters are not `parameter_shape` finite
                numbers.
        """
        whole_number("shots", shots, 1)
        check_key(key)
        check_finite_parameters(params, self.parameter_shape, self)
        connection = connected(self.backend)
        if connection.metered:
            raise UserError(
                f"shots of {self.backend.label} are paid for, and need a ledger: hb.fit, or Result.on(..., ledger=...)"
            )
        random = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
        subcircuits = self.subcircuits(width_of(connection))
        batch = batch_of(subcircuits, np.asarray(params, np.float64).reshape(1, -1), shots, "sample", seed_from(random))
        counts = connection.collect(connection.submit(batch, batch.label), batch, float("inf"), lambda _: None).counts
        return joined(subcircuits, counts, random)


@dataclass(frozen=True)
class ShotRegister(ShotPosterior):
    """The outcomes of one circuit on a backend: weight i is qubit i, and the parameters are angles (radians).

    `mitigation` "readout" corrects counts for qubits that are read wrongly; see `hyperborn.backends.mitigation`.

    Raises:
        UserError: if it is given no circuit or no backend, or the mitigation is unknown.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    circuit: Circuit
    backend: Backend
    mitigation: Mitigation = "none"
    n_weights: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_weights", Register(self.circuit).n_weights)
        check_backend(self.backend, self.mitigation)

    @property
    def ideal(self) -> ExplicitPosterior:
        return Register(self.circuit)

    @property
    def banks(self) -> tuple[RegisterBank, ...]:
        return (RegisterBank(self.circuit, np.arange(self.n_weights)[None], 0, self.circuit.n_parameters),)

    @property
    def registers_alone(self) -> None:
        return None

    def check_penalty(self, network: Network, objective: Objective, prior: Prior) -> None:
        if objective.surrogate():
            check_prior(prior, network)

    def variation(self, objective: Objective, prior: Prior, network: Network, split: Labelled) -> FirstVariation:
        objective.check_samples()
        surrogate = objective.surrogate()
        discrepancy = ShotDiscrepancy.of(*surrogate, prior, network) if surrogate else None
        return OneRegisterVariation(CachedEnergies(network, split), discrepancy)

    def subcircuits(self, width: int | None) -> tuple[Subcircuit, ...]:
        del width  # it can be run as a whole, or not at all
        return (Subcircuit(self.circuit, np.arange(self.n_weights), np.arange(self.circuit.n_parameters)),)


@dataclass(frozen=True)
class ShotRegisters(ShotPosterior):
    """The outcomes of many small circuits on a backend, side by side as far as it has qubits.

    Raises:
        UserError: if it is given no registers or no backend, or the mitigation is unknown.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    registers: Registers
    backend: Backend
    mitigation: Mitigation = "none"
    n_weights: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.registers, Registers):
            raise UserError(f"registers = {self.registers!r}: give registers, such as hb.Registers(network)")
        object.__setattr__(self, "n_weights", self.registers.n_weights)
        check_backend(self.backend, self.mitigation)

    @property
    def ideal(self) -> ExplicitPosterior:
        return self.registers

    @property
    def banks(self) -> tuple[RegisterBank, ...]:
        return self.registers.banks

    @property
    def registers_alone(self) -> tuple[Subcircuit, ...]:
        return self.subcircuits(1)

    def check_penalty(self, network: Network, objective: Objective, prior: Prior) -> None:
        del objective
        self.registers.check_network(network)
        for bank in self.banks:
            prior.log_factors(network, bank.places)

    def variation(self, objective: Objective, prior: Prior, network: Network, split: Labelled) -> FirstVariation:
        objective.check_samples()
        with jax.enable_x64(True):
            penalties = Penalties.of(self.registers, network, prior, objective.penalty)
        return ManyRegistersVariation(network, split, self.banks, penalties)

    def subcircuits(self, width: int | None) -> tuple[Subcircuit, ...]:
        singles = [
            Subcircuit(bank.circuit, weights, parameters)
            for bank in self.banks
            for weights, parameters in zip(bank.places, bank.parameters, strict=True)
        ]
        gathered: list[list[Subcircuit]] = []
        free = 0
        for single in singles:
            size = len(single.weights)
            if not gathered or (width is not None and size > free):
                gathered.append([])
                free = width or 0
            gathered[-1].append(single)
            free -= size
        return tuple(beside(subcircuits) for subcircuits in gathered)


def check_backend(backend: Any, mitigation: Any) -> None:
    """Raise a UserError for what is no backend, or an unknown mitigation."""
    check_kind("backend", backend, (Backend,), "a backend, such as hb.backends.Statevector()")
    if not isinstance(mitigation, str) or mitigation not in get_args(Mitigation):
        raise UserError(f"mitigation = {mitigation!r}: give {' or '.join(get_args(Mitigation))}")


def on_backend(posterior: Posterior, backend: Backend, mitigation: Mitigation = "none") -> ShotPosterior:
    """The circuits of a posterior on a backend.

    Raises:
        UserError: for a posterior that is no circuit of one qubit a weight.
    """
    ideal = posterior.ideal
    if isinstance(ideal, Register):
        return ShotRegister(ideal.circuit, backend, mitigation)
    if isinstance(ideal, Registers):
        return ShotRegisters(ideal, backend, mitigation)
    raise UserError(f"{type(ideal).__name__} is not run on a backend, which takes a Register or Registers")
