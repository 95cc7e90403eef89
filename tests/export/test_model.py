"""Exported networks beside those that they were made of."""

import numpy as np
import pytest

import hyperborn as hb
from exported_networks import CASES, Case, data_of, model_of, rows_of
from hyperborn.data.user_files import raw_table
from hyperborn.export.model import binary_features_of, exported_model
from hyperborn.export.rows import features_of_rows, rows_of_features
from hyperborn.networks import fitted
from hyperborn.predictive import ClassProbabilities, own_units, predictions_of_networks


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_predictions_are_those_of_the_networks(case: Case) -> None:
    data, network, random = data_of(case), case.network, np.random.default_rng(7)
    bits = random.integers(0, 2, (case.networks, network.n_weights)).astype(np.uint8)
    side = 0.4 * random.standard_normal(network.n_side)
    model = exported_model("table", data.preprocessing, network, side, bits, case.calibration, [data.train.x])
    expected = predictions_of_networks(fitted(network, side), data.test.x, bits).calibrated(case.calibration)
    expected, found = own_units(expected, data), model.predictions(data.test.x)
    if isinstance(expected, ClassProbabilities) and isinstance(found, ClassProbabilities):
        np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-9, atol=1e-12)
    else:
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-9)
        np.testing.assert_allclose(found.deviation, expected.deviation, rtol=1e-9)
        assert np.ptp(found.mean) > 0
    assert model.n_networks == case.networks
    assert model.n_weights == bits.size - case.networks * chosen_by_bits(network)


def chosen_by_bits(network: hb.networks.Network) -> int:
    """Bits that are no weights, but choose a scale or a noise."""
    return sum(field.stop - field.start for field in network.fields if field.name in ("scale", "noise"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_raw_rows_become_the_features_they_were_made_of(case: Case) -> None:
    data = data_of(case)
    rows = rows_of_features(data.preprocessing, data.test.x)
    assert rows.shape == (len(data.test), len(data.preprocessing.columns))
    np.testing.assert_allclose(features_of_rows(data.preprocessing, rows), data.test.x, atol=1e-9)


def test_rows_are_those_of_the_table_that_python_predicts() -> None:
    """Categories, categories that are not listed, and missing values mean what they mean in a data frame."""
    case = next(case for case in CASES if case.name == "mixed table")
    preprocessing, rows = data_of(case).preprocessing, rows_of(case)
    table: dict[str, object] = {}
    for place, column in enumerate(preprocessing.columns):
        own = rows[:, place]
        if column.categories is None:
            table[column.name] = own
        else:
            texts = [*column.categories, "a town nobody knows", None]
            table[column.name] = np.asarray([texts[int(cell)] for cell in own], dtype=object)
    expected = preprocessing.transform(raw_table(table, preprocessing))
    np.testing.assert_array_equal(features_of_rows(preprocessing, rows), expected)


@pytest.mark.parametrize(("column", "cell"), [(0, np.inf), (0, np.nan), (3, 3.0), (3, 4.0), (3, 0.5), (3, -1.0)])
def test_cells_that_python_refuses_are_refused(column: int, cell: float) -> None:
    case = next(case for case in CASES if case.name == "strict table")
    rows = rows_of(case)[:5]
    rows[3, column] = cell
    with pytest.raises(hb.UserError, match="row 3, column"):
        model_of(case).predictions_of_rows(rows)


def test_binary_features_are_two_values_in_every_part() -> None:
    random = np.random.default_rng(0)
    x, y = random.integers(0, 2, (60, 3)).astype(float), np.arange(60) % 2
    x[:2] = [[0, 0, 0], [1, 1, 1]]

    def found(x: np.ndarray, *parts: np.ndarray, standardize: bool = False) -> tuple[float, float] | None:
        data = hb.data.from_arrays(x, y, standardize=standardize)
        return binary_features_of(data.preprocessing, [data.train.x, *parts])

    assert found(x) == (0.0, 1.0)
    assert found(2 * x - 1, 2 * x[:5] - 1) == (-1.0, 1.0)
    assert found(x, np.asarray([[0.0, 2.0, 1.0]])) is None
    assert found(x + 0.5 * (np.arange(3) == 1)) is None
    assert found(np.ones((60, 3))) is None
    assert found(x, standardize=True) is None


def test_a_network_of_ones_own_is_refused() -> None:
    from my_parts import Sharpened

    network = Sharpened(4)
    data = hb.data.load("iris", classes=("versicolor", "virginica"))
    bits = np.zeros((1, network.n_weights), dtype=np.uint8)
    with pytest.raises(hb.UserError, match=r"a Sharpened cannot be exported as a network; BinaryMLP"):
        exported_model("iris", data.preprocessing, network, np.zeros(0), bits, 1.0, [data.train.x])
