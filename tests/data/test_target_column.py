"""The target of a person's table: which rows have a label, and what of it is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hyperborn.data import load
from hyperborn.data.tables import Table, read_table
from hyperborn.data.user_table import examples_in_encoding

Written = Callable[..., Path]


def table_of(labels: list[str], delimiter: str = ",") -> str:
    """A table of one feature and these labels."""
    return f"a{delimiter}y\n" + "".join(f"{row % 9}{delimiter}{label}\n" for row, label in enumerate(labels))


NUMBERS = [f"{10 + 0.5 * row:.2f}" for row in range(60)]


@pytest.mark.parametrize("word", ["na", "none", "None", "missing", "NA", "?", "-"])
def test_no_label_among_numbers_is_said_and_left_out(written: Written, word: str) -> None:
    classes = ["0", "1"] * 20
    data = load(written(table_of([*classes, word, word])), target="y")
    assert data.classes == ("0", "1")
    assert sum(map(len, (data.train, data.validation, data.test))) == 40
    assert any(note.startswith("2 rows without a label left out") for note in data.notes)
    numbers = load(written(table_of([*NUMBERS, word])), target="y")
    assert numbers.classes == ()
    assert any(note.startswith("1 row without a label left out") for note in numbers.notes)


def test_the_word_that_is_left_out_is_named_with_a_remedy_that_works(written: Written) -> None:
    path = written(table_of([*["0", "1"] * 20, *["na"] * 9]))
    note = next(note for note in load(path, target="y").notes if "label" in note)
    assert "among them those of 'na' (--classes 0,1,na makes classes of all)" in note
    data = load(path, target="y", classes=["0", "1", "na"])
    assert data.classes == ("0", "1", "na")
    assert sum(map(len, (data.train, data.validation, data.test))) == 49


def test_words_beside_text_are_classes(written: Written) -> None:
    data = load(written(table_of(["brown", "none", "red"] * 10)), target="y")
    assert data.classes == ("brown", "none", "red")
    assert not any("label" in note for note in data.notes)


def test_text_in_few_rows_of_a_number_is_left_out_and_said(written: Written) -> None:
    path = written(table_of([*NUMBERS, "unknown", "none"]))
    data = load(path, target="y", validation=0.0, test=0.0)
    assert (data.classes, len(data.train)) == ((), 60)
    assert any("2 rows whose target is text, such as 'unknown', left out (regression)" in note for note in data.notes)
    again = examples_in_encoding(read_table(path, text=["y"]), data.preprocessing, target=None)
    np.testing.assert_array_equal(again.y, [float(text) for text in NUMBERS])
    assert any("2 rows whose target is text" in note for note in again.notes)
    # A tenth of the rows and more may be classes.
    assert load(written(table_of([*NUMBERS[:20], *["low"] * 20])), target="y", validation=0.0, test=0.0).classes
    asked = load(written(table_of([*NUMBERS[:20], *["low"] * 20])), target="y", task="regression")
    assert sum(map(len, (asked.train, asked.validation, asked.test))) == 20


def test_strictly_text_among_numbers_is_refused(written: Written, refused) -> None:
    path = written(table_of([*NUMBERS, "unknown"]))
    with refused("'y'", "numbers but for 1 row, such as one with 'unknown'", "without strict (--strict)"):
        load(path, target="y", strict=True)


def test_strict_labels_are_named_with_the_columns(written: Written, refused) -> None:
    text = "a,day,y\n" + "".join(f"{row % 9},2024-01-{row % 28 + 1:02d},{row % 2}\n" for row in range(60))
    with refused("2 missing values (such as 'na'); fill them in", "column 'day'", "--drop day"):
        load(written(f"{text}1,2024-01-01,na\n2,2024-01-01,\n"), target="y", strict=True)


def test_decimal_commas_of_a_target_with_some_text(written: Written) -> None:
    labels = [text.replace(".", ",") for text in NUMBERS]
    data = load(written(table_of([*labels, "n.b."], ";")), target="y", validation=0.0, test=0.0)
    np.testing.assert_allclose(data.preprocessing.own_labels(data.train.y), [float(text) for text in NUMBERS])


def test_decimal_commas_of_a_feature_with_some_text(written: Written) -> None:
    rows = [f"{text.replace('.', ',')};{row % 2}\n" for row, text in enumerate(NUMBERS)]
    data = load(written("a;y\n" + "".join(rows) + "n.b.;1\n"), target="y")
    assert [column.kind for column in data.preprocessing.columns] == ["numeric"]
    assert any("1 cell of text as missing, the first 'n.b.'" in note for note in data.notes)


def test_labels_in_the_encoding_of_earlier_data(written: Written, refused) -> None:
    data = load(written(table_of(["0", "1"] * 20)), target="y", validation=0.0, test=0.0)
    # "na" is no class there, and in a run with such a class it would be one.
    new = Table({"a": [1.0, 2.0, 3.0], "y": ["0", "na", "1"]}, "new", text=frozenset(["y"]))
    found = examples_in_encoding(new, data.preprocessing, target=None)
    assert found.y.tolist() == [0, 1]
    assert found.notes == ("1 row without a label left out, among them those of 'na'",)
    with refused("unknown label '2'; the known classes are 0, 1"):
        examples_in_encoding(Table({"a": [1.0], "y": ["2"]}), data.preprocessing, target=None)


def test_rows_of_other_classes_than_the_chosen_ones_in_a_file_of_its_own(written: Written, refused) -> None:
    path, test = written(table_of(["a", "b", "c"] * 20)), written(table_of(["a", "c", "b", "d"]), "test.csv")
    data = load(path, target="y", classes=("b", "a"), test_file=test)
    assert data.test.y.tolist() == [1, 0]
    assert "test.csv: 2 rows of other classes than the chosen ones left out: c, d" in data.notes
    with refused("'y' of", "unknown label 'd'; the known classes are a, b, c"):
        load(path, target="y", test_file=test)
    with refused("has none of the chosen classes a, b, but c", "--classes"):
        load(path, target="y", classes=("a", "b"), test_file=written(table_of(["c"] * 4), "test.csv"))
