"""Circuits from and to PennyLane: qubit i is the i-th wire."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.circuits.circuit import Circuit, flat_parameters
from hyperborn.circuits.gate import Gate
from hyperborn.circuits.gate_list import MOST_PARAMETERS, MOST_READ_QUBITS, GateList
from hyperborn.circuits.translation.affine import affine_angles
from hyperborn.errors import UserError, whole_number
from hyperborn.packages import imported
from hyperborn.printable import printable, shown

OPERATIONS = {
    "h": "Hadamard",
    "x": "PauliX",
    "y": "PauliY",
    "z": "PauliZ",
    "s": "S",
    "sdg": "Adjoint(S)",
    "t": "T",
    "tdg": "Adjoint(T)",
    "sx": "SX",
    "rx": "RX",
    "ry": "RY",
    "rz": "RZ",
    "p": "PhaseShift",
    "u": "U3",
    "cx": "CNOT",
    "cy": "CY",
    "cz": "CZ",
    "ch": "CH",
    "swap": "SWAP",
    "iswap": "ISWAP",
    "crx": "CRX",
    "cry": "CRY",
    "crz": "CRZ",
    "cp": "ControlledPhaseShift",
    "rxx": "IsingXX",
    "ryy": "IsingYY",
    "rzz": "IsingZZ",
    "ccx": "Toffoli",
}
"""PennyLane's name of every gate."""

NAMES = {operation: name for name, operation in OPERATIONS.items()} | {"Rot": "u", "U1": "p"}
"""Gates by PennyLane's names."""

WITHOUT_EFFECT = ("Identity", "GlobalPhase", "Barrier", "Snapshot", "WireCut")
"""Operations that change no probability: dropped."""

READ_OUT = ("ProbabilityMP", "SampleMP", "CountsMP")
"""Measurements whose outcomes are bits."""


def to_pennylane(circuit: Circuit, params: ArrayLike | None = None) -> Callable[..., None]:
    """A quantum function of the same gates; see `hyperborn.circuits.Circuit.to_pennylane`."""
    pennylane = imported("pennylane", "pennylane", "to_pennylane")
    if params is not None:
        values = flat_parameters(circuit, params)

        def fixed() -> None:
            apply_operations(pennylane, circuit, values)

        return fixed

    def ansatz(params: Any) -> None:
        if pennylane.math.shape(params) != circuit.parameter_shape:
            raise UserError(
                f"parameters of shape {pennylane.math.shape(params)} for {shown(circuit)}: give an array of shape "
                f"{circuit.parameter_shape}"
            )
        apply_operations(pennylane, circuit, pennylane.math.reshape(params, (-1,)))

    return ansatz


def apply_operations(pennylane: Any, circuit: Circuit, values: Any) -> list[Any]:
    """PennyLane's operations of a circuit at flat parameters (radians), in order of time, which are queued as well."""
    operations = []
    for gate in circuit.gates():
        name, wires = OPERATIONS[gate.name], list(gate.qubits)
        angles = [angle.at(values) for angle in gate.angles]
        if name.startswith("Adjoint"):
            operations.append(pennylane.adjoint(getattr(pennylane, name[len("Adjoint(") : -1])(wires)))
        else:
            operations.append(getattr(pennylane, name)(*angles, wires=wires))
    return operations


def from_pennylane(function: Any, n_params: int | Sequence[int], *, wires: Iterable[Any] | None = None) -> GateList:
    """The gates of a QNode or a quantum function of PennyLane, of one array of parameters (radians).

    ``from_pennylane(lambda weights: qml.StronglyEntanglingLayers(weights, wires=range(9)), (2, 9, 3))``. Parameters
    keep their shape, and are counted row by row. Qubit i is the i-th wire, and bits are in the same order in both
    libraries: wire 0 first. Wires are numbered anew: of a function with gates on the wires 3 and 7 these are qubits 0
    and 1. Numbers are taken in ascending order, names such as "a" in the order in which gates first use them; give
    `wires` for another order, or for wires without gates.

    Operations that are no gates of `hyperborn.circuits.GATES`, such as templates, are decomposed by PennyLane, up to a
    global phase. Angles must be affine functions of the parameters; the function is run at JAX's traced arrays to find
    them, and at a few arrays of numbers to check them. Identities, barriers and global phases are dropped. What a QNode
    returns does not matter, unless its outcomes are bits: then they must be those of all wires in order.

    Args:
        function: of one argument, the array of parameters. Of a QNode, the transforms that it was given are applied.
        n_params: how many parameters there are, or the shape of their array.
        wires: the wires in the order of qubits; if absent, those of the QNode's device, or else those that gates act
            on, ascending if they are numbers, or as they occur.

    Raises:
        UserError: if the function fails, takes other arguments, applies no gates or an angle is not affine; for a
            measurement before a gate, a channel, or an operation that has no decomposition; for wires that are not
            named; or for over 10,000 wires.
    """
    pennylane = imported("pennylane", "pennylane", "from_pennylane")
    if not callable(function):
        raise UserError(f"function = {shown(function)}: give a QNode or a quantum function of an array of parameters")
    shape = shape_of(n_params)
    record = recorder(pennylane, function)
    with warnings.catch_warnings():
        # Of PennyLane and JAX to each other.
        warnings.simplefilter("ignore", DeprecationWarning)
        operations, measurements, angles = affine_angles(record, shape)
    order = wire_order(pennylane, function, operations, measurements, wires)
    check_read_out(measurements, order)
    places = {wire: place for place, wire in enumerate(order)}
    gates = []
    for operation, own in zip(operations, angles, strict=True):
        lacking = [wire for wire in operation.wires if wire not in places]
        if lacking:
            raise UserError(f"{described(operation)} is not on one of the wires {shown(order)}; name all wires")
        if operation.name == "Rot":
            # RZ(omega) RY(theta) RZ(phi) is u(theta, omega, phi) up to a phase.
            own = (own[1], own[2], own[0])
        gates.append(Gate(NAMES[operation.name], tuple(places[wire] for wire in operation.wires), own))
    return GateList(len(order), gates, shape)


