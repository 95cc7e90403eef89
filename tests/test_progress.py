"""Progress is read as a user reads it: a log in a fake stream, a terminal through a pseudo-terminal."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperborn import progress_display
from hyperborn.progress import Progress, chosen_display
from hyperborn.progress_display import Lines, LiveBars, Silent, Stage, clock, display_for, progress_bars, progress_line

HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


def stage_at(*reports: tuple[float, int], total: int = 100, metrics: str = "") -> Stage:
    stage = Stage("Training", total, 0.0)
    for now, done in reports:
        stage.advance(done, total, metrics, now)
    return stage


def rendered(table: object, width: int, encoding: str = "utf-8") -> str:
    from rich.console import Console

    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=stream, width=width, legacy_windows=False).print(table)
    stream.flush()
    return raw.getvalue().decode(encoding).rstrip("\n")


def test_clock() -> None:
    assert [clock(seconds) for seconds in (0.0, 7.9, 187.0, 3723.0, None)] == [
        "0:00",
        "0:07",
        "3:07",
        "1:02:03",
        "-:--",
    ]


def test_percentage_is_100_only_when_done() -> None:
    assert [stage_at((1.0, done), total=1000).percentage for done in (0, 5, 999, 1000)] == [0, 0, 99, 100]
    assert stage_at((1.0, 0), total=0).percentage == 100


def test_time_left_leaves_out_what_came_before_the_first_report() -> None:
    assert stage_at().left(5.0) is None
    assert stage_at((60.0, 1)).left(60.0) is None
    # A minute of compilation, then 2 steps a second: 89 to go.
    assert stage_at((60.0, 1), (65.0, 11)).left(65.0) == pytest.approx(44.5)
    assert stage_at((60.0, 1), (65.0, 11)).left(66.0) == pytest.approx(43.5)
    assert stage_at((60.0, 1), (65.0, 11)).left(600.0) == 0


def test_time_left_follows_the_recent_speed() -> None:
    slow = [(float(second), second) for second in range(100)]
    fast = [(100 + step / 10, 100 + step) for step in range(200)]
    assert stage_at(*slow, *fast, total=1000).left(119.9) == pytest.approx(701 / 10, rel=0.01)
    assert stage_at(*slow, total=1000).left(99.0) == pytest.approx(901, rel=0.01)


def test_a_log_gets_few_lines() -> None:
    stream = io.StringIO()
    display, stage = Lines(stream), Stage("Training", 300, 0.0)
    for tenth in range(250):
        now = tenth / 10
        stage.advance(tenth, 300, f"loss {300 - tenth}", now)
        display.show([stage], now)
    display.ended(stage, 25.0)
    assert stream.getvalue().splitlines() == [
        "Training: 6% (20/300), loss 280, 0:02 elapsed, 0:28 left",
        "Training: 40% (120/300), loss 180, 0:12 elapsed, 0:18 left",
        "Training: 73% (220/300), loss 80, 0:22 elapsed, 0:08 left",
        "Training: 83% (249/300), loss 51, ended after 0:25",
    ]


def test_a_log_hears_nothing_of_what_is_soon_over() -> None:
    stream = io.StringIO()
    display, stage = Lines(stream), stage_at((1.8, 100))
    display.show([stage], 1.8)
    display.ended(stage, 1.9)
    assert stream.getvalue() == ""


def test_each_stage_of_a_log_has_its_own_clock() -> None:
    stream = io.StringIO()
    display, outer, inner = Lines(stream), Stage("Seeds", 5, 0.0), Stage("Training", 10, 9.0)
    for now in (2.0, 9.5, 11.5, 12.1):
        display.show([outer, inner], now)
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "Seeds: 0% (0/5)",
        "Training: 0% (0/10)",
        "Seeds: 0% (0/5)",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_bars_fit_the_terminal_with_percentage_and_time(width: int) -> None:
    stages = [stage_at((1.0, 10), (2.0, 20), metrics=f"loss 31.20  elbo -33.81{' and more' * 20}"), stage_at((1.0, 3))]
    lines = rendered(progress_bars(stages, 2.0, width), width).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= width
    assert re.match(r"Training .*20% 20/100 .*0:02, 0:08 left", lines[0])
    assert re.match(r"Training .*3% 3/100 .*0:02, -:-- left", lines[1])
    assert ("loss 31.20" in lines[0]) == (width >= 60)


def test_bars_keep_to_ascii_where_they_must() -> None:
    # A character outside ASCII would raise here; the narrow terminal cuts every column.
    for width in (30, 60, 100):
        rendered(progress_bars([stage_at((1.0, 10), (2.0, 20), metrics="loss 31.2" * 9)], 2.0, width), width, "ascii")


def test_markup_in_a_description_is_text() -> None:
    assert "[red]wine[/red]" in rendered(progress_bars([Stage("[red]wine[/red]", 5, 0.0)], 1.0, 100), 100)


def test_disabled_progress_is_silent_and_starts_no_thread() -> None:
    stream = Terminal()
    threads = threading.active_count()
    with Progress(enabled=False, stream=stream) as progress:
        count, step = progress.counter("Energies"), progress.training(10, "Training")
        assert threading.active_count() == threads
        count(1, 2)
        step(3, "loss 1")
        progress.note("a note")
    assert stream.getvalue() == ""


def test_a_short_stage_shows_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    with Progress(stream=stream) as progress:
        count = progress.counter("Energies")
        for done in range(4):
            count(done + 1, 4)
            time.sleep(0.01)
        time.sleep(0.6)
    assert stream.getvalue() == ""


def eventually(text: Callable[[], str], *wanted: str) -> str:
    """The text once it holds all that is wanted; drawing takes its time where the machine is busy."""
    for _ in range(500):
        if all(part in text() for part in wanted):
            break
        time.sleep(0.02)
    for part in wanted:
        assert part in text()
    return text()


def test_stages_in_turn_and_nested_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    mark = 0

    def since() -> str:
        return stream.getvalue()[mark:]

    with Progress(stream=stream) as progress:
        count = progress.counter("Energies")
        step = progress.training(100, "Training")
        count(1, 2)
        step(40, "loss 31.2")
        eventually(since, "Energies", " 50%", "1/2", "Training", " 40%", "40/100", "loss 31.2")
        count(2, 2)
        mark = len(stream.getvalue())
        # The frame in hand may still hold both.
        eventually(lambda: since().rpartition("\x1b[1A\x1b[2K")[2], "Training")
        mark = len(stream.getvalue())
        assert "Energies" not in eventually(since, "Training")
        step.close()
        step.close()
        eventually(since, SHOW.decode(), "\x1b[1A\x1b[2K")
        # The counter begins anew.
        mark = len(stream.getvalue())
        count(1, 4)
        assert "Training" not in eventually(since, "Energies", "25%")
    text = stream.getvalue()
    assert text.count(SHOW.decode()) == text.count(HIDE.decode()) == 2


def test_notes_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    text = "restart 3 of [b]8[/b]: " + "x" * 100
    for stream in (io.StringIO(), Terminal()):
        with Progress(stream=stream) as progress:
            progress.note(text)
        assert stream.getvalue() == f"{text}\n"


def test_enabled_none_shows_where_a_person_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    threads = threading.active_count()
    stream, terminal = io.StringIO(), Terminal()
    with Progress(None, stream=stream) as progress:
        assert threading.active_count() == threads
        progress.note("not shown")
    with Progress(None, stream=terminal) as progress:
        assert isinstance(progress._display, LiveBars)
        progress.note("shown")
    assert (stream.getvalue(), terminal.getvalue()) == ("", "shown\n")
    # Standard error may be closed, absent, or a replacement that knows no more than to write.
    closed = io.StringIO()
    closed.close()
    for error in (None, closed, object()):
        monkeypatch.setattr(sys, "stderr", error)
        assert isinstance(chosen_display(None, None), Silent)


def test_notes_that_are_not_shown_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="hyperborn")
    for enabled in (None, False):
        with Progress(enabled, stream=io.StringIO()) as progress:
            progress.note("chosen: 50 % of \x1b[31m")
    with Progress(True, stream=io.StringIO()) as progress:
        progress.note("shown")
    assert caplog.record_tuples == [("hyperborn", 20, r"chosen: 50 % of \x1b[31m")] * 2


def test_display_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(display_for(io.StringIO()), Lines)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display_for(Terminal()), Lines)


@pytest.mark.parametrize("closed", [False, True])
def test_a_stream_that_goes_away_does_not_end_the_work(closed: bool) -> None:
    stream = io.StringIO() if closed else Broken()
    with Progress(stream=stream) as progress:
        if closed:
            stream.close()
        progress.note("lost")
        assert isinstance(progress._display, Silent)
        progress.counter("Energies")(1, 2)


def test_an_exception_passes_and_the_thread_ends() -> None:
    threads = threading.active_count()
    with pytest.raises(ZeroDivisionError), Progress(stream=io.StringIO()) as progress:
        progress.counter("Energies")(1, 1 // 0)
    assert threading.active_count() == threads


def test_a_report_is_cheap() -> None:
    with Progress(stream=io.StringIO()) as progress:
        step = progress.training(10**9, "Training")
        step(1, "loss")
        began = time.perf_counter()
        for done in range(10_000):
            step(done, "loss")
    # About a microsecond each, and several with types checked; the bound only tells drawing from taking note.
    assert time.perf_counter() - began < 2


SCRIPT = """
import sys, time
from hyperborn.progress import Progress

