"""Measured times: where there is a compiler, where there is none, and where it fails."""

import shutil
import time
from pathlib import Path

import pytest

from exported_networks import CASES, model_of, rows_of
from hyperborn.costs import timing
from hyperborn.costs.timing import processor, times_of

CASE = CASES[0]


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_times_are_measured_soon() -> None:
    begin = time.perf_counter()
    found = times_of(model_of(CASE), rows_of(CASE)[:50])
    assert time.perf_counter() - begin < 10
    assert found.c is not None
    assert found.without_c is None
    # A row of five numbers takes exported C some hundred nanoseconds, and NumPy some ten microseconds.
    assert 1e-9 < found.c < found.row < 1
    assert 0 < found.batch < found.row
    assert found.processor


def compiler(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """The only `cc` there is."""
    (folder / "cc").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "cc").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = times_of(model_of(CASE), rows_of(CASE)[:2])
    assert (found.c, found.without_c) == (None, "no C compiler")


def test_a_compiler_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for script in ("exit 1", "echo '#!/bin/true' > time", "printf '#!/bin/sh\\necho no number\\n' > time"):
        compiler(monkeypatch, tmp_path, script)
        found = times_of(model_of(CASE), rows_of(CASE)[:2])
        assert (found.c, found.without_c) == (None, "the C compiler failed")


def test_a_compiler_that_takes_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler(monkeypatch, tmp_path, "exec /bin/sleep 60")
    monkeypatch.setattr(timing, "PATIENCE", 0.2)
    assert times_of(model_of(CASE), rows_of(CASE)[:2]).without_c == "it took over 0.2 s"


def test_the_processor_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, content in {"a": "processor\t: 0\nmodel name\t: Some Core 3\n", "b": "Model\t: Raspberry\n"}.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(timing, "CPU_INFORMATION", tmp_path / "a")
    assert processor() == "Some Core 3"
    monkeypatch.setattr(timing, "CPU_INFORMATION", tmp_path / "b")
    assert processor() == "Raspberry"
    monkeypatch.setattr(timing, "CPU_INFORMATION", tmp_path / "none")
    assert processor()
