"""Labels: one spelling for one label, any subset of classes in any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data.labels import (
    KnownLabels,
    chosen_classes,
    classes_of,
    encoded,
    joined,
    label_spelling,
    nearest_name,
    parsed_number,
    rows_of_classes,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (" 1 ", "1"),
        (np.int64(3), "3"),
        (np.float32(0.5), "0.5"),
        (True, "True"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        ("1.0", "1.0"),
        ("red", "red"),
    ],
)
def test_label_text(value: object, text: str) -> None:
    assert label_spelling(value) == text


def test_a_number_keeps_its_underscore_to_itself() -> None:
    assert parsed_number("1_000") is None
    assert parsed_number("1e3") == 1000.0
    assert parsed_number("red") is None


def test_long_lists_are_cut_and_the_nearest_name_ignores_case() -> None:
    assert joined("abc") == "a, b, c"
    assert joined("abcd", limit=2) == "a, b and 2 more"
    assert nearest_name("IRSI", ("wine", "iris")) == "iris"
    assert nearest_name("zzz", ("wine",)) == "wine"


def test_encode_takes_any_spelling_of_a_number() -> None:
    np.testing.assert_array_equal(encoded(["1", 1, 1.0, " 1 ", "1.0", 2], ("1", "2")), [0, 0, 0, 0, 0, 1])


def test_encode_prefers_the_label_as_written() -> None:
    # "01" and "1" are two labels here, so the number one alone can only mean the second.
    np.testing.assert_array_equal(encoded(["01", "1", 1.0], ("01", "1")), [0, 1, 1])
    np.testing.assert_array_equal(encoded([1.0], ("01", "x")), [0])


def test_encode_refuses_a_label_it_does_not_know(refused) -> None:
    with refused("'blue'", "red, green"):
        encoded(["red", "blue"], ("red", "green"))


def test_ambiguous_number_is_unknown(refused) -> None:
    with refused("'1'"):
        encoded([1.0], ("01", "001"))


def test_classes_by_name_index_and_text() -> None:
    names = ("setosa", "versicolor", "virginica")
    assert chosen_classes(names, None) == [0, 1, 2]
    assert chosen_classes(names, (2, 0)) == [2, 0]
    assert chosen_classes(names, ("virginica", "1")) == [2, 1]


def test_where_names_are_numbers_a_class_is_its_name_never_its_index(refused) -> None:
    assert chosen_classes(("1", "2", "3"), (3, "1")) == [2, 0]
    with refused("'0'", "1, 2, 3"):
        chosen_classes(("1", "2", "3"), (0, 1))


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ((0, 3), "from 0 to 2"),
        ((0, "rose"), "a, b, c"),
        ((0, -1), "'-1'"),
        ((1,), "one class only"),
        ((), "one class only"),
        ((1, "b"), "twice"),
        ("ab", "sequence"),
        ((0, "1.5"), "'1.5'"),
    ],
)
def test_faulty_choices(refused, classes: object, said: str) -> None:
    with refused(said):
        chosen_classes(("a", "b", "c"), classes)


@given(st.lists(st.integers(0, 4), max_size=30), st.permutations(range(5)), st.integers(2, 5))
def test_select_is_a_filter_and_a_renaming(labels: list[int], order: list[int], n_chosen: int) -> None:
    chosen = order[:n_chosen]
    rows, y = rows_of_classes(np.asarray(labels, dtype=np.int64), chosen)
    assert rows.tolist() == [row for row, label in enumerate(labels) if label in chosen]
    assert [chosen[index] for index in y] == [label for label in labels if label in chosen]


@pytest.mark.parametrize(
    ("labels", "names", "y"),
    [
        # Numbers that are equal as numbers are one class, called as it is most often spelt, and in their order.
        (["10", "9.0", "9.0", "9", "1"], ("1", "9.0", "10"), [2, 1, 1, 1, 0]),
        # Digits that no float64 holds are told apart.
        (["9007199254740993", "9007199254740992"], ("9007199254740992", "9007199254740993"), [1, 0]),
        (["123456789012345678", "123456789012345679"], ("123456789012345678", "123456789012345679"), [0, 1]),
        # Codes are spelt as they come.
        (["007", "07"], ("007", "07"), [0, 1]),
        (["1E2", "100"], ("100", "1E2"), [1, 0]),
        (["10001", "02139"], ("02139", "10001"), [1, 0]),
        # Where one label is text, all are.
        (["1", "1.0", "x"], ("1", "1.0", "x"), [0, 1, 2]),
        (["1,2", "3,4"], ("1,2", "3,4"), [0, 1]),
    ],
)
def test_classes_are_spelt_as_they_come(labels: list[str], names: tuple[str, ...], y: list[int]) -> None:
    found, indices = classes_of(np.asarray(labels, dtype=object))
    assert found == names
    np.testing.assert_array_equal(indices, y)
    np.testing.assert_array_equal(encoded(labels, found), y)


@pytest.mark.parametrize(
    ("names", "values", "places"),
    [
        (("1", "2.50", "x"), ("1.0", 2.5, "x", True, "TRUE"), (0, 1, 2, None, None)),
        (("007", "7"), ("007", "7", 7.0, "07"), (0, 1, 1, None)),
        (("FALSE", "TRUE"), (True, "false", 1, "0.0", 2, "yes"), (1, 0, 1, 0, None, None)),
        (("0", "1"), (True, "FALSE", 1.0), (1, 0, 1)),
        (("true", "TRUE", "False"), ("true", "TRUE", "True", False, 0), (0, 1, None, 2, None)),
        (("False", "True", "unknown"), (True, 1), (1, None)),
    ],
)
def test_names_are_found_by_other_spellings_of_the_same(names: tuple, values: tuple, places: tuple) -> None:
    known = KnownLabels(names)
    assert tuple(known.index(value) for value in values) == places