with Progress() as progress:
    step = progress.training(1000, "Training")
    progress.note("a note")
    for done in range({steps}):
        time.sleep(0.01)
        step(done + 1, "loss 31.2")
        if done == 80:
            print("a result", flush=True)
            print("a warning", file=sys.stderr)
    {last}
print("the end")
"""


def run_on_terminal(script: str, folder: Path, *, interrupt: bool) -> tuple[int, bytes, bytes]:
    """Exit status, standard output (a file) and what reached the terminal (standard error)."""
    path = folder / "script.py"
    path.write_text(script)
    ours, theirs = os.openpty()
    # Should it never end, this ends the reading.
    guard = threading.Timer(60, lambda: process.kill())
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "PYTHONUTF8": "1"}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([sys.executable, path], stdout=output, stderr=theirs, env=environment)
    os.close(theirs)
    guard.start()
    seen, interrupted = b"", False
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not read:
            break
        seen += read
        if interrupt and not interrupted and b"a warning" in seen:
            process.send_signal(signal.SIGINT)
            interrupted = True
    os.close(ours)
    guard.cancel()
    return process.wait(timeout=30), (folder / "output").read_bytes(), seen


def check_terminal_is_as_before(seen: bytes) -> None:
    assert seen.count(HIDE) == seen.count(SHOW) == 1
    assert seen.index(HIDE) < seen.index(SHOW)
    # After the last frame its line is erased: one up, the whole line.
    after = seen.rpartition(SHOW)[2]
    assert after.startswith(b"\r\x1b[1A\x1b[2K")
    assert "━".encode() not in after


def test_on_a_terminal_bars_leave_no_trace_and_standard_output_is_untouched(tmp_path: Path) -> None:
    status, output, seen = run_on_terminal(SCRIPT.format(steps=150, last=""), tmp_path, interrupt=False)
    assert status == 0
    assert output == b"a result\nthe end\n"
    check_terminal_is_as_before(seen)
    plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", seen).decode()
    assert re.search(r"Training ━+[╸╺]?━* +\d+% \d+/1,000 loss 31\.2 0:0\d, 0:\d\d left", plain)
    assert "a note\r\n" in plain
    # What others write stands on a line of its own.
    assert re.search(r"[\r\n]a warning *\r\n", plain)


def test_ctrl_c_restores_the_terminal(tmp_path: Path) -> None:
    status, output, seen = run_on_terminal(SCRIPT.format(steps=100_000, last=""), tmp_path, interrupt=True)
    assert status == -signal.SIGINT
    assert output == b"a result\n"
    check_terminal_is_as_before(seen)
    assert seen.rstrip().endswith(b"KeyboardInterrupt")


def test_an_exception_restores_the_terminal(tmp_path: Path) -> None:
    script = SCRIPT.format(steps=100, last="raise ValueError('ours')")
    status, _, seen = run_on_terminal(script, tmp_path, interrupt=False)
    assert status == 1
    check_terminal_is_as_before(seen)
    assert seen.rstrip().endswith(b"ValueError: ours")


def test_text_that_is_made_on_demand_is_made_once_where_it_is_shown_and_never_where_it_is_not() -> None:
    made: list[int] = []

    def text() -> str:
        made.append(1)
        return "loss 31.2"

    with Progress(enabled=False) as silent:
        step = silent.training(2, "Training")
        step(1, text)
        step(2, text)
    assert made == []
    stage = Stage("Training", 10, 0.0)
    stage.advance(1, 10, text, 1.0)
    for now in (2.0, 3.0):
        stage.settle()
        assert "loss 31.2" in progress_line(stage, now)
    assert made == [1]


def test_a_log_and_a_terminal_make_texts_for_what_they_show_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_display, "FIRST_LINE", 0.0)
    monkeypatch.setattr(progress_display, "DELAY", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    for stream in (io.StringIO(), Terminal()):
        made: list[int] = []

        def text(made: list[int] = made) -> str:
            made.append(1)
            return f"text {len(made)}"

        with Progress(stream=stream) as shown:
            step = shown.training(1000, "Training")
            step(1, text)
            eventually(stream.getvalue, "text 1")
            step(2, text)
            # Bars are drawn eight times a second; the next line of a log is ten seconds later.
            if stream.isatty():
                eventually(stream.getvalue, "text 2")
            time.sleep(0.3)
            assert len(made) == (2 if stream.isatty() else 1)
            step.close()


@pytest.mark.parametrize("shown_by", ["the drawing thread", "the end of the stage"])
def test_notes_do_not_wait_for_a_text_in_the_making(monkeypatch: pytest.MonkeyPatch, shown_by: str) -> None:
    ends = shown_by == "the end of the stage"
    monkeypatch.setattr(progress_display, "LINE_EVERY" if ends else "FIRST_LINE", 0.0)
    begun, go_on, stream = threading.Event(), threading.Event(), io.StringIO()

    def text() -> str:
        begun.set()
        assert go_on.wait(30)
        return "loss 31.2"

    with Progress(stream=stream) as shown:
        step = shown.training(10, "Training")
        step(1, text)
        closing = threading.Thread(target=step.close)
        if ends:
            closing.start()
        try:
            assert begun.wait(30)
            noting = threading.Thread(target=shown.note, args=("a note",))
            noting.start()
            noting.join(5)
            assert stream.getvalue() == "a note\n"
        finally:
            go_on.set()
        noting.join()
        eventually(stream.getvalue, "Training: 10% (1/10), loss 31.2")
        if ends:
            closing.join()


def test_a_text_is_made_once_where_two_threads_ask_for_it() -> None:
    made: list[int] = []

    def text() -> str:
        made.append(1)
        time.sleep(0.2)
        return "loss 31.2"

    stage = Stage("Training", 10, 0.0)
    stage.advance(1, 10, text, 1.0)
    threads = [threading.Thread(target=stage.settle) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, stage.metrics) == ([1], "loss 31.2")


def test_importing_progress_leaves_rich_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); import hyperborn.progress; print('rich' in set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
