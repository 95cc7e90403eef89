"""Every gate as rotations about Y, phases and flips: the three things that the simulator does.

A primitive is an ``ry``; a phase ``rz`` or ``rzz``; or a flip ``x`` or ``cx``, which permutes basis states. Each gate
is a few of them, times a global phase that is added up. A rotation about another axis is one about Y between quarters
of a turn that are constant phases: they merge with the phases around them, so that a layer of RX costs what one of RY
costs, and all arithmetic is that of real matrices.
"""

from collections.abc import Callable, Iterable, Sequence
from math import pi
from typing import NamedTuple, TypeAlias

from hyperborn.circuits.angle import Angle


class Primitive(NamedTuple):
    """``ry``, ``rz``, ``rzz``, ``x`` or ``cx`` on qubits; the angle (radians) of a flip is 0."""

    name: str
    qubits: tuple[int, ...]
    angle: Angle


Expansion: TypeAlias = tuple[list[Primitive], Angle]
"""Primitives in order of time, and the global phase (radians)."""

NOTHING = Angle()
AXES = {"ry": "Y", "rz": "Z", "rzz": "ZZ", "x": "X", "cx": "ZX"}
"""Of each primitive the Pauli matrix that it is a function of, qubit by qubit."""


def ry(qubit: int, angle: Angle | float) -> Primitive:
    return Primitive("ry", (qubit,), constant(angle))


def rz(qubit: int, angle: Angle | float) -> Primitive:
    return Primitive("rz", (qubit,), constant(angle))


def rzz(one: int, other: int, angle: Angle | float) -> Primitive:
    return Primitive("rzz", (min(one, other), max(one, other)), constant(angle))


def cx(control: int, target: int) -> Primitive:
    return Primitive("cx", (control, target), NOTHING)


def constant(angle: Angle | float) -> Angle:
    return angle if isinstance(angle, Angle) else Angle(angle)


def phase(qubit: int, angle: Angle | float) -> Expansion:
    """diag(1, e^(i angle))."""
    return [rz(qubit, angle)], constant(angle) / 2


def controlled_phase(one: int, other: int, angle: Angle | float) -> Expansion:
    """diag(1, 1, 1, e^(i angle)): with b = (1 - Z) / 2, b b' = (1 - Z - Z' + Z Z') / 4."""
    half = constant(angle) / 2
    return [rz(one, half), rz(other, half), rzz(one, other, -half)], half / 2


def controlled_rz(control: int, target: int, angle: Angle) -> list[Primitive]:
    return [rz(target, angle / 2), rzz(control, target, angle / -2)]


def tilted(qubits: Iterable[int], inside: Sequence[Primitive]) -> list[Primitive]:
    """Primitives with Z of these qubits replaced by X = RY(π/2) Z RY(-π/2)."""
    own = list(qubits)
    return [*(ry(qubit, -pi / 2) for qubit in own), *inside, *(ry(qubit, pi / 2) for qubit in own)]


def turned(qubits: Iterable[int], inside: Sequence[Primitive]) -> list[Primitive]:
    """Primitives with X of these qubits replaced by Y = RZ(π/2) X RZ(-π/2)."""
    own = list(qubits)
    return [*(rz(qubit, -pi / 2) for qubit in own), *inside, *(rz(qubit, pi / 2) for qubit in own)]


def rx(qubit: int, angle: Angle | float) -> list[Primitive]:
    # X = RZ(-π/2) Y RZ(π/2).
    return [rz(qubit, pi / 2), ry(qubit, angle), rz(qubit, -pi / 2)]


def hadamard(qubit: int) -> Expansion:
    # H = RY(π/2) Z.
    return [rz(qubit, pi), ry(qubit, pi / 2)], Angle(pi / 2)


def swap(one: int, other: int) -> list[Primitive]:
    return [cx(one, other), cx(other, one), cx(one, other)]


def iswap(one: int, other: int) -> Expansion:
    # SWAP · CZ · (S ⊗ S).
    phases, total = controlled_phase(one, other, pi)
    return [rz(one, pi / 2), rz(other, pi / 2), *phases, *swap(one, other)], total + pi / 2


def toffoli(one: int, other: int, target: int) -> Expansion:
    """H of the target around diag(1, ..., 1, -1), the phase π b b' b''.

    As above, in products of Z: that of all three is one of two of them between CX gates.
    """
    before, turn = hadamard(target)
    singles = [rz(qubit, pi / 4) for qubit in (one, other, target)]
    pairs = [rzz(a, b, -pi / 4) for a, b in ((one, other), (one, target), (other, target))]
    triple = [cx(one, other), rzz(other, target, pi / 4), cx(one, other)]
    after, _ = hadamard(target)
    return [*before, *singles, *pairs, *triple, *after], turn * 2 + pi / 8


EXPANSIONS: dict[str, Callable[..., Expansion]] = {
    "h": hadamard,
    "x": lambda q: ([Primitive("x", (q,), NOTHING)], NOTHING),
    # Y = i X Z and Z = i RZ(π).
    "y": lambda q: ([rz(q, pi), Primitive("x", (q,), NOTHING)], Angle(pi)),
    "z": lambda q: phase(q, pi),
    "s": lambda q: phase(q, pi / 2),
    "sdg": lambda q: phase(q, -pi / 2),
    "t": lambda q: phase(q, pi / 4),
    "tdg": lambda q: phase(q, -pi / 4),
    "sx": lambda q: (rx(q, pi / 2), Angle(pi / 4)),
    "rx": lambda q, a: (rx(q, a), NOTHING),
    "ry": lambda q, a: ([ry(q, a)], NOTHING),
    "rz": lambda q, a: ([rz(q, a)], NOTHING),
    "p": phase,
    "u": lambda q, theta, phi, lam: ([rz(q, lam), ry(q, theta), rz(q, phi)], (phi + lam) / 2),
    "cx": lambda c, t: ([cx(c, t)], NOTHING),
    "cy": lambda c, t: (turned([t], [cx(c, t)]), NOTHING),
    "cz": lambda c, t: controlled_phase(c, t, pi),
    # H = RY(π/4) Z RY(-π/4).
    "ch": lambda c, t: (
        [ry(t, -pi / 4), *controlled_phase(c, t, pi)[0], ry(t, pi / 4)],
        controlled_phase(c, t, pi)[1],
    ),
    "swap": lambda a, b: (swap(a, b), NOTHING),
    "iswap": iswap,
    "crx": lambda c, t, a: (tilted([t], controlled_rz(c, t, a)), NOTHING),
    "cry": lambda c, t, a: (turned([t], tilted([t], controlled_rz(c, t, a))), NOTHING),
    "crz": lambda c, t, a: (controlled_rz(c, t, a), NOTHING),
    "cp": controlled_phase,
    "rxx": lambda a, b, angle: (tilted([a, b], [rzz(a, b, angle)]), NOTHING),
    "ryy": lambda a, b, angle: (turned([a, b], tilted([a, b], [rzz(a, b, angle)])), NOTHING),
    "rzz": lambda a, b, angle: ([rzz(a, b, angle)], NOTHING),
    "ccx": toffoli,
}
"""Of every gate its primitives and global phase, from its qubits and angles."""
