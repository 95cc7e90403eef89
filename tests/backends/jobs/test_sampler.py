import re
import traceback
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faulty_service import IMPOSSIBLE, ODD, SECONDS, TOKEN, Clock, FaultyService, product_shots
from hyperborn.backends import (
    Batch,
    Counts,
    Ledger,
    LedgerSampler,
    LimitReached,
    Limits,
    Points,
    RetryPolicy,
    Statevector,
)
from hyperborn.backends.backend import Cost, TransientError
from hyperborn.backends.jobs.retry import NoAnswer, Retrier
from hyperborn.backends.simulators import statevector
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.circuits import ProductState
from hyperborn.errors import UserError
from hyperborn.redaction import one_line

CIRCUIT = ProductState(3)


def batch(label: str = "step-00001", angle: float = 0.7, shots: int = 40) -> Batch:
    return Batch(label, (Points(CIRCUIT, np.array([[angle, 1.2, 2.0], [0.3, 0.4, angle]])),), shots=shots, seed=11)


def same(first: tuple[Counts, ...], second: tuple[Counts, ...]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(one.bits, other.bits) and np.array_equal(one.counts, other.counts)
        for one, other in zip(first, second, strict=True)
    )


class Run:
    """A run against a faulty service, that can be left and taken up again as by another process."""

    def __init__(self, folder: Path, retry_policy: RetryPolicy | None = None, **faults: list[str]) -> None:
        self.folder, self.retry_policy, self.faults = folder, retry_policy, faults
        self.notes: list[str] = []
        self.clock = Clock()

    def sample(self, wanted: Batch, limits: Limits | None = None) -> tuple[Counts, ...]:
        with Ledger.create_or_open(self.folder / "ledger.sqlite", limits) as ledger:
            recorded = LedgerSampler(
                self.service,
                "faulty",
                ledger,
                retry_policy=self.retry_policy,
                note=self.notes.append,
                sleep=self.clock.sleep,
                clock=self.clock.now,
            )
            return recorded.sample(wanted)

    @property
    def service(self) -> FaultyService:
        return FaultyService(self.folder / "service.json", statevector.simulate, **self.faults)

    @property
    def states(self) -> list[tuple[int, str, str | None]]:
        """Attempt, state and id of every job in the ledger."""
        with Ledger.read(self.folder / "ledger.sqlite") as ledger:
            return [(job.attempt, job.state, job.id) for job in ledger.rows()]

    def shots_of(self, number: int, wanted: Batch) -> tuple[Counts, ...]:
        """What the service's job of that number gives."""
        return statevector.simulate(replace(wanted, seed=number))


@pytest.fixture
def run(tmp_path: Path) -> Any:
    return partial(Run, tmp_path)


def test_what_is_paid_for_is_not_asked_for_again(run) -> None:
    new = run()
    first = new.sample(batch())
    assert same(first, new.shots_of(1, batch()))
    again = new.sample(batch())
    assert same(again, first)
    assert all(point.bits.dtype == np.uint8 and point.shots == 40 for point in again)
    assert len(new.service.bill()) == len(new.service.jobs()) == 1
    assert not same(new.sample(batch("step-00002")), first)
    assert len(new.service.bill()) == 2
    assert new.notes == []
    with Ledger.read(new.folder / "ledger.sqlite") as ledger:
        assert [job.seconds for job in ledger.rows()] == [SECONDS] * 2
        assert {job.calibration for job in ledger.rows()} == {FaultyService.calibration}
        assert {job.tag for job in ledger.rows()} == set(new.service.bill())


@pytest.mark.parametrize(
    "fault", ["503 before", "503 after", "dropped", "time-out", "time-out after", "429", "six", "six, dropped"]
)
def test_a_job_is_sent_and_paid_once_whatever_the_answer(run, fault: str) -> None:
    new = run(submit=[fault], find=["lags", "503"])
    counts = new.sample(batch())
    assert new.service.faults_left().get("submit") is None
    assert len(new.service.bill()) == 1
    jobs = new.service.jobs()
    assert len(jobs) == (6 if fault.startswith("six") else 1)
    # Those that nobody wants were cancelled before they cost anything, and are in the ledger.
    assert [job["state"] for job in jobs].count("cancelled") == len(jobs) - 1
    assert sorted(state for _, state, _ in new.states) == ["done"] + ["duplicate"] * (len(jobs) - 1)
    done = next(identity for _, state, identity in new.states if state == "done")
    assert same(counts, new.shots_of(int(done.removeprefix("job-")), batch()))
    assert same(new.sample(batch()), counts)
    assert (new.clock.seconds >= 77.0) == (fault == "429")
    assert max(new.clock.pauses, default=0.0) <= 1.0


