"""What earlier versions wrote is opened, resumed and predicted from; what later ones write is refused in one line.

The folders golden-* beside this file were written by write.py, each when a format's number had risen.
"""

import hashlib
import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.circuits import GateList
from hyperborn.errors import UserError
from hyperborn.storage import formats
from hyperborn.study.plan import Plan
from hyperborn.study.scheduler import cells_of, rows_of_cells, run_cells
from hyperborn.study.store import Store
from hyperborn.training.choice import choice_from_record
from runs import files_of, resume

FOLDERS = sorted(Path(__file__).parent.glob("golden-*"))
NEWEST = FOLDERS[-1]
RUNS = ["register", "registers", "shots"]
STOPPED_AT = 25


@pytest.fixture(params=FOLDERS, ids=[folder.name for folder in FOLDERS])
def golden(request: pytest.FixtureRequest) -> Path:
    return request.param


def expected_of(golden: Path) -> dict[str, Any]:
    return json.loads((golden / "expected.json").read_bytes())


@pytest.mark.parametrize("name", RUNS)
def test_finished_runs_are_opened_and_predict_the_same(golden: Path, name: str) -> None:
    expected, notes = expected_of(golden)[name], []
    before = files_of(golden / name)
    result = hb.load(golden / name, report=notes.append)
    np.testing.assert_allclose(result.predict_proba(result.data.test.x), expected["probabilities"], rtol=0, atol=1e-6)
    assert list(result.losses) == expected["losses"]
    assert result.steps == expected["steps"]
    assert notes == []
    assert files_of(golden / name) == before


@pytest.mark.parametrize("name", RUNS)
def test_stopped_runs_are_resumed_to_their_end(golden: Path, tmp_path: Path, name: str) -> None:
    """Where no shots are drawn, to the same losses as without the stop, but for the last digits of float32."""
    path = Path(shutil.copytree(golden / f"{name}-stopped", tmp_path / name))
    with pytest.raises(UserError, match="is not finished; go on with: hyperborn resume"):
        hb.load(path)
    before = jobs_of(path)
    log = (path / "metrics.jsonl").read_bytes()
    result = resume(path)
    expected = expected_of(golden)[name]
    assert result.steps == expected["steps"] > STOPPED_AT
    assert (path / "metrics.jsonl").read_bytes().startswith(log)
    if name == "shots":
        # Nothing that was asked is asked again.
        assert jobs_of(path)[: len(before)] == before != []
        assert len({job.request.label for job in jobs_of(path)}) == len(jobs_of(path)) > len(before)
    else:
        np.testing.assert_allclose(result.losses, expected["losses"], rtol=1e-4)
    again = hb.load(path)
    x = again.data.test.x
    np.testing.assert_array_equal(again.predict_proba(x), result.predict_proba(x))


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=[folder.name for folder in FOLDERS[1:]])
def test_a_result_with_a_circuit_of_a_class_that_is_gone_predicts_the_same(folder: Path) -> None:
    expected = expected_of(folder)["saved"]
    result = hb.load(folder / "saved")
    assert isinstance(result.definition.posterior.circuit, GateList)
    np.testing.assert_allclose(result.predict_proba(result.data.test.x), expected["probabilities"], rtol=0, atol=1e-6)
    assert result.history is not None
    assert result.history.step.tolist() == expected["history"]["step"]
    assert result.history.losses.tolist() == expected["history"]["losses"]
    assert result.stopped == "callback"


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=[folder.name for folder in FOLDERS[1:]])
def test_a_regression_and_energies_without_a_network_say_the_same(folder: Path) -> None:
    expected, result = expected_of(folder)["regression"], hb.load(folder / "regression")
    found = result.predictions(result.data.test.x)
    np.testing.assert_allclose(found.mean, expected["mean"], rtol=1e-5)
    np.testing.assert_allclose(found.deviation, expected["deviation"], rtol=1e-5)
    expected, result = expected_of(folder)["energies"], hb.load(folder / "energies")
    np.testing.assert_allclose(result.marginals, expected["marginals"], rtol=0, atol=1e-5)
    assert result.numbers["log_evidence"] == pytest.approx(expected["log_evidence"], abs=1e-12)


