import io

from rich.console import Console

from hyperborn.backends.conformance.conformance import Check, Conformance
from hyperborn.backends.jobs.budget import Limits, Spent
from hyperborn.backends.jobs.ledger import Job, Request
from hyperborn.report.backend_tables import conformance_table, ledger_table


def printed(table: object) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=120, legacy_windows=False).print(table)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def job(number: int, **changes: object) -> Job:
    request = Request(f"step-{number:06d}", "c", "p", 3, 2000, 1, "fake_manila")
    usual = {"state": "done", "id": f"id-{number}", "seconds": 1.25}
    return Job(number, request, 1, "tag", None, intended="2026-01-01", **(usual | changes))


def test_a_row_a_job_and_what_all_took() -> None:
    jobs = [
        job(1),
        job(2, state="failed", error="[bold]no[/bold] " * 20, seconds=None),
        job(3, state="intended", id=None),
    ]
    lines = printed(ledger_table("training", jobs, Spent(2, 12_000, 1.25, 1), Limits(max_shots=50_000)))
    assert lines[0].startswith("training: fake_manila")
    assert lines[1].split()[:4] == ["job", "attempt", "state", "circuits"]
    text = "\n".join(lines)
    assert "step-000001" in text
    assert "id-1" in text
    # What a backend says is shown as it is, and not for ever.
    assert "failed: [bold]no[/bold]" in text
    assert text.count("[bold]") <= 5
    assert "12,000 of 50,000" in text
    (first,) = (line for line in lines if "step-000001" in line)
    assert first.split() == ["step-000001", "1", "done", "3", "2,000", "1.250", "id-1"]


def test_of_many_jobs_the_first_and_the_last_are_listed() -> None:
    jobs = [job(number) for number in range(1, 101)]
    text = "\n".join(printed(ledger_table("training", jobs, Spent(100, 600_000, 125.0, 100), Limits())))
    assert "... 60 more" in text
    listed = [number for number in range(1, 101) if f"step-{number:06d}" in text]
    assert listed == [*range(1, 21), *range(81, 101)]
    exactly = "\n".join(printed(ledger_table("training", jobs[:40], Spent(), Limits())))
    assert "more" not in exactly
    assert "step-000040" in exactly


def test_an_empty_ledger_says_so() -> None:
    assert printed(ledger_table("training", [], Spent(), Limits()))[0].startswith("training: nothing was sent")


def test_a_row_a_check_and_a_verdict() -> None:
    checks = (Check("order of qubits", True, "weight 0 first"), Check("shots", False, "7 too few"))
    found = Conformance(backend="mine", circuits=20, shots=1000, seconds=1.5, checks=checks)
    lines = printed(conformance_table(found))
    assert lines[0] == "mine must not be trusted with the order of bits and points (20 circuits, twice, of 1,000 shots)"
    text = "\n".join(lines)
    assert "passed" in text
    assert "FAILED" in text
    assert "7 too few" in text
    good = Conformance(backend="mine", circuits=20, shots=1000, seconds=1.5, checks=checks[:1])
    assert printed(conformance_table(good))[0].startswith("mine may be trusted")
