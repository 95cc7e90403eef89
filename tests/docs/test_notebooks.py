"""The notebooks of docs/notebooks run from their first cell to their last, and in time."""

import time
import warnings
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))
SECONDS = 120
"""What each may take, compilation included."""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("ipykernel", reason="ipykernel is not installed, and it runs the cells")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed, and it runs the cells")
    with warnings.catch_warnings():
        # Of Jupyter's own making, and none of ours.
        warnings.simplefilter("ignore")
        import nbformat

        book = nbformat.read(path, as_version=4)
        assert all(not cell.get("outputs") for cell in book.cells), "outputs are not kept: clear them"
        begun = time.monotonic()
        resources = {"metadata": {"path": str(tmp_path)}}
        nbclient.NotebookClient(book, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    assert time.monotonic() - begun < SECONDS
    kinds = {kind for cell in book.cells for output in cell.get("outputs", ()) for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    # Nothing is said that nobody asked for.
    assert not [one for cell in book.cells for one in cell.get("outputs", ()) if one.get("name") == "stderr"]
