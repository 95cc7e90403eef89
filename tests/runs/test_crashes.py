"""Real processes that are killed, stopped and refused; what they leave, and that it ends as if nothing had been."""

import json
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from runs import outcome_of, resume, same

SURVIVOR = Path(__file__).with_name("survivor.py")
CHAINS = [("lbfgs", 0), ("adam", 0)]
MANY = [*CHAINS, *(("adam", seed) for seed in range(1, 7))]
TIMED, WRITING = 3, 2
"""Deaths of each chain: at random times, and at random operations of writing the result."""

Lives = list[tuple[int, float, list[str]]]


def survive(path: Path, kind: str, deaths: list[tuple[str, float]]) -> Lives:
    command = [sys.executable, str(SURVIVOR), str(path), kind, json.dumps(deaths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [tuple(life) for life in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, float]]:
    """Of each kind of run, one that nothing happened to, and the seconds it took."""

    # Made here, for two threads that ask for a first folder at once can be given the same base folder twice.
    paths = {kind: tmp_path_factory.mktemp(kind) / "run" for kind in ("adam", "lbfgs")}

    def one(kind: str) -> tuple[Path, float]:
        path = paths[kind]
        # The first compiles, so that the second takes the time that those take which are to be killed.
        survive(path.with_name("first"), kind, [])
        ((code, seconds, _),) = survive(path, kind, [])
        assert code == 0
        return path, seconds

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(paths, pool.map(one, paths), strict=True))


@pytest.mark.parametrize("tasks", [CHAINS, pytest.param(MANY, marks=pytest.mark.thorough)], ids=len)
def test_a_run_killed_at_many_instants_ends_the_same(
    uninterrupted: dict[str, tuple[Path, float]], tmp_path: Path, tasks: list[tuple[str, int]]
) -> None:
    def chain(task: tuple[str, int]) -> tuple[str, Path, Lives]:
        kind, seed = task
        chance = random.Random(f"{kind} {seed}")
        deaths = [("time", chance.uniform(0, 0.8) * uninterrupted[kind][1]) for _ in range(TIMED)]
        deaths += [("result", chance.randint(1, 24)) for _ in range(WRITING)]
        path = tmp_path / f"{kind}-{seed}"
        return kind, path, survive(path, kind, deaths)

    with ThreadPoolExecutor(2) as pool:
        chains = list(pool.map(chain, tasks))
    codes = [code for _, _, lives in chains for code, _, _ in lives]
    assert codes.count(-signal.SIGKILL) >= (TIMED + WRITING) * len(tasks)
    assert set(codes) == {0, -signal.SIGKILL}
    for kind, path, lives in chains:
        assert lives[-1][0] == 0
        whole = uninterrupted[kind][0]
        assert same(hb.load(path), hb.load(whole))
        assert outcome_of(path) == outcome_of(whole)
    # They died early and late: before anything was there, while training, and while the result was written.
    left = [names for _, _, lives in chains for code, _, names in lives if code]
    if tasks is MANY:
        assert any("definition/manifest.json" not in names for names in left)
    assert sum("metrics.jsonl" in names and ".result.hyperborn-partial" not in names for names in left) >= len(tasks)
    assert sum(".result.hyperborn-partial" in names for names in left) > 0.6 * len(tasks)


def test_ctrl_c_saves_everything(uninterrupted: dict[str, tuple[Path, float]], tmp_path: Path) -> None:
    whole, path = uninterrupted["adam"][0], tmp_path / "run"
    child = subprocess.Popen([sys.executable, str(SURVIVOR), str(path), "adam"], stderr=subprocess.PIPE, text=True)
    try:
        log = path / "metrics.jsonl"
        end = time.monotonic() + 60
        while not log.exists() or log.read_bytes().count(b"\n") < 12:
            assert child.poll() is None
            assert time.monotonic() < end
            time.sleep(0.005)
        with pytest.raises(UserError, match=f"run is being written by process {child.pid}; wait for it, stop it"):
            resume(path)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait(timeout=30)
    message = errors.splitlines()[-1]
    assert "Interrupted: stopped at step" in message, errors
    step = int(message.split("step ")[1].split()[0])
    assert max(entry.name for entry in (path / "checkpoints").iterdir()) == f"step-{step:08d}"
    assert not (path / ".lock").exists()
    assert same(resume(path), hb.load(whole))
    assert {name: data for name, data in outcome_of(path).items() if "plots" not in name} == {
        name: data for name, data in outcome_of(whole).items() if "plots" not in name
    }


