"""The commands of docs/microcontroller.md run as they stand, with QEMU as the microcontroller."""

import re
from pathlib import Path

from c_programs import needs
from console_page import BLOCK, commands_of, masked, run_block

PAGE = (Path(__file__).parents[2] / "docs" / "microcontroller.md").read_text(encoding="utf-8")


def test_the_page_runs(tmp_path: Path) -> None:
    for program in ("make", "cc", "arm-none-eabi-gcc", "qemu-system-arm"):
        needs(program)
    blocks = BLOCK.findall(PAGE)
    assert sum(len(commands_of(block)) for block in blocks) == 10
    for block in blocks:
        found = run_block(block, tmp_path)
        assert masked(found) == masked(block)
        for said in re.findall(r", (\d+) wrong", found):
            assert said == "0"


def test_what_is_compared_is_the_text_and_not_the_numbers() -> None:
    assert masked("a 1.5  b\n───") == masked("a 22 b\n─")
    assert masked("3 rows, 0 wrong") != masked("3 rows, all wrong")
