"""Idx files of a user's own: any size of images and any classes; resizing is the published one."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.data import Dataset, load
from hyperborn.data.idx import is_idx, resized
from hyperborn.data.target_column import labels_in_encoding
from hyperborn.data.user_files import labelled_table, raw_table
from idx_files import idx, images

RAW: dict[str, Any] = {"standardize": False, "validation": 0.0, "test": 0.0}
LABELS = np.tile([7, 2, 200, 2], 10)
"""Three classes, in an order of their own."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files of 40 images of 6 x 5 pixels, the labels gzipped, and of 12 more to test on."""
    (tmp_path / "images-idx3-ubyte").write_bytes(idx(images(40, 0, (6, 5))))
    (tmp_path / "labels.gz").write_bytes(gzip.compress(idx(LABELS)))
    (tmp_path / "more-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images(12, 1, (6, 5)))))
    (tmp_path / "more-labels").write_bytes(idx(LABELS[:12]))
    return tmp_path


def loaded(files: Path, **options: Any) -> Dataset:
    given: dict[str, Any] = {"labels": files / "labels.gz"} | options
    return load(files / "images-idx3-ubyte", **given)


def test_classes_are_the_labels_that_occur_and_features_the_pixels(files: Path) -> None:
    data = loaded(files, **RAW)
    assert (data.name, data.classes, data.image_shape) == ("images-idx3-ubyte", ("2", "7", "200"), (6, 5))
    np.testing.assert_array_equal(data.train.x, images(40, 0, (6, 5)).reshape(40, 30) / 255)
    np.testing.assert_array_equal(data.train.y, np.tile([1, 0, 2, 0], 10))
    assert data.features[:6] == (*(f"pixel_0_{column}" for column in range(5)), "pixel_1_0")


def test_splits_are_drawn_from_the_one_pair_of_files(files: Path) -> None:
    data = loaded(files, standardize=False)
    assert (len(data.train), len(data.validation), len(data.test)) == (24, 8, 8)
    rows = np.concatenate([data.split(name).x for name in ("train", "validation", "test")])
    whole = loaded(files, **RAW).train.x
    assert sorted(map(bytes, rows)) == sorted(map(bytes, whole))


def test_files_of_their_own_are_the_test_split(files: Path) -> None:
    more = {"test_file": files / "more-idx3-ubyte.gz", "test_labels": files / "more-labels"}
    data = loaded(files, **more, standardize=False, classes=(7, 2))
    assert data.classes == ("7", "2")
    assert (len(data.train) + len(data.validation), len(data.test)) == (30, 9)
    kept = LABELS[:12] != 200
    np.testing.assert_array_equal(data.test.x, images(12, 1, (6, 5)).reshape(12, 30)[kept] / 255)
    np.testing.assert_array_equal(data.test.y, (LABELS[:12] == 2)[kept])


def test_components_of_pixels_are_no_image_and_fewer_pixels_a_smaller_one(files: Path) -> None:
    assert loaded(files, components=3).image_shape is None
    small = loaded(files, pixels=4)
    assert (small.image_shape, small.n_features) == ((4, 4), 16)


def test_earlier_preprocessing_is_applied_again(files: Path) -> None:
    earlier = loaded(files, classes=(2, 7))
    again = load(
        files / "more-idx3-ubyte.gz", labels=files / "more-labels", preprocessing=earlier.preprocessing, test=0.0
    )
    assert (again.classes, again.image_shape) == (("2", "7"), (6, 5))
    x = images(12, 1, (6, 5)).reshape(12, 30)[LABELS[:12] != 200] / 255
    rows = np.concatenate([again.train.x, again.validation.x])
    assert sorted(map(bytes, rows)) == sorted(map(bytes, earlier.preprocessing.apply(x)))


@pytest.mark.parametrize(
    ("name", "found"),
    [("a-idx3-ubyte", True), ("A.IDX3-UBYTE.GZ", True), ("a.idx", True), ("a.csv", False), ("idx3.gz", False)],
)
def test_names_of_idx_files(name: str, found: bool) -> None:
    assert is_idx(Path(name)) is found


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": None}, ("images-idx3-ubyte holds images alone", "--labels FILE")),
        ({"labels": "more-labels"}, ("40 images", "12 labels", "two files that belong together")),
        ({"labels": "images-idx3-ubyte"}, ("magic number 2051, not 2049",)),
        ({"labels": "absent"}, ("absent cannot be read", "check the path")),
        ({"test_labels": "more-labels"}, ("test_labels goes with test_file", "(--test-file FILE)")),
        ({"test_file": "more-idx3-ubyte.gz"}, ("test_file goes with test_labels", "(--test-labels FILE)")),
        ({"test_file": "large", "test_labels": "more-labels"}, ("large has images of 7 x 5 pixels", "of 6 x 5")),
        ({"test_file": "more-idx3-ubyte.gz", "test_labels": "other"}, ("other has the label 9, which", "labels.gz")),
        ({"labels": "same"}, ("same has the one label 4", "two classes or more")),
        ({"pixels": 6}, ("pixels=6", "from 1 to 5")),
        ({"classes": (2, 9)}, ("'9'", "2, 7, 200")),
        ({"target": "y"}, ("target='y' does not apply to an idx file of images",)),
        ({"validation_file": "more-idx3-ubyte.gz"}, ("validation_file", "does not apply to an idx file of images")),
        ({"folder": "."}, ("folder='.' does not apply to an idx file of images", "it is for mnist")),
    ],
)
def test_what_does_not_fit_is_named(refused, files: Path, options: dict[str, Any], said: tuple[str, ...]) -> None:
    (files / "large").write_bytes(idx(images(12, 1, (7, 5))))
    (files / "other").write_bytes(idx(np.where(LABELS[:12] == 7, 9, LABELS[:12])))
    (files / "same").write_bytes(idx(np.full(40, 4)))
    paths = ("labels", "test_file", "test_labels", "validation_file")
    given = {key: files / value if key in paths and value else value for key, value in options.items()}
    with refused(*said):
        loaded(files, **given)


