"""Posteriors that give only shots: circuits on a backend."""

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

import jax
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Bits, Parameters, RandomKey
from hyperborn.arguments import check_finite_parameters, check_key, check_kind
from hyperborn.backends.backend import Backend, JobFailed, TransientError
from hyperborn.backends.boundary import connected
from hyperborn.circuits import Circuit
from hyperborn.circuits.separate_angles import separate_angles
from hyperborn.energy import CachedEnergies, EnergySource
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.objectives.penalties import Penalties
from hyperborn.posteriors.posterior import ExplicitPosterior, Posterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import RegisterGroup, Registers
from hyperborn.priors import Prior
from hyperborn.training.shots.discrepancy import ShotDiscrepancy, check_prior
from hyperborn.training.shots.many_registers import ManyRegistersVariation
from hyperborn.training.shots.one_register import OneRegisterVariation
from hyperborn.training.shots.subcircuits import Subcircuit, batch_of, beside, joined_outcomes, seed_from, width_of
from hyperborn.training.shots.variation import FirstVariation

Mitigation: TypeAlias = Literal["none", "readout"]


class ShotPosterior(Posterior):
    """One or more circuits on a backend: an implicit q(w), known only by samples with all their noise.

    `ideal` is the same posterior without noise and with known probabilities.
    """

    backend: Backend
    mitigation: Mitigation

    @property
    @abstractmethod
    def ideal(self) -> ExplicitPosterior:
        """The same circuits on the built-in simulator."""

    @property
    @abstractmethod
    def groups(self) -> tuple[RegisterGroup, ...]:
        """The independent registers, by size."""

    @property
    @abstractmethod
    def register_subcircuits(self) -> tuple[Subcircuit, ...] | None:
        """Every register as its own subcircuit; None if there is only one."""

    @abstractmethod
    def with_separate_angles(self) -> "ShotPosterior":
        """The same registers by circuits in which each angle of a gate is a parameter of its own."""

    @abstractmethod
    def check_penalty(self, network: Network | int, objective: Objective, prior: Prior) -> None:
        """Raise a UserError if the penalty of the objective cannot be estimated from shots under the prior."""

    @abstractmethod
    def variation(
        self, objective: Objective, prior: Prior, network: Network | int, energies: EnergySource
    ) -> FirstVariation:
        """The first variation of an objective with the energies of a source.

        Raises:
            UserError: if shots are not enough for the objective or the prior.
        """

    @abstractmethod
    def subcircuits(self, width: int | None) -> tuple[Subcircuit, ...]:
        """Circuits to run one after the other, with at most `width` qubits if possible; None means any number."""

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        return self.ideal.parameter_shape

    def centre(self, marginals: Float[np.ndarray, " n"]) -> Float[Array | np.ndarray, "..."]:
        return self.ideal.centre(marginals)

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        """As `Posterior.sample`: raw shots, without mitigation and without a ledger.

        Raises:
            UserError: if shots is not positive or shots cost money, the parameters are not `parameter_shape` finite
                numbers, or the backend cannot be reached or fails.
        """
        whole_number("shots", shots, 1)
        check_key(key)
        check_finite_parameters(params, self.parameter_shape, self)
        connection = connected(self.backend)
        if connection.metered:
            raise UserError(
                f"shots of {self.backend.label} cost money and need a ledger: hb.fit, or Result.on(..., ledger=...)"
            )
        random = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
        subcircuits = self.subcircuits(width_of(connection))
        batch = batch_of(subcircuits, np.asarray(params, np.float64).reshape(1, -1), shots, "sample", seed_from(random))
        try:
            job = connection.submit(batch, batch.label)
            counts = connection.collect(job, batch, float("inf"), lambda _: None).counts
        except (JobFailed, TransientError) as error:
            raise UserError(f"{self.backend.label} failed to sample: {error}; choose another backend") from None
        return joined_outcomes(subcircuits, counts, random)


