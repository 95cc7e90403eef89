"""The contract of backends."""

from hyperborn.backends.backend import Backend
from hyperborn.backends.boundary import connected
from hyperborn.backends.conformance.conformance import conformance
from hyperborn.errors import UserError
from hyperborn.testing.contract import broken, check_class, check_record

CAUSES = {
    "complete": "a circuit or its bits left out of the reply, or counts that do not add up to the shots",
    "order of qubits": "bits in the order of another library: weight 0, which is qubit 0, comes first",
    "order of points": "replies are sorted or grouped by circuit; return them in the order of the batch",
    "independent shots": "every circuit of a job is given the same seed",
    "distributions": "a sign or a half of an angle, control and target swapped, or noise in what says is_noiseless",
}
"""What usually makes each check fail, by its name."""


def check_backend(backend: Backend, *, circuits: int = 20, shots: int = 1000, seed: int = 0) -> None:
    """Check a backend by random circuits of 2 to 5 qubits, alone and in batches.

    - It can be hashed, and its record, as JSON, makes an equal backend.
    - Replies are complete: all circuits, in order, with as many shots as asked for.
    - The given order of bits is likelier than any other, by odds of e^20; so is that of points.
    - A circuit that is twice in a job gets different shots.
    - If it `is_noiseless`, counts agree with the exact distributions as exact draws do, within 5 standard deviations of
      Pearson's statistic.

    ``hyperborn backend-test NAME`` does the same with more circuits, and for devices whose shots are paid for.

    Args:
        backend: it has to be free.
        circuits: a multiple of five, at least 20.
        shots: of each circuit.
        seed: of the circuits, and of the shots of simulators.

    Raises:
        ContractError: if it does not.
        UserError: if its shots are paid for, or it fails.
    """
    check_class(backend, Backend)
    check_record(backend, "backend")
    connection = connected(backend)
    if connection.metered:
        raise UserError(f"shots of {backend.label} are paid for: check it with hyperborn backend-test NAME")
    found = conformance(
        backend.label, connection, ideal=backend.is_noiseless, circuits=circuits, shots=shots, seed=seed
    )
    failed = [check for check in found.checks if not check.passed]
    if failed:
        # In a reply of the wrong order others of the checks may fail as well.
        causes = dict.fromkeys(CAUSES[check.name.split(": ")[1]] for check in failed)
        checked, findings = failed[0].name, "; ".join(f"{check.name}: {check.finding}" for check in failed)
        raise broken(backend, checked, findings.removeprefix(f"{checked}: "), "; or ".join(causes))
