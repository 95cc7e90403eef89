"""From gates to a short program: layers of primitives, and how they repeat.

A layer flips basis states (X and CX gates), then rotates qubits about Y, then changes phases. Every circuit is a list
of layers, as few as its gates allow. Their angles are arrays, so that the simulator loops over layers of equal
structure and compiles one period: XLA would compile an unrolled circuit for minutes.

CX gates on neighbours are part of the matrices that rotate the qubits (`mixing`). All other flips are one permutation
of the basis states (`permutations`), at any distance. Where layers do not repeat, every flip is one, and then all
layers have the same structure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import TypeVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.circuits.angle import Angle
from hyperborn.circuits.circuit import Circuit, check_indices
from hyperborn.simulators.arithmetic import Angles
from hyperborn.simulators.decomposition import AXES, Primitive
from hyperborn.simulators.permutations import Permutation, permutation_of
from hyperborn.simulators.simplification import Ordering, in_levels, simplified

Place = TypeVar("Place")

LARGEST_GROUP = 4
"""Most qubits of a fused matrix: 16 × 16 matrices were the fastest on CPUs (3 to 6 qubits were tried)."""

MOST_UNROLLED = 4
"""Most steps that are compiled, those of a period and those after the loop; otherwise all are made alike."""

STAGES = {"x": 0, "cx": 0, "ry": 1, "rz": 2, "rzz": 2}
"""The order of primitives within a layer."""


@dataclass
class Layer:
    """Flips in order of time, then rotations by qubit, then phases by qubit and by pair."""

    flips: list[Primitive] = field(default_factory=list)
    rotations: dict[int, Angle] = field(default_factory=dict)
    phases: dict[int, Angle] = field(default_factory=dict)
    couplings: dict[tuple[int, int], Angle] = field(default_factory=dict)


@dataclass(frozen=True)
class GateGroup:
    """The neighbouring qubits first ... first + size - 1: CX gates, and then an RY on each qubit."""

    first: int
    size: int
    flips: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Step:
    """What the program does with a state between two layers of rotations, the later one included.

    First come the phases of the earlier layer, on single qubits and on pairs; then flips by a permutation; then the
    groups' matrices, which together cover every qubit in order. Empty groups: no qubit is rotated.
    """

    phases: bool
    couplings: bool
    permutes: bool
    groups: tuple[GateGroup, ...]


@dataclass(frozen=True, eq=False)
class AngleTable:
    """Angles (radians) of all layers as an array of some shape: constants plus factors times parameters."""

    constants: Float[np.ndarray, " entries"]
    places: Int[np.ndarray, " terms"]
    parameters: Int[np.ndarray, " terms"]
    factors: Float[np.ndarray, " terms"]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, entries: Iterable[tuple[int, Angle]], shape: tuple[int, ...]) -> "AngleTable":
        """The table with these angles at flat places, and 0 elsewhere."""
        constants = np.zeros(int(np.prod(shape)))
        places, parameters, factors = [], [], []
        for place, angle in sorted(entries, key=itemgetter(0)):
            # In double precision: single precision has no digits for sums of many.
            constants[place] += angle.reduced.constant
            for parameter, factor in angle.terms:
                places.append(place)
                parameters.append(parameter)
                factors.append(factor)
        return cls(constants, np.array(places, np.int32), np.array(parameters, np.int32), np.array(factors), shape)

    def at(self, params: Angles) -> Float[Array, "..."]:
        """The table at flat parameters (radians), in their dtype."""
        terms = params[self.parameters]
        if (self.factors != 1).any():
            terms = terms * self.factors.astype(params.dtype)
        return jnp.asarray(self.constants, params.dtype).at[self.places].add(terms).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class Program:
    """`head` rotates the qubits of a basis state; then come `body`, `repeats` times, and `tail`.

    There is a row of `rotations`, `phases` and `couplings` (of pairs, in the upper triangle) for each layer, and a
    permutation for each step. `last` has the phases of the last layer, which change amplitudes alone.
    """

    start: tuple[int, ...]
    head: tuple[GateGroup, ...]
    body: tuple[Step, ...]
    repeats: int
    tail: tuple[Step, ...]
    last: Step
    rotations: AngleTable
    phases: AngleTable
    couplings: AngleTable
    global_phase: AngleTable
    permutations: Permutation

    @property
    def n_qubits(self) -> int:
        return len(self.start)


@lru_cache(maxsize=256)
def schedule(circuit: Circuit) -> Program:
    """The program of a circuit.

    Raises:
        UserError: if a gate names a qubit or a parameter that the circuit does not have.
    """
    n, gates = circuit.n_qubits, circuit.gates()
    check_indices(gates, n, circuit.n_parameters)
    found = simplified(gates, n)
    layers = layers_of(found.primitives)
    assert not layers[0].flips, "every flip that is left follows a rotation"
    steps = [step_of(before, after, n) for before, after in pairwise(layers)]
    period, repeats = loop_of(steps)
    if len(steps) - (repeats - 1) * period > MOST_UNROLLED:
        steps, period, repeats = [common_step(steps, n)] * len(steps), 1, len(steps)
    rotations, phases, couplings = angle_tables(layers, n)
    return Program(
        start=found.start,
        head=groups_of((), n),
        body=tuple(steps[:period]),
        repeats=repeats,
        tail=tuple(steps[repeats * period :]),
        last=step_of(layers[-1], Layer(), n),
        rotations=rotations,
        phases=phases,
        couplings=couplings,
        global_phase=AngleTable.of([(0, found.global_phase)], (1,)),
        permutations=permutation_of(
            [layer.flips if step.permutes else [] for step, layer in zip(steps, layers[1:], strict=True)], n
        ),
    )


def angle_tables(layers: Sequence[Layer], n: int) -> tuple[AngleTable, AngleTable, AngleTable]:
    """Angles of rotations and phases (layers, n), and of couplings (layers, n, n), or without any (layers, 0, 0)."""
    rotations, phases, couplings = [], [], []
    for row, layer in enumerate(layers):
        rotations += [(row * n + qubit, angle) for qubit, angle in layer.rotations.items()]
        phases += [(row * n + qubit, angle) for qubit, angle in layer.phases.items()]
        couplings += [((row * n + low) * n + high, angle) for (low, high), angle in layer.couplings.items()]
    pairs = n if couplings else 0
    return (
        AngleTable.of(rotations, (len(layers), n)),
        AngleTable.of(phases, (len(layers), n)),
        AngleTable.of(couplings, (len(layers), pairs, pairs)),
    )


def layers_of(primitives: Iterable[Primitive]) -> list[Layer]:
    """Layers, each primitive in the earliest one that it can be in; at least one."""
    ordering, layers = Ordering(), [Layer()]
    for primitive in primitives:
        name, qubits, angle = primitive
        stage = STAGES[name]

        def moment(latest: int, stage: int = stage) -> int:
            # Flips are applied in their order, and so may follow others in the same layer.
            earliest = latest if stage == 0 and latest % 3 == 0 else latest + 1
            return earliest + (stage - earliest) % 3

        row = ordering.place(qubits, AXES[name], moment) // 3
        layers += [Layer() for _ in range(row + 1 - len(layers))]
        layer = layers[row]
        if stage == 0:
            layer.flips.append(primitive)
        elif name == "ry":
            add_angle(layer.rotations, qubits[0], angle)
        elif name == "rz":
            add_angle(layer.phases, qubits[0], angle)
        else:
            add_angle(layer.couplings, (qubits[0], qubits[1]), angle)
    for layer in layers:
        # Equal layers have equal lists, whatever stands between their flips.
        layer.flips = in_levels(layer.flips, AXES)
    return layers


def add_angle(angles: dict[Place, Angle], place: Place, angle: Angle) -> None:
    """Add an angle to that of a qubit or a pair, if there is one."""
    angles[place] = angles[place] + angle if place in angles else angle


def step_of(before: Layer, after: Layer, n: int) -> Step:
    """The step from one layer's rotations to the next one's."""
    flips = [primitive.qubits for primitive in after.flips]
    fused = (
        bool(after.rotations)
        and all(len(qubits) == 2 for qubits in flips)
        and max(map(len, units_of(flips, n))) <= LARGEST_GROUP
    )
    pairs = [(qubits[0], qubits[-1]) for qubits in flips]
    return Step(
        phases=bool(before.phases or before.couplings),
        couplings=bool(before.couplings),
        permutes=bool(flips) and not fused,
        groups=groups_of(pairs if fused else (), n) if after.rotations else (),
    )


def common_step(steps: Sequence[Step], n: int) -> Step:
    """A step that does whatever one of the steps does, flips by permutations."""
    flips = any(step.permutes or any(group.flips for group in step.groups) for step in steps)
    return Step(
        phases=any(step.phases for step in steps),
        couplings=any(step.couplings for step in steps),
        permutes=flips,
        groups=groups_of((), n),
    )


def groups_of(flips: Sequence[tuple[int, int]], n: int) -> tuple[GateGroup, ...]:
    """Groups of neighbouring qubits, with CX gates within them: units are joined up to LARGEST_GROUP qubits."""
    spans: list[range] = []
    for unit in units_of(flips, n):
        if spans and unit.stop - spans[-1].start <= LARGEST_GROUP:
            spans[-1] = range(spans[-1].start, unit.stop)
        else:
            spans.append(unit)
    return tuple(
        GateGroup(
            span.start,
            len(span),
            tuple((control - span.start, target - span.start) for control, target in flips if control in span),
        )
        for span in spans
    )


def units_of(flips: Iterable[Sequence[int]], n: int) -> list[range]:
    """Smallest intervals of qubits such that every gate is within one of them, in order; they cover all qubits."""
    joined = {qubit for qubits in flips for qubit in range(min(qubits), max(qubits))}
    units, start = [], 0
    for qubit in range(n):
        if qubit not in joined:
            units.append(range(start, qubit + 1))
            start = qubit + 1
    return units


def loop_of(steps: Sequence[Step]) -> tuple[int, int]:
    """Smallest period of the list, and how often it is repeated as a whole; (0, 0) if that is not twice."""
    for period in range(1, len(steps) // 2 + 1):
        if all(one == other for one, other in zip(steps, steps[period:], strict=False)):
            return period, len(steps) // period
    return 0, 0
