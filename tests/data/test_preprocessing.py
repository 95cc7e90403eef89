"""Preprocessing: fitted on training rows, applied to new tables, kept as JSON without loss."""

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hyperborn.data import Column, Preprocessing, Table
from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.columns import matrix
from hyperborn.data.inference import inferred
from hyperborn.data.preprocessing import fitted_preprocessing
from hyperborn.data.user_files import raw_table

NAMES = {"target": "y", "classes": ("a", "b")}


def mixed() -> Table:
    """Three numbers (one missing) and three colours."""
    return Table(
        {
            "size": np.asarray([1.0, np.nan, 4.0, 10.0]),
            "colour": np.asarray(["red", "blue", "red", "green"]),
            "flag": np.asarray([True, False, True, True]),
        },
        "mixed.csv",
    )


def fitted(
    table: Table, *, strict: bool = True, impute: bool = True, standardize: bool = True, components: int | None = None
) -> Preprocessing:
    columns = inferred(table, list(table.columns), ColumnChoices(strict=strict, impute=impute)).columns
    raw = matrix(table, columns, strict=strict, imputed=impute)
    return fitted_preprocessing(
        raw, columns, standardize=standardize, components=components, impute=impute, strict=strict, **NAMES
    )


def test_one_hot_and_medians_by_hand() -> None:
    preprocessing = fitted(mixed(), standardize=False)
    assert preprocessing.features == ("size", "colour=blue", "colour=green", "colour=red", "flag=False", "flag=True")
    assert [column.kind for column in preprocessing.columns] == ["numeric", "categorical", "categorical"]
    expected = [[1, 0, 0, 1, 0, 1], [4, 1, 0, 0, 1, 0], [4, 0, 0, 1, 0, 1], [10, 0, 1, 0, 0, 1]]
    np.testing.assert_array_equal(preprocessing.transform(mixed()), expected)


def test_standardised_training_rows_have_mean_zero_and_deviation_one() -> None:
    x = fitted(mixed()).transform(mixed())
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(axis=0), 1, rtol=1e-12)


def test_marks_of_rare_categories_and_missing_values_are_not_blown_up() -> None:
    """One row in a hundred: its own deviation, 0.0995, would make it 9.95."""
    rows = np.arange(100)
    column = Column("c", ("often", "seldom"))
    number = Column("n", missing=True)
    raw = np.column_stack([rows > 0, rows == 0, rows == 1, rows == 0]).astype(float)
    found = fitted_preprocessing(raw, (column, number), standardize=True, components=None, impute=True, **NAMES)
    assert found.features == ("c=often", "c=seldom", "n", "n is missing")
    assert found.scales is not None
    own = np.sqrt(0.01 * 0.99)
    np.testing.assert_allclose(found.scales, [0.25, 0.25, own, 0.25])
    np.testing.assert_allclose(found.apply(raw)[0], [-0.99 / 0.25, 0.99 / 0.25, -0.01 / own, 0.99 / 0.25])


def test_constant_column_has_scale_one_even_where_its_deviation_is_rounding() -> None:
    values = np.full(7, 0.1)
    assert values.std() != 0  # the trap: dividing by this would blow rounding up to order one
    preprocessing = fitted(Table({"constant": values, "x": np.arange(7.0)}))
    assert preprocessing.scales is not None
    assert preprocessing.scales[0] == 1.0
    assert np.abs(preprocessing.transform(Table({"constant": values, "x": np.arange(7.0)}))[:, 0]).max() < 1e-15


def test_values_too_large_to_standardise(refused) -> None:
    with refused("'huge'", "too large"):
        fitted(Table({"huge": np.asarray([1e300, -1e300, 0.0])}))


def test_components_are_those_of_the_eigenvectors() -> None:
    random = np.random.default_rng(3)
    raw = random.standard_normal((50, 4)) @ random.standard_normal((4, 4))
    table = Table({f"c{i}": raw[:, i] for i in range(4)})
    preprocessing = fitted(table, components=2)
    x = preprocessing.transform(table)
    assert preprocessing.features == ("component_1", "component_2")
    standard = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    values, vectors = np.linalg.eigh(standard.T @ standard)
    np.testing.assert_allclose(np.abs(x), np.abs(standard @ vectors[:, [3, 2]]), atol=1e-10)
    np.testing.assert_allclose((x**2).sum(axis=0), values[[3, 2]], rtol=1e-10)


