"""`hyperborn doctor`."""

import importlib.metadata
import os
import platform
from typing import Any

import typer

from hyperborn.cli.output import OURS, Json, emit, errors_explained, note, show

OPTIONAL = {
    "pyarrow": 'Parquet files; install with: pip install "hyperborn[parquet]"',
    "qiskit-ibm-runtime": 'Aer, fake and real IBM devices; install with: pip install "hyperborn[qiskit]"',
    "pennylane": 'PennyLane devices; install with: pip install "hyperborn[pennylane]"',
}


FAILED = "the circuit check failed: this installation of JAX computes wrongly; reinstall jax and jaxlib"


def doctor_command(as_json: Json = False) -> None:
    """Check this installation: versions, devices, caches, and a circuit with a known answer."""
    with errors_explained(as_json):
        found = examined()
        good = found["circuit_check"]
        if as_json:
            emit(found if good else found | {"error": FAILED, "exit_code": OURS})
        else:
            from hyperborn.report.tables import facts_table

            show(facts_table((key.replace("_", " "), text_of(value)) for key, value in found.items()))
        if not good:
            note(f"hyperborn: {FAILED}")
            raise typer.Exit(OURS)


def examined() -> dict[str, Any]:
    """The facts about this installation, for JSON."""
    import jax

    from hyperborn.storage import cache_folder

    folder = cache_folder()
    return {
        "hyperborn": importlib.metadata.version("hyperborn"),
        "python": platform.python_version(),
        "jax": jax.__version__,
        "devices": [str(device) for device in jax.devices()],
        "cores": os.cpu_count(),
        "optional": {name: version_of(name) or f"absent: {purpose}" for name, purpose in OPTIONAL.items()},
        "cache": None if folder is None else {"folder": str(folder), "mebibytes": size_of(folder) // 2**20},
        "circuit_check": circuit_check(),
    }


def circuit_check() -> bool:
    """Whether three entangled qubits give the probabilities that one computes by hand."""
    import jax.numpy as jnp
    import numpy as np

    from hyperborn.circuits import Brickwork
    from hyperborn.posteriors import Register

    # RY(2π/3) gives every qubit P(1) = 3/4; then CX from qubit 0 to qubit 1 only relabels: q(b0, b1 xor b0, b2).
    angles = jnp.zeros((2, 2, 3)).at[0, 0].set(2 * np.pi / 3)
    one = np.array([0.25, 0.75])
    product = np.einsum("a,b,c->abc", one, one, one)
    expected = np.stack([product[0], product[1, ::-1]]).reshape(-1)
    return bool(np.allclose(Register(Brickwork(3, depth=2)).distribution(angles), expected, atol=1e-6))


def version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def size_of(folder: os.PathLike[str]) -> int:
    """Bytes of all files below a folder; files that vanish meanwhile are not counted."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.path.getsize(os.path.join(path, name))  # noqa: PTH118, PTH202
            except OSError:
                continue
    return total


def text_of(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(value)
    return (
        {True: "passed", False: "failed", None: "off"}[value]
        if value is None or isinstance(value, bool)
        else str(value)
    )
