import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.stats import Estimate, jackknife_error

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)


@given(VALUES)
def test_mean_and_standard_error_are_the_textbook_ones(values: list[float]) -> None:
    found = Estimate.of(np.array(values))
    assert found.n == len(values)
    assert found.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert found.standard_error == pytest.approx(statistics.stdev(values) / math.sqrt(len(values)), abs=1e-9)


def test_a_single_value_has_no_known_error() -> None:
    assert Estimate.of(np.array([2.5])) == Estimate(2.5, None, 1)


def test_the_jackknife_of_a_mean_is_the_error_of_the_groups_means() -> None:
    groups = np.random.default_rng(0).normal(size=(8, 5))
    without = np.array([np.delete(groups, place, axis=0).mean() for place in range(8)])
    assert jackknife_error(without) == pytest.approx(Estimate.of(groups.mean(axis=1)).standard_error, rel=1e-12)
