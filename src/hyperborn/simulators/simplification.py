"""A circuit as few primitives: what commutes is gathered, what cancels is left out, in whatever order it is listed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hyperborn.circuits.angle import Angle
from hyperborn.circuits.gate import GATES, Gate
from hyperborn.simulators.decomposition import AXES, EXPANSIONS, NOTHING, Primitive, rz

AnyGate = TypeVar("AnyGate", Gate, Primitive)

NO_RUN: tuple[str, int] = ("", -1)
"""The run of a qubit without primitives."""

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
        self.runs = [NO_RUN] * n
        """Of each qubit the axis of its last primitives, which commute there, and the number of the first of them."""
        self.equal: defaultdict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
        """Numbers of the primitives of a name on some qubits."""
        self.count = 0

    def add(self, primitive: Primitive) -> None:
        """Add a primitive after all others."""
        name, qubits, angle = primitive
        known = [qubit for qubit in qubits if self.in_basis_state[qubit]]
        if name in ("rz", "rzz") and known:
            self.add_phase(primitive, known)
        elif name == "x" and self.commutes_to_start(qubits[0]):
            self.start[qubits[0]] ^= 1
        elif name == "cx" and self.in_basis_state[qubits[0]]:
            if self.start[qubits[0]]:
                self.add(Primitive("x", qubits[1:], NOTHING))
        elif not (name not in ("x", "cx") and angle.is_zero):
            for qubit in known:
                self.in_basis_state[qubit] = False
            self.join(primitive)

    def commutes_to_start(self, qubit: int) -> bool:
        """Whether an X may as well be before everything: nothing is on its qubit but targets of CX, if anything."""
        return not self.on[qubit] or self.runs[qubit] == ("X", self.on[qubit][0])

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
            self.append(primitive)
            return
        both = self.kept[place].angle + angle
        if name in ("x", "cx") or both.is_zero:
            # Two flips undo each other.
            self.cancelled = True
            self.remove(place)
        else:
            self.kept[place] = Primitive(name, qubits, both)

    def equal_before(self, primitive: Primitive) -> int | None:
        """Number of the last primitive of the same name and qubits, if all after it commute with it."""
        name, qubits, _ = primitive
        equal = self.equal[name, qubits]
        if not equal:
            return None
        for qubit, axis in zip(qubits, AXES[name], strict=True):
            own, first = self.runs[qubit]
            if own != axis or equal[-1] < first:
                return None
        return equal[-1]

    def append(self, primitive: Primitive) -> None:
        name, qubits, _ = primitive
        self.kept[self.count] = primitive
        self.equal[name, qubits].append(self.count)
        for qubit, axis in zip(qubits, AXES[name], strict=True):
            self.on[qubit].append(self.count)
            if axis != self.runs[qubit][0]:
                self.runs[qubit] = (axis, self.count)
        self.count += 1

    def remove(self, place: int) -> None:
        """Remove a primitive that is the last one of its name and qubits; runs before and after it may become one."""
        name, qubits, _ = self.kept.pop(place)
        self.equal[name, qubits].pop()
        for qubit in qubits:
            self.on[qubit].remove(place)
            self.runs[qubit] = self.last_run(qubit)

    def last_run(self, qubit: int) -> tuple[str, int]:
        """The run of a qubit, counted anew."""
        found = NO_RUN
        for place in reversed(self.on[qubit]):
            name, qubits, _ = self.kept[place]
            axis = AXES[name][qubits.index(qubit)]
            if found[0] not in (axis, NO_RUN[0]):
                break
            found = (axis, place)
        return found
