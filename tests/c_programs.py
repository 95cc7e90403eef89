"""Exported C, compiled and run: rows go in and predictions come out as bytes, so that NumPy compares them."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow")
GCC = ("gcc", *STRICT, "-Os")
CLANG = (
    *("clang", *STRICT, "-g", "-O1"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"),
)
"""Commands that compile: one for size, one that ends the program at the first fault in it."""

ROWS = """
#include <stdio.h>
#include "model.h"
int main(void)
{
    %(row)s row[HB_COLUMNS];
    %(value)s values[HB_VALUES];
    int found, place;
    while (fread(row, sizeof row, 1, stdin) == 1) {
        for (place = 0; place < HB_VALUES; place++)
            values[place] = 0;
        found = %(function)s(row, values);
        fwrite(&found, sizeof found, 1, stdout);
        fwrite(values, sizeof values, 1, stdout);
    }
    return 0;
}
"""


@dataclass(frozen=True)
class Function:
    """A function that predicts: its name, and the types of its rows and of its numbers, in C and in NumPy."""

    name: str
    row: str
    row_type: type
    value: str
    value_type: type


OF_FLOATS = Function("hb_predict", "float", np.float32, "float", np.float32)
OF_CLASSES = Function("hb_predict_q15", "int32_t", np.int32, "uint16_t", np.uint16)
OF_NUMBERS = Function("hb_predict_q15", "int32_t", np.int32, "int32_t", np.int32)


def needs(program: str) -> None:
    """Skip the test where a program is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed; CI installs it from Debian's packages")


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def run(command: Sequence[str], folder: Path, given: bytes = b"", *, code: int = 0, noted: str = "") -> bytes:
    """The output of a command that has to end with this code; where that is 0 it notes this, and nothing else."""
    ended = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False, timeout=120)
    assert ended.returncode == code, (command, ended.returncode, ended.stdout[-2000:], ended.stderr[-4000:].decode())
    if code == 0:
        assert ended.stderr.decode() == noted
    return ended.stdout


def answers(
    folder: Path, rows: np.ndarray, values: int, compiler: Sequence[str] = GCC, function: Function = OF_FLOATS
) -> tuple[np.ndarray, np.ndarray]:
    """What a compiled network gives for rows: the indices (examples,), and the numbers (examples, values)."""
    needs(compiler[0])
    source = ROWS % {"row": function.row, "value": function.value, "function": function.name}
    (folder / "rows.c").write_text(source)
    run([*compiler, "model.c", "rows.c", "-o", "rows"], folder)
    given = np.ascontiguousarray(rows, dtype=function.row_type).tobytes()
    found = run(["./rows"], folder, given)
    record = np.dtype([("index", np.int32), ("values", function.value_type, (values,))])
    answer = np.frombuffer(found, dtype=record)
    assert len(answer) == len(rows)
    return answer["index"], answer["values"]
