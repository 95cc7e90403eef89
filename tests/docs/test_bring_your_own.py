"""The blocks of docs/bring-your-own.md run as they stand: those of my_parts.py as a module, the others in order."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb

PAGE = Path(__file__).parents[2] / "docs" / "bring-your-own.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
MODULE = "\n\n".join(block for block in BLOCKS if block.startswith("# my_parts.py"))
TYPED = [block for block in BLOCKS if not block.startswith("# my_parts.py")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The names after the whole page; it was run in a folder of its own, with its module on the path."""
    pytest.importorskip("qiskit", reason="the page takes a circuit from Qiskit")
    folder = tmp_path_factory.mktemp("page")
    (folder / "my_parts.py").write_text(MODULE)
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.chdir(folder)
        # Other tests have parts in a module of this name, which is put back afterwards.
        patch.delitem(sys.modules, "my_parts", raising=False)
        for place, block in enumerate(TYPED):
            exec(compile(block, f"{PAGE}, block {place}", "exec"), names)
        yield names
        del sys.modules["my_parts"]


def test_the_whole_page_runs(page: dict[str, Any]) -> None:
    """About ten seconds: twelve trainings and five contracts, most of it compilation."""
    (drawn,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert page["circuit"].draw() + "\n" == drawn
    assert page["same"].definition.posterior.circuit == page["Ring"](4)


def test_a_reader_without_the_module_is_told_what_to_import(page: dict[str, Any]) -> None:
    del page
    module = sys.modules.pop("my_parts")
    try:
        with pytest.raises(hb.UserError, match=r"'my_parts:.*' is not known here; import my_parts first"):
            hb.load("mine")
    finally:
        sys.modules["my_parts"] = module


def test_the_network_of_the_page_is_a_quadratic_form(page: dict[str, Any]) -> None:
    net, data = page["Quadratic"](2), page["data"]
    bits = np.array([[1, 0, 0, 1]], np.uint8)
    x = data.test.x
    expected = x[:, 0] - x[:, 1] - (x[:, 0] ** 2 - 1) + (x[:, 1] ** 2 - 1)
    np.testing.assert_allclose(net(bits, x)[0, :, 0], expected, rtol=0, atol=1e-12)
