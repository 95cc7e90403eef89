"""From a list of gates to a short program: segments of gates that are applied together, and how they repeat.

CX gates followed by one RY on each of some qubits become a `Mixing`: one orthogonal matrix for each group of
neighbouring qubits. Consecutive RZ and RZZ gates become `Phases`. Where layers repeat with shifted parameters, the
simulator compiles one period and loops over it: XLA would compile an unrolled circuit for minutes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from hyperborn.circuits.circuit import Circuit, Gate
from hyperborn.errors import UserError

LARGEST_GROUP = 4
"""Most qubits of a fused matrix: 16 × 16 matrices were the fastest on CPUs (3 to 6 qubits were tried)."""


@dataclass(frozen=True)
class GateGroup:
    """The neighbouring qubits first ... first + size - 1: CX gates, then the parameter of each qubit's RY (or none)."""

    first: int
    size: int
    flips: tuple[tuple[int, int], ...]
    angles: tuple[int | None, ...]


@dataclass(frozen=True)
class Mixing:
    """CX gates and then RY gates, as groups that together cover every qubit in order."""

    groups: tuple[GateGroup, ...]

    @property
    def parameters(self) -> tuple[int, ...]:
        return tuple(angle for group in self.groups for angle in group.angles if angle is not None)

    def shifted(self, offset: int) -> "Mixing":
        return Mixing(tuple(replace(group, angles=tuple(map_angles(group.angles, offset))) for group in self.groups))


@dataclass(frozen=True)
class Phases:
    """RZ gates on some qubits and RZZ gates on some pairs: a diagonal matrix."""

    qubits: tuple[int, ...]
    own_parameters: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...] = ()
    pair_parameters: tuple[int, ...] = ()

    @property
    def parameters(self) -> tuple[int, ...]:
        return self.own_parameters + self.pair_parameters

    def shifted(self, offset: int) -> "Phases":
        return replace(
            self,
            own_parameters=tuple(parameter + offset for parameter in self.own_parameters),
            pair_parameters=tuple(parameter + offset for parameter in self.pair_parameters),
        )


Segment: TypeAlias = Mixing | Phases


@dataclass(frozen=True)
class Program:
    """`head` on |0...0>, then `body` `repeats` times, with its parameters shifted by `stride` each time, then `tail`.

    The parameters of `body` count from `body_start`.
    """

    head: Mixing
    body: tuple[Segment, ...]
    body_start: int
    repeats: int
    stride: int
    tail: tuple[Segment, ...]


@lru_cache(maxsize=256)
def schedule(circuit: Circuit, *, amplitudes: bool) -> Program:
    """Program of a circuit; without `amplitudes`, it omits phases that do not change probabilities.

    Raises:
        UserError: if the qubits of a CX gate are too far apart.
        ValueError: if a gate names a qubit or an angle that the circuit does not have.
    """
    n = circuit.n_qubits
    gates = circuit.gates()
    check_indices(gates, n, circuit.n_parameters)
    segments = [segment_of(run, n) for run in runs_of(gates, n)]
    if not amplitudes and segments and isinstance(segments[-1], Phases):
        segments.pop()
    head = segments[0] if segments else None
    if isinstance(head, Mixing):
        segments.pop(0)
    else:
        head = mixing_of((), n)
    period, stride = period_of(segments)
    repeats = len(segments) // period if period else 0
    if repeats < 2:
        return Program(head, (), 0, 0, 0, tuple(segments))
    start = first_parameter(segments)
    body = tuple(segment.shifted(-start) for segment in segments[:period])
    return Program(head, body, start, repeats, stride, tuple(segments[repeats * period :]))


def check_indices(gates: Iterable[Gate], n: int, n_parameters: int) -> None:
    # JAX would clip a wrong index without an error.
    for gate in gates:
        if not all(0 <= qubit < n for qubit in gate.qubits):
            raise ValueError(f"{gate} in a circuit of {n} qubits: number them from 0 to {n - 1}")
        if gate.parameter is not None and not 0 <= gate.parameter < n_parameters:
            raise ValueError(f"{gate} in a circuit of {n_parameters} angles: number them from 0 to {n_parameters - 1}")


