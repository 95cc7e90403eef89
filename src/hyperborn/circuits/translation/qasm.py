"""Circuits from and to OpenQASM, versions 2 and 3, by Qiskit's own readers and writer."""

import io
import re
from contextlib import redirect_stderr
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from hyperborn.arguments import path_of
from hyperborn.circuits.circuit import Circuit, flat_parameters
from hyperborn.circuits.gate_list import GateList
from hyperborn.circuits.translation.qasm_size import check_size
from hyperborn.circuits.translation.qiskit import append_gates, check_readable, gate_list_of
from hyperborn.errors import UserError
from hyperborn.packages import imported
from hyperborn.printable import printable
from hyperborn.redaction import error_text
from hyperborn.storage import read_bounded

MOST_BYTES = {2: 16 * 2**20, 3: 4 * 2**20}
"""Of a program, by its version: a million gates or a quarter. The parser of version 3 takes 500 times the memory."""

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
INPUT = re.compile(r"\binput\s+\w+(?:\s*\[[^\]]*\])?\s+(\w+)\s*;")
BYTE_ORDER_MARK = "\ufeff"
"""What some editors write before a text."""
VERSION = re.compile(r"\s*OPENQASM\s+(\d+)")

PARAMETER = "theta"
"""What the inputs of an exported program are named, before their numbers, padded to the same width."""


def to_qasm3(circuit: Circuit, params: ArrayLike | None = None, *, measured: bool = False) -> str:
    """A program of the same gates; see `hyperborn.circuits.Circuit.to_qasm3`."""
    qasm3 = imported("qiskit.qasm3", "qiskit", "to_qasm3")
    module = imported("qiskit.circuit", "qiskit", "to_qasm3")
    if params is None:
        width = len(str(max(circuit.n_parameters - 1, 0)))
        values = [module.Parameter(f"{PARAMETER}{index:0{width}d}") for index in range(circuit.n_parameters)]
    else:
        values = flat_parameters(circuit, params)
    translated = module.QuantumCircuit(module.QuantumRegister(circuit.n_qubits, "q"))
    append_gates(translated, circuit, values)
    if measured:
        translated.add_register(module.ClassicalRegister(circuit.n_qubits, "bits"))
        translated.measure(translated.qubits, translated.clbits)
    return qasm3.dumps(translated)


def from_qasm(program: str | PathLike[str]) -> GateList:
    """The gates of a program in OpenQASM 2 or 3, given as text or as the path of a file.

    Qubits are numbered in the order of their declaration: qubit i is weight i, and the first and most significant bit
    is qubit 0. Inputs of OpenQASM 3 (``input float theta;``) are parameters, in the order of their declaration.
    OpenQASM 2 has no parameters. The rest is as `hyperborn.circuits.from_qiskit` says.

    Nothing is read of over 10,000 qubits or classical bits, of gates defined by others that make over a million gates,
    or of over 16 MiB of text (4 MiB of OpenQASM 3).

    Raises:
        UserError: if the file cannot be read, the text is no valid program or over these limits, Qiskit's importer
            lacks what it uses, or Qiskit (for OpenQASM 3 qiskit-qasm3-import) is not installed; and as `from_qiskit`.
    """
    if isinstance(program, str) and (not program.strip() or any(mark in program for mark in ("OPENQASM", "\n", ";"))):
        source, text = "the program", program.removeprefix(BYTE_ORDER_MARK)
    else:
        path = path_of("program", program, "an OpenQASM file, or its text")
        source, text = str(path), read_text(path)
    if len(text) > max(MOST_BYTES.values()):
        raise too_long(source, text, 2)
    plain = COMMENT.sub(" ", text)
    found = VERSION.match(plain)
    if found is None or found[1] not in ("2", "3"):
        raise UserError(f"{source} does not begin with OPENQASM 2.0; or OPENQASM 3.0; give an OpenQASM program")
    version = int(found[1])
    if len(text) > MOST_BYTES[version]:
        raise too_long(source, text, version)
    check_size(source, plain, version)
    circuit = parsed(source, text, version)
    declared = {name: place for place, name in enumerate(INPUT.findall(plain))}
    parameters = sorted(circuit.parameters, key=lambda one: declared.get(one.name, len(declared)))
    try:
        check_readable(circuit)
        return gate_list_of(circuit, parameters)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error


def too_long(source: str, text: str, version: int) -> UserError:
    return UserError(
        f"{source} has {len(text):,} characters, over the limit of {MOST_BYTES[version]:,} of OpenQASM {version}; give "
        "a shorter one"
    )


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        UserError: if it cannot be read, is too large or no text.
    """
    try:
        return read_bounded(path, max(MOST_BYTES.values())).decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read the circuit {path}: {error.strerror}; check its path") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no text ({error.reason}); give an OpenQASM program") from error


def parsed(source: str, text: str, version: int) -> Any:
    """The `qiskit.QuantumCircuit` of a program.

    Raises:
        UserError: if it is not valid, or Qiskit's importer lacks what it uses.
    """
    if version == 2:
        module = imported("qiskit", "qiskit", "from_qasm")
        read = module.QuantumCircuit.from_qasm_str
    else:
        imported("qiskit_qasm3_import", "qiskit", "from_qasm of OpenQASM 3")
        read = imported("qiskit.qasm3", "qiskit", "from_qasm").loads
    # The parser of OpenQASM 3 prints what is wrong, and raises an error without words.
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            return read(text)
    except MemoryError:
        raise
    except RecursionError as error:
        raise UserError(f"{source} is nested too deeply to be read; give one of fewer brackets in brackets") from error
    except Exception as error:
        reason = " ".join(printable(said.getvalue()).split())[:300] or error_text(error).rstrip(": ")
        if version == 3 and isinstance(error, imported("qiskit.qasm3", "qiskit", "from_qasm").QASM3ImporterError):
            # Undefined names, and what is valid but not known to it.
            raise UserError(
                f"{source} cannot be read by Qiskit's importer of OpenQASM 3 ({reason}); write it without that"
            ) from error
        raise UserError(f"{source} is no valid OpenQASM {version} ({reason}); correct it") from error
