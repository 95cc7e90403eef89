from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hyperborn.data import from_arrays, load
from hyperborn.data.user_files import raw_table

OLD = "height,colour,kind,note\n" + "".join(
    f"{1 + 0.1 * row},{'red' if row % 3 else 'blue'},{'rose' if row % 2 else 'tulip'},x\n" for row in range(20)
)
# Other columns, another order, one colour only, a missing height, and other numbers.
NEW = "kind,colour,height,source\ntulip,red,3.5,a\nrose,red,,b\nrose,red,0.5,c\ntulip,red,2.0,d\nrose,red,4.25,e\n"
ALL = {"validation": 0.0, "test": 0.0}


def test_statistics_categories_and_classes_are_the_earlier_ones(written: Callable[..., Path]) -> None:
    old = load(written(OLD, "old.csv"), target="kind", drop=("note",), **ALL)
    new = load(written(NEW, "new.csv"), preprocessing=old.preprocessing, **ALL)
    assert new.preprocessing is old.preprocessing
    assert (new.name, new.classes, new.features) == ("new.csv", ("rose", "tulip"), old.features)
    heights = 1 + 0.1 * np.arange(20)
    blue = np.arange(20) % 3 == 0
    given = np.array([3.5, np.median(heights), 0.5, 2.0, 4.25])
    expected = [
        (given - heights.mean()) / heights.std(),
        np.full(5, (0 - blue.mean()) / blue.std()),
        np.full(5, (1 - (1 - blue.mean())) / blue.std()),
    ]
    np.testing.assert_allclose(new.train.x, np.stack(expected, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(new.train.y, [1, 0, 0, 1, 0])
    again = load(written(NEW, "new.csv"), target="kind", preprocessing=old.preprocessing, **ALL)
    np.testing.assert_array_equal(again.train.x, new.train.x)


def test_principal_components_are_the_earlier_ones() -> None:
    old = load("wine", components=3, seed=0)
    raw, new = load("wine", seed=1, standardize=False), load("wine", seed=1, preprocessing=old.preprocessing)
    np.testing.assert_array_equal(new.train.x, old.preprocessing.apply(raw.train.x))
    np.testing.assert_array_equal(new.test.y, raw.test.y)


def test_of_a_built_in_set_the_earlier_classes_are_taken() -> None:
    old = load("iris", classes=("virginica", "setosa"), seed=0)
    new = load("iris", seed=1, preprocessing=old.preprocessing)
    same = load("iris", classes=("virginica", "setosa"), seed=1, standardize=False)
    assert new.classes == ("virginica", "setosa")
    np.testing.assert_array_equal(new.train.x, old.preprocessing.apply(same.train.x))
    np.testing.assert_array_equal(new.train.y, same.train.y)


def test_the_earlier_file_itself_gives_the_same_data_again(written: Callable[..., Path]) -> None:
    path = written(OLD)
    old = load(path, target="kind", seed=4)
    new = load(path, seed=4, preprocessing=old.preprocessing)
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(new.split(split).x, old.split(split).x)
        np.testing.assert_array_equal(new.split(split).y, old.split(split).y)


def test_new_data_need_not_have_every_class(written: Callable[..., Path]) -> None:
    old = load("iris", classes=(0, 1, 2))
    rows = [f"{one},{one},{one},{one},virginica" for one in range(10)]
    table = written("\n".join([",".join((*old.preprocessing.raw_features, "target")), *rows]))
    new = load(table, preprocessing=old.preprocessing)
    assert new.classes == ("setosa", "versicolor", "virginica")
    assert [len(new.split(name)) for name in ("train", "validation", "test")] == [6, 2, 2]
    assert set(new.train.y) == {2}


def test_data_that_do_not_fit_say_so(refused, written: Callable[..., Path]) -> None:
    earlier = load(written(OLD, "old.csv"), target="kind", drop=("note",), strict=True).preprocessing
    for old, new, said in (
        ("tulip,red", "daisy,red", ("column 'kind' of", "unknown label 'daisy'", "rose, tulip")),
        ("red,0.5", "green,0.5", ("column 'colour' of", "unknown category 'green'")),
        (",height", ",width", ("has no column 'height'", "it needs the columns: height, colour")),
        ("kind,", "sort,", ("has no column 'kind'", "the target of the earlier data")),
        ("rose,red,1.5", ",red,1.5", ("'kind'", "1 missing value; fill them in, remove their rows")),
        ("1.5", "", ("column 'height' of", "1 missing value")),
    ):
        table = NEW.replace("red,,", "red,1.5,").replace(old, new)
        with refused(*said):
            load(written(table, "new.csv"), preprocessing=earlier, **ALL)
    with refused("no rows"):
        load(written("kind,colour,height\n", "new.csv"), preprocessing=earlier, **ALL)
    with refused("target='colour' is not that of the earlier data, 'kind'", "leave it out"):
        load(written(NEW, "new.csv"), target="colour", preprocessing=earlier)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("wine", {}, ("wine has the columns alcohol", "the earlier data pixel_0_0", "choose the same data set")),
        ("digits", {}, ("unknown class", "'b'")),
        ("digits", {"pixels": 2}, ("unknown class", "'b'")),
    ],
)
def test_another_built_in_set_says_so(refused, name: str, options: dict, said: tuple[str, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(20, 4))
    classes = ("class_0", "class_1") if name == "wine" else ("a", "b")
    names = [f"pixel_{row}_{column}" for row in range(2) for column in range(2)]
    earlier = from_arrays(x, [*classes] * 10, features=names).preprocessing
    with refused(*said[:1]):
        load(name, preprocessing=earlier, **options)


def test_images_of_another_size_are_no_same_columns(refused) -> None:
    # The larger images have columns of all the smaller ones' names.
    earlier = load("digits", classes=(0, 1), pixels=2).preprocessing
    with refused("digits has the columns pixel_0_0", "60 more", "(and pixels)"):
        load("digits", preprocessing=earlier)
    assert load("digits", pixels=2, preprocessing=earlier).n_features == 4


@pytest.mark.parametrize(
    "options",
    [
        {"classes": (0, 1)},
        {"standardize": False},
        {"components": 2},
        {"impute": "median"},
        {"drop": ("a",)},
        {"strict": True},
    ],
)
def test_what_the_preprocessing_settles_is_not_asked_again(refused, written, options: dict) -> None:
    earlier = load(written(OLD), target="kind").preprocessing
    with refused(f"{next(iter(options))}=", "does not go with preprocessing, which settles it"):
        load(written(OLD), preprocessing=earlier, **options)


def test_arrays_are_encoded_as_earlier_ones(refused) -> None:
    x = np.random.default_rng(0).normal(size=(40, 3)) * [1, 10, 100]
    old = from_arrays(x[:20], ["a", "b"] * 10, features=["u", "v", "w"], components=2)
    new = from_arrays(x[20:], ["b", "a"] * 10, preprocessing=old.preprocessing, **ALL)
    np.testing.assert_array_equal(new.train.x, old.preprocessing.apply(x[20:]))
    np.testing.assert_array_equal(new.train.y, [1, 0] * 10)
    turned = from_arrays(
        x[20:, ::-1], ["b", "a"] * 10, features=["w", "v", "u"], preprocessing=old.preprocessing, **ALL
    )
    np.testing.assert_array_equal(turned.train.x, new.train.x)
    with refused("unknown label 'c'"):
        from_arrays(x[20:], ["b", "c"] * 10, preprocessing=old.preprocessing)
    with refused("must name each of the 2 columns"):
        from_arrays(x[20:, :2], ["b", "a"] * 10, preprocessing=old.preprocessing)
    with refused("components=2", "does not go with preprocessing"):
        from_arrays(x[20:], ["b", "a"] * 10, components=2, preprocessing=old.preprocessing)


def test_earlier_data_and_a_test_file_are_imputed_alike(written: Callable[..., Path]) -> None:
    earlier = load(written(OLD, "old.csv"), target="kind", drop=("note",)).preprocessing
    new = load(written(NEW, "new.csv"), preprocessing=earlier, validation=0.0, test_file=written(NEW, "test.csv"))
    np.testing.assert_array_equal(new.test.x, new.train.x)


def test_data_frames_are_read_as_files_are(written: Callable[..., Path]) -> None:
    rows = [f"{row}.5,{('none', 'brown', 'NA')[row % 3]},{row % 2}" for row in range(60)]
    data = load(written("\n".join(["a,hair,y", *rows])), target="y")
    assert data.features == ("a", "hair=brown", "hair=none", "hair is missing")
    new = written("a,hair\n1,none\n2,none\n", "new.csv")
    expected = data.preprocessing.transform(raw_table(new, data.preprocessing))
    for given in ({"a": [1, 2], "hair": ["none", "none"]}, [[1, "none"], [2, "none"]]):
        np.testing.assert_array_equal(data.preprocessing.transform(raw_table(given, data.preprocessing)), expected)
