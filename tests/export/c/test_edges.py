"""Networks and rows at the edges: what training never saw, rows that say little, and many equal networks."""

from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from c_programs import CLANG, GCC, OF_FLOATS, answers, needs, run, write_files
from hyperborn.export.c.fixed_model import FixedModel
from hyperborn.export.c.folder import fixed_files, float_files
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.rows import rows_of_features
from hyperborn.networks import BinaryMLP, Regression


def model_of(
    network: BinaryMLP | Regression,
    x: np.ndarray,
    y: np.ndarray,
    *,
    standardize: bool = True,
    networks: int = 1,
    side: np.ndarray | None = None,
    equal: bool = False,
    opposite: bool = False,
) -> tuple[ExportedModel, hb.data.Dataset]:
    random = np.random.default_rng(5)
    data = hb.data.from_arrays(x, y, standardize=standardize)
    bits = random.integers(0, 2, (networks, network.n_weights)).astype(np.uint8)
    bits = np.repeat(bits[:1], networks, axis=0) if equal else bits
    if opposite:
        # Weights of the last layer are the other way round in every second network.
        bits[1::2] = bits[::2]
        bits[1::2, network["W2"]] ^= 1
    own = 0.3 * random.standard_normal(network.n_side) if side is None else side
    known = [data.train.x, data.validation.x, data.test.x]
    return exported_model("edges", data.preprocessing, network, own, bits, 1.0, known), data


def both(
    model: ExportedModel, data: hb.data.Dataset, rows: np.ndarray, folder: Path, values: int
) -> tuple[np.ndarray, np.ndarray]:
    """What both sorts of numbers give, after fixed point was found equal to what NumPy computes."""
    write_files(folder / "float", float_files(model, rows[:4]))
    _, floats = answers(folder / "float", rows, values, CLANG, OF_FLOATS)
    write_files(folder / "fixed", fixed_files(model, rows[:4], data.train.x))
    found, fixed = answers(folder / "fixed", rows, values, CLANG, OF_FLOATS)
    expected, classes = FixedModel(model, data.train.x).answers(rows)
    np.testing.assert_array_equal(fixed, expected.astype(np.float32))
    np.testing.assert_array_equal(found, classes)
    return floats, fixed


@pytest.mark.parametrize("standardize", [True, False])
def test_columns_that_were_0_in_training(standardize: bool, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 17, (80, 6)).astype(float)
    x[:, 2] = 0
    model, data = model_of(BinaryMLP(6, (5,), 3), x, np.arange(80) % 3, standardize=standardize)
    rows = x[:40].copy()
    rows[:20, 2] = [*range(17), 1, 1, 1]
    exact = model.values_of_rows(rows)
    floats, fixed = both(model, data, rows, tmp_path, 3)
    np.testing.assert_allclose(floats, exact, atol=1e-5)
    # Beyond what training had, numbers of fixed point are cut off.
    np.testing.assert_allclose(fixed[20:], exact[20:], atol=1e-3)
    assert max(FixedModel(model, data.train.x).fraction_bits) <= 30


def test_a_column_that_is_rarely_anything_but_0(tmp_path: Path) -> None:
    """Formats of features come from all rows, also from one far behind."""
    random = np.random.default_rng(9)
    x = random.standard_normal((3000, 3))
    x[:, 1] = 0
    x[random.choice(3000, 9, replace=False), 1] = 50 + random.standard_normal(9)
    model, data = model_of(BinaryMLP(3, (5,), 2, scale="learned"), x, np.arange(3000) % 2)
    rows = rows_of_features(data.preprocessing, data.train.x).astype(np.float32).astype(np.float64)
    rows = rows[np.argsort(-rows[:, 1])][:30]
    assert rows[0, 1] > 45
    exact = model.values_of_rows(rows)
    floats, fixed = both(model, data, rows, tmp_path, 2)
    np.testing.assert_allclose(floats, exact, atol=1e-5)
    np.testing.assert_allclose(fixed, exact, atol=0.01)


def test_binary_columns_of_which_one_is_always_0(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (90, 20)).astype(float)
    x[:, 3] = 0
    model, data = model_of(BinaryMLP(20, (6,), 2), x, np.arange(90) % 2, standardize=False)
    assert model.binary_features == (0.0, 1.0)
    exact = model.values_of_rows(x)
    floats, fixed = both(model, data, x, tmp_path, 2)
    np.testing.assert_allclose(floats, exact, atol=1e-5)
    np.testing.assert_allclose(fixed, exact, atol=1e-3)


