"""Twenty networks that every format of export is tried with, and raw rows to predict.

Their bits and side parameters are drawn, not trained: what is tried is that every format computes the same.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

import hyperborn as hb
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.rows import rows_of_features, takes_missing, takes_others
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network, Regression

ROWS = 1000


@dataclass(frozen=True)
class Case:
    """A network and the table that it reads.

    Attributes:
        name: in words.
        network: of so many features as the table gives.
        table: "numbers", "mixed" (numbers, categories and missing values), "strict" (the same without any missing),
            "components", "pixels", "binary" or "far" (numbers far from 0 beside their deviation).
        networks: how many are averaged.
        calibration: temperature or factor of the deviation.
    """

    name: str
    network: Network
    table: str = "numbers"
    networks: int = 1
    calibration: float = 1.0


FEATURES = {"numbers": 5, "far": 5, "mixed": 14, "strict": 9, "components": 3, "pixels": 64, "binary": 40}


def mlp(table: str = "numbers", **settings: object) -> BinaryMLP:
    return BinaryMLP(FEATURES[table], **settings)


CASES = (
    Case("relu", mlp(hidden=(8,), n_classes=3)),
    Case("sigmoid", mlp(hidden=(7,), activation="sigmoid", scale="fan_in"), calibration=0.7),
    Case("tanh", mlp(hidden=(9,), activation="tanh", n_classes=4, scale="learned"), calibration=1.6),
    Case("identity", mlp(hidden=(16,), activation="identity", scale="learned", n_classes=3), networks=3),
    Case("signs", mlp(hidden=(33, 40, 12), activation="sign", scale="learned", n_classes=5)),
    Case("signs without biases", mlp(hidden=(32, 16), activation="sign", bias=False, values=(0.0, 1.0), n_classes=3)),
    Case("logistic regression", mlp(hidden=()), calibration=2.0),
    Case("several classes without hidden units", mlp(hidden=(), n_classes=6, bias=False, scale="fan_in")),
    Case("deep and normalised", mlp(hidden=(12, 11, 10), normalization="layer", scale="learned", n_classes=3)),
    Case("normalised signs", mlp(hidden=(20, 20), activation="sign", normalization="layer", scale="fan_in")),
    Case("odd values", mlp(hidden=(6, 5), values=(-0.5, 2.0), activation="tanh", scale="fan_in", n_classes=3)),
    Case("scales by choice", mlp(hidden=(6,), output_scales=(0.5, 1.0, 2.0, 4.0), n_classes=3), networks=8),
    Case("mixed table", mlp("mixed", hidden=(10,), scale="learned", n_classes=3), "mixed", networks=4, calibration=0.8),
    Case("strict table", mlp("strict", hidden=(10,), scale="fan_in"), "strict"),
    Case("principal components", mlp("components", hidden=(8,), scale="learned", n_classes=3), "components"),
    Case("far from zero", mlp("far", hidden=(8,), scale="learned", n_classes=3), "far"),
    Case("binary features", mlp("binary", hidden=(16,), n_classes=3, scale="fan_in", normalization="layer"), "binary"),
    Case(
        "convolution",
        BinaryConvNet(64, 10, channels=(6, 9), image_shape=None),
        "pixels",
        calibration=1.2,
    ),
    Case(
        "convolution of signs",
        BinaryConvNet(64, 3, channels=(8, 5, 4), stride=1, kernel_size=2, activation="sign", normalization="none"),
        "pixels",
        networks=2,
    ),
    Case(
        "regression",
        Regression(mlp("mixed", hidden=(12,), scale="learned"), hb.Gaussian("bits")),
        "mixed",
        networks=5,
        calibration=1.3,
    ),
)


def data_of(case: Case, seed: int = 0) -> hb.data.Dataset:
    """A table of the kind that a case needs, with 400 rows."""
    random, count = np.random.default_rng(seed), 400
    classes = max(case.network.n_classes, 2)
    y: np.ndarray = np.asarray([f"class {place}" for place in random.permutation(np.arange(count) % classes)])
    if isinstance(case.network, Regression):
        y = 40 + 7 * random.standard_normal(count)
    if case.table == "pixels":
        return hb.data.from_arrays(random.integers(0, 17, (count, 64)).astype(float), y, standardize=False)
    if case.table == "binary":
        return hb.data.from_arrays(random.integers(0, 2, (count, 40)).astype(float), y, standardize=False)
    if case.table == "far":
        return hb.data.from_arrays(20_000 + random.integers(0, 40, (count, 5)).astype(float), y)
    numbers = random.standard_normal((count, 5)) * [1, 10, 0.01, 3, 200] + [0, 5, 2, -30, 100]
    if case.table == "components":
        return hb.data.from_arrays(numbers, y, components=3)
    if case.table == "numbers":
        return hb.data.from_arrays(numbers, y)
    frame = pd.DataFrame({"a": numbers[:, 0], "b": numbers[:, 1], "c d": numbers[:, 2]})
    frame["island"] = random.choice(["Torgersen", "Biscoe", "Dream"], count)
    frame["colour"] = random.choice(["red", "green", "blue"], count)
    if case.table == "mixed":
        frame.loc[random.random(count) < 0.1, "b"] = np.nan
        frame.loc[random.random(count) < 0.1, "colour"] = None
        # Of many rare categories one feature is made.
        rare = [f"town {place}" for place in range(40)]
        common = random.choice(["north", "south"], count)
        frame["town"] = np.where(random.random(count) < 0.1, random.choice(rare, count), common)
    return hb.data.from_arrays(frame, y, strict=case.table == "strict")


def model_of(case: Case, seed: int = 0) -> ExportedModel:
    """The networks of a case, with bits and side parameters drawn."""
    random = np.random.default_rng(seed + 1)
    data, network = data_of(case, seed), case.network
    assert data.n_features == network.n_features, (case.name, data.features)
    bits = random.integers(0, 2, (case.networks, network.n_weights)).astype(np.uint8)
    side = 0.4 * random.standard_normal(network.n_side)
    return exported_model(case.name, data.preprocessing, network, side, bits, case.calibration, [data.train.x])


def rows_of(case: Case, seed: int = 0) -> np.ndarray:
    """1,000 raw rows, of numbers that float32 holds: some of the table, some drawn around it."""
    data, random = data_of(case, seed), np.random.default_rng(seed + 2)
    rows = rows_of_features(data.preprocessing, data.train.x)[random.integers(0, len(data.train), ROWS)]
    for place, column in enumerate(data.preprocessing.columns):
        if column.categories is not None:
            count = len(column.categories)
            allowed = [*range(count), *[count] * takes_others(column, data.preprocessing)]
            allowed += [count + 1] * takes_missing(column, data.preprocessing)
            rows[:, place] = random.choice(allowed, ROWS)
        elif case.table not in ("pixels", "binary", "far"):
            spread = np.nanstd(rows[:, place])
            rows[:, place] += 0.3 * spread * random.standard_normal(ROWS)
            if takes_missing(column, data.preprocessing):
                rows[random.random(ROWS) < 0.05, place] = np.nan
    return rows.astype(np.float32).astype(np.float64)