def test_of_six_jobs_the_oldest_that_has_not_failed_is_kept(run) -> None:
    new = run(submit=["six"], collect=["fails", "fails"])
    new.sample(batch())
    assert [job["state"] for job in new.service.jobs()] == ["failed", "failed", "done"] + ["cancelled"] * 3
    assert new.states[0] == (1, "done", "job-3")
    assert any("reached faulty 6 times: job job-3 is kept" in note for note in new.notes)


def test_pauses_grow_and_end(run) -> None:
    new = run(RetryPolicy(answer_timeout=300.0), submit=["503 before"] * 50)
    with pytest.raises(UserError, match=r"sending step-00001: 503 .* answer_timeout=300 seconds; all .* is kept"):
        new.sample(batch())
    assert new.clock.seconds <= 300.0 + 61.0
    pauses = [int(note.removesuffix(" s").rpartition("asking again in ")[2]) for note in new.notes]
    assert pauses[0] <= 2
    assert max(pauses) == 60
    assert len(pauses) > 5
    # Each is looked for before it is sent again, and nothing was.
    assert new.states == [(1, "intended", None)]
    assert new.service.jobs() == []
    new.service._change(lambda state: state["faults"].clear())
    new.sample(batch())
    assert new.states == [(1, "done", "job-1")]


def test_time_spent_in_the_queue_is_not_silence(tmp_path: Path) -> None:
    clock = Clock()

    def queue(moment: str) -> None:
        if moment == "collect: waiting":
            clock.seconds += 5000.0

    service = FaultyService(tmp_path / "service.json", product_shots, tick=queue, collect=["503"] * 12)
    with Ledger.in_memory() as ledger:
        recorded = LedgerSampler(service, "faulty", ledger, sleep=clock.sleep, clock=clock.now)
        recorded.sample(batch())
    assert clock.seconds > 60_000.0


def test_a_pause_that_is_asked_for_is_not_silence() -> None:
    asked, clock, said, tries = [3600.0, 0.0, 3600.0, 0.0], Clock(), [], 0

    def busy(_: Any) -> str:
        nonlocal tries
        tries += 1
        if not asked:
            return "an answer"
        raise TransientError("429 Too Many Requests", retry_after=asked.pop(0) or None)

    retrier = Retrier(RetryPolicy(), lambda _: None, said.append, clock.sleep, clock.now)
    assert retrier.until_answered(busy, "sending") == "an answer"
    assert tries == 5
    assert 7200.0 < clock.seconds < 7220.0
    assert max(clock.pauses) <= 1.0
    assert len(said) == len(clock.pauses)
    # What comes beside such pauses is silence all the same, and they end with one's patience.
    asked += [3600.0, *[0.0] * 100]
    with pytest.raises(NoAnswer, match=r"asked again and again within answer_timeout=900 seconds"):
        retrier.until_answered(busy, "sending")
    assert 7200.0 + 3600.0 + 800.0 < clock.seconds < 7220.0 + 3600.0 + 900.0
    asked[:] = [30_000.0] * 3
    with pytest.raises(
        NoAnswer, match=r"^sending: 429 Too Many Requests; it asks for pauses of more than patience=86,400"
    ):
        retrier.until_answered(busy, "sending")


@pytest.mark.parametrize(
    "place", [{"submit": ["429"]}, {"submit": ["503 after"], "find": ["lags"]}, {"collect": ["429"]}]
)
def test_a_pause_ends_when_it_is_not_wanted(tmp_path: Path, place: dict[str, list[str]]) -> None:
    clock, pressed = Clock(), False

    def waiting(_: str) -> None:
        if pressed and clock.seconds >= 1.5:
            raise KeyboardInterrupt

    service = FaultyService(tmp_path / "service.json", product_shots, **place)
    with Ledger.in_memory() as ledger:
        recorded = LedgerSampler(service, "faulty", ledger, waiting=waiting, sleep=clock.sleep, clock=clock.now)
        pressed = True
        with pytest.raises(KeyboardInterrupt):
            recorded.sample(batch())
        assert clock.seconds < 3.0
        pressed = False
        recorded.sample(batch())
    assert len(service.jobs()) == len(service.bill()) == 1