@pytest.mark.parametrize("components", [0, 4, True])
def test_number_of_components(refused, components: int) -> None:
    with refused(f"components={components!r}", "from 1 to 3"):
        fitted(Table({name: np.arange(5.0) ** power for power, name in enumerate("abc")}), components=components)


def test_transform_ignores_other_columns_and_takes_rows_in_any_number() -> None:
    preprocessing = fitted(mixed())
    wide = Table(dict(mixed().columns) | {"y": np.asarray(list("abab")), "extra": np.zeros(4)})
    np.testing.assert_array_equal(preprocessing.transform(wide), preprocessing.transform(mixed()))
    assert preprocessing.transform(mixed().rows(np.asarray([2]))).shape == (1, 6)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("size", ["1", "large"], ["'size'", "row 2", "'large'"]),
        ("size", [1.0, np.inf], ["'size'", "1 infinite value;"]),
        ("size", [1.0, -1e308], ["'size'", "row 2", "-1e+308", "too large"]),
        ("colour", ["red", "mauve"], ["'colour'", "row 2", "'mauve'", "blue, green, red"]),
        ("colour", ["red", None], ["'colour'", "1 missing value "]),
        ("colour", [1.0, 2.0], ["'colour'", "'1'"]),
    ],
)
def test_faulty_tables(refused, column: str, values: list[object], said: list[str]) -> None:
    rows = dict(mixed().rows(np.asarray([0, 2])).columns)
    faulty = Table(rows | {column: np.asarray(values, dtype=object)}, "new.csv")
    with refused("new.csv", *said):
        fitted(mixed()).transform(faulty)


def test_missing_column_and_missing_values_without_medians(refused) -> None:
    with refused("'colour'", "size, colour, flag"):
        fitted(mixed()).transform(Table({"size": np.zeros(2), "flag": np.asarray([True, False])}))
    complete = mixed().rows(np.asarray([0, 2, 3]))
    with refused("'size'", "1 missing value;", "--impute median", "'colour'", "unknown category 'blue'"):
        fitted(complete, impute=False).transform(mixed())


def test_stored_medians_fill_new_rows() -> None:
    preprocessing = fitted(mixed(), standardize=False)
    new = Table({"size": np.full(2, np.nan), "colour": np.asarray(["red"] * 2), "flag": np.asarray([True] * 2)})
    np.testing.assert_array_equal(preprocessing.transform(new)[:, 0], [4.0, 4.0])


def test_masked_values_are_missing_ones() -> None:
    preprocessing = fitted(mixed(), standardize=False)
    sizes = np.ma.array([9999.0, 3.0], mask=[True, False])
    raw = raw_table({"size": sizes, "colour": ["red"] * 2, "flag": [True] * 2}, preprocessing)
    np.testing.assert_array_equal(preprocessing.transform(raw)[:, 0], [4.0, 3.0])


def test_no_value_to_take_a_median_of_is_zero() -> None:
    columns = (Column("a"), Column("b"))
    raw = np.asarray([[1, np.nan]] * 3)
    found = fitted_preprocessing(raw, columns, standardize=True, components=None, impute=True, **NAMES)
    np.testing.assert_array_equal(found.medians, [1.0, 0.0])


def test_labels(refused) -> None:
    preprocessing = Preprocessing((Column("a"),), "y", ("3", "7"))
    np.testing.assert_array_equal(preprocessing.encode_labels(["7", 3, 7.0]), [1, 0, 1])
    with refused("'5'", "3, 7"):
        preprocessing.encode_labels([3, 5])


finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(max_size=5)


