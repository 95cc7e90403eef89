"""What the tests of commands share: an empty folder to run in, and one small run that most of them read."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import FLOWERS, QUICK, Run, run, snapshot


@pytest.fixture
def hyperborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return run


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """A table written by hand, in the folder where commands run."""
    path = tmp_path / "flowers.csv"
    path.write_text(FLOWERS, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with flowers.csv and its finished run; to be copied before it is written to."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "flowers.csv").write_text(FLOWERS, encoding="utf-8")
    arguments = ("train", folder / "flowers.csv", "--target", "kind", "--impute", "median", "--out", folder / "run")
    ended = run(*arguments, *QUICK, "--json")
    assert ended.code == 0, ended.err
    (folder / "train.json").write_text(ended.out, encoding="utf-8")
    return folder


@pytest.fixture
def finished(trained: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, named `run`."""
    return Path(shutil.copytree(trained / "run", tmp_path / "run"))


@pytest.fixture
def unharmed(tmp_path: Path) -> Iterator[None]:
    """What is in the folder when the test begins is there at its end, byte for byte, and nothing else."""
    before = snapshot(tmp_path)
    yield
    assert snapshot(tmp_path) == before
