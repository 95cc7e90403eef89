"""Posteriors of which only shots come out: circuits on a backend."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import jax
import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Bits, Parameters, RandomKey
from hyperborn.backends.backend import Backend, Connection, connected
from hyperborn.backends.batch import LARGEST_SEED, Batch, Counts, Points
from hyperborn.circuits import Circuit, SideBySide
from hyperborn.errors import UserError, whole_number
from hyperborn.posteriors.posterior import SPREAD, ExplicitPosterior, Posterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import Registers

Mitigation: TypeAlias = Literal["none", "readout"]


class Turn(NamedTuple):
    """A circuit that is run as one, the weights that its qubits stand for, and where its angles are."""

    circuit: Circuit
    weights: Int[np.ndarray, " qubits"]
    parameters: Int[np.ndarray, " parameters"]


class Bank(NamedTuple):
    """Registers of equal size that are independent of each other: the weights and the parameters of each."""

    weights: Int[np.ndarray, "registers size"]
    parameters: Int[np.ndarray, "registers count"]


class SampledPosterior(Posterior):
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
    def banks(self) -> tuple[Bank, ...]:
        """What is independent of what, by size."""

    @abstractmethod
    def turns(self, width: int | None) -> tuple[Turn, ...]:
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
            UserError: if shots is not positive, or they cost money.
        """
        whole_number("shots", shots, 1)
        connection = connected(self.backend)
        if connection.metered:
            raise UserError(
                f"shots of {self.backend.label} are paid for, and need a ledger: hb.fit, or Result.on(..., ledger=...)"
            )
        random = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
        turns = self.turns(width_of(connection))
        batch = batch_of(turns, np.asarray(params, np.float64).reshape(1, -1), shots, "sample", seed_from(random))
        counts = connection.collect(connection.submit(batch, batch.label), batch, float("inf"), lambda _: None).counts
        return joined(turns, counts, random)


@dataclass(frozen=True)
class SampledRegister(SampledPosterior):
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
    def banks(self) -> tuple[Bank, ...]:
        return (Bank(np.arange(self.n_weights)[None], np.arange(self.circuit.n_parameters)[None]),)

    def turns(self, width: int | None) -> tuple[Turn, ...]:
        del width  # it can be run as a whole, or not at all
        return (Turn(self.circuit, np.arange(self.n_weights), np.arange(self.circuit.n_parameters)),)


@dataclass(frozen=True)
class SampledRegisters(SampledPosterior):
    """The outcomes of many small circuits on a backend, side by side as far as it has qubits, the rest in turn.

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
    def banks(self) -> tuple[Bank, ...]:
        return tuple(
            Bank(bank.places, bank.start + np.arange(bank.stop - bank.start).reshape(-1, len(bank.places)).T)
            for bank in self.registers.banks
        )

    def turns(self, width: int | None) -> tuple[Turn, ...]:
        singles = [
            Turn(circuit.circuit, weights, parameters)
            for circuit, bank in zip(self.registers.banks, self.banks, strict=True)
            for weights, parameters in zip(bank.weights, bank.parameters, strict=True)
        ]
        gathered: list[list[Turn]] = []
        free = 0
        for single in singles:
            size = len(single.weights)
            if not gathered or (width is not None and size > free):
                gathered.append([])
                free = width or 0
            gathered[-1].append(single)
            free -= size
        return tuple(beside(turns) for turns in gathered)


def beside(turns: Sequence[Turn]) -> Turn:
    """Several turns as one."""
    if len(turns) == 1:
        return turns[0]
    circuit = SideBySide(tuple(turn.circuit for turn in turns))
    return Turn(
        circuit, np.concatenate([turn.weights for turn in turns]), np.concatenate([turn.parameters for turn in turns])
    )


def check_backend(backend: Any, mitigation: Any) -> None:
    """Raise a UserError for what is no backend, or an unknown mitigation."""
    if not isinstance(backend, Backend):
        raise UserError(f"backend = {backend!r}: give a backend, such as hb.backends.Statevector()")
    if mitigation not in get_args(Mitigation):
        raise UserError(f"mitigation = {mitigation!r}: give {' or '.join(get_args(Mitigation))}")


def width_of(connection: Connection) -> int | None:
    """Qubits up to which circuits are put side by side on a backend."""
    widths = [width for width in (connection.n_qubits, connection.packing) if width is not None]
    return min(widths, default=None)


def batch_of(
    turns: Sequence[Turn], points: Float[np.ndarray, "points parameters"], shots: int, label: str, seed: int
) -> Batch:
    """The job that measures all turns at all points, turn by turn."""
    return Batch(label, tuple(Points(turn.circuit, points[:, turn.parameters]) for turn in turns), shots, seed)


def joined(turns: Sequence[Turn], counts: Sequence[Counts], random: np.random.Generator) -> Bits:
    """Whole networks, a shot a row in random order, from the counts of one point of every turn."""
    rows = np.empty((counts[0].shots, sum(len(turn.weights) for turn in turns)), np.uint8)
    for turn, found in zip(turns, counts, strict=True):
        rows[:, turn.weights] = np.repeat(found.bits, found.counts, axis=0)[random.permutation(found.shots)]
    return rows


def seed_from(random: np.random.Generator) -> int:
    """A seed that every simulator takes."""
    return int(random.integers(LARGEST_SEED + 1))
