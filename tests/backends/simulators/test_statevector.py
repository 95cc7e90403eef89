"""The draws of the built-in simulator, where few shots are drawn from many tables."""

import numpy as np
import pytest

from hyperborn.backends.simulators.statevector import sampled_outcomes
from noise_oracle import deviations

Q = np.array([0.05, 0.0, 0.3, 0.2, 0.1, 0.35])


@pytest.mark.parametrize("shots", [1, 2, 3])
def test_few_shots_of_many_points_are_drawn_as_many_of_one(shots: int) -> None:
    """Pooled over 4,000 points every outcome is as frequent as it is probable, within 5 standard errors; seed 6.

    Among many shots of one point, a draw that is always the last or the first outcome would be lost.
    """
    tables = np.broadcast_to(Q.astype(np.float32), (4000, len(Q)))
    found = sampled_outcomes(tables, shots, np.random.default_rng(6))
    assert {int(counts.sum()) for _, counts in found} == {shots}
    seen = np.bincount(np.concatenate([np.repeat(*one) for one in found]), minlength=len(Q))
    assert np.abs(deviations(seen, Q)).max() < 5
    assert seen[1] == 0