def test_a_queue_that_is_too_long_is_said_and_its_job_adopted(run) -> None:
    new = run(RetryPolicy(patience=120.0), collect=["never"])
    remedy = re.escape(f"it stays there, and is adopted when you go on with: hyperborn resume {new.folder}")
    with pytest.raises(UserError, match=f"queue time-out: job job-1 of step-00001 .* 120 seconds; {remedy}"):
        new.sample(batch())
    assert new.states == [(1, "submitted", "job-1")]
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert any("continuing with job job-1" in note for note in new.notes)
    assert new.service.bill() == [job["tag"] for job in new.service.jobs()]


def test_a_job_that_fails_is_tried_three_times(run) -> None:
    new = run(collect=["fails"] * 4)
    with pytest.raises(UserError, match=r"failed 3 times at step-00001, the last time with: job-3 has failed"):
        new.sample(batch())
    assert new.states == [(number, "failed", f"job-{number}") for number in (1, 2, 3)]
    assert same(new.sample(batch()), new.shots_of(5, batch()))
    assert new.states[3:] == [(4, "failed", "job-4"), (5, "done", "job-5")]


def test_a_job_that_is_denied_but_in_the_list_is_not_sent_again(run) -> None:
    new = run(collect=["denies", "denies"], find=["lags", "lags", "", "503", "lags"])
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert new.states == [(1, "done", "job-1")]
    assert len(new.service.jobs()) == len(new.service.bill()) == 1
    assert not new.service.faults_left()


def test_a_job_that_is_denied_for_long_is_kept(run) -> None:
    new = run(collect=["denies"] * 60)
    with pytest.raises(
        UserError,
        match=r"waiting for step-00001: faulty knows no job job-1; .* answer_timeout=900 seconds; all .* kept",
    ):
        new.sample(batch())
    assert new.states == [(1, "submitted", "job-1")]
    new.service._change(lambda state: state["faults"].clear())
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert len(new.service.jobs()) == 1


def test_a_job_that_is_lost_is_sent_again(run) -> None:
    new = run(collect=["loses"])
    assert same(new.sample(batch()), new.shots_of(2, batch()))
    assert new.states == [(1, "failed", "job-1"), (2, "done", "job-2")]
    assert any(
        "job-1 of step-00001 failed: faulty knows no job job-1, and it is not in the list" in note for note in new.notes
    )


def test_a_job_that_comes_back_after_it_was_taken_for_lost_is_cancelled(run) -> None:
    new = run(collect=["denies"], find=["", *["lags"] * 4])
    assert same(new.sample(batch()), new.shots_of(2, batch()))
    assert [job["state"] for job in new.service.jobs()] == ["cancelled", "done"]


MISFITS = {
    "fewer shots": r"faulty returned 39 of the 40 shots asked for in circuit 1 of 2 of step-00001",
    "wrong length": r"faulty returned strings of 2 bits for 3 qubits in circuit 2 of 2 of step-00001",
    "fewer points": r"faulty returned 1 results for the 2 circuits of step-00001",
    "nothing": r"faulty returned a NoneType instead of the counts of step-00001",
    **{fault: rf"faulty returned {said} in circuit 2 of 2 of step-00001" for fault, (_, said) in IMPOSSIBLE.items()},
}


