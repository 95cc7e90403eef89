from typing import Any

import numpy as np
import pytest

from hyperborn.backends import Outcomes
from hyperborn.backends.outcomes import outcome_arrays, outcomes_of

BITS = np.array([[0, 0, 1], [1, 0, 1]], np.uint8)


def stored() -> dict[str, np.ndarray]:
    return outcome_arrays(Outcomes(BITS, np.array([0.25, 0.75]), 40))


def test_outcomes_come_back_as_they_were() -> None:
    found = outcomes_of(stored(), 3)
    assert np.array_equal(found.bits, BITS)
    assert found.weights.tolist() == [0.25, 0.75]
    assert found.shots == 40


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weights": np.array([[0.25], [0.75]])}, "of shape"),
        ({"weights": np.array([1.0])}, "of shape"),
        ({"weights": np.array([4.0, 6.0])}, "add up to 1"),
        ({"weights": np.array([-0.5, 1.5])}, "add up to 1"),
        ({"weights": np.array([np.nan, 1.0])}, "add up to 1"),
        ({"weights": np.array([0, 1])}, "add up to 1"),
        ({"shots": np.array(-5)}, "of -5 shots"),
        ({"shots": np.array(0)}, "of 0 shots"),
        ({"shots": np.array([40])}, r"of \[40\] shots"),
        ({"shots": np.array(40.0)}, "of 40.0 shots"),
        ({"bits": np.array([[32], [32]], np.uint8)}, "twice"),
        ({"bits": np.array([[32.0], [160.0]])}, "of shape"),
        ({"bits": np.array([32, 160], np.uint8)}, "of shape"),
    ],
    ids=str,
)
def test_what_is_no_outcomes_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        outcomes_of(stored() | wrong, 3)
