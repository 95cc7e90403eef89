"""Weights of classes and rows from the command line: trained with, scored by, kept, and left out of the features."""

from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from command_line import QUICK, Run, run


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One in eight is rare, and hardly differs; a row stands for one to three others."""
    random = np.random.default_rng(0)
    rare = np.arange(160) % 8 == 0
    heights = random.normal(size=160) + rare
    rows = [f"{heights[i]:.4f},{'yes' if rare[i] else 'no'},{i % 3 + 1}" for i in range(160)]
    path = tmp_path_factory.mktemp("weights") / "rare.csv"
    path.write_text("\n".join(["height,rare,times", *rows]))
    return path


def trained(table: Path, name: str, *flags: str) -> hb.Result:
    folder = table.parent / name
    ended = run("train", table, "--target", "rare", *QUICK, *flags, "--out", folder)
    assert ended.code == 0, ended.err
    return hb.load(folder)


def test_balanced_classes_make_the_rare_one_more_probable(table: Path) -> None:
    plain = trained(table, "plain", "--drop", "times")
    balanced = trained(table, "balanced", "--drop", "times", "--class-weight", "balanced")
    named = trained(table, "named", "--drop", "times", "--class-weight", "yes=4,no=0.5714285714285714")
    x = plain.data.test.x
    shares = [result.predict_proba(x, calibrated=False)[:, 1].mean() for result in (plain, balanced)]
    # Weights of -1 and 1 after a few steps: the share of the rare class rises, though not to a half.
    assert shares[0] + 0.03 < shares[1] < 0.6
    weights = np.where(balanced.data.train.y == 1, 4.0, 4 / 7)
    np.testing.assert_allclose(balanced.data.train.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(named.predict_proba(x), balanced.predict_proba(x), atol=1e-4)
    # Held-out examples count once each.
    assert balanced.data.test.weights is balanced.data.validation.weights is None


def test_a_column_of_weights_is_no_feature_and_counts_in_every_split(table: Path, hyperborn: Run) -> None:
    result = trained(table, "counted", "--weight-column", "times")
    assert result.data.features == ("height",)
    test = result.data.test
    assert test.weights is not None
    right = result.predict(test.x) == test.y
    found = hyperborn("evaluate", table.parent / "counted", "--json").json
    assert found["accuracy"] == pytest.approx((right * test.weights).sum() / test.weights.sum(), rel=1e-12)
    new = table.parent / "new.csv"
    new.write_text("height\n0.5\n-1\n")
    predicted = hyperborn("predict", table.parent / "counted", new, "--json").json
    assert len(predicted["predictions"]) == 2


def test_a_file_is_scored_by_its_column_of_weights(table: Path, hyperborn: Run) -> None:
    folder = table.parent / "scored"
    result = trained(table, "scored", "--weight-column", "times")
    rows = [(0.5, "yes", 3), (-1.0, "yes", 1), (0.1, "no", 0), (-0.3, "no", 2)]
    new = table.parent / "weighed.csv"
    new.write_text("\n".join(["height,rare,times", *(f"{height},{label},{times}" for height, label, times in rows)]))
    heights, labels, times = zip(*rows, strict=True)
    losses = -np.log([one[label] for one, label in zip(predicted(hyperborn, folder, new), labels, strict=True)])
    for flags, weights in ((("--weight-column", "times"), times), ((), [1] * 4)):
        found = hyperborn("evaluate", folder, new, *flags, "--json").json
        assert found["nll"] == pytest.approx(np.average(losses, weights=weights), rel=1e-9)
    assert len(heights) == found["n_examples"]
    hyperborn("evaluate", folder, new, "--weight-column", "tines").refused("no column 'tines' of weights")
    hyperborn("evaluate", folder, "--weight-column", "times").refused("the run's own data has its weights")
    hyperborn("evaluate", folder, new, "--weight-column", "height").refused("which the earlier data has as a feature")
    assert result.data.features == ("height",)


def predicted(hyperborn: Run, folder: Path, file: Path) -> list[dict[str, float]]:
    """The probability of every class in each row."""
    return hyperborn("predict", folder, file, "--json").json["probabilities"]


def test_a_comparison_takes_weights(table: Path, hyperborn: Run) -> None:
    flags = ("--target", "rare", *QUICK, "--seeds", "1", "--objectives", "elbo")
    told = hyperborn("compare", table, *flags, "--weight-column", "times", "--out", table.parent / "compared", "--json")
    assert told.code == 0, told.err
    dropped = hyperborn("compare", table, *flags, "--drop", "times", "--out", table.parent / "others", "--json")
    assert told.json != dropped.json
