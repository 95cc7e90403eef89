from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pytest

from hyperborn.backends import Batch, Connection, Counts, backend_named
from hyperborn.backends.conformance.conformance import conformance
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.backends.simulators.statevector import cost_of
from hyperborn.errors import UserError

many = pytest.mark.parametrize("circuits", [40, pytest.param(200, marks=pytest.mark.thorough)])


@many
@pytest.mark.parametrize(
    "name",
    [
        "aer",
        "default.qubit",
        "lightning.qubit",
        pytest.param(
            "braket.local.qubit",
            marks=pytest.mark.skipif(
                find_spec("braket") is None, reason="amazon-braket-pennylane-plugin is not installed"
            ),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:braket", "ignore::DeprecationWarning:antlr4")
def test_ideal_backends(name: str, circuits: int) -> None:
    found = conformance(name, backend_named(name).connect(), ideal=True, circuits=circuits, shots=400, seed=1)
    assert (found.circuits, len(found.checks)) == (circuits, 9)
    assert found.passed, found.checks


def test_the_built_in_simulator() -> None:
    # JAX compiles each list of gates for a second: four of them.
    found = conformance("statevector", backend_named("statevector").connect(), ideal=True, circuits=20, seed=2)
    assert found.passed, found.checks


@many
def test_a_noisy_device(circuits: int) -> None:
    device = backend_named("fake_manila").connect()
    found = conformance("fake_manila", device, ideal=False, circuits=circuits, shots=200, seed=3)
    assert len(found.checks) == 7
    assert found.passed, found.checks
    judged_as_ideal = conformance("fake_manila", device, ideal=True, circuits=40, seed=3)
    assert [check.name for check in judged_as_ideal.checks if not check.passed] == [
        "single circuits: distributions",
        "batches: distributions",
    ]


def spoiled(spoil: Callable[[Batch, tuple[Counts, ...]], tuple[Counts, ...]]) -> Connection:
    """Aer, with something done to its replies."""
    aer = backend_named("aer").connect()

    def simulate(batch: Batch) -> tuple[Counts, ...]:
        reply = aer.collect(aer.submit(batch, "inner"), batch, 60.0, lambda _: None)
        return spoil(batch, reply.counts)

    return InProcessConnection(simulate, cost_of, label="spoiled")


def turned(counts: Counts) -> Counts:
    return Counts(np.ascontiguousarray(counts.bits[:, ::-1]), counts.counts)


def batched(batch: Batch) -> bool:
    return len(batch.requests[0]) > 1


def swapped(batch: Batch, reply: tuple[Counts, ...]) -> tuple[Counts, ...]:
    """The first two points of every batch change places."""
    found, start = list(reply), 0
    for request in batch.requests:
        if len(request) > 1:
            found[start], found[start + 1] = found[start + 1], found[start]
        start += len(request)
    return tuple(found)


def repeated(batch: Batch, reply: tuple[Counts, ...]) -> tuple[Counts, ...]:
    """A point that stands in a batch twice is drawn once."""
    found, start = list(reply), 0
    for request in batch.requests:
        found[start + len(request) - 1] = found[start]
        start += len(request)
    return tuple(found)


SPOILED = {
    "qubits turned round": (
        lambda _, reply: tuple(map(turned, reply)),
        {"single circuits: order of qubits", "batches: order of qubits"},
    ),
    "qubits turned round in batches only": (
        lambda batch, reply: tuple(map(turned, reply)) if batched(batch) else reply,
        {"batches: order of qubits"},
    ),
    "points swapped": (swapped, {"batches: order of points"}),
    "points drawn once": (
        lambda batch, reply: repeated(batch, reply) if batched(batch) else reply,
        {"batches: independent shots"},
    ),
    "a shot lost": (
        lambda _, reply: (*reply[:-1], Counts(reply[-1].bits[1:], reply[-1].counts[1:])),
        {"single circuits: complete", "batches: complete"},
    ),
    "a point lost": (lambda _, reply: reply[:-1], {"single circuits: complete", "batches: complete"}),
}


ORDERS = [f"{kind}: order of {what}" for kind in ("single circuits", "batches") for what in ("qubits", "points")]


@pytest.mark.parametrize("name", SPOILED)
def test_backends_that_are_wrong_fail(name: str) -> None:
    spoil, expected = SPOILED[name]
    kinds = {check.partition(":")[0] for check in expected}
    also = {check for check in ORDERS if check.partition(":")[0] in kinds}
    found = conformance(name, spoiled(spoil), ideal=False, circuits=40, shots=300, seed=4)
    failed = {check.name for check in found.checks if not check.passed}
    # Bits in a wrong order can make points look swapped too, and the other way round.
    assert expected <= failed <= {*expected, *also}


def test_a_backend_that_fails_is_said() -> None:
    def break_off(batch: Batch, reply: tuple[Counts, ...]) -> tuple[Counts, ...]:
        raise OverflowError(f"{len(reply)} results of {batch.label}")

    message = r"^own failed at single circuits: spoiled raised OverflowError: 20 results of single circuits; correct"
    with pytest.raises(UserError, match=message):
        conformance("own", spoiled(break_off), ideal=True, circuits=20, shots=10)


def test_numbers_of_circuits() -> None:
    connection = backend_named("aer").connect()
    with pytest.raises(UserError, match="circuits=201 must be a multiple of 5"):
        conformance("aer", connection, ideal=True, circuits=201)
    with pytest.raises(UserError, match="circuits=5 must be a whole number of at least 20"):
        conformance("aer", connection, ideal=True, circuits=5)
