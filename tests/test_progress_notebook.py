"""Bars in a notebook: frame by frame with a shell of our own, and as a kernel keeps them."""

import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest

from executed_notebook import executed
from hyperborn.progress import Progress, chosen_display
from hyperborn.progress_display import Silent, Stage
from hyperborn.progress_notebook import MOST_LINES, NotebookBars, notebook_html, notebook_shell


@dataclass
class Publisher:
    """Keeps what a kernel would send."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    broken: bool = False

    def publish(self, **message: Any) -> None:
        if self.broken:
            raise RuntimeError("the socket is closed")
        self.sent.append(message)


@dataclass
class Shell:
    """IPython's shell in a kernel, as far as it is asked."""

    display_pub: Publisher = field(default_factory=Publisher)
    kernel: str = "a kernel"


def text_of(html: str) -> str:
    parts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(html)
    return "".join(parts)


def test_one_output_is_replaced_by_each_frame_and_ends_as_a_line() -> None:
    shell = Shell()
    bars, stage = NotebookBars(shell), Stage("Training", 100, 0.0)
    for tenth in range(100):
        stage.advance(tenth, 100, f"loss {tenth}", tenth / 10)
        bars.show([stage], tenth / 10)
    bars.ended(stage, 10.0)
    bars.close()
    sent = shell.display_pub.sent
    # None before half a second; then at most four a second.
    assert 20 <= len(sent) <= 4 * 9.5 + 3
    assert [message["update"] for message in sent] == [False] + [True] * (len(sent) - 1)
    assert len({message["transient"]["display_id"] for message in sent}) == 1
    assert '<progress value="5" max="100">' in sent[0]["data"]["text/html"]
    assert sent[-1]["data"]["text/plain"] == "Training: 99% (99/100), loss 99, ended after 0:10"
    assert "<progress" not in sent[-1]["data"]["text/html"]


def test_a_short_stage_sends_nothing() -> None:
    shell = Shell()
    bars, stage = NotebookBars(shell), Stage("Training", 10, 0.0)
    bars.show([stage], 0.4)
    bars.ended(stage, 0.45)
    bars.show([], 0.5)
    bars.close()
    assert shell.display_pub.sent == []


def test_a_stage_that_is_broken_off_leaves_a_line_and_no_bar() -> None:
    shell = Shell()
    bars, stage = NotebookBars(shell), Stage("Training", 10, 0.0)
    stage.advance(4, 10, "", 0.9)
    bars.show([stage], 1.0)
    bars.close()
    assert shell.display_pub.sent[-1]["data"]["text/plain"] == "Training: broken off at 40% (4/10)"


def test_nothing_is_sent_where_nothing_has_changed() -> None:
    shell = Shell()
    bars = NotebookBars(shell)
    bars.note("chosen: two layers")
    for tick in range(100):
        bars.show([], 1e9 + tick)
    bars.close()
    assert len(shell.display_pub.sent) == 1


def test_names_and_notes_are_text_and_only_the_latest_stay() -> None:
    stage = Stage("<script>alert('1')</script>", 0, 0.0)
    stage.advance(5, 0, '"<b>"', 1.0)
    html = notebook_html(["a <b>note</b>"], [stage], 2.0)
    assert re.findall(r"<(\w+)", html) == ["div", "div", "div", "progress", "span"]
    assert "a <b>note</b><script>alert('1')</script>" in text_of(html)
    shell = Shell()
    bars = NotebookBars(shell)
    for place in range(MOST_LINES + 20):
        bars.note(f"note {place}")
    lines = shell.display_pub.sent[-1]["data"]["text/plain"].splitlines()
    assert lines[:2] == ["20 earlier lines left out", "note 20"]
    assert len(lines) == MOST_LINES + 1


def test_a_kernel_that_goes_away_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell()
    monkeypatch.setattr("hyperborn.progress.notebook_shell", lambda: shell)
    with Progress(None) as progress:
        assert isinstance(progress._display, NotebookBars)
        shell.display_pub.broken = True
        progress.note("lost")
        assert isinstance(progress._display, Silent)
        progress.counter("Energies")(1, 2)


def test_a_stream_of_ones_own_is_written_to_in_a_notebook_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyperborn.progress.notebook_shell", Shell)
    stream = io.StringIO()
    with Progress(stream=stream) as progress:
        progress.note("a note")
    assert stream.getvalue() == "a note\n"
    assert isinstance(chosen_display(False, None), Silent)


def test_outside_of_a_kernel_there_is_no_shell() -> None:
    assert notebook_shell() is None


CELLS = (
    """
import sys, time
from hyperborn.progress import Progress

with Progress(None) as progress:
    progress.note("a <b>note</b>")
    step = progress.training(20, "Training")
    for done in range(20):
        time.sleep(0.05)
        step(done + 1, "loss 31.2")
    progress.training(20, "Short").close()
assert "ipywidgets" not in sys.modules
""",
    """
with Progress(None) as progress:
    progress.counter("Energies")(2, 2)
""",
    """
with Progress(False) as progress:
    progress.note("not shown")
    step = progress.training(20, "Training")
    time.sleep(0.7)
""",
)


def test_a_saved_notebook_has_one_output_of_a_run() -> None:
    shown, short, off = executed(*CELLS)
    (output,) = shown
    assert output["output_type"] == "display_data"
    lines = output["data"]["text/plain"].splitlines()
    assert lines == ["a <b>note</b>", "Training: 100% (20/20), loss 31.2, ended after 0:01"]
    assert text_of(output["data"]["text/html"]) == "".join(lines)
    assert short == off == []