@pytest.mark.parametrize("name", ["regression", "energies"])
@pytest.mark.parametrize("folder", FOLDERS[1:], ids=[folder.name for folder in FOLDERS[1:]])
def test_a_regression_and_energies_without_a_network_are_trained_from_what_is_kept_of_them(
    folder: Path, tmp_path: Path, name: str
) -> None:
    """To the same result but for the last digits of float32. Where no checkpoint was kept, from the first step on."""
    path, stopped = tmp_path / "run", (folder / f"{name}-stopped").exists()
    shutil.copytree(folder / (f"{name}-stopped" if stopped else name), path)
    if not stopped:
        shutil.rmtree(path / "result")
    before = hb.load(folder / name)
    result = resume(path)
    assert result.steps == before.steps
    np.testing.assert_allclose(result.losses, before.losses, rtol=1e-4)
    np.testing.assert_allclose(result.marginals, before.marginals, rtol=0, atol=1e-4)
    again = hb.load(path)
    np.testing.assert_array_equal(again.params, result.params)
    assert again.history is not None
    # Both have 50 steps: a record at 0, at 25 and at 50.
    assert again.history.step.tolist() == [0, 25, 50]


@pytest.mark.parametrize("folder", FOLDERS[2:], ids=[folder.name for folder in FOLDERS[2:]])
def test_a_run_that_was_chosen_keeps_its_choice_and_calibration(folder: Path, tmp_path: Path) -> None:
    expected, result = expected_of(folder)["chosen"], hb.load(folder / "chosen")
    assert result.choice == choice_from_record(expected["choice"])
    np.testing.assert_allclose(result.predict_proba(result.data.test.x), expected["probabilities"], rtol=0, atol=1e-6)
    path = Path(shutil.copytree(folder / "chosen-stopped", tmp_path / "run"))
    assert resume(path).choice == hb.load(path).choice == result.choice


def jobs_of(path: Path) -> list[Any]:
    """The jobs in a run's ledger, without their counts, which the simulator can give again; none without a ledger."""
    if not (path / "ledger.sqlite").exists():
        return []
    with closing(Ledger.read(path / "ledger.sqlite")) as ledger:
        return list(ledger.rows())


def test_what_was_paid_for_is_read_and_written_on(golden: Path, tmp_path: Path) -> None:
    path = Path(shutil.copyfile(golden / "ledger.sqlite", tmp_path / "ledger.sqlite"))
    with Ledger.create_or_open(path) as ledger:
        done, failed, taken, twin = ledger.rows()
        reply = ledger.counts(done)
        found = [{"bits": point.bits.tolist(), "counts": point.counts.tolist()} for point in reply]
        assert found == expected_of(golden)["ledger"]
        assert [job.state for job in ledger.rows()] == ["done", "failed", "submitted", "duplicate"]
        assert (failed.error, done.seconds, twin.id) == ("the device was switched off", 1.5, "id-twin")
        assert (ledger.totals().shots, ledger.limits.max_shots) == (400, 1000)
        ledger.fetched(taken, reply, 2.5, None)
    with Ledger.read(path) as ledger:
        assert ledger.totals().seconds == 4.0


@pytest.mark.parametrize("is_marked", [True, False], ids=["of its version", "of version 0"])
def test_the_cells_of_a_study_are_not_run_again(golden: Path, tmp_path: Path, is_marked: bool) -> None:
    """Files of version 0 lacked nothing but the number."""
    folder = Path(shutil.copytree(golden / "study", tmp_path / "study"))
    if not is_marked:
        for file in [folder / "study.json", *(folder / "cells").iterdir()]:
            record = json.loads(file.read_bytes())
            del record["format"], record["version"]
            file.write_text(json.dumps(record))
    before = files_of(folder / "cells")
    cells = cells_of(Plan.read(str(golden / "plan.toml")), lambda _: None)
    store, counts = Store(folder, "Golden"), []
    run_cells(cells, store, lambda done, total: counts.append((done, total)))
    assert set(counts) == {(4, 4)}
    assert rows_of_cells(cells, store) == expected_of(golden)["study"]
    store.write_report({"other.md": b""})
    assert files_of(folder / "cells") == before
    assert {path.name for path in folder.iterdir()} == {"cells", "study.json", "other.md"}