def test_labels_go_with_images_alone(refused, files: Path) -> None:
    with refused("labels=", "does not apply to iris: it is for an idx file of images"):
        load("iris", labels=files / "labels.gz")
    (files / "table.csv").write_text("a,b\n1,2\n")
    with refused("table.csv has the magic number"):
        load(files / "table.csv", labels=files / "labels.gz")


def test_an_image_has_at_most_so_many_pixels(refused, tmp_path: Path) -> None:
    (tmp_path / "large.idx").write_bytes(idx(np.zeros((2, 317, 317))))
    (tmp_path / "labels").write_bytes(idx(np.arange(2)))
    with refused("317 x 317 pixels, over the limit of 100,000", "--pixels 316 or fewer"):
        load(tmp_path / "large.idx", labels=tmp_path / "labels")


def test_four_pixels_are_every_seventh_pixel_exactly() -> None:
    many = images(5000)
    np.testing.assert_array_equal(resized(many, (4, 4)), many[:, 3::7, 3::7].reshape(5000, 16) / 255)


@pytest.mark.parametrize("width", [1, 3, 5, 14, 27, 28])
def test_resizing_is_bilinear_with_half_pixel_centres(width: int) -> None:
    """Against interpolation written out, and against the exact values of a plane, which bilinear keeps."""
    image = images(1)[0].astype(float)
    expected = np.empty((width, width))
    for r in range(width):
        for c in range(width):
            y, x = ((np.asarray([r, c]) + 0.5) * 28 / width) - 0.5
            i, j = min(int(y), 26), min(int(x), 26)
            a, b = y - i, x - j
            top = (1 - b) * image[i, j] + b * image[i, j + 1]
            bottom = (1 - b) * image[i + 1, j] + b * image[i + 1, j + 1]
            expected[r, c] = ((1 - a) * top + a * bottom) / 255
    np.testing.assert_allclose(resized(images(1), (width, width))[0], expected.ravel(), atol=1e-14)