DISK = """
    import json, subprocess, sys
    from dataclasses import replace
    from pathlib import Path
    sys.path[:0] = sys.argv[1:3]
    import hyperborn as hb
    from hyperborn.compilation import keep_compiled_programs
    from runs import files_of, outcome_of, resume, same, start
    from survivor import definition_of
    from hyperborn.errors import UserError
    from hyperborn.runs import session

    parent = Path(sys.argv[3])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", parent], check=True)
    keep_compiled_programs()
    data, filler = hb.data.load("moons", size=40), parent / "filler"
    definition = replace(definition_of("adam"), steps=200)
    session.CHECKPOINT_SECONDS = 0.0
    whole = start(parent / "whole", definition, data)
    watch = session.Keeper.watch

    def fill():
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def refused(attempt):
        try:
            attempt()
        except UserError as error:
            print(json.dumps(str(error)))
        else:
            print(json.dumps("nothing was refused"))

    # A disk that is full from the start.
    fill()
    before = files_of(parent)
    refused(lambda: start(parent / "run", definition, data))
    refused(lambda: start(parent / "whole", replace(definition, seed=1), data, force=True))
    filler.unlink()
    del before["filler"]
    assert files_of(parent) == before, set(files_of(parent)) ^ set(before)
    assert not (parent / "run").exists()
    assert same(hb.load(parent / "whole"), whole)

    # A disk that fills up while training.
    def filling(self, report):
        if report.position.step == 100:
            fill()
        watch(self, report)

    session.Keeper.watch = filling
    refused(lambda: start(parent / "run", definition, data))
    session.Keeper.watch = watch
    refused(lambda: hb.load(parent / "run"))
    filler.unlink()
    assert same(resume(parent / "run"), whole)
    assert outcome_of(parent / "run") == outcome_of(parent / "whole")

    # One that turns read-only: what is finished can be read, what is not says so.
    def stopping(self, report):
        watch(self, report)
        if report.position.step == 100:
            raise KeyboardInterrupt

    session.Keeper.watch = stopping
    try:
        start(parent / "part", definition, data)
    except KeyboardInterrupt:
        pass
    subprocess.run(["mount", "-o", "remount,ro", parent], check=True)
    before = files_of(parent)
    assert same(resume(parent / "run"), whole)
    assert same(hb.load(parent / "run"), whole)
    refused(lambda: resume(parent / "part"))
    refused(lambda: start(parent / "new", definition, data))
    refused(lambda: start(parent / "run", definition, data, force=True))
    assert files_of(parent) == before
"""


def test_a_disk_that_refuses_harms_nothing(mounting: tuple[str, ...], tmp_path: Path) -> None:
    here = Path(__file__).parent
    command = [*mounting, sys.executable, "-c", dedent(DISK), str(here.parent), str(here), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [
        ("run", "the disk is full"),
        ("whole", "the disk is full"),
        ("run", "the disk is full"),
        ("run", "is not finished; go on with: hyperborn resume"),
        ("part", "the file system is read-only"),
        ("new", "the file system is read-only"),
        ("run", "the file system is read-only"),
    ]
    assert len(lines) == len(expected)
    for line, (name, reason) in zip(lines, expected, strict=True):
        assert str(tmp_path / name) in line
        assert reason in line
        assert "\n" not in line