def runs_of(gates: Iterable[Gate], n: int) -> list[list[Gate]]:
    """Gates cut into runs, each of which is one segment."""
    runs: list[list[Gate]] = []
    for gate in gates:
        if runs and continues(runs[-1], gate, n):
            runs[-1].append(gate)
        else:
            runs.append([gate])
        if gate.name == "cx" and max(map(len, units_of([gate], n))) > LARGEST_GROUP:
            raise UserError(
                f"CX on qubits {gate.qubits} spans more than {LARGEST_GROUP} qubits; bring them closer together first"
            )
    return runs


def continues(run: Sequence[Gate], gate: Gate, n: int) -> bool:
    """Whether a gate may join a run: phases with phases, CX before any RY, RY once a qubit."""
    if is_phase(gate) or is_phase(run[0]):
        return is_phase(gate) and is_phase(run[0])
    if gate.name == "cx":
        return run[-1].name == "cx" and max(map(len, units_of([*run, gate], n))) <= LARGEST_GROUP
    return all(other.name == "cx" or other.qubits != gate.qubits for other in run)


def segment_of(run: Sequence[Gate], n: int) -> Segment:
    if not is_phase(run[0]):
        return mixing_of(run, n)
    single = [gate for gate in run if gate.name == "rz"]
    double = [gate for gate in run if gate.name == "rzz"]
    return Phases(
        tuple(gate.qubits[0] for gate in single),
        tuple(parameter_of(gate) for gate in single),
        tuple((min(gate.qubits), max(gate.qubits)) for gate in double),
        tuple(parameter_of(gate) for gate in double),
    )


def is_phase(gate: Gate) -> bool:
    return gate.name in ("rz", "rzz")


def mixing_of(run: Sequence[Gate], n: int) -> Mixing:
    """The groups of a run: units are joined in order, up to LARGEST_GROUP qubits."""
    spans: list[range] = []
    for unit in units_of(run, n):
        if spans and unit.stop - spans[-1].start <= LARGEST_GROUP:
            spans[-1] = range(spans[-1].start, unit.stop)
        else:
            spans.append(unit)
    flips = [(gate.qubits[0], gate.qubits[1]) for gate in run if gate.name == "cx"]
    angles = {gate.qubits[0]: parameter_of(gate) for gate in run if gate.name == "ry"}
    return Mixing(
        tuple(
            GateGroup(
                span.start,
                len(span),
                tuple((control - span.start, target - span.start) for control, target in flips if control in span),
                tuple(angles.get(qubit) for qubit in span),
            )
            for span in spans
        )
    )


def units_of(gates: Iterable[Gate], n: int) -> list[range]:
    """Smallest intervals of qubits such that every gate is within one of them, in order; they cover all qubits."""
    joined = {qubit for gate in gates for qubit in range(min(gate.qubits), max(gate.qubits))}
    units, start = [], 0
    for qubit in range(n):
        if qubit not in joined:
            units.append(range(start, qubit + 1))
            start = qubit + 1
    return units


def period_of(segments: Sequence[Segment]) -> tuple[int, int]:
    """Smallest period of the list, up to a constant shift of the parameters, and that shift; (0, 0) for no segments."""
    for period in range(1, len(segments) + 1):
        later = segments[period:]
        stride = first_parameter(later) - first_parameter(segments) if later else 0
        if all(one.shifted(stride) == other for one, other in zip(segments, later, strict=False)):
            return period, stride
    return 0, 0


def first_parameter(segments: Iterable[Segment]) -> int:
    """Smallest parameter index in the segments; 0 if they have none."""
    return min((parameter for segment in segments for parameter in segment.parameters), default=0)


def parameter_of(gate: Gate) -> int:
    assert gate.parameter is not None, "Gate checks that rotations have a parameter"
    return gate.parameter


def map_angles(angles: Iterable[int | None], offset: int) -> Iterable[int | None]:
    return (None if angle is None else angle + offset for angle in angles)