@st.composite
def parts(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a `Preprocessing`, its columns still as pairs: the type checks of building them roll dice."""
    categories = st.none() | st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
    *columns, target = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    made = [(name, draw(categories)) for name in columns]
    numeric = sum(values is None for _, values in made)
    raw = numeric + sum(len(values) for _, values in made if values is not None)
    kept = draw(st.integers(1, raw))

    def some(shape: tuple[int, ...], elements: st.SearchStrategy[float] = finite) -> np.ndarray:
        return draw(arrays(np.float64, shape, elements=elements))

    positive = st.floats(5e-324, allow_infinity=False)
    standard, components = draw(st.booleans()), draw(st.booleans())
    return {
        "columns": made,
        "target": target,
        "classes": tuple(draw(st.lists(names, min_size=2, max_size=4, unique=True))),
        "medians": some((numeric,)) if draw(st.booleans()) else None,
        "means": some((raw,)) if standard else None,
        "scales": some((raw,), positive) if standard else None,
        "pca_mean": some((raw,)) if components else None,
        "pca_components": some((kept, raw)) if components else None,
    }


@given(parts())
def test_json_gives_everything_back_to_the_last_bit(parts: dict[str, Any]) -> None:
    columns = tuple(Column(name, categories) for name, categories in parts["columns"])
    preprocessing = Preprocessing(**(parts | {"columns": columns}))
    again = Preprocessing.from_dict(json.loads(json.dumps(preprocessing.to_dict())))
    assert (again.columns, again.target, again.classes) == (
        preprocessing.columns,
        preprocessing.target,
        preprocessing.classes,
    )
    for name in ("medians", "means", "scales", "pca_mean", "pca_components"):
        before, after = getattr(preprocessing, name), getattr(again, name)
        assert (before is None) == (after is None)
        if before is not None:
            assert before.tobytes() == after.tobytes()
            assert before.shape == after.shape
            assert not after.flags.writeable


def good_record() -> dict:
    return fitted(mixed(), components=2).to_dict() | {"target_scaling": None}


@pytest.mark.parametrize("key", sorted(good_record()))
def test_each_entry_must_be_there_and_of_its_type(refused, key: str) -> None:
    record = good_record()
    del record[key]
    with refused(key, "preprocessing record"):
        Preprocessing.from_dict(record)
    with refused(key, "preprocessing record"):
        Preprocessing.from_dict(good_record() | {key: {"a": 1}})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unknown": 1}, "unknown"),
        ({"format": 2}, "format"),
        ({"format": 4}, "format"),
        ({"decimal": ";"}, "decimal"),
        ({"classes": ["a"]}, "classes"),
        ({"classes": ["a", "a"]}, "classes"),
        ({"medians": ["1.0"]}, "medians"),
        ({"medians": [1.0, 2.0]}, "medians"),
        ({"means": [float("nan")] * 6}, "means"),
        ({"scales": [0.0] * 6}, "scales"),
        ({"scales": None}, "scales"),
        ({"pca_components": [[1.0], [1.0, 2.0]]}, "pca_components"),
        ({"pca_components": []}, "pca_components"),
        ({"pca_components": [[1.0] * 5]}, "pca_components"),
        ({"target": "size"}, "'size'"),
        ({"columns": []}, "no column"),
        ({"columns": [{"name": "a", "kind": "numeric", "categories": ["x"]}]}, "'a'"),
        ({"columns": [{"name": "a", "kind": "categorical", "categories": ["x", "x"]}]}, "'a'"),
        ({"columns": [{"name": "a", "kind": "numeric", "categories": None}] * 2}, "twice"),
        ({"columns": [{"name": "a", "kind": "numeric", "categories": None, "date_format": "ISO8601"}]}, "'a'"),
        (
            {"columns": [{"name": "a", "kind": "date", "categories": None, "parts": ["year"], "date_format": "x"}]},
            "'a'",
        ),
    ],
)
def test_a_bad_record_is_named(refused, change: dict, said: str) -> None:
    with refused(said):
        Preprocessing.from_dict(copy.deepcopy(good_record()) | change)


@pytest.mark.parametrize("record", [None, [], "text", {}])
def test_what_is_no_record_at_all(refused, record: object) -> None:
    with refused("preprocessing record"):
        Preprocessing.from_dict(record)


def test_the_format_of_dates_is_in_the_record_where_there_is_one() -> None:
    """Records of dates without one were written before, and are read."""
    parts: Any = {"parts": ("year", "days"), "missing": True}
    columns = (Column("when", **parts, date_format="%d/%m/%Y"), Column("then", **parts), Column("n"))
    record = Preprocessing(columns, "y", ("a", "b")).to_dict()
    assert record["columns"][0]["date_format"] == "%d/%m/%Y"
    assert [("date_format" in column) for column in record["columns"]] == [True, False, False]
    assert Preprocessing.from_dict(json.loads(json.dumps(record))).columns == columns