@pytest.mark.parametrize(("fault", "message"), MISFITS.items(), ids=list(MISFITS))
def test_what_was_not_asked_for_is_fetched_again_and_never_used(run, fault: str, message: str) -> None:
    # Twice damaged on its way: the same job, paid once.
    new = run(collect=[fault] * 2)
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert new.states == [(1, "done", "job-1")]
    # Permanently damaged: it is refused, and requested again.
    new.service._change(lambda state: state["faults"].update(collect=[fault] * 3))
    assert same(new.sample(batch("step-00001", 0.9)), new.shots_of(2 + 1, batch("step-00001", 0.9)))
    assert [state for _, state, _ in new.states] == ["done", "refused", "done"]
    assert len(new.service.jobs()) == len(new.service.bill()) == 3
    assert any(re.search(rf"^faulty: job job-2 of step-00001 is unusable, .*: {message}$", note) for note in new.notes)
    with Ledger.read(new.folder / "ledger.sqlite") as ledger:
        _, refused, _ = ledger.rows()
        assert re.match(message, refused.error or "")
        assert ledger.totals().shots == 3 * 80
        # It is kept as it came, where the ledger can give back what that was.
        can_be_kept = fault in ("fewer shots", "wrong length", "fewer points") or fault.startswith(
            ("a string", "a c", "a n")
        )
        assert (refused.counts is not None) == can_be_kept
        if fault == "wrong length":
            kept, given = ledger.counts(refused), new.shots_of(2, batch("step-00001", 0.9))
            assert np.array_equal(kept[1].bits, given[1].bits[:, 1:])


def test_what_is_never_of_use_ends_in_one_line_within_the_limits(run) -> None:
    new = run(collect=["bits of 2"] * 15)
    with pytest.raises(
        UserError, match=r"^faulty failed 3 times at step-00001, the last time with: faulty returned bits"
    ):
        new.sample(batch())
    assert new.states == [(number, "refused", f"job-{number}") for number in (1, 2, 3)]
    with pytest.raises(LimitReached, match="max_jobs=4"):
        new.sample(batch(), Limits(max_jobs=4))
    assert len(new.service.jobs()) == 4


def test_stored_counts_that_cannot_be_are_fetched_once_more(run) -> None:
    new = run()
    first = new.sample(batch())
    with Ledger.create_or_open(new.folder / "ledger.sqlite") as ledger:
        (job,) = ledger.rows()
        wrong = Counts(first[0].bits[:2], np.array([45, -5]))
        ledger.fetched(job, (wrong, first[1]), SECONDS, None)
    assert same(new.sample(batch()), first)
    assert new.states == [(1, "done", "job-1")]
    assert len(new.service.jobs()) == 1
    assert "step-00001: the counts in the ledger are unusable (faulty returned a count of 45" in new.notes[0]


def test_a_twin_takes_the_place_of_one_that_is_of_no_use(run) -> None:
    # The cancellation comes too late.
    new = run(submit=["six"], collect=["", *["bits of 2"] * 3], cancel=["too late"] * 5)
    assert same(new.sample(batch()), new.shots_of(2, batch()))
    assert sorted(new.states) == [
        (1, "done", "job-2"),
        *((1, "duplicate", f"job-{place}") for place in (1, 3, 4, 5, 6)),
    ]
    assert len(new.service.jobs()) == 6
    assert any(
        "job job-1 is kept; job-2, job-3, job-4, job-5, job-6 could not be cancelled" in note for note in new.notes
    )
    with Ledger.read(new.folder / "ledger.sqlite") as ledger:
        assert ledger.totals().jobs == 6
    assert same(new.sample(batch()), new.shots_of(2, batch()))


def test_a_job_that_is_listed_twice_counts_once(run) -> None:
    new = run(submit=["six"], find=["twice"])
    new.sample(batch())
    said = next(note for note in new.notes if "reached" in note)
    assert "reached faulty 6 times: job job-1 is kept, job-2, job-3, job-4, job-5, job-6 cancelled" in said


def test_jobs_of_other_tags_in_the_list_are_left_alone(run) -> None:
    new = run(collect=["never"])
    with pytest.raises(UserError, match="queue time-out"):
        new.sample(batch())
    new.service._change(lambda state: state["faults"].update(find=["no filter"]))
    new.sample(batch("step-00002"))
    assert [job["state"] for job in new.service.jobs()] == ["queued", "done"]
    assert same(new.sample(batch()), new.shots_of(1, batch()))


