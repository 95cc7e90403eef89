"""MNIST: idx files are checked before they are believed."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from hyperborn.data import load
from idx_files import idx, images

RAW = {"standardize": False, "validation": 0.0}
TRAIN_IMAGES = "train-images-idx3-ubyte"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Real files of 40 training and 20 test images, each digit in turn."""
    for prefix, n in (("train", 40), ("t10k", 20)):
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images(n, n)))
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(np.arange(n) % 10))
    return tmp_path


def test_raw_recipe_keeps_the_order_of_the_files(folder: Path) -> None:
    data = load("mnist", folder=folder, classes=(7, 3), **RAW)
    assert (data.classes, len(data.validation), data.n_features) == (("7", "3"), 0, 784)
    assert data.image_shape == (28, 28)
    assert load("mnist", folder=folder, classes=(7, 3), pixels=4, **RAW).image_shape == (4, 4)
    np.testing.assert_array_equal(data.train.y, [1, 0] * 4)
    kept = np.isin(np.arange(40) % 10, (3, 7))
    np.testing.assert_array_equal(data.train.x, images(40, 40)[kept].reshape(8, -1) / 255)
    np.testing.assert_array_equal(data.test.x, images(20, 20)[kept[:20]].reshape(4, -1) / 255)


def test_validation_is_drawn_from_the_training_file_alone(folder: Path) -> None:
    data = load("mnist", folder=folder, classes=(3, 7), validation=0.25, standardize=False)
    assert (len(data.train), len(data.validation), len(data.test)) == (6, 2, 4)
    both = np.concatenate([data.train.x, data.validation.x])
    whole = load("mnist", folder=folder, classes=(3, 7), **RAW)
    assert sorted(map(bytes, both)) == sorted(map(bytes, whole.train.x))


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("joint", ["-", "."])
def test_usual_names(folder: Path, zipped: bool, joint: str) -> None:
    expected = load("mnist", folder=folder, **RAW).train.x
    for path in list(folder.iterdir()):
        content = path.read_bytes()
        path.unlink()
        name = path.name.replace("-idx", f"{joint}idx") + (".gz" if zipped else "")
        (folder / name).write_bytes(gzip.compress(content) if zipped else content)
    np.testing.assert_array_equal(load("mnist", folder=folder, **RAW).train.x, expected)


def damaged(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder


good = idx(images(40, 40))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "magic number 0"),
        (b"\0\0\x08", "magic number"),
        (b"\0\0\x08\x01" + good[4:], "magic number 2049, not 2051"),
        (good[:10], "header"),
        (good[:-1], "1 of 31360 bytes"),
        (good + b"\0", "goes on"),
        (struct.pack(">4B3I", 0, 0, 8, 3, 2**31, 28, 28) + good[16:], "1.5 TiB, over the limit of 256 MiB"),
        (struct.pack(">4B3I", 0, 0, 8, 3, 300_000, 28, 28) + good[16:], "truncated"),
        (idx(np.zeros((40, 27, 28))), "40 x 27 x 28"),
        (idx(images(39)), "39 images"),
        (gzip.compress(good)[:-200], "truncated or damaged"),
        (gzip.compress(good)[:100] + b"\0" * 50 + gzip.compress(good)[150:], "damaged"),
        (gzip.compress(good[:-5]), "truncated"),
    ],
)
def test_faulty_files_are_named(refused, folder: Path, content: bytes, said: str) -> None:
    with refused(TRAIN_IMAGES, said):
        load("mnist", folder=damaged(folder, TRAIN_IMAGES, content), **RAW)


def test_labels_are_digits(refused, folder: Path) -> None:
    labels = np.arange(40) % 10
    labels[5] = 11
    with refused("train-labels-idx1-ubyte", "label 11"):
        load("mnist", folder=damaged(folder, "train-labels-idx1-ubyte", idx(labels)), **RAW)


def test_missing_files_and_folders(refused, folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with refused("t10k-labels-idx1-ubyte"):
        load("mnist", folder=folder)
    with refused("absent"):
        load("mnist", folder=folder / "absent")
    with refused("--folder"):
        load("mnist")


@pytest.mark.parametrize("pixels", [0, 29, True])
def test_faulty_pixels(refused, folder: Path, pixels: int) -> None:
    with refused(f"pixels={pixels!r}", "from 1 to 28"):
        load("mnist", folder=folder, pixels=pixels)


def test_faulty_classes_and_options(refused, folder: Path) -> None:
    with refused("'10'", "0, 1, 2"):
        load("mnist", folder=folder, classes=(3, 10))
    with refused("test=0.2", "official test file"):
        load("mnist", folder=folder, test=0.2)


def test_the_published_task(reference: Path) -> None:
    """Counts and pixels of digits 0 against 1 as the reference data states them."""
    data = load("mnist", folder=reference / "mnist", classes=(0, 1), pixels=4, **RAW)
    assert (len(data.train), len(data.validation), len(data.test), data.n_features) == (12_665, 0, 2_115, 16)
    with gzip.open(reference / "mnist" / f"{TRAIN_IMAGES}.gz") as file:
        raw = np.frombuffer(file.read(), dtype=np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(reference / "mnist" / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), dtype=np.uint8, offset=8)
    kept = labels < 2
    np.testing.assert_array_equal(data.train.x, raw[kept][:, 3::7, 3::7].reshape(-1, 16) / 255)
    np.testing.assert_array_equal(data.train.y, labels[kept])


def test_the_published_best_network(reference: Path) -> None:
    """Bits 10100010010011001 with values (-3, 1): mean cross-entropy 0.3268526932 and 90.02% of the test images."""
    data = load("mnist", folder=reference / "mnist", classes=(0, 1), pixels=4, **RAW)
    weights = np.asarray([1.0 if bit == "1" else -3.0 for bit in "10100010010011001"])
    logits = data.train.x @ weights[:16] + weights[16]
    mean_nll = np.mean(np.logaddexp(0, logits) - data.train.y * logits)
    assert abs(mean_nll - 0.3268526932079997) < 1e-7
    correct = np.mean((data.test.x @ weights[:16] + weights[16] > 0) == data.test.y)
    assert round(100 * correct, 2) == 90.02
