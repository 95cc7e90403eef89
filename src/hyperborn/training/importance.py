"""The importance of each column of a result's data, by permutation."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from hyperborn._typing import Examples
from hyperborn.data.dataset import Dataset, Split
from hyperborn.errors import UserError, whole_number
from hyperborn.predictive.example_scores import faults_of_examples, nll_of_examples, nll_of_networks
from hyperborn.predictive.importance import SHARE, FeatureImportance, PairScores, permutation_importance
from hyperborn.training.definition import LARGEST_SEED

if TYPE_CHECKING:
    from hyperborn.training.result import Result

ALONE = 32
"""Networks that are drawn to say how far the posterior disagrees."""
MOST_EXAMPLES = 1000
"""Examples that are permuted, at most: the interval says how exact that is."""

IN_SUMMARY = 300
"""Examples that are permuted for a summary, at most, each of them `SUMMARY_REPEATS` times."""
SUMMARY_REPEATS = 3
SUMMARY_NETWORKS = 64
"""Networks whose average is permuted for a summary, at most: of more, so many draws."""
SUMMARY_COLUMNS = 50
"""Columns up to which a summary has their importance; of images it never has that of pixels."""
SUMMARY_PRODUCTS = 4e9
"""Products of a weight with an input that a summary takes for it, at most: a second or two."""
FEWEST = 20
"""Examples that must be left of these for a summary, if there are so many."""


def importance_of(
    result: "Result",
    *,
    split: str | None = None,
    repeats: int = 5,
    seed: int = 0,
    examples: int = MOST_EXAMPLES,
    samples: int | None = None,
) -> FeatureImportance:
    """What `Result.feature_importance` gives; see there."""
    data, name = result.data, split_named(result.data, split)
    whole_number("examples", examples, 2)
    whole_number("seed", seed, 0, LARGEST_SEED)
    part = drawn(counted(data.split(name)), examples, seed)
    labels = data.preprocessing.own_labels(part.y)
    alone = result.sample(ALONE, seed=seed)
    calibration = result.one_network.calibration

    def score(x: Examples, places: Int[np.ndarray, " rows"]) -> PairScores:
        found = result.predictions_of_features(x, samples=samples, seed=seed)
        own = labels[places]
        by_network = nll_of_networks(result.fitted, x, part.y[places], alone, calibration=calibration)
        return PairScores(nll_of_examples(found, own), faults_of_examples(found, own), by_network)

    columns, groups = columns_of(data)
    found = permutation_importance(part.x, groups, score, weights=part.weights, repeats=repeats, seed=seed)
    scale = 1.0
    if not data.n_classes:
        # R² falls by the increase of the squared error over the variance of the labels.
        mean = np.average(labels, weights=part.weights)
        variance = float(np.average((labels - mean) ** 2, weights=part.weights))
        scale = 1 / variance if variance > 0 else np.nan
    low, high = np.quantile(found.alone, [(1 - SHARE) / 2, (1 + SHARE) / 2], axis=1)
    return FeatureImportance(
        columns=columns,
        split=name,
        examples=len(part),
        repeats=min(repeats, len(part) - 1),
        networks=result.predictor.n_networks if samples is None else samples,
        measure="accuracy" if data.n_classes else "r2",
        increase=found.nll,
        increase_error=found.nll_error,
        drop=scale * found.fault,
        drop_error=scale * found.fault_error,
        network_low=low,
        network_high=high,
    )


def split_named(data: Dataset, split: str | None) -> str:
    """The split of this name; without one the first of test, validation and train that can be permuted.

    Raises:
        UserError: for another name, or a split with fewer than two examples.
    """
    if split is None:
        return next((name for name in ("test", "validation") if len(counted(data.split(name))) > 1), "train")
    size = len(counted(data.split(split)))
    if size < 2:
        raise UserError(
            f"split={split!r} has {size} examples that count, and two or more are permuted; give another split"
        )
    return split


def counted(part: Split) -> Split:
    """The examples whose weight is not 0."""
    if part.weights is None or part.weights.all():
        return part
    return part.rows(np.flatnonzero(part.weights))


def drawn(part: Split, examples: int, seed: int) -> Split:
    """So many of the examples at random, in their order; all of them if there are no more."""
    if len(part) <= examples:
        return part
    return part.rows(np.sort(np.random.default_rng(seed).choice(len(part), examples, replace=False)))


def columns_of(data: Dataset) -> tuple[tuple[str, ...], list[slice]]:
    """Names of the table's columns, and the places of each one's features; of principal components each by itself."""
    preprocessing = data.preprocessing
    if preprocessing.pca_components is not None:
        return preprocessing.features, [slice(place, place + 1) for place in range(data.n_features)]
    ends = np.cumsum([len(column.features) for column in preprocessing.columns]).tolist()
    groups = [slice(start, stop) for start, stop in zip([0, *ends], ends, strict=False)]
    return tuple(column.name for column in preprocessing.columns), groups


def importance_in_summary(result: "Result") -> FeatureImportance | None:
    """The importance that a summary has; None of images, of many columns or of large networks.

    Of at most `IN_SUMMARY` examples, and fewer where networks are large, so that it takes a second or two.
    """
    data = result.data
    columns, _ = columns_of(data)
    size = len(counted(data.split(split_named(data, None))))
    if data.image_shape is not None or len(columns) > SUMMARY_COLUMNS or size < 2:
        return None
    count = result.predictor.n_networks
    samples = SUMMARY_NETWORKS if count > SUMMARY_NETWORKS else None
    an_example = len(columns) * SUMMARY_REPEATS * (min(count, SUMMARY_NETWORKS) + ALONE)
    an_example *= result.network.products_per_example
    examples = min(size, IN_SUMMARY, int(SUMMARY_PRODUCTS / an_example))
    if examples < min(size, FEWEST):
        return None
    return importance_of(result, repeats=SUMMARY_REPEATS, examples=examples, samples=samples)
