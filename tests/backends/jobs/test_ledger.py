import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from hyperborn.backends import Batch, Counts, Ledger, LedgerSampler, Points, Preparations
from hyperborn.backends.backend import Cost
from hyperborn.backends.jobs.budget import Spent
from hyperborn.backends.jobs.ledger import Job, Request, database, packing
from hyperborn.backends.jobs.ledger.jobs import COLUMNS, digest_of
from hyperborn.backends.jobs.ledger.packing import counts_from_bytes, counts_to_bytes
from hyperborn.backends.services.blocking import BlockingConnection
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.circuits import Angle, Brickwork, Gate, GateList, ProductState
from hyperborn.errors import UserError
from hyperborn.storage import arrays_to_bytes


def request(label: str, backend: str = "device") -> Request:
    circuit = ProductState(2)
    points = Points(circuit, np.array([[0.1, 0.2], [0.3, 0.4]]))
    prepared = Preparations(circuit, np.array([[0, 1]], np.uint8))
    return Request.of(Batch(label, (points, prepared), shots=10, seed=3), backend)


def counts(seed: int, widths: tuple[int, ...] = (3, 3, 9, 1), shots: int = 200) -> tuple[Counts, ...]:
    random = np.random.default_rng(seed)
    return tuple(Counts.of(random.integers(0, 2, (shots, width), np.uint8)) for width in widths)


def same(first: tuple[Counts, ...], second: tuple[Counts, ...]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(one.bits, other.bits) and np.array_equal(one.counts, other.counts)
        for one, other in zip(first, second, strict=True)
    )