def test_sides_are_resized_independently() -> None:
    """Of a plane, the values at the sampling points."""
    rows, columns = np.mgrid[0:20, 0:10]
    plane = (4 * rows + 9 * columns).astype(np.uint8)[None]
    found = resized(plane, (5, 4)).reshape(5, 4) * 255
    up, across = (np.arange(5) + 0.5) * 4 - 0.5, (np.arange(4) + 0.5) * 2.5 - 0.5
    np.testing.assert_allclose(found, 4 * up[:, None] + 9 * across, atol=1e-12)


def test_a_file_of_images_is_a_table_of_their_pixels(refused, files: Path) -> None:
    data = loaded(files, pixels=4)
    path = files / "images-idx3-ubyte"
    table = raw_table(path, data.preprocessing)
    x = data.preprocessing.transform(table)
    np.testing.assert_array_equal(x, data.preprocessing.apply(resized(images(40, 0, (6, 5)), (4, 4))))
    with refused("holds images, which have no columns to keep", "--keep-columns"):
        raw_table(path, data.preprocessing, copied=("id",))
    with refused("holds images, and the columns that are needed are", "give a table"):
        raw_table(path, load("iris").preprocessing)


def test_labelled_images_are_a_table_with_a_column_of_labels(refused, files: Path, tmp_path: Path) -> None:
    data = loaded(files)
    path, labels = tmp_path / "more-idx3-ubyte.gz", tmp_path / "more-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx(images(7, 5, (6, 5)))))
    labels.write_bytes(gzip.compress(idx(np.resize([7, 2], 7))))
    table = labelled_table(path, data.preprocessing, labels=labels)
    y, found = labels_in_encoding(table, data.preprocessing.target, data.preprocessing.classes, strict=False)
    assert [data.classes[index] for index in y] == [str(label) for label in np.resize([7, 2], 7)]
    expected = data.preprocessing.apply(images(7, 5, (6, 5)).reshape(7, 30) / 255)
    np.testing.assert_array_equal(data.preprocessing.transform(found.table), expected)
    assert not found.table.notes
    with refused("more-idx3-ubyte.gz holds images alone", "--labels FILE"):
        labelled_table(path, data.preprocessing)
    with refused("more-idx1-ubyte.gz has the magic number 2049, not 2051"):
        labelled_table(labels, data.preprocessing, labels=labels)
    (tmp_path / "few").write_bytes(idx(np.arange(3)))
    with refused("7 images", "3 labels", "two files that belong together"):
        labelled_table(path, data.preprocessing, labels=tmp_path / "few")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with refused("goes with an idx file of images", "leave --labels out"):
        labelled_table(tmp_path / "table.csv", data.preprocessing, labels=labels)
    with refused("holds images, and the columns that are needed are", "give a table"):
        labelled_table(path, load("iris").preprocessing, labels=labels)


def test_images_of_another_size_are_resized_and_it_is_said(refused, files: Path, tmp_path: Path) -> None:
    preprocessing = loaded(files).preprocessing
    path = tmp_path / "wide.idx"
    path.write_bytes(idx(images(3, 2, (12, 15))))
    table = raw_table(path, preprocessing)
    assert table.notes == (f"{path}: images of 12 x 15 pixels are resized to the 6 x 5 of earlier ones",)
    expected = preprocessing.apply(resized(images(3, 2, (12, 15)), (6, 5)))
    np.testing.assert_array_equal(preprocessing.transform(table), expected)
    path.write_bytes(idx(np.zeros((3, 0, 5))))
    with refused("wide.idx has images of 0 x 5 pixels"):
        raw_table(path, preprocessing)
