"""Training from scratch reaches the published optimum (see ../shared/reference/README.md)."""

from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb

OPTIMUM = 0.3268526932079997
"""Mean cross-entropy (nats) of the best of all 131,072 networks, as published."""

STEPS = 100
"""A fifth of the default, which is more than enough."""


@pytest.mark.thorough
def test_nine_of_ten_restarts_reach_the_optimum(reference: Path) -> None:
    data = hb.data.load(
        "mnist", folder=reference / "mnist", classes=(0, 1), pixels=4, standardize=False, validation=0.0
    )
    network = hb.networks.BinaryMLP(n_features=16, hidden=(), values=(-3.0, 1.0))
    result = hb.fit(network, data, objective=hb.MLE(), steps=STEPS, restarts=10, seed=0, progress=False)
    means = np.array(result.losses) / len(data.train)
    assert (means > OPTIMUM - 1e-6).all()
    assert np.sum(means < OPTIMUM + 1e-3) >= 9
    assert round(result.network_metrics(result.most_probable(1))["accuracy"], 4) == 0.9002