def fill(ledger: Ledger, jobs: int = 3) -> None:
    for number in range(jobs):
        job = ledger.submitted(ledger.intend(request(f"step-{number}"), "2025-06-01"), f"id-{number}")
        ledger.fetched(job, counts(number), 1.5, None)
    ledger.intend(request("last"), None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of three jobs that are done and one that is intended."""
    with Ledger.create_or_open(tmp_path / "ledger.sqlite") as ledger:
        fill(ledger)
    return tmp_path / "ledger.sqlite"


@pytest.mark.parametrize("widths", [(), (1,), (9, 64, 3, 3), (12,) * 50])
def test_counts_come_back_as_they_were(widths: tuple[int, ...]) -> None:
    reply = counts(5, widths, shots=3000)
    assert same(counts_from_bytes(counts_to_bytes(reply), "it"), reply)
    nothing = Counts(np.zeros((0, 4), np.uint8), np.array([], np.int64))
    many = (Counts(np.array([[1, 0]], np.uint8), np.array([10**9])), nothing)
    assert same(counts_from_bytes(counts_to_bytes(many), "it"), many)
    with pytest.raises(UserError, match="it: damaged"):
        counts_from_bytes(counts_to_bytes(reply)[:-3], "it")


def test_packed_counts_take_a_byte_for_every_eight_bits() -> None:
    reply = counts(0, (16,) * 100, shots=1000)
    rows = sum(len(point.counts) for point in reply)
    # Two bytes of bits a row, and one of its tally, nearly always 1 or 2, of which compression leaves little.
    assert len(counts_to_bytes(reply)) < 2.6 * rows


def test_everything_is_there_after_opening_again(path: Path) -> None:
    with Ledger.create_or_open(path) as ledger:
        first, *_, last = ledger.rows()
        assert [(job.request.label, job.state) for job in ledger.rows()] == [
            *((f"step-{number}", "done") for number in range(3)),
            ("last", "intended"),
        ]
        assert (first.request, first.attempt, first.id) == (request("step-0"), 1, "id-0")
        assert (first.calibration, first.seconds, first.total_shots) == ("2025-06-01", 1.5, 30)
        assert first.intended <= (first.submitted or "") <= (first.ended or "")
        assert (last.id, last.submitted, last.ended, last.seconds, last.counts) == (None,) * 5
        assert ledger.totals() == Spent(jobs=4, shots=120, seconds=4.5, timed=3)
        for number in range(3):
            assert same(ledger.counts(ledger.rows()[number]), counts(number))
        with pytest.raises(UserError, match="last-1 is intended and has no counts"):
            ledger.counts(last)
        assert rows_of(path) == ledger.rows()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_tag_names_the_run_the_label_and_the_attempt(path: Path, tmp_path: Path) -> None:
    with Ledger.create_or_open(path) as ledger:
        again = ledger.intend(request("step-1"), None)
        assert again.tag == f"hyperborn-{ledger.name}-step-1-2"
        tags = {job.tag for job in ledger.rows()}
        assert len(tags) == 5
    with Ledger.create_or_open(tmp_path / "other.sqlite") as other, Ledger.in_memory() as passing:
        fill(other)
        fill(passing)
        assert not tags & {job.tag for job in (*other.rows(), *passing.rows())}


def test_no_request_passes_for_another() -> None:
    circuit = ProductState(2)
    angles = np.array([[0.1, 0.2]])
    batch = Batch("a", (Points(circuit, angles),), shots=10, seed=3)
    plain = Request.of(batch, "device")
    others = {
        "label": Request.of(Batch("b", batch.requests, 10, 3), "device"),
        "parameter": Request.of(Batch("a", (Points(circuit, np.nextafter(angles, 1)),), 10, 3), "device"),
        "shots": Request.of(Batch("a", batch.requests, 11, 3), "device"),
        "seed": Request.of(Batch("a", batch.requests, 10, 4), "device"),
        "backend": Request.of(batch, "another"),
    }
    for name, other in others.items():
        assert plain.differences(other) == [name]
    # The same numbers in the same order, shared out otherwise.
    tables = np.arange(8.0).reshape(4, 2)
    one, other = (
        Request.of(Batch("a", (Points(circuit, tables[:place]), Points(circuit, tables[place:])), 10, 3), "device")
        for place in (1, 3)
    )
    assert one.differences(other) == ["parameter"]
    # The same circuits without angles, each run as often as the other.
    first, second = (GateList(2, [Gate("cx", (place, 1 - place))]) for place in (0, 1))
    one, other = (
        Request.of(Batch("a", (Points(first, np.zeros((n, 0))), Points(second, np.zeros((4 - n, 0)))), 10, 3), "device")
        for n in (1, 3)
    )
    assert one.differences(other) == ["parameter"]
    # The same gates on the same qubits, with each other's angles.
    straight, crossed = (
        GateList(2, [Gate("ry", (0,), first), Gate("ry", (1,), second)]) for first, second in ((0, 1), (1, 0))
    )
    one, other = (Request.of(Batch("a", (Points(kind, angles),), 10, 3), "device") for kind in (straight, crossed))
    assert one.differences(other) == ["circuit"]
    wider = Request.of(Batch("a", (Points(ProductState(3), np.zeros((1, 3))),), 10, 3), "device")
    assert plain.differences(wider) == ["circuit", "parameter"]


def test_a_lock_of_another_is_said_and_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    before = path.read_bytes()
    other = sqlite3.connect(path, isolation_level=None)
    with Ledger.create_or_open(path) as ledger:
        other.execute("BEGIN EXCLUSIVE")
        message = f"{path} is locked by another process; wait for it, or stop it"
        with pytest.raises(UserError, match=message):
            ledger.intend(request("next"), None)
        for opened in (Ledger.read, Ledger.create_or_open):
            with pytest.raises(UserError, match=message):
                opened(path)
        other.execute("ROLLBACK")
        assert path.read_bytes() == before
        ledger.intend(request("next"), None)
    other.close()


def test_of_two_writers_the_second_is_stopped(path: Path) -> None:
    with Ledger.create_or_open(path) as first, Ledger.create_or_open(path) as second:
        first.intend(request("a"), None)
        with pytest.raises(
            UserError, match="was written by another process in the meantime; stop that process, and resume"
        ):
            second.intend(request("b"), None)
        assert second.rows() == first.rows()


def test_it_is_read_while_it_is_written(path: Path) -> None:
    with Ledger.create_or_open(path) as writer:
        writer.set_durability(power_cuts=False)
        for number in range(20):
            writer.intend(request(f"more-{number}"), None)
            reader = Ledger.read(path)
            assert reader.rows() == writer.rows()
            with pytest.raises(UserError, match="cannot open or write"):
                reader.intend(request("no"), None)
            reader.close()


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(4080)])
def test_what_is_no_ledger_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    for opened in (Ledger.read, Ledger.create_or_open):
        with pytest.raises(UserError, match=f"{path} is .*; restore it from a copy"):
            opened(path)
    assert path.read_bytes() == content


def test_what_cannot_be_a_ledger_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ledger.sqlite does not exist; name the folder of a run"):
        Ledger.read(tmp_path / "ledger.sqlite")
    with pytest.raises(UserError, match="cannot open or write"):
        Ledger.create_or_open(tmp_path)
    (tmp_path / "gone.sqlite-journal").touch()
    with pytest.raises(UserError, match=r"gone.sqlite-journal belongs to a ledger that is gone; put gone.sqlite back"):
        Ledger.create_or_open(tmp_path / "gone.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="a part of the path is a file"):
        Ledger.create_or_open(tmp_path / "file" / "ledger.sqlite")


def test_a_ledger_of_another_version_is_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 2")
    other.close()
    for opened in (Ledger.create_or_open, Ledger.read):
        with pytest.raises(UserError, match=r"has version 2 of the format 'hyperborn ledger', .* install a newer"):
            opened(path)


def rows_of(path: Path) -> tuple[Job, ...]:
    """The jobs in a ledger, read by another."""
    with Ledger.read(path) as ledger:
        return ledger.rows()


def everything(path: Path) -> list[object]:
    """All that a ledger says, read as a run would."""
    with Ledger.create_or_open(path) as ledger:
        stored = [counts_to_bytes(ledger.counts(job)) for job in ledger.rows() if job.counts]
        return [ledger.name, ledger.limits, ledger.rows(), stored]


def test_a_torn_file_is_noticed(path: Path, tmp_path: Path) -> None:
    whole, torn = path.read_bytes(), tmp_path / "torn.sqlite"
    for length in range(0, len(whole), 509):
        torn.write_bytes(whole[:length])
        with pytest.raises(UserError, match=f"{torn} is .*; restore it from a copy"):
            everything(torn)
        assert torn.read_bytes() == whole[:length]


@pytest.mark.parametrize(("every", "more"), [(11, 60), pytest.param(1, 600, marks=pytest.mark.thorough)])
def test_a_flipped_bit_is_noticed_or_changes_nothing(path: Path, tmp_path: Path, every: int, more: int) -> None:
    whole, damaged = path.read_bytes(), tmp_path / "damaged.sqlite"
    expected, random = everything(path), np.random.default_rng(0)
    noticed: list[str] = []
    # Bits of the first header, and some of the others.
    bits = [*range(0, 800, every), *random.integers(800, 8 * len(whole), more)]
    for bit in bits:
        content = bytearray(whole)
        content[bit // 8] ^= 1 << (bit % 8)
        damaged.write_bytes(content)
        try:
            found = everything(damaged)
        except UserError as error:
            noticed.append(str(error))
        else:
            assert found == expected, bit
    assert all(str(damaged) in line and "\n" not in line for line in noticed)
    assert len(noticed) > 0.3 * len(bits)


ENDLESS = (
    "WITH RECURSIVE endless (place) AS (SELECT 1 UNION ALL SELECT place + 1 FROM endless) SELECT "
    + ", ".join(f"place AS {name}" for name in COLUMNS)
    + " FROM endless"
)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE jobs SET id = 'id-7' WHERE number = 2", "row 2 of the jobs"),
        ("UPDATE jobs SET shots = 9 WHERE number = 1", "row 1 of the jobs"),
        ("DELETE FROM jobs WHERE number = 2", "row 2 of the jobs"),
        ("UPDATE run SET max_jobs = 10", "the row of the run"),
        ("DELETE FROM run", "the row of the run"),
        ("UPDATE counts SET data = (SELECT data FROM counts WHERE number = 2) WHERE number = 1", "counts of step-0"),
        ("DELETE FROM counts WHERE number = 3", "counts of step-2"),
        ("UPDATE counts SET data = 'text' WHERE number = 3", "counts of step-2"),
        ("DROP TABLE counts", "its tables are not those of a ledger"),
        ("CREATE TRIGGER more AFTER INSERT ON jobs BEGIN DELETE FROM counts; END", "its tables are not those"),
        (f"ALTER TABLE jobs RENAME TO kept; CREATE VIEW jobs AS {ENDLESS}", "its tables are not those of a ledger"),
    ],
)
def test_what_others_have_changed_is_noticed(path: Path, statement: str, what: str) -> None:
    other = sqlite3.connect(path)
    other.executescript(statement)
    other.close()
    with pytest.raises(UserError, match=what):
        everything(path)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("label", 5),
        ("points", "many"),
        ("shots", -5),
        ("seed", 0.5),
        ("attempt", None),
        ("tag", b"bytes"),
        ("state", "lost"),
        ("id", 7),
        ("seconds", "long"),
        ("seconds", -1.0),
        ("counts", 3),
    ],
)
def test_a_forged_row_of_wrong_types_is_damage(path: Path, column: str, value: object) -> None:
    other = sqlite3.connect(path)
    cells = list(other.execute(f"SELECT {', '.join(COLUMNS)} FROM jobs WHERE number = 2").fetchone())
    cells[COLUMNS.index(column)] = value
    # With a digest as it must be.
    cells[-1] = digest_of(tuple(cells[:-1]))
    other.execute(f"UPDATE jobs SET {column} = ?, digest = ? WHERE number = 2", (value, cells[-1]))
    other.commit()
    other.close()
    with pytest.raises(UserError, match=rf"{path} is damaged \(row 2 of the jobs: its {column} is"):
        Ledger.read(path)


@pytest.mark.parametrize("limits", [("x", None, None), (None, -3, None), (None, None, "long"), (None, 0.5, None)])
def test_forged_limits_are_damage(path: Path, limits: tuple[object, ...]) -> None:
    other = sqlite3.connect(path)
    row = ("name", *limits)
    other.execute("DELETE FROM run")
    other.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?)", (*row, digest_of(row)))
    other.commit()
    other.close()
    with pytest.raises(UserError, match=rf"{path} is damaged \(max_"):
        Ledger.read(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shapes": np.array([[2, 3], [9, 9]])},
        {"shapes": np.array([[-2, 3]])},
        {"shapes": np.array([[2.0, 3.0]])},
        {"shapes": np.array([2, 3])},
        {"rows": np.array([1])},
        {"bits": np.zeros(9, np.uint8)},
        {"bits": np.zeros((1, 1), np.uint8)},
        {"bits": np.zeros(1)},
        {"counts": np.ones(3, np.uint8)},
        {"counts": np.array([0.5, 0.5])},
        {"counts": None},
    ],
    ids=str,
)
def test_forged_counts_are_said(wrong: dict[str, np.ndarray | None]) -> None:
    whole = {
        "shapes": np.array([[2, 3]]),
        "rows": np.array([2]),
        "bits": np.zeros(1, np.uint8),
        "counts": np.ones(2, int),
    }
    assert len(counts_from_bytes(zlib.compress(arrays_to_bytes(whole)), "it")) == 1
    arrays = {name: array for name, array in (whole | wrong).items() if array is not None}
    with pytest.raises(UserError, match=r"^it: damaged"):
        counts_from_bytes(zlib.compress(arrays_to_bytes(arrays)), "it")


def test_counts_that_would_fill_the_memory_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = counts_to_bytes(counts(0))
    monkeypatch.setattr(packing, "MOST_UNPACKED", 500)
    with pytest.raises(UserError, match=r"^it: damaged"):
        counts_from_bytes(data, "it")


def test_what_is_written_is_on_the_disk_unless_that_is_waived(path: Path) -> None:
    def level(ledger: Ledger) -> int:
        return ledger._database.execute("PRAGMA synchronous").fetchone()[0]

    off, extra = 0, 3
    with Ledger.create_or_open(path) as ledger:
        assert level(ledger) == extra
        for power_cuts, expected in ((False, off), (True, extra)):
            ledger.set_durability(power_cuts=power_cuts)
            assert level(ledger) == expected
        simulator = InProcessConnection(lambda _: (), lambda _: Cost(1, 0), label="simulator")
        vendor = BlockingConnection(lambda _: (), lambda _: Cost(1, 0), label="vendor")
        for connection, expected in ((simulator, off), (vendor, extra), (simulator, off)):
            LedgerSampler(connection, "it", ledger)
            assert level(ledger) == expected


KILLED = """
    import os, sys
    from pathlib import Path
    from hyperborn.backends import Ledger

    ledger = Ledger.create_or_open(Path(sys.argv[1]))
    database = ledger._database
    database.execute("PRAGMA cache_size = 5")
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE jobs SET id = 'wrong'")
    # More than the cache holds, so that it is written before it is committed.
    for number in range(10, 60):
        database.execute("INSERT INTO counts VALUES (?, ?)", (number, bytes(10_000)))
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("opened", [Ledger.read, Ledger.create_or_open])
def test_what_a_killed_process_had_half_written_is_rolled_back(path: Path, opened) -> None:
    before = rows_of(path)
    whole = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", dedent(KILLED), str(path)], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    journal = path.with_name(path.name + "-journal")
    assert journal.stat().st_size > 0
    assert path.read_bytes() != whole
    with opened(path) as ledger:
        assert ledger.rows() == before


def test_a_full_disk_loses_nothing(path: Path) -> None:
    with Ledger.create_or_open(path) as ledger:
        before = ledger.rows()
        pages = ledger._database.execute("PRAGMA page_count").fetchone()[0]
        ledger._database.execute(f"PRAGMA max_page_count = {pages}")
        job = before[-1]
        with pytest.raises(UserError, match=f"cannot write {path}: database or disk is full; free some space"):
            ledger.fetched(job, counts(1, (20,) * 50), 1.0, None)
        assert ledger.rows() == before
        ledger._database.execute("PRAGMA max_page_count = 1000000")
        ledger.fetched(job, counts(1, (20,) * 50), 1.0, None)
    with Ledger.read(path) as ledger:
        assert same(ledger.counts(ledger.rows()[-1]), counts(1, (20,) * 50))


def test_seconds_that_cannot_be_are_not_known(tmp_path: Path) -> None:
    with Ledger.create_or_open(tmp_path / "ledger.sqlite") as ledger:
        for number, seconds in enumerate((float("nan"), float("inf"), -1.0)):
            ledger.fetched(ledger.intend(request(f"step-{number}"), None), (), seconds, None)
    assert [job.seconds for job in rows_of(tmp_path / "ledger.sqlite")] == [None] * 3


def test_a_copy_is_as_good(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "copy.sqlite")
    assert everything(tmp_path / "copy.sqlite") == everything(path)


def test_circuits_of_earlier_versions_keep_their_hash() -> None:
    """SHA-256 of the qubits and of every gate: jobs that were paid for are found by it."""
    listed = [3, [["cx", [1, 2], None], *(["ry", [q], q] for q in range(3)), *(["rz", [q], 3 + q] for q in range(3))]]
    expected = sha256(sha256(json.dumps(listed).encode()).hexdigest().encode()).hexdigest()
    assert Batch("a", (Points(Brickwork(3, 1), np.zeros((1, 6))),), 10, 3).circuit_hash() == expected
    # Other angles are other circuits.
    batches = [
        Batch("a", (Points(GateList(1, [Gate("ry", (0,), angle)], (2,)), np.zeros((1, 2))),), 10, 3)
        for angle in (0, 1, Angle(0.5), Angle(0.5, ((0, 1.0),)), Angle(0.0, ((0, 2.0),)))
    ]
    assert len({batch.circuit_hash() for batch in batches}) == 5
