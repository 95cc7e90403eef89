"""The Python of the README runs as it stands, but with few steps, and without a warning."""

import re
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hyperborn as hb

PAGE = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
STEPS = 3


def fitted(fit: Any, *arguments: Any, **settings: Any) -> hb.Result:
    return fit(*arguments, **(settings | {"steps": STEPS, "progress": False}))


def run_blocks(places: Iterable[int], folder: Path, patch: pytest.MonkeyPatch) -> list[hb.Result]:
    """The result of each of these blocks, run in a folder one after the other, as one module."""
    page = ModuleType("readme")
    patch.setitem(sys.modules, page.__name__, page)
    patch.setattr(hb, "fit", partial(fitted, hb.fit))
    patch.chdir(folder)
    results = []
    for place in places:
        exec(compile(BLOCKS[place], f"{PAGE}, block {place}", "exec"), vars(page))
        results.append(page.result)
    assert [result.steps for result in results] == [STEPS] * len(results)
    return results


def test_the_first_block_and_that_of_energies_run_and_are_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, own = run_blocks((0, len(BLOCKS) - 1), tmp_path, monkeypatch)
    assert capsys.readouterr().out.count("accuracy") == 1
    assert hb.load("runs/x").losses == first.losses
    own.save("own")
    assert hb.load("own").losses == own.losses


@pytest.mark.thorough
def test_all_blocks_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("qiskit_aer", reason="the README measures on Aer")
    run_blocks(range(len(BLOCKS)), tmp_path, monkeypatch)