@pytest.mark.parametrize("kind", ODD)
def test_whatever_a_client_raises_is_asked_again_and_told_without_secrets(run, kind: str) -> None:
    new = run(submit=[kind], find=["", kind], collect=[kind, "denies", kind])
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert not new.service.faults_left()
    assert len(new.service.jobs()) == 1
    assert sum(type(ODD[kind]).__name__ in note and "faulty failed to" in note for note in new.notes) >= 3
    assert not any(TOKEN in note for note in new.notes)
    new.service._change(lambda state: state["faults"].update(collect=[kind] * 60))
    with pytest.raises(UserError, match=r"^faulty, waiting for step-00002: faulty failed to fetch a job") as raised:
        new.sample(batch("step-00002"))
    # Nor in a traceback.
    assert TOKEN not in "".join(traceback.format_exception(raised.value))
    assert new.states[-1] == (1, "submitted", "job-2")


def test_the_text_of_a_missing_job_is_not_the_service_s(run) -> None:
    new = run(collect=["loses"])
    new.sample(batch())
    with Ledger.read(new.folder / "ledger.sqlite") as ledger:
        texts = [*new.notes, *(str(job.error) for job in ledger.rows())]
    assert not any(TOKEN in text for text in texts)


@pytest.mark.parametrize("listed", [[""], ["lags", "lags", ""]])
def test_a_job_that_is_there_after_a_refusal_is_adopted(run, listed: list[str]) -> None:
    new = run(submit=["401 after"], find=listed)
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert new.states == [(1, "done", "job-1")]
    assert len(new.service.jobs()) == 1


@pytest.mark.parametrize(
    ("faults", "said", "state"),
    [
        (
            {"submit": ["401 after"], "find": ["401"]},
            r"; whether faulty has accepted step-00001 nevertheless is checked when you go on with: hyperborn resume",
            "intended",
        ),
        (
            {"find": ["401"]},
            r"; job job-1 of step-00001 stays with faulty, and is adopted when you go on with: hyperborn resume",
            "submitted",
        ),
        (
            {"collect": ["401"]},
            r"; job job-1 of step-00001 stays with faulty, and is adopted when you go on with: hyperborn resume",
            "submitted",
        ),
    ],
    ids=["after sending", "looking for twins", "fetching"],
)
def test_a_job_behind_a_refused_account_is_named_and_adopted(
    run, faults: dict[str, list[str]], said: str, state: str
) -> None:
    new = run(**faults)
    with pytest.raises(UserError, match=rf"^faulty did not accept the account; renew it{said}"):
        new.sample(batch())
    assert [row[1] for row in new.states] == [state]
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert len(new.service.jobs()) == 1


def test_what_is_never_taken_costs_nothing(run) -> None:
    new = run(submit=["never takes"])
    with pytest.raises(UserError, match=r"^faulty takes no such circuit; choose another$"):
        new.sample(batch(), Limits(max_jobs=1))
    assert new.states == [(1, "failed", None)]
    # It does not count for the limit.
    new.sample(batch())
    assert new.states[1:] == [(2, "done", "job-1")]


def test_a_refusal_after_a_lost_answer_keeps_what_may_be_there(run) -> None:
    # The first try was accepted, and is not in the list for longer than one looks.
    new = run(submit=["503 after", "never takes"], find=["lags"] * 8)
    with pytest.raises(UserError, match="takes no such circuit"):
        new.sample(batch())
    assert new.states == [(1, "intended", None)]
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert len(new.service.jobs()) == 1


def test_a_job_that_shows_up_late_is_cancelled(run) -> None:
    new = run(submit=["503 after"], find=["lags"] * 5)
    counts = new.sample(batch())
    assert same(counts, new.shots_of(2, batch()))
    assert [job["state"] for job in new.service.jobs()] == ["cancelled", "done"]
    assert new.states == [(1, "done", "job-2"), (1, "duplicate", "job-1")]


def test_limits_stop_before_anything_is_sent(run) -> None:
    new = run()
    new.sample(batch("a"), Limits(max_shots=200))
    new.sample(batch("b"))
    with pytest.raises(LimitReached, match="max_shots=200 would be exceeded: 160 shots are spent, and c takes 80 more"):
        new.sample(batch("c"))
    assert len(new.service.jobs()) == len(new.states) == 2
    # What is paid for is given all the same.
    assert same(new.sample(batch("a")), new.shots_of(1, batch("a")))
    new.sample(batch("c"), Limits(max_shots=240))
    with pytest.raises(LimitReached, match=r"max_seconds=9 would be exceeded: about 7.5 seconds"):
        new.sample(batch("d"), Limits(max_shots=1000, max_seconds=9.0))


