"""Circuits as text."""

import re
from collections.abc import Sequence

from hyperborn.circuits.gate import Gate
from hyperborn.circuits.matrices import CONTROLLED, PAULIS
from hyperborn.errors import UserError
from hyperborn.printable import shown

PARAMETER = re.compile(r"theta\[(\d+)\]")


def draw(gates: Sequence[Gate], n_qubits: int, labels: Sequence[str] | None = None) -> str:
    """Gates as text: one line a qubit, with time to the right: θ3 is the parameter of the flat index 3.

    Args:
        gates: gates in order of time.
        n_qubits: number of lines.
        labels: names of the qubits, such as their weights; ``q0, q1, ...`` if absent.

    Raises:
        UserError: if the number of labels is not the number of qubits.
    """
    if labels is not None and (
        not isinstance(labels, tuple | list) or not all(isinstance(label, str) for label in labels)
    ):
        raise UserError(f"labels = {shown(labels)}: give a list of texts, one a qubit")
    names = list(labels) if labels is not None else [f"q{j}" for j in range(n_qubits)]
    if len(names) != n_qubits:
        raise UserError(f"{len(names)} labels for {n_qubits} qubits: give one label a qubit")
    width = max(map(len, names))
    lines = [f"{name:>{width}}: " for name in names]
    for column in columns(gates):
        cells = ["" for _ in range(n_qubits)]
        for gate in column:
            for between in range(min(gate.qubits) + 1, max(gate.qubits)):
                cells[between] = "│"
            for qubit, symbol in zip(gate.qubits, symbols(gate), strict=True):
                cells[qubit] = symbol
        longest = max(map(len, cells))
        lines = [f"{line}─{cell:─^{longest}}─" for line, cell in zip(lines, cells, strict=True)]
    return "\n".join(lines)


def symbols(gate: Gate) -> list[str]:
    """What a drawing shows on each qubit of a gate."""
    shown_angles = ", ".join(PARAMETER.sub(r"θ\1", str(angle)) for angle in gate.angles)
    angles = f"({shown_angles})" if shown_angles else ""
    name, n_qubits = gate.name, len(gate.qubits)
    if name in CONTROLLED:
        controls = 2 if name == "ccx" else 1
        target = {"x": "⊕", "cx": "⊕"}.get(CONTROLLED[name], CONTROLLED[name].upper() + angles)
        return ["●"] * controls + ["●" + angles if name in ("cz", "cp") else target]
    if name == "swap":
        return ["╳", "╳"]
    return [(name[1:] if n_qubits == 2 and name in PAULIS else name).upper() + angles] * n_qubits


def columns(gates: Sequence[Gate]) -> list[list[Gate]]:
    """Gates in columns: each gate is as early as the gates before it on its span of qubits allow."""
    gathered: list[list[Gate]] = []
    free_from: dict[int, int] = {}
    for gate in gates:
        span = range(min(gate.qubits), max(gate.qubits) + 1)
        column = max(free_from.get(qubit, 0) for qubit in span)
        if column == len(gathered):
            gathered.append([])
        gathered[column].append(gate)
        for qubit in span:
            free_from[qubit] = column + 1
    return gathered
