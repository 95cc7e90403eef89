"""A simulator of PennyLane's that is not known as one stands for a vendor's processor."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hyperborn.backends import Batch, Counts, Ledger, LedgerSampler, PennyLaneDevice, Points
from hyperborn.backends.backend import Unsent, Untraceable
from hyperborn.backends.services.blocking import KEPT, BlockingConnection
from hyperborn.backends.services.pennylane import SIMULATORS
from hyperborn.backends.simulators.statevector import cost_of
from hyperborn.circuits import ProductState
from hyperborn.errors import UserError

NAME = "reference.qubit"
CIRCUIT = ProductState(2)


def batch(label: str = "step-00001", angle: float = 0.7) -> Batch:
    return Batch(label, (Points(CIRCUIT, np.full((2, CIRCUIT.n_parameters), angle)),), shots=30, seed=5)


class Vendor:
    """Processes that ask for shots, one after another, of the same device, with the same ledger."""

    def __init__(self, path: Path) -> None:
        self.path, self.calls = path, 0
        self.notes: list[str] = []
        self.states_at_call: list[list[str]] = []

    def process(self, during: Callable[[], None] = lambda: None) -> BlockingConnection:
        """The connection of a new process; `during` happens while the device is at work."""
        connection = PennyLaneDevice(NAME).connect()
        assert isinstance(connection, BlockingConnection)
        run = connection.call

        def call(wanted: Batch) -> tuple[Counts, ...]:
            self.calls += 1
            self.states_at_call.append([state for state, _ in self.states])
            during()
            return run(wanted)

        connection.call = call
        return connection

    def sample(self, connection: BlockingConnection, wanted: Batch) -> tuple[Counts, ...]:
        with Ledger.create_or_open(self.path) as ledger:
            found = LedgerSampler(connection, "vendor", ledger, note=self.notes.append).sample(wanted)
            (level,) = ledger._database.execute("PRAGMA synchronous").fetchone()
            assert level == 3, "what is paid for must survive a power cut"
            return found

    @property
    def states(self) -> list[tuple[str, str | None]]:
        """State and id of every job in the ledger."""
        with Ledger.read(self.path) as ledger:
            return [(job.state, job.id) for job in ledger.rows()]

    @property
    def jobs_spent(self) -> int:
        with Ledger.read(self.path) as ledger:
            return ledger.totals().jobs


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    return Vendor(tmp_path / "ledger.sqlite")


def press() -> None:
    raise KeyboardInterrupt


def shots(found: tuple[Counts, ...]) -> list[int]:
    return [counts.shots for counts in found]


def test_what_is_no_known_simulator_is_paid_for_once(vendor: Vendor) -> None:
    assert NAME not in SIMULATORS
    connection = vendor.process()
    assert (connection.metered, connection.repeatable) == (True, False)
    assert not PennyLaneDevice("default.qubit").connect().metered
    first = vendor.sample(connection, batch())
    again = vendor.sample(vendor.process(), batch())
    assert shots(first) == shots(again) == [30, 30]
    assert all(np.array_equal(one.bits, other.bits) for one, other in zip(first, again, strict=True))
    # The intent was there before the device was called, and what is stored is not asked for again.
    assert vendor.states_at_call == [["intended"]]
    assert [state for state, _ in vendor.states] == ["done"]
    assert vendor.notes == []


def test_a_death_at_work_is_the_person_s_to_decide(vendor: Vendor) -> None:
    with pytest.raises(KeyboardInterrupt):
        vendor.sample(vendor.process(press), batch())
    assert vendor.states == [("intended", None)]
    message = (
        rf"^hyperborn-\w+-step-00001-1 may have been run, and paid for, .*: pennylane:{NAME} has no list of jobs; .* "
        rf"sent, and paid for, again, go on with: hyperborn resume {vendor.path.parent}$"
    )
    with pytest.raises(UserError, match=message):
        vendor.sample(vendor.process(), batch())
    assert vendor.calls == 1
    # It counts for the limits.
    assert [state for state, _ in vendor.states] == ["failed"]
    assert vendor.jobs_spent == 1
    assert shots(vendor.sample(vendor.process(), batch())) == [30, 30]
    assert [state for state, _ in vendor.states] == ["failed", "done"]
    assert (vendor.calls, vendor.jobs_spent) == (2, 2)


def test_a_reply_that_was_not_stored_is_held_by_its_process_alone(vendor: Vendor) -> None:
    connection = vendor.process()
    collect = connection.collect
    connection.collect = lambda *_: press()
    for label in ("a", "b"):
        with pytest.raises(KeyboardInterrupt):
            vendor.sample(connection, batch(label))
    assert [state for state, _ in vendor.states] == ["submitted"] * 2
    connection.collect = collect
    assert shots(vendor.sample(connection, batch("a"))) == [30, 30]
    assert vendor.calls == 2
    with pytest.raises(UserError, match="may have been run, and paid for"):
        vendor.sample(vendor.process(), batch("b"))
    assert [state for state, _ in vendor.states] == ["done", "failed"]
    assert (vendor.calls, vendor.jobs_spent) == (2, 2)


def test_a_call_that_fails_is_not_repeated_unasked(vendor: Vendor) -> None:
    def fail() -> None:
        raise ConnectionError("lost with\ntoken=abc")

    message = r"raised ConnectionError: lost with token=\[withheld\]; step-00001 may nevertheless have.* go on with"
    with pytest.raises(UserError, match=message):
        vendor.sample(vendor.process(fail), batch())
    assert (vendor.calls, vendor.jobs_spent) == (1, 1)
    assert shots(vendor.sample(vendor.process(), batch())) == [30, 30]
    assert [state for state, _ in vendor.states] == ["failed", "done"]


def test_a_call_s_own_error_is_not_the_cause_of_ours() -> None:
    for theirs in (ConnectionError("token=abc"), UserError("no such wires; choose fewer")):

        def fail(_: Batch, theirs: Exception = theirs) -> tuple[Counts, ...]:
            raise theirs

        connection = BlockingConnection(fail, cost_of, label="vendor")
        with pytest.raises((Untraceable, Unsent)) as raised:
            connection.submit(batch(), "a-tag")
        assert (raised.value.__cause__, raised.value.__suppress_context__) == (None, True)


def test_what_is_refused_before_it_is_sent_costs_nothing(vendor: Vendor) -> None:
    def refuse() -> None:
        raise UserError("no such wires; choose fewer")

    with pytest.raises(UserError, match=r"^no such wires; choose fewer$"):
        vendor.sample(vendor.process(refuse), batch())
    assert vendor.states == [("failed", None)]
    assert vendor.jobs_spent == 0


def test_a_job_for_other_angles_that_cannot_be_cancelled_counts_as_spent(vendor: Vendor) -> None:
    with pytest.raises(KeyboardInterrupt):
        vendor.sample(vendor.process(press), batch())
    assert shots(vendor.sample(vendor.process(), batch(angle=0.9))) == [30, 30]
    assert any("vendor cannot cancel step-00001: hyperborn-" in note for note in vendor.notes)
    assert [state for state, _ in vendor.states] == ["failed", "done"]
    assert vendor.jobs_spent == 2


def test_only_the_last_replies_are_kept(vendor: Vendor) -> None:
    connection = vendor.process()
    for number in range(KEPT + 2):
        vendor.sample(connection, batch(f"step-{number}"))
    assert len(connection.replies) == KEPT
