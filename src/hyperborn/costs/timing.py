"""How long predictions take on this machine: in NumPy, and in exported C where there is a compiler."""

import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from hyperborn.errors import UserError
from hyperborn.export.c.folder import float_files
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import Rows

BATCH = 256
"""Rows of a batch."""
REPEATS, SECONDS = 5, 0.25
"""Repeats at least, and seconds after which there are no more of them."""
PATIENCE = 20
"""Seconds that a compiler, or a compiled program, may take."""

MAIN = """\
#include <stdio.h>
#include <time.h>
#include "model.h"
#include "test_vectors.h"

int main(void)
{
    float values[HB_VALUES];
    volatile float kept = 0.0f;
    long rounds = 1, round;
    int trial, row;
    for (trial = 0; trial < 9;) {
        double seconds;
        clock_t begin = clock();
        for (round = 0; round < rounds; round++)
            for (row = 0; row < TEST_ROWS; row++) {
                hb_predict(test_rows[row], values);
                kept = values[0];
            }
        seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        if (seconds < 0.01 && rounds < 1000000000L) {
            rounds *= 2;
            continue;
        }
        printf("%.9g\\n", seconds / (double)rounds / TEST_ROWS);
        trial++;
    }
    (void)kept;
    return 0;
}
"""
"""Prints the seconds of a row, nine times."""


@dataclass(frozen=True)
class Times:
    """Seconds a row, medians of repeats after a first call that does not count.

    Attributes:
        processor: of this machine, as the system calls it.
        row: of one row by itself, from raw row to prediction, in NumPy (float64).
        batch: a row, of `batch_size` rows together in NumPy.
        batch_size: rows of a batch.
        c: of one row in exported C (float32), built by ``cc -O2``; None if not measured.
        without_c: why C was not measured; None if it was.
    """

    processor: str
    row: float
    batch: float
    batch_size: int
    c: float | None
    without_c: str | None

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return asdict(self)


def times_of(model: ExportedModel, rows: Rows) -> Times:
    """Measured times, of raw rows that can be predicted; takes a second or two, most of it the compiler's.

    Args:
        model: what predicts.
        rows: at least one raw row.
    """
    batch = np.resize(rows, (BATCH, rows.shape[1]))
    one = median_seconds(lambda: model.predictions_of_rows(rows[:1]))
    together = median_seconds(lambda: model.predictions_of_rows(batch)) / BATCH
    seconds, why = seconds_of_c(model, rows)
    return Times(processor(), one, together, BATCH, seconds, why)


def median_seconds(call: Callable[[], object]) -> float:
    """Seconds of a call: the median of repeats, after one that does not count."""
    call()
    found: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(found) < REPEATS or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        found.append(time.perf_counter() - begin)
    return median(found)


def seconds_of_c(model: ExportedModel, rows: Rows) -> tuple[float | None, str | None]:
    """Processor seconds of a row in exported C, or None and why they were not measured."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None, "no C compiler"
    try:
        files = float_files(model, rows)
    except UserError as error:
        return None, str(error)
    with tempfile.TemporaryDirectory(prefix="hyperborn-") as folder:
        place = Path(folder)
        for name in ("model.h", "model.c", "test_vectors.h"):
            (place / name).write_text(files[name])
        (place / "time.c").write_text(MAIN)
        arguments = [compiler, "-std=c99", "-O2", "model.c", "time.c", "-o", "time"]
        try:
            subprocess.run(arguments, cwd=place, check=True, capture_output=True, timeout=PATIENCE)
            done = subprocess.run(
                [place / "time"], cwd=place, check=True, capture_output=True, text=True, timeout=PATIENCE
            )
            return median(map(float, done.stdout.split())), None
        except subprocess.TimeoutExpired:
            return None, f"it took over {PATIENCE} s"
        except (OSError, subprocess.CalledProcessError, ValueError):
            return None, "the C compiler failed"


CPU_INFORMATION = Path("/proc/cpuinfo")
NAMES = ("model name", "Model", "Hardware")
"""What processors of different kinds are called by in that file."""


def processor() -> str:
    """The processor as the system calls it, or else its kind."""
    try:
        lines = CPU_INFORMATION.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    named = next((found[name] for name in NAMES if found.get(name)), "")
    return named or platform.processor() or platform.machine() or "unknown"
