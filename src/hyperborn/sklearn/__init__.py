"""Estimators for scikit-learn: in pipelines, grid searches and whatever else takes one.

    from hyperborn.sklearn import HyperbornClassifier

    model = HyperbornClassifier().fit(frame, labels)
    model.predict_proba(new)
    model.result_.summary

They take the defaults, the encoding of tables and the choice of what is trained from `hyperborn train`.
"""

from hyperborn.sklearn.estimators import HyperbornClassifier, HyperbornRegressor

__all__ = ["HyperbornClassifier", "HyperbornRegressor"]
