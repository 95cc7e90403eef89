"""Circuits from and to Qiskit: qubit i stays qubit i, and gates keep their names."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.circuits.angle import Angle
from hyperborn.circuits.circuit import Circuit, flat_parameters
from hyperborn.circuits.gate import GATES, Gate
from hyperborn.circuits.gate_list import GateList, check_read_size
from hyperborn.circuits.matrices import matrix_of
from hyperborn.circuits.translation.qiskit_angles import angle_of_expression
from hyperborn.errors import UserError
from hyperborn.packages import imported
from hyperborn.printable import printable, shown
from hyperborn.redaction import error_text

PARAMETERS = "theta"
"""Name of the vector of parameters of an exported circuit; element i is the parameter of flat index i."""

NAMES = {name: name for name in GATES} | {"u1": "p", "u3": "u", "cu1": "cp"}
"""Gates by Qiskit's names; the last three are those of OpenQASM 2."""

WITHOUT_EFFECT = ("barrier", "delay", "global_phase", "id")
"""Instructions that change no probability: dropped."""

SAME = 1e-9
"""How far the entries of equal matrices may differ."""


def to_qiskit(circuit: Circuit, params: ArrayLike | None = None, *, measured: bool = False) -> Any:
    """A `qiskit.QuantumCircuit` of the same gates; see `hyperborn.circuits.Circuit.to_qiskit`."""
    module = imported("qiskit.circuit", "qiskit", "to_qiskit")
    if params is None:
        values = module.ParameterVector(PARAMETERS, circuit.n_parameters)
    else:
        values = flat_parameters(circuit, params)
    translated = module.QuantumCircuit(circuit.n_qubits)
    append_gates(translated, circuit, values)
    if measured:
        translated.measure_all()
    return translated


def qpy_bytes(translated: Any) -> bytes:
    """A `qiskit.QuantumCircuit` in Qiskit's own format of files, which ``qiskit.qpy.load`` reads."""
    file = io.BytesIO()
    imported("qiskit.qpy", "qiskit", "export").dump(translated, file)
    return file.getvalue()


def append_gates(translated: Any, circuit: Circuit, values: Any) -> None:
    """Append the gates of a circuit to a `qiskit.QuantumCircuit`.

    `values` has an item for each flat index of a parameter: a number of radians or Qiskit's parameter.
    """
    for gate in circuit.gates():
        angles = (angle_with(angle, values) for angle in gate.angles)
        getattr(translated, gate.name)(*angles, *gate.qubits)


def angle_with(angle: Angle, values: Any) -> Any:
    """An angle with numbers, or with the parameters of another library, in place of its own."""
    if angle.parameter is not None:
        found = values[angle.parameter]
    else:
        found = angle.constant + sum(factor * values[index] for index, factor in angle.terms)
    return float(found) if isinstance(found, np.floating) else found


def from_qiskit(circuit: Any) -> GateList:
    """The gates of a `qiskit.QuantumCircuit`, such as ``qiskit.circuit.library.efficient_su2(9)``.

    Qubit i stays qubit i, and so is weight i. Bits are written the other way round: in Hyperborn's strings and indices
    qubit 0 is the first and most significant bit, in Qiskit's counts the last one. Parameters are one vector in the
    order of ``circuit.parameters``: by name, and elements of a `ParameterVector` by their index.

    Gates of `hyperborn.circuits.GATES` stay as they are; Qiskit decomposes others into these, up to a global phase. A
    composite gate may be one that its decomposition only approximates: a `PauliEvolutionGate` becomes the steps of its
    synthesis, by default a single Trotter step, and not the exact exponential.

    A circuit that was exported and is read again may number its parameters anew: those that no gate uses are dropped,
    and the array of parameters is flat.

    Barriers, delays, identities and global phases are dropped. So are measurements at the end, if qubit i is measured
    into the i-th of the classical bits, for all qubits: here every qubit is measured anyway.

    Raises:
        UserError: for what is no circuit, or over 10,000 qubits or classical bits; what is not unitary, such as a
            reset, classical control, noise, or a measurement before a gate, of some of the qubits or in another order;
            an angle that is not an affine function of parameters; or a gate that Qiskit cannot decompose.
    """
    check_readable(circuit)
    return gate_list_of(circuit, circuit.parameters)


def check_readable(circuit: Any) -> None:
    """Raise a UserError for what is no circuit, or one without qubits or with too many."""
    qiskit = imported("qiskit", "qiskit", "from_qiskit")
    if not isinstance(circuit, qiskit.QuantumCircuit):
        raise UserError(f"circuit = {shown(circuit)}: give a qiskit.QuantumCircuit")
    if not circuit.num_qubits:
        raise UserError("the circuit has no qubits; give one qubit for each weight")
    for what, number in (("qubits", circuit.num_qubits), ("classical bits", circuit.num_clbits)):
        check_read_size("the circuit", what, number)


def gate_list_of(circuit: Any, parameters: Iterable[Any]) -> GateList:
    """The gates of a `qiskit.QuantumCircuit`, as `from_qiskit` says, with its parameters in this order.

    Raises:
        UserError: for instructions or angles that are refused.
    """
    places = {parameter: index for index, parameter in enumerate(parameters)}
    try:
        check_unitary(circuit)
        plain = decomposed(circuit)
        check_measurements(plain)
        check_matrices(plain)
        return GateList(circuit.num_qubits, gates_in(plain, places), (len(places),))
    except RecursionError as error:
        raise UserError("the circuit is of gates nested too deeply to be read; define them by fewer others") from error