def test_other_angles_are_asked_for_anew(run) -> None:
    new = run()
    first = new.sample(batch())
    other = new.sample(batch(angle=0.8))
    assert same(other, new.shots_of(2, batch(angle=0.8)))
    assert new.notes == ["step-00001 was requested before with another parameter: it is requested again"]
    assert same(new.sample(batch()), first)
    assert same(new.sample(batch(angle=0.8)), other)
    assert new.states == [(1, "done", "job-1"), (2, "done", "job-2")]
    new.sample(batch(shots=41))
    assert len(new.service.bill()) == 3


def test_a_job_for_other_angles_is_cancelled(run) -> None:
    new = run(collect=["never"])
    with pytest.raises(UserError, match="queue time-out"):
        new.sample(batch())
    new.sample(batch(angle=0.8))
    assert [job["state"] for job in new.service.jobs()] == ["cancelled", "done"]
    assert new.states == [(1, "failed", "job-1"), (2, "done", "job-2")]


def test_a_job_for_other_angles_is_cancelled_though_the_list_is_out_of_order(run) -> None:
    new = run(collect=["never"], find=["", "503", "503", "503"])
    with pytest.raises(UserError, match="queue time-out"):
        new.sample(batch())
    new.sample(batch(angle=0.8))
    assert not new.service.faults_left()
    assert [job["state"] for job in new.service.jobs()] == ["cancelled", "done"]
    assert new.states == [(1, "failed", "job-1"), (2, "done", "job-2")]


def test_a_job_that_could_not_be_looked_for_is_cancelled_later(run) -> None:
    new = run(RetryPolicy(answer_timeout=20.0), collect=["never"], find=["", *["503"] * 30])
    with pytest.raises(UserError, match="queue time-out"):
        new.sample(batch())
    # What it stood in for is there, so that nothing but the cancellation is left to do.
    first = new.sample(batch(angle=0.8))
    assert [job["state"] for job in new.service.jobs()] == ["queued", "done"]
    new.service._change(lambda state: state["faults"].clear())
    assert same(new.sample(batch(angle=0.8)), first)
    assert [job["state"] for job in new.service.jobs()] == ["cancelled", "done"]
    assert new.states == [(1, "failed", "job-1"), (2, "done", "job-2")]


def test_one_run_never_adopts_the_jobs_of_another(run, tmp_path: Path) -> None:
    new = run(collect=["never"])
    with pytest.raises(UserError, match="queue time-out"):
        new.sample(batch())
    with Ledger.create_or_open(tmp_path / "other.sqlite") as ledger:
        LedgerSampler(new.service, "faulty", ledger).sample(batch())
    assert len(new.service.jobs()) == 2
    assert same(new.sample(batch()), new.shots_of(1, batch()))
    assert len(new.service.bill()) == 2


@pytest.mark.parametrize("moment", ["submit: begins", "submit: done", "collect: waiting", "collect: fetched"])
def test_ctrl_c_leaves_a_job_that_is_adopted(tmp_path: Path, moment: str) -> None:
    pressed = False

    def press(now: str) -> None:
        nonlocal pressed
        if now == moment and not pressed:
            pressed = True
            raise KeyboardInterrupt

    clock = Clock()
    service = FaultyService(tmp_path / "service.json", product_shots, tick=press)
    with Ledger.in_memory() as ledger:
        recorded = LedgerSampler(service, "faulty", ledger, sleep=clock.sleep, clock=clock.now)
        with pytest.raises(KeyboardInterrupt):
            recorded.sample(batch())
        assert ledger.rows()[0].is_open
        assert same(recorded.sample(batch()), product_shots(replace(batch(), seed=1)))
        assert len(ledger.rows()) == len(service.jobs()) == len(service.bill()) == 1


