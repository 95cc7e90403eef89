"""Trains one run in children of this process, which die at given moments, until it is finished.

    python survivor.py FOLDER KIND DEATHS

DEATHS is a JSON list of [way, number]: "time" and seconds after the child began, or "result" and the number of the
operation on files, counted from when the child began to write its result. All of them die of SIGKILL. Prints a JSON
list with, of each child, its end, the seconds it lived and what it left. Without DEATHS, trains in this process.
"""

import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import hyperborn as hb
from hyperborn.compilation import keep_compiled_programs
from hyperborn.progress import Progress
from hyperborn.runs import layout, session
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition

STEPS = {"adam": 4000, "lbfgs": 400}
CHANGING = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "fcntl.flock"}


def definition_of(kind: str) -> Definition:
    network = hb.networks.BinaryMLP(2, hidden=(2,))
    return definition_with_defaults(
        network,
        examples=40,
        posterior=hb.Register(hb.circuits.Brickwork(network.n_weights, depth=2)),
        objective=hb.ELBO(),
        estimator=hb.Exact(),
        optimizer=hb.LBFGS(memory=3) if kind == "lbfgs" else hb.Adam(0.02),
        plateau=None,
        steps=STEPS[kind],
    )


def survive(path: Path, kind: str) -> None:
    """Start the run, or resume it if there is one."""
    keep_compiled_programs()
    session.CHECKPOINT_SECONDS = 0.1
    progress = Progress(enabled=False)
    if layout.is_run(path):
        session.resume(path, progress, plots=lambda *_: {"loss.png": b"a picture"})
    else:
        data = hb.data.load("moons", size=40)
        session.start(path, definition_of(kind), data, progress, plots=lambda *_: {"loss.png": b"a picture"})


def die_while_writing_the_result(operation: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in CHANGING and (seen or ".result.hyperborn" in str(arguments[0])):
            seen += 1
            if seen == operation:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def one_life(path: Path, kind: str, way: str, number: float) -> tuple[int, float, list[str]]:
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if way == "result":
                die_while_writing_the_result(int(number))
            survive(path, kind)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    if way == "time":
        while time.monotonic() - began < number and not os.waitid(
            os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = sorted(str(entry.relative_to(path)) for entry in path.rglob("*")) if path.exists() else []
    return code, time.monotonic() - began, left


def main(path: Path, kind: str, deaths: list[tuple[str, float]]) -> None:
    # What every child would import; none of it may start a thread before the fork.
    hb.data.load("moons", size=40)
    lives = []
    for way, number in deaths:
        lives.append(one_life(path, kind, way, number))
        if lives[-1][0] == 0:
            # It was done before its time: the result is to be written again, and this death is died meanwhile.
            shutil.rmtree(path / "result")
            lives.append(one_life(path, kind, "result", 5))
    lives.append(one_life(path, kind, "never", 0))
    sys.stdout.write(json.dumps(lives))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        survive(Path(sys.argv[1]), sys.argv[2])
    else:
        main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