@dataclass(frozen=True)
class ShotRegister(ShotPosterior):
    """The outcomes of one circuit on a backend: weight i is qubit i, and the parameters are angles (radians).

    `mitigation` "readout" corrects counts for readout errors; see `hyperborn.backends.mitigation`.

    Raises:
        UserError: if the circuit or the backend is missing, or the mitigation is unknown.
    """

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
    def groups(self) -> tuple[RegisterGroup, ...]:
        return (RegisterGroup(self.circuit, np.arange(self.n_weights)[None], 0, self.circuit.n_parameters),)

    @property
    def register_subcircuits(self) -> None:
        return None

    def with_separate_angles(self) -> "ShotRegister":
        separate = separate_angles(self.circuit).circuit
        return self if separate is self.circuit else replace(self, circuit=separate)

    def check_penalty(self, network: Network | int, objective: Objective, prior: Prior) -> None:
        if objective.surrogate():
            check_prior(prior, network)

    def variation(
        self, objective: Objective, prior: Prior, network: Network | int, energies: EnergySource
    ) -> FirstVariation:
        objective.check_samples()
        surrogate = objective.surrogate()
        discrepancy = ShotDiscrepancy.of(surrogate, prior, network) if surrogate else None
        return OneRegisterVariation(CachedEnergies(energies), discrepancy)

    def subcircuits(self, width: int | None) -> tuple[Subcircuit, ...]:
        del width  # one register cannot be divided
        return (Subcircuit(self.circuit, np.arange(self.n_weights), np.arange(self.circuit.n_parameters)),)


@dataclass(frozen=True)
class ShotRegisters(ShotPosterior):
    """The outcomes of many small circuits on a backend, as many side by side as it has qubits for.

    Raises:
        UserError: if the registers or the backend are missing, or the mitigation is unknown.
    """

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
    def groups(self) -> tuple[RegisterGroup, ...]:
        return self.registers.groups

    @property
    def register_subcircuits(self) -> tuple[Subcircuit, ...]:
        return self.subcircuits(1)

    def with_separate_angles(self) -> "ShotRegisters":
        # Their circuits have a parameter for each angle.
        return self

    def check_penalty(self, network: Network | int, objective: Objective, prior: Prior) -> None:
        del objective
        self.registers.check_network(network)
        for group in self.groups:
            prior.log_factors(network, group.places)

    def variation(
        self, objective: Objective, prior: Prior, network: Network | int, energies: EnergySource
    ) -> FirstVariation:
        objective.check_samples()
        with jax.enable_x64(True):
            penalties = Penalties.of(self.registers, network, prior, objective.penalty)
        return ManyRegistersVariation(energies, self.groups, penalties)

    def subcircuits(self, width: int | None) -> tuple[Subcircuit, ...]:
        singles = [
            Subcircuit(group.circuit, weights, parameters)
            for group in self.groups
            for weights, parameters in zip(group.places, group.parameters, strict=True)
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
    """Raise a UserError unless this is a backend and a known mitigation."""
    check_kind("backend", backend, (Backend,), "a backend, such as hb.backends.Statevector()")
    if not isinstance(mitigation, str) or mitigation not in get_args(Mitigation):
        raise UserError(f"mitigation = {mitigation!r}: give {' or '.join(get_args(Mitigation))}")


def on_backend(posterior: Posterior, backend: Backend, mitigation: Mitigation = "none") -> ShotPosterior:
    """The circuits of a posterior on a backend.

    Raises:
        UserError: for a posterior other than circuits with one qubit a weight.
    """
    ideal = posterior.ideal
    if isinstance(ideal, Register):
        return ShotRegister(ideal.circuit, backend, mitigation)
    if isinstance(ideal, Registers):
        return ShotRegisters(ideal, backend, mitigation)
    raise UserError(f"{type(ideal).__name__} cannot run on a backend; give a Register or Registers")
