"""A grid search compiles for its first fit alone."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from hyperborn.sklearn import HyperbornClassifier

COMPILED = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compiled() -> Iterator[list[str]]:
    """Grows by one with every compiled program."""
    found: list[str] = []

    def listener(event: str, seconds: float, **_: Any) -> None:
        del seconds
        if event == COMPILED:
            found.append(event)

    jax.monitoring.register_event_duration_secs_listener(listener)
    yield found
    jax.monitoring.unregister_event_duration_listener(listener)


def test_thirty_fits_share_the_programs_of_one(compiled: list[str]) -> None:
    found: Any = load_iris()
    x, y = found.data, found.target_names[found.target]
    # Units of no other test: what it compiled would be there already.
    model = HyperbornClassifier(hidden=(5,), activation="tanh", register_size=1, steps=50)
    train, held_out = next(StratifiedKFold(5).split(x, y))
    model.set_params(beta=0.2).fit(x[train], y[train]).predict_proba(x[held_out])
    assert compiled
    compiled.clear()
    grid = {"beta": [0.03, 0.1, 0.3], "learning_rate": [0.05, 0.1]}
    search = GridSearchCV(model, grid, cv=5, scoring="neg_log_loss", refit=False).fit(x, y)
    assert compiled == []
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(set(search.cv_results_["mean_test_score"])) == 6
