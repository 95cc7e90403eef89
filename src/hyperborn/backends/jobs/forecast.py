"""What a run on a backend will take, before anything is sent."""

from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True)
class Forecast:
    """Of a whole run: jobs, circuits (each point counts as one), shots, and seconds of processor time if known.

    `qubits`, `depth` and `two_qubit_gates` are those of the largest circuit, compiled for the backend; `subcircuits`
    says how many different circuits are run one after the other.
    """

    backend: str
    qubits: int
    depth: int
    two_qubit_gates: int
    subcircuits: int
    jobs: int
    circuits: int
    shots: int
    seconds: float | None

    @property
    def text(self) -> str:
        """The forecast in a line."""
        time = "" if self.seconds is None else f", about {duration(self.seconds)} of processor time"
        return f"{self.backend}: {self.jobs:,} jobs, {self.circuits:,} circuits, {self.shots:,} shots{time}"


def duration(seconds: float) -> str:
    """Such as "40 s" or "3 min"."""
    return f"{seconds:.2g} s" if seconds < MINUTE else f"{seconds / MINUTE:.0f} min"
