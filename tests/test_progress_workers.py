"""Workers of process pools show no progress, whatever they are asked to."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hyperborn.progress import Progress


def worker_says(place: int) -> tuple[str, int]:
    """What a worker shows although it is asked to, and what it logs."""
    import logging
    from logging.handlers import BufferingHandler

    kept = BufferingHandler(100)
    logging.getLogger("hyperborn").addHandler(kept)
    logging.getLogger("hyperborn").setLevel(logging.INFO)
    with Progress(True) as progress:
        progress.note(f"worker {place}")
        progress.training(10, "Training")(3, "loss")
        return type(progress._display).__name__, len(kept.buffer)


WORKERS = """
import joblib
from test_progress_workers import worker_says

print(joblib.Parallel(n_jobs=2)(joblib.delayed(worker_says)(place) for place in range(2)))
"""


def test_workers_of_joblib_are_quiet(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(WORKERS)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, env=environment, timeout=120)
    assert (done.stdout, done.stderr) == ("[('Silent', 1), ('Silent', 1)]\n", "")


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_of_multiprocessing_are_quiet(method: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(worker_says, [0]) == [("Silent", 1)]
