import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hyperborn.errors import UserError
from hyperborn.predictive import accuracy, area_under_roc, brier, expected_calibration_error, mean_nll, scores

PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.35, 0.65]])
LABELS = np.array([0, 1, 1, 0])


def test_scores_worked_out_by_hand() -> None:
    assert accuracy(PROBABILITIES, LABELS) == 0.5
    np.testing.assert_allclose(mean_nll(PROBABILITIES, LABELS), -np.log(0.9 * 0.4 * 0.8 * 0.35) / 4, rtol=1e-12)
    # Squared errors: 2·0.1², 2·0.6², 2·0.2², 2·0.65².
    np.testing.assert_allclose(brier(PROBABILITIES, LABELS), 2 * (0.01 + 0.36 + 0.04 + 0.4225) / 4, rtol=1e-12)
    # In 5 bins: (0.4, 0.6] holds 0.6, wrong; (0.6, 0.8] holds 0.8, right, and 0.65, wrong; (0.8, 1] holds 0.9, right.
    expected = (0.6 + abs(1.45 - 1) + 0.1) / 4
    np.testing.assert_allclose(expected_calibration_error(PROBABILITIES, LABELS, bins=5), expected, rtol=1e-12)
    # One bin: mean confidence 2.95 / 4 against accuracy 2 / 4.
    np.testing.assert_allclose(expected_calibration_error(PROBABILITIES, LABELS, bins=1), 0.95 / 4, rtol=1e-12)


def test_there_are_fifteen_bins_unless_another_number_is_given() -> None:
    """0.86, right, and 0.88, wrong, are on either side of 13/15; of 10 bins they share one."""
    probabilities, y = np.array([[0.86, 0.14], [0.12, 0.88]]), np.array([0, 0])
    assert expected_calibration_error(probabilities, y) == pytest.approx((0.14 + 0.88) / 2, rel=1e-12)
    assert scores(probabilities, y)["ece"] == pytest.approx((0.14 + 0.88) / 2, rel=1e-12)
    assert expected_calibration_error(probabilities, y, bins=10) == pytest.approx((1.74 - 1) / 2, rel=1e-12)


def test_three_classes_worked_out_by_hand() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    y = np.array([1, 2])
    assert accuracy(probabilities, y) == 0.5
    np.testing.assert_allclose(brier(probabilities, y), (0.25 + 0.49 + 0.04 + 0.01 + 0.01 + 0.04) / 2, rtol=1e-12)
    np.testing.assert_allclose(expected_calibration_error(probabilities, y), (0.5 + 0.2) / 2, rtol=1e-12)


def test_certain_predictions() -> None:
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert scores(certain, np.array([0, 1])) == {"accuracy": 1.0, "nll": 0.0, "brier": 0.0, "ece": 0.0, "auc": 1.0}
    wrong = scores(certain, np.array([1, 0]))
    assert (wrong["accuracy"], wrong["brier"], wrong["ece"], wrong["auc"]) == (0.0, 2.0, 1.0, 0.0)
    # A probability of 0 counts as the least normal number, so that the score stays finite.
    np.testing.assert_allclose(wrong["nll"], 1022 * np.log(2), rtol=1e-12)


def test_calibrated_predictions_have_no_calibration_error() -> None:
    probabilities = np.tile([0.25, 0.75], (8, 1))
    assert expected_calibration_error(probabilities, np.array([1, 1, 1, 0] * 2)) == 0


def test_scores_are_plain_floats_by_name() -> None:
    found = scores(PROBABILITIES.astype(np.float32), LABELS)
    assert list(found) == ["accuracy", "nll", "brier", "ece", "auc"]
    assert all(type(value) is float for value in found.values())
    assert found["ece"] == expected_calibration_error(PROBABILITIES.astype(np.float32), LABELS)


def test_the_area_counts_pairs_of_examples_that_are_in_order() -> None:
    """Of the second class 0.4 and 0.8, of the first 0.1 and 0.65: three of four pairs, and a tie counts half."""
    assert area_under_roc(PROBABILITIES, LABELS) == scores(PROBABILITIES, LABELS)["auc"] == 0.75
    tie = np.array([[0.5, 0.5], [0.5, 0.5], [0.7, 0.3]])
    assert area_under_roc(tie, np.array([1, 0, 0])) == 0.75


def test_of_more_classes_the_area_is_the_mean_over_those_that_occur() -> None:
    random = np.random.default_rng(0)
    probabilities, y = random.dirichlet(np.ones(4), 60), random.integers(0, 4, 60)
    expected = roc_auc_score(y, probabilities, multi_class="ovr", average="macro")
    assert area_under_roc(probabilities, y) == pytest.approx(expected, rel=1e-12)
    y[y == 2] = 0
    areas = [roc_auc_score(y == index, probabilities[:, index]) for index in (0, 1, 3)]
    assert scores(probabilities, y)["auc"] == pytest.approx(np.mean(areas), rel=1e-12)


def test_one_class_alone_has_no_area() -> None:
    assert list(scores(PROBABILITIES, np.ones(4, int))) == ["accuracy", "nll", "brier", "ece"]
    with pytest.raises(UserError, match="all labels are 1; the area under the ROC needs examples of two classes"):
        area_under_roc(PROBABILITIES, np.ones(4, int))


def test_an_empty_split_has_no_scores() -> None:
    assert scores(np.zeros((0, 2)), np.zeros(0, int)) == {}
    with pytest.raises(UserError, match="no examples"):
        accuracy(np.zeros((0, 2)), np.zeros(0, int))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([0, 1, 2, 0]), "label 2 is out of range; a table of predictions of 2 classes takes 0 to 1"),
        (np.array([0, -1, 1, 0]), "label -1 is out of range"),
        (np.array([0, 1]), "4 examples with 2 labels"),
    ],
)
def test_labels_that_do_not_fit_are_named(y: np.ndarray, message: str) -> None:
    for score in (accuracy, mean_nll, brier, expected_calibration_error, scores):
        with pytest.raises(UserError, match=message):
            score(PROBABILITIES, y)
    with pytest.raises(UserError, match="bins=0"):
        expected_calibration_error(PROBABILITIES, LABELS, bins=0)


def test_a_weight_of_two_is_the_example_twice_and_one_of_zero_leaves_it_out() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), 40)
    y, times = random.integers(0, 3, 40), random.integers(0, 4, 40)
    rows, weights = np.repeat(np.arange(40), times), times.astype(np.float64)
    found, plain = scores(probabilities, y, weights), scores(probabilities, y)
    assert found == pytest.approx(scores(probabilities[rows], y[rows]), rel=1e-12)
    assert min(abs(found[name] - plain[name]) for name in plain) > 1e-3
    assert scores(probabilities, y, np.full(40, 0.3)) == pytest.approx(plain, rel=1e-12)
    coarse = expected_calibration_error(probabilities, y, bins=2, weights=weights)
    assert coarse == pytest.approx(expected_calibration_error(probabilities[rows], y[rows], bins=2), rel=1e-12)


def test_weights_that_do_not_fit() -> None:
    for weights in (np.ones(3), np.zeros(4), -np.ones(4), np.full(4, np.nan)):
        for score in (accuracy, mean_nll, brier, scores):
            with pytest.raises(UserError, match="weight"):
                score(PROBABILITIES, LABELS, weights)
        with pytest.raises(UserError, match="weight"):
            expected_calibration_error(PROBABILITIES, LABELS, weights=weights)
