from pathlib import Path
from typing import Any

import pytest

from hyperborn.backends import Ledger, LimitReached, Limits
from hyperborn.backends.jobs.budget import Spent
from hyperborn.backends.jobs.ledger import Request
from hyperborn.errors import UserError


def request(label: str, points: int = 2, shots: int = 100) -> Request:
    return Request(label, "c", "p", points, shots, 0, "device")


def spend(ledger: Ledger, label: str, seconds: float = 4.0) -> None:
    job = ledger.submitted(ledger.intend(request(label), None), f"id of {label}")
    ledger.fetched(job, (), seconds, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_shots", 0),
        ("max_jobs", -1),
        ("max_jobs", True),
        ("max_shots", 1.5),
        ("max_seconds", 0),
        ("max_seconds", float("nan")),
        ("max_seconds", "1"),
    ],
)
def test_a_limit_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"{name}="):
        Limits(**{name: value})


def test_a_limit_is_kept_up_to_its_last_shot_and_job() -> None:
    spent = Spent(jobs=3, shots=600, seconds=12.0, timed=3)
    Limits(max_shots=800, max_jobs=4, max_seconds=16.0).check(spent, "step-4", 200)
    with pytest.raises(
        LimitReached, match="max_shots=799 would be exceeded: 600 shots are spent, and step-4 takes 200"
    ) as reached:
        Limits(max_shots=799).check(spent, "step-4", 200)
    assert reached.value.limit == "max_shots"
    with pytest.raises(LimitReached, match="max_jobs=3 is reached: 3 jobs are spent, and step-4 takes another"):
        Limits(max_jobs=3).check(spent, "step-4", 200)
    with pytest.raises(
        LimitReached, match=r"max_seconds=15.9 would be exceeded: about 12 seconds .* takes about 4 more"
    ):
        Limits(max_seconds=15.9).check(spent, "step-4", 200)


def test_how_to_go_on_depends_on_where_jobs_are_kept(tmp_path: Path) -> None:
    limits = Limits(max_jobs=1)
    ledgers = {
        "nothing is kept without a ledger file: give a larger limit; with ledger='jobs.sqlite' the same call goes on "
        "where one stopped": Ledger.in_memory(limits),
        "kept: resume the run with a larger limit to go on": Ledger.create_or_open(tmp_path / "ledger.sqlite", limits),
        f"kept in {tmp_path}/jobs.sqlite: make the same call with a larger limit to go on": Ledger.create_or_open(
            tmp_path / "jobs.sqlite", limits
        ),
    }
    for said, ledger in ledgers.items():
        with ledger:
            spend(ledger, "a")
            with pytest.raises(LimitReached, match=f"max_jobs=1 is reached.*{said}$"):
                ledger.intend(request("b"), None)
    assert (
        Ledger.in_memory().remedy == Ledger.create_or_open(tmp_path / "jobs.sqlite").remedy == "go on by asking again"
    )


def test_seconds_that_are_not_known_count_with_the_mean() -> None:
    # Two jobs of 4 s, and one that is still out: 12 s, and 4 more for the next.
    spent = Spent(jobs=3, shots=600, seconds=8.0, timed=2)
    Limits(max_seconds=16.0).check(spent, "next", 1)
    with pytest.raises(LimitReached, match="about 12 seconds"):
        Limits(max_seconds=15.0).check(spent, "next", 1)
    # Nothing is known before the first.
    Limits(max_seconds=0.001).check(Spent(jobs=1, shots=1), "next", 1)


def test_all_attempts_of_all_processes_count(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.create_or_open(path, Limits(max_jobs=5)) as ledger:
        spend(ledger, "a")
        ledger.failed(ledger.submitted(ledger.intend(request("b"), None), "1"), "broken")
        # The backend has never taken this one.
        ledger.failed(ledger.intend(request("b"), None), "too wide")
    with Ledger.create_or_open(path) as ledger:
        assert ledger.limits == Limits(max_jobs=5)
        job = ledger.intend(request("b"), None)
        assert ledger.duplicate(job, "2")
        assert not ledger.duplicate(job, "2")
        assert ledger.totals() == Spent(jobs=4, shots=800, seconds=4.0, timed=1)
        spend(ledger, "c")
        before = ledger.rows()
        with pytest.raises(LimitReached, match="max_jobs=5"):
            ledger.intend(request("d"), None)
        assert ledger.rows() == before
    with Ledger.read(path) as ledger:
        assert ledger.totals() == Spent(jobs=5, shots=1000, seconds=8.0, timed=2)


def test_limits_hold_until_they_are_given_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for given, kept in (
        (Limits(max_shots=1000, max_seconds=2.5), Limits(max_shots=1000, max_seconds=2.5)),
        (None, Limits(max_shots=1000, max_seconds=2.5)),
        (Limits(max_shots=2000, max_jobs=7), Limits(2000, 7, 2.5)),
        (Limits(), Limits(2000, 7, 2.5)),
    ):
        with Ledger.create_or_open(path, given) as ledger:
            assert ledger.limits == kept
        with Ledger.read(path) as ledger:
            assert ledger.limits == kept
