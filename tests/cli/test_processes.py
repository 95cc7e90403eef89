"""What only a real process shows: Ctrl-C, closed pipes, full disks, a bare environment."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "hyperborn")


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "JAX_PLATFORMS": "cpu", **changes}


def ended(*arguments: str, command: tuple[str, ...] = COMMAND, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command's process, when it has ended."""
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, **options)


def test_ctrl_c_saves_the_run_and_says_how_to_go_on(tmp_path: Path) -> None:
    flags = ("--classes", "1,2", "--hidden", "none", "--depth", "1", "--patience", "0", "--steps", "200000")
    process = subprocess.Popen(
        [*COMMAND, "train", "iris", *flags, "--out", "a run", "--json"],
        cwd=tmp_path, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    log = tmp_path / "a run" / "metrics.jsonl"
    # Several records: the training is under way.
    while time.monotonic() < deadline and (not log.exists() or log.read_bytes().count(b"\n") < 3):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    found = json.loads(out)
    assert found["exit_code"] == 130
    assert found["error"].endswith("go on with: hyperborn resume 'a run'")
    assert err.splitlines()[-1] == f"hyperborn: {found['error']}"
    assert "Traceback" not in err
    step = int(found["error"].removeprefix("stopped at step ").partition(" ")[0])
    assert (tmp_path / "a run" / "checkpoints" / f"step-{step:08d}").is_dir()
    refused = ended("evaluate", "a run", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is not finished" in refused.stderr


def test_ctrl_c_keeps_the_seeds_of_a_comparison_that_are_complete(tmp_path: Path) -> None:
    flags = ("--classes", "1,2", "--hidden", "none", "--depth", "1", "--steps", "25", "--seeds", "100000")
    process = subprocess.Popen(
        [*COMMAND, "compare", "iris", *flags, "--objectives", "mle,elbo", "--out", "out"],
        cwd=tmp_path, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    # Should nothing be said, this ends the wait for it.
    guard = threading.Timer(120, process.kill)
    guard.start()
    try:
        assert process.stderr is not None
        # It is said when the first seed is complete.
        announced = any("all 100000 seeds will take about" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    finally:
        guard.cancel()
        process.kill()
        process.wait()
    assert announced
    assert (process.returncode, out) == (130, ""), err
    last = err.splitlines()[-1]
    done = int(last.removeprefix("hyperborn: stopped; the comparison of ").partition(" ")[0])
    assert last == f"hyperborn: stopped; the comparison of {done} of 100000 seeds is in out"
    assert "Traceback" not in err
    found = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert (found["seeds"], found["seeds_asked"]) == (done, 100000)
    labels = ["mle", "elbo", "exact posterior"]
    assert [(row["seed"], row["objective"]) for row in found["runs"]] == [(i, it) for i in range(done) for it in labels]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("comparison.json", "comparison.md", "comparison.png", "manifest.json"),
    ]  # fmt: skip


def test_reader_that_leaves_is_no_mistake(trained: Path) -> None:
    # Enough rows for more than a pipe holds.
    header, *rows = (trained / "flowers.csv").read_text(encoding="utf-8").splitlines()
    (trained / "many.csv").write_text("\n".join([header, *(rows * 1000)]), encoding="utf-8")
    words = ("predict", "run", "many.csv")
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with subprocess.Popen([*COMMAND, *words], cwd=trained, env=environment(PYTHONUTF8="1"), **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "prediction,probability_Größe,probability_small one\n"
        process.stdout.close()
        assert (process.wait(timeout=30), process.stderr.read()) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_standard_output_is_one_line(trained: Path) -> None:
    with Path("/dev/full").open("w") as full:
        refused = subprocess.run(
            [*COMMAND, "evaluate", "run"], cwd=trained, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert refused.returncode == 2
    assert refused.stderr == "hyperborn: cannot write to standard output: No space left on device; send it elsewhere\n"


def test_file_that_the_disk_cannot_hold_is_one_line_and_leaves_nothing(trained: Path, tmp_path: Path) -> None:
    # Python ignores the signal that goes with it; what is left is an error like that of a full disk.
    limited = ("sh", "-c", 'ulimit -f 0; exec "$@"', "limited", *COMMAND)
    out = tmp_path / "predictions.csv"
    refused = ended("predict", "run", "flowers.csv", "--out", str(out), command=limited, cwd=trained)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines() == [
        f"hyperborn: cannot write {out}: the file would exceed the file-size limit; raise it (ulimit -f) or choose "
        "another disk"
    ]
    assert list(tmp_path.iterdir()) == []
    flags = ("--hidden", "none", "--depth", "1", "--steps", "5", "--out", str(tmp_path / "run"))
    refused = ended("train", "iris", *flags, command=limited, env=environment(HYPERBORN_CACHE=str(tmp_path / "no")))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "file-size limit" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "run" / "definition").exists()


def test_bare_environment_is_enough(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    bare = {
        "PATH": os.environ["PATH"], "JAX_PLATFORMS": "cpu", "LC_ALL": "C", "TERM": "dumb", "COLUMNS": "40",
        "HYPERBORN_CACHE": str(tmp_path / "file" / "cache"), "HOME": str(tmp_path / "file"),
        "MPLCONFIGDIR": str(tmp_path / "file"), "TMPDIR": str(tmp_path),
    }  # fmt: skip
    flags = ("--classes", "1,2", "--hidden", "none", "--depth", "1", "--steps", "5", "--out", "run")
    good = ended("train", "iris", *flags, cwd=tmp_path, env=bare)
    assert good.returncode == 0, good.stderr
    assert "Traceback" not in good.stderr
    assert max(map(len, good.stdout.splitlines())) <= 40
    assert (tmp_path / "file").read_text() == ""


def test_an_interrupt_that_a_callback_swallowed_is_sent_again() -> None:
    # An exception in a destructor goes to the hook that drops it, as one in JAX's garbage collection does.
    code = (
        "import sys, time\n"
        "from hyperborn.cli.app import send_again\n"
        "sys.unraisablehook = send_again\n"
        "class Swallowing:\n"
        "    def __del__(self):\n"
        "        raise KeyboardInterrupt\n"
        "Swallowing()\n"
        "try:\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("stopped\n", "")


@pytest.mark.parametrize(("code", "expected"), [(130, 130), (2, -signal.SIGABRT)])
def test_an_interrupted_process_ends_without_the_interpreters_own_end(code: int, expected: int) -> None:
    """XLA's threads can crash it where they are compiling; here something else does."""
    script = (
        "import atexit, os, sys\n"
        "from hyperborn.cli import app\n"
        "atexit.register(os.abort)\n"
        f"app.main = lambda: sys.exit(sys.stderr.write('stopped') and {code})\n"
        "app.command()"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert found.returncode == expected
    assert found.stderr.startswith("stopped")
