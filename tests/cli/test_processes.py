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
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, **options)


IGNORING = ("sh", "-c", 'trap "" INT; exec "$@"', "background")
"""Put before a command, has it started as a shell starts one in the background: Ctrl-C is ignored."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_stop_saves_the_run_and_says_how_to_go_on(tmp_path: Path, number: int, code: int) -> None:
    flags = ("--classes", "1,2", "--hidden", "none", "--depth", "1", "--patience", "0", "--steps", "200000")
    process = subprocess.Popen(
        [*IGNORING, *COMMAND, "train", "iris", *flags, "--out", "a run", "--json"],
        cwd=tmp_path, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    log = tmp_path / "a run" / "metrics.jsonl"
    # Several records: the training is under way.
    while time.monotonic() < deadline and (not log.exists() or log.read_bytes().count(b"\n") < 3):
        time.sleep(0.02)
    try:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=30)
    assert process.returncode == code, err
    found = json.loads(out)
    assert found["exit_code"] == code
    assert found["error"].endswith("go on with: hyperborn resume 'a run'")
    assert err.splitlines()[-1] == f"hyperborn: {found['error']}"
    assert "Traceback" not in err
    step = int(found["error"].removeprefix("stopped at step ").partition(" ")[0])
    assert (tmp_path / "a run" / "checkpoints" / f"step-{step:08d}").is_dir()


@pytest.mark.parametrize(("ignored", "kept"), [("", []), ("INT", []), ("HUP", ["SIGHUP"])])
def test_only_what_nohup_ignores_stays_ignored(ignored: str, kept: list[str]) -> None:
    code = (
        "import signal\n"
        "from hyperborn.cli.app import listen\n"
        "listen()\n"
        "names = ('SIGINT', 'SIGTERM', 'SIGHUP')\n"
        "print([name for name in names if not callable(signal.getsignal(getattr(signal, name)))])\n"
    )
    shell = ("sh", "-c", f'trap "" {ignored or "USR1"}; exec "$@"', "nohup", sys.executable, "-c", code)
    # What this process ignores, a child ignores too: the tests themselves may run under nohup.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        process = ended(command=shell)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.stdout == f"{kept}\n", process.stderr


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
        out, err = process.communicate(timeout=60)
    finally:
        guard.cancel()
        process.kill()
        process.wait(timeout=30)
    assert announced
    assert (process.returncode, out) == (130, ""), err
    last = err.splitlines()[-1]
    done = int(last.removeprefix("hyperborn: stopped; the comparison of ").partition(" ")[0])
    assert last == f"hyperborn: stopped; the comparison of {done} of 100000 seeds is in out"
    assert "Traceback" not in err
    found = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert (found["seeds"], found["seeds_asked"]) == (done, 100000)
    labels = ["mle", "elbo", "exact posterior", "logistic regression", "always the commonest class"]
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
        guard = threading.Timer(60, process.kill)
        guard.start()
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "prediction,probability_Größe,probability_small one\n"
        process.stdout.close()
        assert (process.wait(timeout=30), process.stderr.read()) == (0, "")
        guard.cancel()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_standard_output_is_one_line(trained: Path) -> None:
    said = "hyperborn: cannot write to standard output: No space left on device; send it elsewhere\n"
    # Whether Python keeps what it writes until it ends or not.
    for unbuffered in ("", "1"):
        with Path("/dev/full").open("w") as full:
            refused = subprocess.run(
                [*COMMAND, "evaluate", "run"], cwd=trained, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                env=environment(PYTHONUNBUFFERED=unbuffered),
            )  # fmt: skip
        assert (refused.returncode, refused.stderr) == (2, said)


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


SMALL = ("--hidden", "none", "--depth", "1", "--steps", "3", "--restarts", "1")


@pytest.mark.parametrize("command", ["train", "compare", "estimate"])
def test_help_needs_no_more_than_ascii(command: str) -> None:
    shown = ended(command, "--help", env=environment(PYTHONIOENCODING="ascii", COLUMNS="80"))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "--seed" in shown.stdout


def test_a_device_that_is_absent_is_the_users_to_mend() -> None:
    refused = ended("doctor", env=environment(JAX_PLATFORMS="cuda"))
    assert (refused.returncode, refused.stdout) == (2, "")
    line = refused.stderr.splitlines()[-1]
    assert "JAX finds no device for JAX_PLATFORMS=cuda; unset it" in line
    # What JAX raises may say nothing; its kind is named then.
    assert "()" not in line
    assert "Traceback" not in refused.stderr


def test_a_run_that_is_saved_needs_no_standard_output_nor_settings_of_jax_that_suit_it(tmp_path: Path) -> None:
    closed = ("sh", "-c", 'exec "$@" >&-', "closed", *COMMAND)
    words = ("train", "moons", *SMALL, "--out", "run")
    refused = ended(*words, "--json", command=closed, cwd=tmp_path, env=environment())
    assert refused.returncode == 2
    assert refused.stderr.startswith("hyperborn: there is no standard output")
    assert list(tmp_path.iterdir()) == []
    settings = {"JAX_NUMPY_DTYPE_PROMOTION": "strict", "JAX_TRANSFER_GUARD": "disallow"}
    good = ended(*words, command=closed, cwd=tmp_path, env=environment(**settings))
    assert good.returncode == 0, good.stderr
    assert good.stderr.splitlines()[:2] == [
        "JAX_NUMPY_DTYPE_PROMOTION=strict is taken as standard, without which training cannot run",
        "JAX_TRANSFER_GUARD=disallow is taken as allow, without which training cannot run",
    ]
    assert "standard output" not in good.stderr
    assert (tmp_path / "run" / "result").is_dir()


def test_memory_for_libraries_that_is_lacking_is_the_users_to_mend(tmp_path: Path) -> None:
    limited = ("sh", "-c", 'ulimit -v 250000; exec "$@"', "limited", *COMMAND)
    refused = ended("train", "moons", *SMALL, "--out", "run", command=limited, cwd=tmp_path, env=environment())
    assert refused.returncode == 2, refused.stderr
    assert "there is not enough memory" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr


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
        f"app.main = lambda: sys.exit(print('stopped', file=sys.stderr) or {code})\n"
        "app.command()"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert found.returncode == expected
    assert found.stderr.startswith("stopped")
