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


def test_a_comparison_takes_weights(table: Path, hyperborn: Run) -> None:
    flags = ("--target", "rare", *QUICK, "--seeds", "1", "--objectives", "elbo")
    told = hyperborn("compare", table, *flags, "--weight-column", "times", "--out", table.parent / "compared", "--json")
    assert told.code == 0, told.err
    dropped = hyperborn("compare", table, *flags, "--drop", "times", "--out", table.parent / "others", "--json")
    assert told.json != dropped.json