def test_counts_of_the_built_in_simulator_are_not_stored(tmp_path: Path) -> None:
    connection, path = Statevector().connect(), tmp_path / "ledger.sqlite"
    for _ in range(2):
        with Ledger.create_or_open(path, Limits(max_jobs=1)) as ledger:
            assert same(LedgerSampler(connection, "statevector", ledger).sample(batch()), statevector.simulate(batch()))
            (job,) = ledger.rows()
            assert (job.state, job.counts, job.total_shots) == ("done", None, 80)
            with pytest.raises(LimitReached):
                LedgerSampler(connection, "statevector", ledger).sample(batch("next"))


def local(simulate: Any) -> InProcessConnection:
    return InProcessConnection(simulate, lambda _: Cost(1, 0), label="noisy", n_qubits=3)


def test_counts_of_another_simulator_are_stored(tmp_path: Path) -> None:
    calls: list[str] = []

    def simulate(wanted: Batch) -> tuple[Counts, ...]:
        calls.append(wanted.label)
        return product_shots(replace(wanted, seed=len(calls)))

    with Ledger.create_or_open(tmp_path / "ledger.sqlite") as ledger:
        first = LedgerSampler(local(simulate), "noisy", ledger).sample(batch())
        assert same(LedgerSampler(local(simulate), "noisy", ledger).sample(batch()), first)
    assert calls == ["step-00001"]


def test_a_simulator_that_returns_too_little_is_refused(tmp_path: Path) -> None:
    def half(wanted: Batch) -> tuple[Counts, ...]:
        return product_shots(replace(wanted, shots=20))

    with Ledger.create_or_open(tmp_path / "ledger.sqlite") as ledger:
        with pytest.raises(UserError, match="noisy returned 20 of the 40 shots"):
            LedgerSampler(local(half), "noisy", ledger).sample(batch())
        assert same(LedgerSampler(local(product_shots), "noisy", ledger).sample(batch()), product_shots(batch()))
        assert [job.state for job in ledger.rows()] == ["refused", "done"]
        wide = Batch("wide", (Points(ProductState(4), np.zeros((1, 4))),), 10, 0)
        with pytest.raises(UserError, match="a circuit of 4 qubits is too wide for noisy"):
            LedgerSampler(local(product_shots), "noisy", ledger).sample(wide)


def test_a_simulator_that_fails_in_the_middle_is_said_in_one_line(tmp_path: Path) -> None:
    def breaks(_: Batch) -> tuple[Counts, ...]:
        raise ZeroDivisionError("no\nkernel for token=abc")

    with Ledger.create_or_open(tmp_path / "ledger.sqlite") as ledger:
        message = (
            r"^noisy failed at step-00001: noisy raised ZeroDivisionError: no kernel for token=\[withheld\]; go on"
        )
        with pytest.raises(UserError, match=message):
            LedgerSampler(local(breaks), "noisy", ledger).sample(batch())
        assert ledger.rows() == ()

        def exhausts(_: Batch) -> tuple[Counts, ...]:
            raise MemoryError("2 TiB")

        # The command line knows what helps.
        with pytest.raises(MemoryError):
            LedgerSampler(local(exhausts), "noisy", ledger).sample(batch())
        assert same(LedgerSampler(local(product_shots), "noisy", ledger).sample(batch()), product_shots(batch()))


def test_damaged_counts_are_said_and_not_paid_for_again(run) -> None:
    new = run()
    new.sample(batch())
    with Ledger.create_or_open(new.folder / "ledger.sqlite") as ledger:
        ledger._database.execute("UPDATE counts SET data = substr(data, 2)")
    with pytest.raises(UserError, match="the counts of step-00001"):
        new.sample(batch())
    assert len(new.service.jobs()) == 1


def test_no_secret_gets_into_notes_and_ledger() -> None:
    error = RuntimeError("401: Authorization: Bearer abc.def\nfor crn:v1:bluemix:public:eu:a/123::  api_key=xyz, sorry")
    assert one_line(error) == "401: Authorization: [withheld] for [withheld] api_key=[withheld] sorry"
    assert one_line(RuntimeError(one_line(error))) == one_line(error)
    assert len(one_line(RuntimeError("x" * 10_000))) < 400


@pytest.mark.parametrize(
    "wrong", [{"patience": 0}, {"answer_timeout": float("inf")}, {"attempts": 0}, {"list_pauses": (-1.0,)}]
)
def test_a_wrong_retry_policy_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        RetryPolicy(**wrong)
