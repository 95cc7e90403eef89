"""The page about contracts shows what its example says."""

import re
from pathlib import Path

import pytest

from hyperborn.testing import ContractError

PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"


def test_the_example_says_what_the_page_shows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    shown = " ".join(line.removeprefix("> ") for line in text.splitlines() if line.startswith("> "))
    with pytest.raises(ContractError) as caught:
        exec(compile(code, str(PAGE), "exec"), {"__name__": "page"})
    assert str(caught.value) == shown
