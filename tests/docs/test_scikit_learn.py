"""The Python of docs/scikit-learn.md runs as it stands, and gives what its comments say."""

import re
from pathlib import Path

import hyperborn as hb

PAGE = (Path(__file__).parents[2] / "docs" / "scikit-learn.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_blocks_run() -> None:
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "docs/scikit-learn.md", "exec"), names)
    model, frame = names["model"], names["frame"]
    assert isinstance(model.result_, hb.Result)
    assert model.predict(frame[:2]).tolist() == ["small", "small"]
    assert model.predict_proba(frame[:2]).shape == (2, 2)