def gates_in(circuit: Any, parameters: Mapping[Any, int]) -> Iterable[Gate]:
    """The gates of a `qiskit.QuantumCircuit`, in the order of its instructions.

    Raises:
        UserError: for an instruction that is not known.
    """
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name in NAMES:
            angles = [
                angle_of_expression(given, parameters, described(circuit, instruction)) for given in operation.params
            ]
            yield Gate(NAMES[operation.name], qubits_of(circuit, instruction), angles)
        elif operation.name not in (*WITHOUT_EFFECT, "measure"):
            raise UserError(f"{described(circuit, instruction)} has no definition by gates; define it, or leave it out")


def decomposed(circuit: Any) -> Any:
    """The circuit with gates that are not known decomposed into those that are, by Qiskit's own transpiler.

    Raises:
        UserError: if Qiskit cannot decompose one, or into what is no gate.
    """
    qiskit = imported("qiskit", "qiskit", "from_qiskit")
    known = (*NAMES, *WITHOUT_EFFECT, "measure")
    if all(instruction.operation.name in known for instruction in circuit.data):
        return circuit
    try:
        # Level 0 changes no gate that is known. Idle qubits would serve as clean ones if they were known to be 0.
        plain = qiskit.transpile(
            circuit, basis_gates=[*NAMES, *WITHOUT_EFFECT[1:]], optimization_level=0, qubits_initially_zero=False
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise UserError(
            f"Qiskit cannot decompose the circuit into gates of hyperborn.circuits.GATES ({error_text(error)}); define "
            "each by gates"
        ) from error
    check_unitary(plain)
    return plain


def check_unitary(circuit: Any) -> None:
    """Raise a UserError for the first instruction that is no gate, nor a measurement or without effect.

    An instruction that is a circuit of others is looked into.
    """
    module = imported("qiskit.circuit", "qiskit", "from_qiskit")
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name in (*WITHOUT_EFFECT, "measure") or isinstance(
            operation, module.Gate | module.AnnotatedOperation
        ):
            continue
        if not isinstance(operation, module.Instruction):
            # Such as a Clifford operator, which Qiskit decomposes.
            continue
        if operation.definition is None or isinstance(operation, module.ControlFlowOp):
            raise UserError(
                f"{described(circuit, instruction)} is not unitary: a circuit here is gates on |0...0> and then a "
                "measurement of every qubit; leave it out"
            )
        check_unitary(operation.definition)


def check_measurements(circuit: Any) -> None:
    """Raise a UserError unless measurements are none, or of every qubit in order, each after all gates on it."""
    measured: dict[int, int] = {}
    for instruction in circuit.data:
        qubits = qubits_of(circuit, instruction)
        name = instruction.operation.name
        if name in WITHOUT_EFFECT:
            continue
        before = next((qubit for qubit in qubits if qubit in measured), None)
        if before is not None:
            raise UserError(
                f"qubit {before} is measured before {described(circuit, instruction)}: qubits are measured at the end "
                "only; leave the measurement out"
            )
        if name == "measure":
            measured[qubits[0]] = circuit.find_bit(instruction.clbits[0]).index
    if not measured:
        return
    if len(measured) < circuit.num_qubits:
        lacking = next(qubit for qubit in range(circuit.num_qubits) if qubit not in measured)
        raise UserError(
            f"measure leaves out qubit {lacking}: every qubit is a weight, and is measured; leave the measurements "
            "out, or measure every qubit"
        )
    bits = [measured[qubit] for qubit in range(circuit.num_qubits)]
    if bits != sorted(set(bits)):
        raise UserError(
            f"measure has the classical bits {shown(bits)} for qubits 0 to {len(bits) - 1}: weight i is qubit i; leave "
            "the measurements out, or measure the qubits into bits in their order"
        )


def check_matrices(circuit: Any) -> None:
    """Raise a UserError for a gate of a known name that is another gate.

    Programs define gates of their own, such as RZZ in OpenQASM 3, whose standard library lacks it.
    """
    known = imported("qiskit.circuit.library.standard_gates", "qiskit", "from_qiskit")
    standard = known.get_standard_gate_name_mapping()
    own = [
        place
        for place, instruction in enumerate(circuit.data)
        if instruction.operation.name in NAMES
        and instruction.operation.base_class is not standard[instruction.operation.name].base_class
    ]
    if not own:
        return
    random = np.random.default_rng(0)
    bound = circuit.assign_parameters(random.uniform(1, 2, circuit.num_parameters))
    for place in own:
        if not is_standard(bound.data[place].operation):
            instruction = circuit.data[place]
            raise UserError(
                f"{described(circuit, instruction)} is defined as another gate than the standard one of that name; "
                "give it another name"
            )


def is_standard(operation: Any) -> bool:
    """Whether a gate without parameters has the matrix that its name stands for, up to a phase."""
    information = imported("qiskit.quantum_info", "qiskit", "from_qiskit")
    name = NAMES[operation.name]
    kind = GATES[name]
    if (operation.num_qubits, len(operation.params)) != (kind.n_qubits, kind.n_angles) or operation.definition is None:
        return False
    own = information.Operator(operation.definition.reverse_bits()).data
    expected = matrix_of(name, *map(float, operation.params))
    overlap = np.vdot(expected, own)
    return bool(abs(abs(overlap) - len(own)) < SAME)


def qubits_of(circuit: Any, instruction: Any) -> tuple[int, ...]:
    """The numbers of an instruction's qubits."""
    return tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)


def described(circuit: Any, instruction: Any) -> str:
    """An instruction in a message: its name and qubits."""
    qubits = qubits_of(circuit, instruction)
    on = f" on {', '.join(map(str, qubits))}" if qubits else ""
    return f"{printable(instruction.operation.name)}{on}"
