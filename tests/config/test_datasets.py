"""From a configuration to data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.config import RunConfig, configured
from hyperborn.config.datasets import data_of, note_of_task
from hyperborn.config.networks import network_of
from hyperborn.errors import UserError


def loaded(**given: Any) -> tuple[int, int, list[str]]:
    """Features, weights of the network, and what was noted."""
    notes: list[str] = []
    config = configured(RunConfig, None, {"data": "breast_cancer"} | given)
    data = data_of(config, notes.append)
    return data.n_features, network_of(config, data).n_weights, notes


def test_registers_take_all_features() -> None:
    assert loaded() == (30, 30 * 64 + 64, [])
    assert loaded(hidden=16) == (30, 30 * 16 + 16, [])


def test_features_are_reduced_for_one_register_that_is_asked_for() -> None:
    features, weights, notes = loaded(posterior="register")
    assert (features, weights) == (15, 16)
    assert notes == ["30 features are too many for one register of 16 qubits: reduced to 15 by PCA (--components)"]


@pytest.mark.parametrize("given", [{"ansatz": "product"}, {"optimizer": "lbfgs"}, {"estimator": "exact"}], ids=str)
def test_options_of_one_register_reduce_them_too(given: dict[str, Any]) -> None:
    assert loaded(**given)[:2] == (15, 16)


def test_features_as_told_are_not_reduced() -> None:
    assert loaded(posterior="register", components=3, hidden="none") == (3, 4, [])
    assert loaded(posterior="register", components="all") == (30, 31, [])
    assert loaded(components=4)[:2] == (4, 13)


def test_classes_that_one_register_cannot_tell_apart_are_one_line() -> None:
    with pytest.raises(UserError, match="10 classes need over 16 weights even with one feature; choose fewer with"):
        loaded(data="digits", posterior="register")
    assert loaded(data="digits")[2] == []


def test_what_a_target_is_taken_for_is_noted_where_the_other_task_may_be_meant(tmp_path: Path) -> None:
    ages, grades = np.repeat(np.arange(18, 80), 8), np.arange(496) % 5
    rows = [f"{place % 11},{age},{age + place / 1000},{grades[place]}" for place, age in enumerate(ages)]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(["pulse,age,weight,grade", *rows]))

    def noted(target: str, **given: Any) -> str | None:
        config = configured(RunConfig, None, {"data": str(table), "target": target, **given})
        return note_of_task(config, data_of(config, lambda _: None))

    assert (noted("age") or "").startswith("regression: the target 'age' is a number, 48.82 on average")
    assert noted("age", task="classification") is None
    assert noted("age", classes=[str(age) for age in range(18, 48)]) is None
    said = "classification: 11 classes of the numeric target 'pulse' (--task regression if it is a number)"
    assert noted("pulse") == said
    assert noted("grade") is None
    assert (noted("weight") or "").startswith("regression: the target 'weight' is a number, 49.07 on average")
    assert noted("weight", task="regression") is None


def test_weights_of_classes_and_of_rows_are_told_in_every_spelling(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = tmp_path / "rare.csv"
    rows = [f"{random.normal():.6f},{'a=b' if place % 5 else 'x'},{place % 3}" for place in range(60)]
    table.write_text("\n".join(["height,kind,times", *rows]))

    def weights(**given: Any) -> np.ndarray | None:
        config = configured(RunConfig, None, {"data": str(table), "target": "kind", **given})
        data = data_of(config, lambda _: None)
        assert data.features == (("height",) if "weight_column" in given else ("height", "times"))
        assert (data.validation.weights is None) == (data.test.weights is None) == ("weight_column" not in given)
        return data.train.weights

    labels = data_of(configured(RunConfig, None, {"data": str(table), "target": "kind"}), lambda _: None).train.y
    assert weights() is None
    assert weights(class_weight="none") is None
    by_name = np.where(labels == 1, 2.5, 1)
    np.testing.assert_array_equal(weights(class_weight="x=2.5"), by_name)
    np.testing.assert_array_equal(weights(class_weight="a=b=0.5, x = 2.5"), np.where(labels == 1, 2.5, 0.5))
    np.testing.assert_array_equal(weights(class_weight={"x": 2.5}), by_name)
    balanced = len(labels) / 2 / np.bincount(labels)[labels]
    np.testing.assert_allclose(weights(class_weight="balanced"), balanced, rtol=1e-15)
    counts = weights(weight_column="times")
    assert counts is not None
    assert set(counts) == {0, 1, 2}
    np.testing.assert_allclose(weights(class_weight="balanced", weight_column="times"), balanced * counts, rtol=1e-15)
    with pytest.raises(UserError, match="class_weight names the class 'y', the nearest is 'x'"):
        weights(class_weight="y=2")
