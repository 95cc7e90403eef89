"""Processes killed at every moment of asking for shots: what is paid for is neither lost nor paid for again."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MORTAL = Path(__file__).with_name("mortal.py")


def deaths(
    folder: Path, faults: dict[str, list[str]], chains: int = 0, first: int = 1, every: int = 1
) -> list[dict[str, Any]]:
    command = [sys.executable, str(MORTAL), str(folder), json.dumps(faults), *map(str, (chains, first, every))]
    environment = {"PYTHONPATH": ":".join([str(MORTAL.parent.parent), *filter(None, sys.path)])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


PAID = ["readout-1", "step-00001-1", "step-00002-1"]


def test_death_at_any_moment_pays_for_nothing_twice_and_loses_nothing(tmp_path: Path) -> None:
    runs = deaths(tmp_path, {})
    *died, whole = runs
    assert len(died) > 50
    moments = {run["lives"][0][1] for run in died}
    assert {"submit: begins", "submit: done", "collect: waiting", "collect: fetched", "COMMIT"} <= moments
    assert all([code for code, _ in run["lives"]] == [-signal.SIGKILL, 0] for run in died)
    for run in runs:
        assert run["bill"] == PAID
        assert run["jobs"] == 3
        assert run["digest"] == run["digest of the jobs"] == whole["digest"]
        assert [state for *_, state in run["states"]] == ["done"] * 3


FAULTS = {
    "submit": ["503 after", "429", "six, dropped", "six"],
    "find": ["", "lags", "lags", "503"],
    "collect": ["", "fails", "503", "429", "fails"],
}


# At odd moments, at even ones, and at many in one run.
@pytest.mark.parametrize(("chains", "first", "every"), [(0, 1, 2), (0, 2, 2), (15, 1, 1)])
def test_death_among_faults_pays_for_nothing_twice_and_loses_nothing(
    tmp_path: Path, chains: int, first: int, every: int
) -> None:
    runs = deaths(tmp_path, FAULTS, chains, first, every)
    assert sum(code != 0 for run in runs for code, _ in run["lives"]) > 60
    for run in runs:
        # Of each label one job, whichever attempt it was.
        assert [tag.rpartition("-")[0] for tag in run["bill"]] == [tag.rpartition("-")[0] for tag in PAID]
        assert run["digest"] == run["digest of the jobs"]
        states = [state for *_, state in run["states"]]
        assert states.count("done") == 3
        assert {"intended", "submitted", "refused"}.isdisjoint(states)
        # Every job that the service ever had is in the ledger.
        assert run["jobs"] == len(states)


def test_death_among_replies_of_no_use_leaves_no_job_unknown(tmp_path: Path) -> None:
    faults = {
        "submit": ["six", "401 after", "dropped"],
        "find": ["", "lags", "503"],
        "collect": ["", *["bits of 2"] * 3, "503", *["fractions"] * 3, "lists"],
        "cancel": ["too late", "too late"],
    }
    for run in deaths(tmp_path, faults, chains=8):
        states = [state for *_, state in run["states"]]
        # Twins that were not cancelled in time are paid for; each is in the ledger, and so is every other job.
        assert run["jobs"] == len(states)
        assert states.count("done") == 3
        assert {"intended", "submitted"}.isdisjoint(states)
        assert run["digest"] == run["digest of the jobs"]