def raise_manifest(file: Path) -> None:
    content = json.loads(file.read_bytes())
    content["version"] += 1
    del content["digest"]

    def rendered(value: dict[str, Any]) -> bytes:
        return (json.dumps(value, sort_keys=True, indent=2) + "\n").encode()

    file.write_bytes(rendered(content | {"digest": hashlib.sha256(rendered(content)).hexdigest()}))


def raise_log(file: Path) -> None:
    check, lines = 0, []
    for number, line in enumerate(file.read_bytes().splitlines()):
        record = json.loads(line)
        del record["crc32"]
        if number == 0:
            record["version"] += 1
        body = json.dumps(record)[:-1].encode()
        check = zlib.crc32(body, check)
        lines.append(body + f', "crc32": "{check:08x}"}}\n'.encode())
    file.write_bytes(b"".join(lines))


def raise_record(file: Path) -> None:
    record = json.loads(file.read_bytes())
    file.write_text(json.dumps(record | {"version": record["version"] + 1}))


def raise_ledger(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version + 1}")


def read_study(folder: Path) -> None:
    rows_of_cells(cells_of(Plan.read(str(NEWEST / "plan.toml")), lambda _: None), Store(folder, "Golden"))


def cell_of(study: str) -> str:
    return min(f"cells/{file.name}" for file in (NEWEST / study / "cells").iterdir())


RAISED: list[tuple[str, str, formats.Format, Callable[[Path], None], Callable[[Path], object]]] = [
    ("register", "definition/manifest.json", formats.DEFINITION, raise_manifest, hb.load),
    ("register", "result/manifest.json", formats.RESULT, raise_manifest, hb.load),
    ("register", "metrics.jsonl", formats.METRICS, raise_log, hb.load),
    ("registers-stopped", "checkpoints/step-00000025/manifest.json", formats.CHECKPOINT, raise_manifest, resume),
    ("registers-stopped", "metrics.jsonl", formats.METRICS, raise_log, resume),
    ("shots-stopped", "ledger.sqlite", formats.LEDGER, raise_ledger, resume),
    ("study", "study.json", formats.STUDY, raise_record, read_study),
    ("study", cell_of("study"), formats.CELL, raise_record, read_study),
]


@pytest.mark.parametrize(
    ("name", "file", "kind", "increase", "use"), RAISED, ids=[f"{it[0]} {it[1][:12]}" for it in RAISED]
)
def test_what_a_newer_version_wrote_is_refused_and_left_alone(
    tmp_path: Path,
    name: str,
    file: str,
    kind: formats.Format,
    increase: Callable[[Path], None],
    use: Callable[[Path], object],
) -> None:
    folder = Path(shutil.copytree(NEWEST / name, tmp_path / name))
    increase(folder / file)
    before = files_of(folder)
    place = (folder / file).parent if file.endswith("manifest.json") else folder / file
    with pytest.raises(UserError) as refused:
        use(folder)
    line = str(refused.value)
    assert line.startswith(f"{place} has version {kind.version + 1} of the format '{kind.name}', and ")
    assert line.endswith(f" hyperborn {hb.__version__} reads versions up to {kind.version}; install a newer hyperborn")
    assert "\n" not in line
    assert files_of(folder) == before


def test_pictures_of_a_newer_version_cost_no_result(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(NEWEST / "register", tmp_path / "run"))
    raise_manifest(folder / "plots" / "manifest.json")
    notes: list[str] = []
    assert hb.load(folder, report=notes.append).steps > 0
    assert len(notes) == 1
    assert "plots has version 2 of the format 'hyperborn plots', and" in notes[0]
