"""Exported C on bare Cortex-M cores, under QEMU: the same answers, and what they take."""

import re
from pathlib import Path
from typing import Literal

import pytest

import hyperborn as hb
from c_programs import needs, run, write_files
from exported_networks import CASES, Case, data_of, model_of, rows_of
from hyperborn.export.c.folder import fixed_files, float_files
from hyperborn.networks import BinaryMLP

CORES = ("cortex-m0", "cortex-m4")
NUMBERS = ("float32", "q15")


def flash_of(folder: Path, core: str) -> int:
    """Bytes of text and data of the smallest image with the network."""
    said = run(["make", "-s", "flash", f"CORE={core}"], folder).decode()
    text, data = map(int, said.splitlines()[1].split()[:2])
    assert data == 0, "constant data alone"
    return text + data


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("numbers", NUMBERS)
def test_the_check_on_a_core(case: Case, core: str, numbers: str, tmp_path: Path) -> None:
    for program in ("make", "arm-none-eabi-gcc", "qemu-system-arm"):
        needs(program)
    model, rows = model_of(case), rows_of(case)[:40]
    files = float_files(model, rows) if numbers == "float32" else fixed_files(model, rows, data_of(case).train.x)
    write_files(tmp_path, files)
    said = run(["make", "-s", "qemu", f"CORE={core}"], tmp_path).decode()
    assert said.startswith("40 rows, 0 wrong;"), said
    stack, instructions = (
        int(re.search(pattern, said)[1]) for pattern in (r"(\d+) bytes of stack", r"(\d+) instructions")
    )
    assert 100 < stack < 8192
    assert 300 < instructions < 3_000_000
    assert flash_of(tmp_path, core) < 8192


def test_instructions_are_counted(tmp_path: Path) -> None:
    """Twice the networks take nearly twice the instructions, and the same network as many each time."""
    for program in ("make", "arm-none-eabi-gcc", "qemu-system-arm"):
        needs(program)
    counted = []
    for networks in (4, 8, 8):
        case = Case("several", CASES[0].network, networks=networks)
        folder = tmp_path / str(len(counted))
        write_files(folder, float_files(model_of(case), rows_of(case)[:10]))
        said = run(["make", "-s", "qemu"], folder).decode()
        counted.append(int(re.search(r"(\d+) instructions", said)[1]))
    assert 1.6 < counted[1] / counted[0] < 2.2
    assert abs(counted[1] - counted[2]) < 0.02 * counted[1]


@pytest.mark.parametrize(("name", "hidden", "most"), [("iris", 64, 4096), ("digits", 64, 12288)])
@pytest.mark.parametrize("numbers", NUMBERS)
def test_iris_takes_four_kilobytes_and_digits_twelve(
    name: str, hidden: int, most: int, numbers: Literal["float32", "q15"], tmp_path: Path
) -> None:
    """Code, constants and floating point on a Cortex-M0, as `hyperborn train --hidden 64` makes the network."""
    for program in ("make", "arm-none-eabi-gcc", "qemu-system-arm"):
        needs(program)
    data = hb.data.load(name)
    network = BinaryMLP(data.n_features, (hidden,), data.n_classes, scale="learned")
    result = hb.fit(network, data, posterior=hb.Registers(network), steps=20, progress=False)
    result.export_c(tmp_path / "model", numbers=numbers)
    assert flash_of(tmp_path / "model", "cortex-m0") <= most
    assert ", 0 wrong" in run(["make", "-s", "qemu"], tmp_path / "model").decode()
