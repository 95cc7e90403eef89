"""`hyperborn train` where what is trained is chosen: what is said, kept, read back and refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from command_line import Run, run
from idx_files import idx

QUICK = ("--effort", "quick", "--steps", "50")


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run that was chosen, and what the command printed."""
    folder = tmp_path_factory.mktemp("chosen")
    ended = run("train", "iris", *QUICK, "--out", folder / "run", "--json")
    assert ended.code == 0, ended.err
    (folder / "train.json").write_text(ended.out, encoding="utf-8")
    (folder / "train.err").write_text(ended.err, encoding="utf-8")
    return folder


def test_the_choice_is_said_and_kept(chosen: Path) -> None:
    found = json.loads((chosen / "train.json").read_text(encoding="utf-8"))
    result = hb.load(chosen / "run")
    choice = result.choice
    assert choice is not None
    assert f"chosen: {choice.text}" in (chosen / "train.err").read_text(encoding="utf-8")
    assert found["choice"]["text"] == choice.text
    assert found["choice"]["candidates"] == choice.to_record()["candidates"]
    assert found["temperature"] == choice.calibration == result.calibration
    assert found["validation"] == {}
    assert (len(result.data.train), len(result.data.validation)) == (120, 0)
    p = result.predict_proba(result.data.test.x, calibrated=False) ** (1 / choice.calibration)
    np.testing.assert_allclose(result.predict_proba(result.data.test.x), p / p.sum(axis=1, keepdims=True), rtol=1e-9)


def test_the_choice_is_bound_to_the_run_and_its_damage_noticed(chosen: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(chosen / "run", tmp_path / "run"))
    file = path / "definition" / "choice.json"
    file.write_bytes(file.read_bytes().replace(b"tanh", b"relu", 1))
    with pytest.raises(hb.UserError, match=r"choice\.json"):
        hb.load(path)


def test_a_result_that_is_saved_again_keeps_its_choice(chosen: Path, tmp_path: Path) -> None:
    result = hb.load(chosen / "run")
    result.save(tmp_path / "again")
    assert hb.load(tmp_path / "again").choice == result.choice


def test_the_table_has_the_held_out_scores_and_the_chosen_one(hyperborn: Run) -> None:
    ended = hyperborn("train", "iris", "--classes", "1,2", *QUICK, "--out", "run")
    assert ended.code == 0, ended.err
    header = next(line for line in ended.out.splitlines() if "train" in line and "test" in line)
    assert header.split() == ["train", "cross-fitted", "test"]
    assert "chosen" in ended.out
    again = hyperborn("train", "iris", "--classes", "1,2", *QUICK, "--no-refit", "--out", "other")
    header = next(line for line in again.out.splitlines() if "train" in line and "test" in line)
    assert header.split() == ["train", "validation", "test"]
    assert len(hb.load("other").data.validation) == 20


def test_images_are_trained_with_convolutions(hyperborn: Run) -> None:
    words = ("--effort", "quick", "--steps", "200", "--out", "run", "--json")
    found = hyperborn("train", "digits", "--classes", "3,8", *words).json
    names = [candidate["name"] for candidate in found["choice"]["candidates"]]
    assert "convolutions of 16-32 channels, β = 0.03" in names
    result = hb.load("run")
    assert result.data.image_shape == (8, 8)
    given = hyperborn("train", "digits", "--classes", "3,8", "--network", "conv", "--channels", "4", *QUICK, "--json")
    assert "4 channels" in given.json["choice"]["text"]
    assert hb.load(given.json["out"]).network == hb.networks.BinaryConvNet(64, channels=(4,))


def test_idx_files_are_images(hyperborn: Run) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 100, (40, 7, 6))
    labels = np.arange(40) % 2
    pixels[labels == 1, 2:5, 2:5] += 150
    Path("images.idx").write_bytes(idx(pixels))
    Path("labels.idx").write_bytes(idx(labels + 4))
    tested = ("--test-file", "images.idx", "--test-labels", "labels.idx")
    ended = hyperborn("train", "images.idx", "--labels", "labels.idx", *tested, *QUICK, "--out", "run", "--json")
    result = hb.load("run")
    assert (result.data.classes, result.data.image_shape, len(result.data.test)) == (("4", "5"), (7, 6), 40)
    assert ended.json["test"]["accuracy"] > 0.9
    ended = hyperborn("predict", "run", "images.idx", "--only", "labels")
    assert np.mean(np.array(ended.out.split()[1:]) == (labels + 4).astype(str)) > 0.9
    hyperborn("train", "images.idx").refused("images.idx holds images alone", "--labels FILE")
    ended = hyperborn("evaluate", "run", "images.idx", "--labels", "labels.idx", "--json")
    assert json.loads(ended.out)["n_examples"] == len(labels)
    hyperborn("evaluate", "run", "images.idx").refused("images.idx holds images alone", "--labels FILE")
    hyperborn("evaluate", "run", "--labels", "labels.idx").refused(
        "--labels labels.idx goes with an idx file of images"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--posterior", "register", "--effort", "quick"), ("effort goes with a choice", "one register is asked for")),
        (("--objective", "mle", "--no-refit"), ("refit goes with a choice", "leave refit out")),
        (("--effort", "much"), ("effort = 'much'", "quick, normal or thorough")),
    ],
)
def test_what_a_choice_would_ignore_is_refused(hyperborn: Run, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    hyperborn("train", "iris", "--classes", "1,2", *words).refused(*said)
