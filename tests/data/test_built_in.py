import numpy as np
import pytest
from sklearn import datasets

from hyperborn.data import load
from hyperborn.data.built_in import GAUSSIAN_MIXTURE, gaussian, xor


@pytest.mark.parametrize(("name", "size"), [("gaussian", 200), ("moons", 500), ("circles", 500), ("xor", 500)])
def test_default_sizes_names_and_seed(name: str, size: int) -> None:
    first, again, other = load(name, seed=3), load(name, seed=3), load(name, seed=4)
    assert len(first.train) + len(first.validation) + len(first.test) == size
    assert (first.features, first.classes, first.name) == (("x1", "x2"), ("0", "1"), name)
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.train.x, other.train.x)


def test_gaussian_is_the_recipe() -> None:
    """Means and variances within five standard errors of N([-1,-2], 0.1) and of the mixture of three."""
    size = 60_000
    x, y = gaussian(size, seed=0)
    assert np.bincount(y).tolist() == [size // 2, size // 2]
    error = np.sqrt(0.1 / (size / 2))
    np.testing.assert_allclose(x[y == 0].mean(axis=0), [-1, -2], atol=5 * error)
    np.testing.assert_allclose(x[y == 0].var(axis=0), 0.1, atol=5 * 0.1 * np.sqrt(2 / (size / 2)))
    centres = np.asarray(GAUSSIAN_MIXTURE)
    assert centres.tolist() == [[-2, 1], [1, 1], [2, -2]]
    distances = ((x[y == 1][:, None] - centres) ** 2).sum(axis=2)
    counts = np.bincount(distances.argmin(axis=1))
    assert np.all(np.abs(counts - size / 6) < 5 * np.sqrt(size / 2 * 2 / 9))
    assert abs(distances.min(axis=1).mean() - 0.2) < 5 * 0.2 / np.sqrt(size / 2)


def test_xor_is_four_blobs() -> None:
    x, y = xor(40_001, 0.2, seed=0)
    sign = np.sign(x)
    assert np.mean((sign[:, 0] != sign[:, 1]) == y) > 0.999
    np.testing.assert_allclose(np.abs(x).std(axis=0), 0.2, rtol=0.02)
    assert abs(np.diff(np.bincount(y))[0]) == 1


def test_noise_widens_and_size_counts() -> None:
    quiet = load("circles", noise=0.0, size=100, standardize=False, validation=0.0, test=0.0)
    radii = np.linalg.norm(quiet.train.x, axis=1)
    np.testing.assert_allclose(np.sort(radii), np.repeat([0.4, 1.0], 50), rtol=1e-12)
    loud = load("circles", noise=0.3, size=100, standardize=False, validation=0.0, test=0.0)
    assert np.linalg.norm(loud.train.x, axis=1).std() > radii.std()


@pytest.mark.parametrize(
    "options", [{"size": 1}, {"size": True}, {"noise": -0.1}, {"noise": np.inf}, {"noise": np.nan}]
)
def test_faulty_options(refused, options: dict) -> None:
    with refused(f"{next(iter(options))}={next(iter(options.values()))!r}"):
        load("moons", **options)


def test_swapped_classes_swap_labels() -> None:
    plain, swapped = (load("xor", classes=classes, validation=0.0, test=0.0) for classes in ((0, 1), (1, 0)))
    np.testing.assert_array_equal(plain.train.y, 1 - swapped.train.y)
    assert swapped.classes == ("1", "0")


WHOLE = {"validation": 0.0, "test": 0.0, "standardize": False}


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_values_and_names(name: str) -> None:
    raw = getattr(datasets, f"load_{name}")()
    data = load(name, **WHOLE)
    np.testing.assert_array_equal(data.train.x, raw.data / (16 if name == "digits" else 1))
    np.testing.assert_array_equal(data.train.y, raw.target)
    assert data.features == tuple(raw.feature_names)
    assert data.classes == tuple(map(str, raw.target_names))


def test_pooling_is_the_mean_of_blocks() -> None:
    images = datasets.load_digits().images / 16
    data = load("digits", pixels=4, **WHOLE)
    expected = [
        [images[i, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean() for r in range(4) for c in range(4)] for i in range(9)
    ]
    np.testing.assert_allclose(data.train.x[:9], expected, rtol=1e-15)
    assert data.features[5] == "pixel_1_1"
    np.testing.assert_array_equal(load("digits", pixels=8, **WHOLE).train.x, load("digits", **WHOLE).train.x)


@pytest.mark.parametrize("pixels", [3, 0, 16, -2, True])
def test_pixels_divide_eight(refused, pixels: int) -> None:
    with refused(f"pixels={pixels!r}", "1, 2, 4, 8"):
        load("digits", pixels=pixels)


def test_a_subset_of_classes_in_the_order_given() -> None:
    data = load("iris", classes=("virginica", 0), **WHOLE)
    assert data.classes == ("virginica", "setosa")
    raw = datasets.load_iris()
    np.testing.assert_array_equal(data.train.x, raw.data[raw.target != 1])
    np.testing.assert_array_equal(data.train.y, np.repeat([1, 0], 50))


def test_digits_alone_are_images() -> None:
    assert load("digits").image_shape == (8, 8)
    assert load("digits", pixels=4, classes=(3, 8)).image_shape == (4, 4)
    assert load("digits", components=5).image_shape is None
    assert load("wine").image_shape is None
