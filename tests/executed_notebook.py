"""Cells that a Jupyter kernel runs, for tests of what a notebook shows."""

import warnings
from typing import Any

import pytest


def executed(*cells: str) -> list[list[dict[str, Any]]]:
    """The outputs of each cell, as a saved notebook has them; the test is skipped where Jupyter is missing."""
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed, and it runs the cells")
    with warnings.catch_warnings():
        # Of the packages' own making, and none of ours.
        warnings.simplefilter("ignore")
        import nbclient
        import nbformat

        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return [[dict(output) for output in cell.outputs] for cell in book.cells]
