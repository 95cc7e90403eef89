"""Exported C whose operations are counted while it runs: an oracle for what a prediction takes.

The compiler writes assembly for x86-64 without optimising. In front of each instruction that adds, multiplies, divides
or converts floats, and at the beginning of each function that is to be counted, an instruction is put in that counts.
"""

import platform
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np

from hyperborn.export.c.folder import float_files
from hyperborn.export.model import ExportedModel

CAN_COUNT = platform.machine() == "x86_64" and platform.system() == "Linux" and shutil.which("gcc") is not None

INSTRUCTIONS = {"addss": "additions", "subss": "additions", "mulss": "multiplications", "divss": "divisions"}
INSTRUCTIONS |= {"cvtsi2ssl": "conversions"}
FUNCTIONS = ("less", "ones", "exponential", "logarithm", "inverse", "inverse_root", "logistic")
NAMES = (*sorted(set(INSTRUCTIONS.values())), *FUNCTIONS)

MAIN = """
#include <stdio.h>
#include "model.h"
#include "test_vectors.h"
%s
int main(void)
{
    float values[HB_VALUES];
    int row;
    for (row = 0; row < TEST_ROWS; row++)
        hb_predict(test_rows[row], values);
%s
    return 0;
}
"""


def counted(model: ExportedModel, rows: np.ndarray, folder: Path) -> dict[str, float]:
    """How often each kind of operation was made and each function called, a row."""
    files = float_files(model, rows)
    declared = "\n".join(f"extern unsigned long counted_{name};" for name in NAMES)
    printed = "\n".join(f'    printf("{name} %lu\\n", counted_{name});' for name in NAMES)
    for name in ("model.h", "model.c", "test_vectors.h"):
        (folder / name).write_text(files[name])
    (folder / "counting.c").write_text(MAIN % (declared, printed))
    gcc = ["gcc", "-std=c99", "-O0", "-fno-builtin", "-ffp-contract=off", "-mno-avx"]
    subprocess.run([*gcc, "-S", "model.c", "-o", "model.s"], cwd=folder, check=True, timeout=60)
    (folder / "counted.s").write_text(with_counters((folder / "model.s").read_text()))
    subprocess.run([*gcc, "-no-pie", "counting.c", "counted.s", "-o", "count"], cwd=folder, check=True, timeout=60)
    output = subprocess.run(["./count"], cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout
    found = dict(line.split() for line in output.splitlines())
    return {name: int(count) / len(rows) for name, count in found.items()}


def with_counters(assembly: str) -> str:
    """The assembly with counters. Flags are not in use in front of these instructions, where nothing is optimised."""
    lines: list[str] = []
    for line in assembly.splitlines():
        instruction = re.match(r"\s+(\w+)\s", line)
        function = re.match(r"(\w+):$", line)
        if instruction and instruction[1] in INSTRUCTIONS:
            lines.append(f"\tincq\tcounted_{INSTRUCTIONS[instruction[1]]}(%rip)")
        lines.append(line)
        if function and function[1] in FUNCTIONS:
            lines.append(f"\tincq\tcounted_{function[1]}(%rip)")
    counters = "\n".join(f"\t.comm\tcounted_{name},8,8" for name in NAMES)
    return "\n".join([*lines, counters, ""])
