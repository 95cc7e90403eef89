"""`hyperborn export`: a trained circuit, or its networks, for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperborn.cli.output import Json, check_new_file, emit, errors_explained, note, show, write
from hyperborn.cli.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hyperborn.posteriors import Posterior
    from hyperborn.training import Result


class Format(StrEnum):
    """What a run is written as."""

    C = "c"
    ONNX = "onnx"
    NPZ = "npz"
    QASM = "qasm"
    QISKIT = "qiskit"


NETWORKS = (Format.C, Format.ONNX, Format.NPZ)
"""Formats of networks; the others are of the circuit."""
NAMES = {Format.C: "model/", Format.ONNX: "model.onnx", Format.NPZ: "model.npz", Format.QISKIT: "circuit.qpy"}
"""An example of what --out may be, for formats that are no text."""


class Numbers(StrEnum):
    """What exported C computes with."""

    FLOAT32 = "float32"
    Q15 = "q15"


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
        Format,
        typer.Option(
            "--format",
            help="Of networks: c, a C99 library; onnx, an ONNX model; npz, NumPy arrays. Of the circuit: qasm, an "
            "OpenQASM 3 program; qiskit, a QPY file, Qiskit's own format.",
        ),
    ] = Format.QASM,
    out: Annotated[
        Path | None, typer.Option(help="File to write, of C a folder; if absent an OpenQASM program goes to output.")
    ] = None,
    numbers: Annotated[
        Numbers | None,
        typer.Option(help="What C computes with: float32, or q15 for cores without floating point. Default: float32."),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(
            min=1, help="Networks to draw, whose predictions are averaged. Default: 1, the best one on its own."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", metavar="", help="Write over the file, or into a folder that is not empty.")
    ] = False,
    plugin: Plugins = None,
    as_json: Json = False,
) -> None:
    """Write trained networks as C, ONNX or NumPy arrays, or the circuit, measured at its end, for other programs.

    Qiskit and OpenQASM write weight 0 last.
    """
    with errors_explained(as_json):
        from hyperborn.errors import UserError
        from hyperborn.parts import import_plugins
        from hyperborn.runs.results import load

        import_plugins(plugin or ())
        check_options(kind, numbers, networks)
        if out is None and kind is not Format.QASM:
            raise UserError(f"--format {kind} is not text for standard output; name it with --out {NAMES[kind]}")
        if kind not in NETWORKS and not force:
            check_new_file(out, "choose another name with --out, or --force to replace it")
        result = load(run, report=note)
        if kind in NETWORKS and out is not None:
            export_networks(result, run, kind, out, numbers or Numbers.FLOAT32, networks or 1, force, as_json)
        else:
            export_circuit(result, run, kind, out, as_json)


def check_options(kind: Format, numbers: Numbers | None, networks: int | None) -> None:
    """Raise a UserError for an option that does not go with the format."""
    from hyperborn.errors import UserError

    if numbers is not None and kind is not Format.C:
        raise UserError(f"--numbers goes with --format c, and not with {kind}; leave it out")
    if networks is not None and kind not in NETWORKS:
        raise UserError(f"--networks goes with --format c, onnx or npz, and {kind} is of the circuit; leave it out")


def export_networks(
    result: "Result", run: Path, kind: Format, out: Path, numbers: Numbers, networks: int, force: bool, as_json: bool
) -> None:
    """Write networks, and say which and with which scores."""
    from hyperborn.errors import UserError
    from hyperborn.networks import Network
    from hyperborn.report.exports import export_lines

    if not isinstance(result.definition.network, Network):
        raise UserError(
            f"{run} is of energies of your own, so that there is no network to write; its circuit can be exported "
            "(--format qasm, qiskit), and result.sample gives bits"
        )
    if kind is Format.C:
        found = result.export_c(out, numbers=numbers.value, networks=networks, force=force)
    elif kind is Format.ONNX:
        found = result.export_onnx(out, networks=networks, force=force)
    else:
        found = result.export_npz(out, networks=networks, force=force)
    extra: dict[str, Any] = {"numbers": numbers.value} if kind is Format.C else {}
    if as_json:
        emit({"run": str(run), "format": kind.value, **extra, **found.to_record()})
        return
    for part in export_lines(found, result):
        show(part)
    note(f"written to {out}" + ("; try it with: make -C " + f"{out} check" if kind is Format.C else ""))


def export_circuit(result: "Result", run: Path, kind: Format, out: Path | None, as_json: bool) -> None:
    """Write the circuit, and say how large it is."""
    from hyperborn.storage import write_file

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