def shape_of(n_params: Any) -> tuple[int, ...]:
    """The shape of an array of parameters, given as one or as their number.

    Raises:
        UserError: for anything else.
    """
    given = n_params if isinstance(n_params, tuple | list) else (n_params,)
    why = ", the number of parameters or a length in their shape"
    shape = tuple(whole_number("n_params", length, 0, why=why) for length in given)
    if prod(shape) > MOST_PARAMETERS:
        raise UserError(f"n_params={shown(n_params)}: give at most {MOST_PARAMETERS:,} parameters")
    return shape


def recorder(pennylane: Any, function: Callable[[Any], Any]) -> Callable[[Any], tuple[list[Any], list[Any]]]:
    """A function from parameters to the known operations of a quantum function, and its measurements."""

    def record(params: Any) -> tuple[list[Any], list[Any]]:
        if isinstance(function, pennylane.QNode):
            tape = pennylane.workflow.construct_tape(function, level="user")(params)
        else:
            tape = pennylane.tape.make_qscript(function)(params)
        operations = [
            own
            for operation in tape.operations
            for own in known_operations(operation)
            if own.name not in WITHOUT_EFFECT
        ]
        return operations, list(tape.measurements)

    return record


def known_operations(operation: Any) -> Iterator[Any]:
    """The operation, or those that PennyLane decomposes it into.

    Raises:
        UserError: for one that is not known and has no decomposition.
    """
    if operation.name in NAMES or operation.name in WITHOUT_EFFECT:
        if getattr(operation, "batch_size", None) is not None:
            raise UserError(f"{described(operation)} has a batch of angles; give each of its angles a number")
        yield operation
    elif getattr(operation, "has_decomposition", False) and not hasattr(operation, "kraus_matrices"):
        for own in operation.decomposition():
            yield from known_operations(own)
    else:
        raise UserError(
            f"{described(operation)} is no gate and has no decomposition into gates: a circuit here is gates on "
            "|0...0> and then a measurement of every qubit; leave it out"
        )


def wire_order(
    pennylane: Any, function: Any, operations: Sequence[Any], measurements: Sequence[Any], wires: Iterable[Any] | None
) -> list[Any]:
    """The wires in the order of qubits, as `from_pennylane` says.

    Raises:
        UserError: if there are none, over `MOST_READ_QUBITS`, or one is named twice.
    """
    device = function.device.wires if isinstance(function, pennylane.QNode) else None
    if wires is not None:
        named = wires if isinstance(wires, Iterable) and not isinstance(wires, str) else [wires]
        order = list(islice(named, MOST_READ_QUBITS + 1))
    elif device is not None:
        order = list(islice(device, MOST_READ_QUBITS + 1))
    else:
        order = list(dict.fromkeys(wire for one in (*operations, *measurements) for wire in one.wires))
        if all(isinstance(wire, int | np.integer) for wire in order):
            order.sort()
        if not order:
            raise UserError(
                "the function applies no gates; apply operations of PennyLane in it, such as qml.RX(params[0], wires=0)"
            )
    if len(order) > MOST_READ_QUBITS:
        raise UserError(
            f"wires: over the limit of {MOST_READ_QUBITS:,} of a circuit that is read; give a function of fewer wires"
        )
    if not order or len(set(order)) < len(order):
        raise UserError(f"wires = {shown(order)}: give every wire once, in the order of qubits")
    return order


def check_read_out(measurements: Iterable[Any], order: Sequence[Any]) -> None:
    """Raise a UserError for bits that are not those of all wires in order."""
    for measurement in measurements:
        name = type(measurement).__name__
        if name in READ_OUT and measurement.obs is None and list(measurement.wires) not in ([], list(order)):
            raise UserError(
                f"{printable(str(measurement))} reads the wires {shown(list(measurement.wires))}: qubits are the wires "
                f"{shown(list(order))}, and all are read in this order; read these, or give wires= in another order"
            )


def described(operation: Any) -> str:
    """An operation in a message: its name and wires."""
    return f"{printable(operation.name)} on wires {', '.join(map(str, operation.wires))}"
