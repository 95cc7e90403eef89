"""scikit-learn's own checks of the classifier, all of them: there is no list of failures that are expected."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from hyperborn.sklearn import HyperbornClassifier

SMALL: dict[str, Any] = {"hidden": (16,), "activation": "relu", "beta": 0.03, "register_size": 1, "steps": 300}
"""What is trained is settled, and small: checks make a hundred fits, of thirty shapes."""

pytestmark = pytest.mark.filterwarnings("default::sklearn.exceptions.SkipTestWarning")


@parametrize_with_checks([HyperbornClassifier(**SMALL)])
def test_the_classifier_passes_every_check(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.thorough
@parametrize_with_checks([HyperbornClassifier()])
def test_a_classifier_that_chooses_passes_every_check(estimator: Any, check: Any) -> None:
    check(estimator)
