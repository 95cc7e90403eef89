"""A circuit as few primitives: what commutes is gathered, what cancels is left out, in whatever order it is listed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hyperborn.circuits.angle import Angle
from hyperborn.circuits.gate import GATES, Gate
from hyperborn.simulators.decomposition import AXES, EXPANSIONS, NOTHING, Primitive, rz

AnyGate = TypeVar("AnyGate", Gate, Primitive)

AXES_OF_GATES = {name: kind.axes for name, kind in GATES.items()}


@dataclass(frozen=True)
class Simplified:
    """The primitives of a circuit that are left once the obvious is done.

    `start` has the bits of the basis state that the primitives act on, `global_phase` (radians) what they leave out.
    """

    start: tuple[int, ...]
    primitives: tuple[Primitive, ...]
    global_phase: Angle


def simplified(gates: Iterable[Gate], n: int) -> Simplified:
    """The primitives of gates on |0...0>, in an order that does not depend on how commuting gates are listed.

    Angles of neighbouring rotations are added up, and those that are 0 vanish. Gates on qubits that are still in a
    basis state become bits of the start and a global phase.
    """
    gathered = Gathered([0] * n)
    phases = [NOTHING]
    for gate in in_levels(list(gates), AXES_OF_GATES):
        primitives, global_phase = EXPANSIONS[gate.name](*gate.qubits, *(angle.reduced for angle in gate.angles))
        phases.append(global_phase)
        for primitive in primitives:
            gathered.add(primitive)
    while gathered.cancelled:
        # What cancelled may have kept a qubit from its basis state, or two others apart.
        phases += gathered.phases
        before, gathered = gathered, Gathered(gathered.start)
        for primitive in before.kept.values():
            gathered.add(primitive)
    return Simplified(tuple(gathered.start), tuple(gathered.kept.values()), total_of([*phases, *gathered.phases]))


def total_of(angles: Sequence[Angle]) -> Angle:
    """The sum of angles, in one go."""
    return Angle(sum(angle.constant for angle in angles), tuple(term for angle in angles for term in angle.terms))


def in_levels(gates: Sequence[AnyGate], axes: Mapping[str, str]) -> list[AnyGate]:
    """Gates by level, one more than that of the gates before them that they do not commute with; then by name.

    `axes` has those of each name, as `GateKind.axes` has them.
    """
    ordering = Ordering()
    levels = [ordering.place(gate.qubits, axes[gate.name], lambda latest: latest + 1) for gate in gates]
    keys = [(level, gate.name, gate.qubits) for level, gate in zip(levels, gates, strict=True)]
    return [gates[place] for place in sorted(range(len(gates)), key=keys.__getitem__)]


class Ordering:
    """The earliest moments of gates, each after those before it that it does not commute with.

    Of each qubit it knows the axis of its last gates, which commute there, their latest moment, and that of all before.
    """

    def __init__(self) -> None:
        self.axis: defaultdict[int, str] = defaultdict(lambda: "?")
        self.latest: defaultdict[int, int] = defaultdict(lambda: -1)
        self.before: defaultdict[int, int] = defaultdict(lambda: -1)

    def place(self, qubits: Sequence[int], axes: str, moment: Callable[[int], int]) -> int:
        """The moment of the next gate, which `moment` gives from the latest one that it comes after (-1 for none)."""
        for qubit, axis in zip(qubits, axes, strict=True):
            if axis == "?" or axis != self.axis[qubit]:
                self.axis[qubit], self.before[qubit] = axis, self.latest[qubit]
        found = moment(max(self.before[qubit] for qubit in qubits))
        for qubit in qubits:
            self.latest[qubit] = max(self.latest[qubit], found)
        return found


class Gathered:
    """Primitives as they are added one after the other, and the basis state of qubits that nothing has rotated yet."""

    def __init__(self, start: Sequence[int]) -> None:
        n = len(start)
        self.start = list(start)
        self.phases: list[Angle] = []
        self.cancelled = False
        """Whether any two primitives have undone each other."""
        self.kept: dict[int, Primitive] = {}
        """Primitives by a running number, in order of time."""
        self.in_basis_state = [True] * n
        self.on: list[list[int]] = [[] for _ in range(n)]
        """Numbers of the primitives on each qubit."""
        self.count = 0

    def add(self, primitive: Primitive) -> None:
        """Add a primitive after all others."""
        name, qubits, angle = primitive
        known = [qubit for qubit in qubits if self.in_basis_state[qubit]]
        if name in ("rz", "rzz") and known:
            self.add_phase(primitive, known)
        elif name == "x" and len(self.run(qubits[0], "X")) == len(self.on[qubits[0]]):
            # It commutes back to the start: nothing is on its qubit but targets of CX, if anything.
            self.start[qubits[0]] ^= 1
        elif name == "cx" and self.in_basis_state[qubits[0]]:
            if self.start[qubits[0]]:
                self.add(Primitive("x", qubits[1:], NOTHING))
        elif not (name not in ("x", "cx") and angle.is_zero):
            for qubit in known:
                self.in_basis_state[qubit] = False
            self.join(primitive)

    def add_phase(self, primitive: Primitive, known: Sequence[int]) -> None:
        """A phase gate of which some qubits have known bits, so that their Z is a sign."""
        _, qubits, angle = primitive
        for qubit in known:
            angle = -angle if self.start[qubit] else angle
        rest = [qubit for qubit in qubits if qubit not in known]
        if rest:
            self.add(rz(rest[0], angle))
        else:
            self.phases.append(angle / -2)

    def join(self, primitive: Primitive) -> None:
        """Merge a primitive with an equal one that it commutes back to, or append it."""
        name, qubits, angle = primitive
        place = self.equal_before(primitive)
        if place is None:
            self.kept[self.count] = primitive
            for qubit in qubits:
                self.on[qubit].append(self.count)
            self.count += 1
            return
        both = self.kept[place].angle + angle
        if name in ("x", "cx") or both.is_zero:
            # Two flips undo each other.
            self.cancelled = True
            del self.kept[place]
            for qubit in qubits:
                self.on[qubit].remove(place)
        else:
            self.kept[place] = Primitive(name, qubits, both)

    def equal_before(self, primitive: Primitive) -> int | None:
        """Number of the last primitive of the same name and qubits, if all after it commute with it."""
        name, qubits, _ = primitive
        runs = [self.run(qubit, axis) for qubit, axis in zip(qubits, AXES[name], strict=True)]
        for place in runs[0]:
            if self.kept[place][:2] == (name, qubits) and all(place in run for run in runs[1:]):
                return place
        return None

    def run(self, qubit: int, axis: str) -> list[int]:
        """Numbers of the last primitives on a qubit that have this axis there, latest first."""
        found: list[int] = []
        for place in reversed(self.on[qubit]):
            name, qubits, _ = self.kept[place]
            if AXES[name][qubits.index(qubit)] != axis:
                break
            found.append(place)
        return found
