"""A grid search compiles for its first fit alone."""

from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from hyperborn.sklearn import HyperbornClassifier


def test_thirty_fits_share_the_programs_of_one(compilations: list[str]) -> None:
    found: Any = load_iris()
    x, y = found.data, found.target_names[found.target]
    # Units of no other test: what it compiled would be there already.
    model = HyperbornClassifier(hidden=(5,), activation="tanh", register_size=1, steps=50)
    train, held_out = next(StratifiedKFold(5).split(x, y))
    model.set_params(beta=0.2).fit(x[train], y[train]).predict_proba(x[held_out])
    assert compilations
    compilations.clear()
    grid = {"beta": [0.03, 0.1, 0.3], "learning_rate": [0.05, 0.1]}
    search = GridSearchCV(model, grid, cv=5, scoring="neg_log_loss", refit=False).fit(x, y)
    assert compilations == []
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(set(search.cv_results_["mean_test_score"])) == 6
