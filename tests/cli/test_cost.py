"""`hyperborn cost`."""

from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from command_line import FLOWERS, QUICK, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cost")
    (place / "flowers.csv").write_text(FLOWERS)
    done = run("train", place / "flowers.csv", "--target", "kind", *QUICK, "--out", place / "run")
    assert done.code == 0, done.err
    # The table of the run has the line, without a time.
    assert "a prediction by one network" in done.out
    assert "by weights; about" in " ".join(done.out.split())
    return place / "run"


def test_table(folder: Path) -> None:
    done = run("cost", folder)
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    for said in ("bytes of weights", "of them by weights 0", "Horowitz", "for one row in NumPy", "--track-energy"):
        assert said in text
    assert max(map(len, done.out.splitlines())) <= 80


def test_json_is_what_python_gives(folder: Path) -> None:
    found = run("cost", folder, "--networks", 3, "--no-measure", "--json").json
    result = hb.load(folder)
    assert found == {
        "run": str(folder),
        **result.cost(3, measure=False).to_record(),
        "training": {"seconds": result.seconds, "energy": None},
    }
    assert run("cost", folder, "--json").json["times"]["row"] > 0


def test_energies_of_a_file(folder: Path, tmp_path: Path) -> None:
    plain = run("cost", folder, "--no-measure", "--json").json
    (tmp_path / "own.toml").write_text("byte_read = 162.5\n")
    found = run("cost", folder, "--no-measure", "--json", "--energies", tmp_path / "own.toml").json
    assert found["operations"] == plain["operations"]
    assert found["energies"]["byte_read"] == 162.5
    assert found["energies"]["source"] == "energies as given"
    more = (162.5 - 1.25) * plain["operations"]["bytes_read"] / 1000
    assert found["energy_nj"] == pytest.approx(plain["energy_nj"] + more)


def test_mistakes_are_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("addition = -1\n")
    run("cost", folder, "--energies", tmp_path / "own.toml").refused("own.toml", "addition is -1")
    (tmp_path / "own.toml").write_text("additions = 1\n")
    run("cost", folder, "--energies", tmp_path / "own.toml").refused("'additions' is no energy")
    run("cost", folder, "--energies", tmp_path / "none.toml").refused("none.toml")
    run("cost", tmp_path / "none").refused("none")
    run("cost", folder, "--networks", 0).refused("--networks")
    run("cost", folder, "--networks", 10**6, "--no-measure").refused("networks=1000000")


def test_energies_of_ones_own_have_no_prediction(tmp_path: Path) -> None:
    table = hb.Energies(np.arange(8.0))
    result = hb.fit(table, steps=5)
    assert "cost" not in result.summary
    result.save(tmp_path / "run")
    run("cost", tmp_path / "run").refused("energies of your own")