def test_quiet_rows_keep_their_digits(tmp_path: Path) -> None:
    """A row fifty times smaller than those of the training is normalised like any other; its features have few bits."""
    random = np.random.default_rng(1)
    x = 1e5 * random.standard_normal((80, 5))
    network = BinaryMLP(5, (12,), 3, bias=False, normalization="layer", scale="fan_in")
    model, data = model_of(network, x, np.arange(80) % 3, standardize=False)
    rows = np.concatenate([x[:20] / 50, x[:20], np.zeros((1, 5))]).astype(np.float32).astype(np.float64)
    exact = model.values_of_rows(rows)
    floats, fixed = both(model, data, rows, tmp_path, 3)
    np.testing.assert_allclose(floats, exact, atol=1e-5)
    np.testing.assert_allclose(fixed[:20], exact[:20], atol=0.02)
    np.testing.assert_allclose(fixed[20:], exact[20:], atol=1e-3)


def test_a_shift_much_larger_than_the_sums(tmp_path: Path) -> None:
    network, random = BinaryMLP(3, (), 2, scale="learned"), np.random.default_rng(2)
    model, data = model_of(network, random.standard_normal((60, 3)), np.arange(60) % 2, side=np.asarray([-3.0, 6.0]))
    rows = rows_of_features(data.preprocessing, data.test.x).astype(np.float32).astype(np.float64)
    exact = model.values_of_rows(rows)
    floats, fixed = both(model, data, rows, tmp_path, 2)
    np.testing.assert_allclose(floats, exact, atol=1e-5)
    np.testing.assert_allclose(fixed, exact, atol=1e-3)


def test_a_thousand_equal_networks_are_as_good_as_one(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    x = random.standard_normal((60, 3))
    network = Regression(BinaryMLP(3, (4,), scale="learned"), hb.Gaussian("bits"))
    model, data = model_of(network, x, 10 + 3 * x[:, 0], networks=1024, equal=True)
    rows = rows_of_features(data.preprocessing, data.train.x[:10]).astype(np.float32).astype(np.float64)
    exact = model.values_of_rows(rows)
    floats, fixed = both(model, data, rows, tmp_path, 2)
    np.testing.assert_allclose(floats, exact, rtol=1e-4)
    np.testing.assert_allclose(fixed, exact, rtol=2e-3)


def test_either_of_two_equal_classes_passes_the_check(tmp_path: Path) -> None:
    """Networks that contradict each other: both classes are as probable, but for rounding."""
    needs("make")
    needs("cc")
    random = np.random.default_rng(4)
    x = random.standard_normal((60, 4))
    network = BinaryMLP(4, (8,), 2, activation="sign", bias=False)
    model, data = model_of(network, x, np.arange(60) % 2, networks=4, opposite=True)
    rows = rows_of_features(data.preprocessing, data.test.x).astype(np.float32).astype(np.float64)
    values = model.values_of_rows(rows)
    np.testing.assert_allclose(values, 0.5, atol=1e-9)
    for place, files in enumerate((float_files(model, rows), fixed_files(model, rows, data.train.x))):
        write_files(tmp_path / str(place), files)
        assert ", 0 wrong" in run(["make", "-s", "check"], tmp_path / str(place)).decode()


def test_numbers_that_float32_would_make_infinite_are_refused(tmp_path: Path) -> None:
    x = np.random.default_rng(6).standard_normal((40, 2))
    model, data = model_of(BinaryMLP(2, (3,), 2), x, np.arange(40) % 2)
    rows = np.asarray([[1e17, -1e17], [2e18, 0.0], [0.0, -3e38], [3e38, 3e38]])
    for place, files in enumerate((float_files(model, rows[:1]), fixed_files(model, x[:2], data.train.x))):
        write_files(tmp_path / str(place), files)
        found, values = answers(tmp_path / str(place), rows, 2, CLANG)
        assert found[0] >= 0
        assert np.isfinite(values[0]).all()
        assert found[1:].tolist() == [-2, -2, -2]
    with pytest.raises(hb.UserError, match="row 0, column 'x1'"):
        model.predictions_of_rows(rows[1:2])


def test_columns_that_fixed_point_cannot_hold() -> None:
    y, random = np.arange(40) % 2, np.random.default_rng(7)
    noise = random.standard_normal((40, 1))
    for x, said in ((1e12 + 1e10 * noise, "numbers up to 1.0"), (1e8 + 0.01 * noise, "varies by 0.0")):
        model, data = model_of(BinaryMLP(1, (3,), 2), x, y)
        with pytest.raises(hb.UserError, match=f"column 'x1' .*{said}.*--numbers float32"):
            fixed_files(model, x[:2], data.train.x)


def test_fast_mathematics_is_refused(tmp_path: Path) -> None:
    needs("gcc")
    model, _ = model_of(BinaryMLP(2, (3,), 2), np.random.default_rng(8).standard_normal((40, 2)), np.arange(40) % 2)
    write_files(tmp_path, float_files(model, np.zeros((1, 2))))
    run([*GCC, "-c", "model.c"], tmp_path)
    run([*GCC, "-ffast-math", "-c", "model.c"], tmp_path, code=1)
