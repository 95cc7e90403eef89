"""`hyperborn export`: a trained circuit for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyperborn.cli.output import Json, check_new_file, emit, errors_explained, note, write
from hyperborn.cli.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hyperborn.posteriors import Posterior


class Format(StrEnum):
    """What a circuit is written as."""

    QASM = "qasm"
    QISKIT = "qiskit"


def n_registers(posterior: "Posterior") -> int:
    """Circuits that are independent of each other in the one that is written."""
    from hyperborn.posteriors import Registers

    return sum(len(group.places) for group in posterior.groups) if isinstance(posterior, Registers) else 1


def what_is_written(sizes: "Mapping[str, int]") -> str:
    """What is written, in words."""
    gates = f"{sizes['n_gates']:,} gates"
    if sizes["n_registers"] == 1:
        return f"the circuit of {sizes['n_qubits']:,} qubits and {gates} is"
    return f"all {sizes['n_registers']:,} registers are one circuit of {sizes['n_qubits']:,} qubits and {gates},"


def export_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished run.")],
    kind: Annotated[
        Format, typer.Option("--format", help="qasm: an OpenQASM 3 program; qiskit: a QPY file, Qiskit's own format.")
    ] = Format.QASM,
    out: Annotated[
        Path | None, typer.Option(help="File to write; if absent a program goes to standard output.")
    ] = None,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Write the trained circuit, measured at its end, for other programs; Qiskit and OpenQASM write weight 0 last."""
    with errors_explained(as_json):
        from hyperborn.errors import UserError
        from hyperborn.parts import import_plugins
        from hyperborn.runs.results import load
        from hyperborn.storage import write_file

        import_plugins(plugin or ())
        check_new_file(out)
        if out is None and kind is Format.QISKIT:
            raise UserError("a QPY file is not text for standard output; name it with --out, such as --out circuit.qpy")
        result = load(run, report=note)
        circuit, angles = result.circuit, result.angles
        if kind is Format.QISKIT:
            from hyperborn.circuits.translation.qiskit import qpy_bytes

            program, content = None, qpy_bytes(circuit.to_qiskit(angles, measured=True))
        else:
            program = circuit.to_qasm3(angles, measured=True)
            content = program.encode()
        registers = n_registers(result.definition.posterior.ideal)
        sizes = {"n_registers": registers, "n_qubits": circuit.n_qubits, "n_gates": len(circuit.gates())}
        if out is not None:
            write_file(out, content)
        if out is not None or not as_json:
            note(f"{what_is_written(sizes)} written to {out or 'standard output'}")
        if as_json:
            shown = {"program": program} if out is None else {"out": str(out)}
            emit({"run": str(run), "format": kind.value, **sizes, **shown})
        elif out is None and program is not None:
            write(program)
