"""The one entrance: options apply or are refused, statistics come from training rows, tables of one's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hyperborn.data import load, read_table
from hyperborn.data.surprises import surprises
from hyperborn.data.user_files import raw_table

FLOWERS = "height,colour,kind\n" + "".join(
    f"{1 + 0.1 * row},{'red' if row % 3 else 'blue'},{'rose' if row % 2 else 'tulip'}\n" for row in range(20)
)


def test_unknown_name_says_the_nearest(refused) -> None:
    with refused("'irsi'", "'iris'", "gaussian, moons", ".parquet"):
        load("irsi")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("iris", {"pixels": 4}),
        ("iris", {"folder": "x"}),
        ("iris", {"size": 10}),
        ("iris", {"impute": "median"}),
        ("moons", {"target": "y"}),
        ("gaussian", {"noise": 0.1}),
        ("xor", {"pixels": 4}),
        ("digits", {"noise": 0.1}),
        ("mnist", {"size": 10}),
        ("table.csv", {"noise": 0.1}),
        ("iris", {"drop": ("x1",)}),
    ],
)
def test_an_option_that_does_not_apply_is_named(refused, name: str, options: dict) -> None:
    with refused(next(iter(options)), "does not apply"):
        load(name, **options)


def test_statistics_come_from_the_training_split_alone() -> None:
    raw = load("wine", seed=5, standardize=False)
    data = load("wine", seed=5)
    for split in ("train", "validation", "test"):
        expected = (raw.split(split).x - raw.train.x.mean(axis=0)) / raw.train.x.std(axis=0)
        np.testing.assert_allclose(data.split(split).x, expected, rtol=1e-12)
        np.testing.assert_array_equal(data.split(split).y, raw.split(split).y)


def test_components(refused) -> None:
    data = load("wine", components=3)
    assert (data.n_features, data.features[0]) == (3, "component_1")
    assert data.train.x.var(axis=0).argsort().tolist() == [2, 1, 0]
    with refused("components=14", "from 1 to 13"):
        load("wine", components=14)


def test_the_promised_example() -> None:
    data = load("iris", classes=(1, 2), seed=0)
    assert (data.train.x.shape, data.n_classes) == ((60, 4), 2)
    assert data.classes == ("versicolor", "virginica")


def test_the_seed_changes_the_splits_only_with_itself() -> None:
    np.testing.assert_array_equal(load("iris", seed=1).test.x, load("iris", seed=1).test.x)
    assert not np.array_equal(load("iris", seed=1).test.x, load("iris", seed=2).test.x)


def test_a_table_of_ones_own(written: Callable[..., Path]) -> None:
    data = load(written(FLOWERS, "flowers.csv"), target="kind", standardize=False, validation=0.0, test=0.0)
    assert (data.name, data.classes) == ("flowers.csv", ("rose", "tulip"))
    assert data.features == ("height", "colour=blue", "colour=red")
    assert data.preprocessing.target == "kind"
    np.testing.assert_allclose(data.train.x[:2], [[1.0, 1, 0], [1.1, 0, 1]])
    np.testing.assert_array_equal(data.train.y, [1, 0] * 10)


def test_a_parquet_file_gives_the_same_as_its_csv(written: Callable[..., Path], tmp_path: Path) -> None:
    csv = pytest.importorskip("pyarrow.csv", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = written(FLOWERS)
    parquet.write_table(csv.read_csv(path), tmp_path / "t.parquet")
    first, second = (load(p, target="kind") for p in (path, tmp_path / "t.parquet"))
    np.testing.assert_array_equal(first.train.x, second.train.x)
    np.testing.assert_array_equal(first.test.y, second.test.y)


def test_a_later_table_is_transformed_as_the_first(written: Callable[..., Path]) -> None:
    path = written(FLOWERS)
    data = load(str(path), target="kind", validation=0.0, test=0.0, components=2)
    table = read_table(path)
    np.testing.assert_allclose(data.preprocessing.transform(table), data.train.x, rtol=1e-12)
    np.testing.assert_array_equal(data.preprocessing.encode_labels(table.columns["kind"]), data.train.y)


def test_a_table_of_built_in_features_is_transformed() -> None:
    from hyperborn.data import Table

    raw, data = load("iris", seed=0, standardize=False), load("iris", seed=0)
    table = Table({name: raw.test.x[:, place] for place, name in enumerate(raw.features)})
    np.testing.assert_allclose(data.preprocessing.transform(table), data.test.x, rtol=1e-12)


def test_imputed_by_the_training_median(refused, written: Callable[..., Path]) -> None:
    lines = FLOWERS.splitlines()
    for row in (3, 8):
        lines[row] = "," + lines[row].split(",", 1)[1]
    path = written("\n".join(lines))
    with refused("'height'", "2 missing values", "--impute median"):
        load(path, target="kind", strict=True)
    heights = np.asarray([1 + 0.1 * row for row in range(20) if row not in (2, 7)])
    strict = load(path, target="kind", impute="median", strict=True, standardize=False, validation=0.0, test=0.0)
    assert strict.features == ("height", "colour=blue", "colour=red")
    data = load(path, target="kind", standardize=False, validation=0.0, test=0.0)
    assert data.features == ("height", "height is missing", "colour=blue", "colour=red")
    np.testing.assert_array_equal(np.flatnonzero(data.train.x[:, 1]), [2, 7])
    np.testing.assert_array_equal(np.delete(data.train.x, 1, axis=1), strict.train.x)
    np.testing.assert_allclose(data.train.x[[2, 7], 0], np.median(heights))
    split = load(path, target="kind", standardize=False)
    assert split.preprocessing.medians is not None
    known = np.isin(split.train.x[:, 0], [float(f"{1 + 0.1 * row}") for row in range(20)])
    np.testing.assert_allclose(split.preprocessing.medians, [np.median(split.train.x[known, 0])])


def table_of(*rows: str, repeat: int = 10) -> str:
    return "\n".join(["a,b,y", *rows * repeat]) + "\n"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (FLOWERS, {"target": None}, ["--target", "height, colour, kind"]),
        (FLOWERS, {"target": "kidn"}, ["'kidn'", "'kind'", "height, colour, kind"]),
        (table_of("1,2,x"), {}, ["'y'", "one class only", "x"]),
        (table_of("1,2,x", "3,4,z"), {"classes": ("x",)}, ["one class only"]),
        (table_of("1,2,x", "3,4,z"), {"classes": ("x", "w")}, ["'w'", "x, z"]),
        (table_of("1,2,x", "3,4,"), {"strict": True}, ["'y'", "10 missing values", "never imputed"]),
        (table_of("1,2,x", "3,4,"), {}, ["'y'", "one class only"]),
        (table_of("1,2,0", "3,4,inf"), {}, ["'y'", "infinite"]),
        (table_of("1,2,x", "3,inf,z"), {}, ["'b'", "10 infinite values"]),
        (table_of("1,nan,x", "3,2,z"), {"strict": True}, ["'b'", "10 missing values"]),
        (table_of("1,2,x", "3,4,z", repeat=1), {}, ["no class has the 3 examples", "2 examples of 2 classes"]),
        ("a,y\n" + "".join(f"1,{row}.5\n" for row in range(21)), {"task": "classification"}, ["'y'", "21", "too many"]),
        (
            "a,y\n" + "".join(f"id{row},{row % 2}\n" for row in range(60)),
            {"strict": True},
            ["'a'", "60 different values"],
        ),
        ("a,y\n" + "".join(f"id{row},{row % 2}\n" for row in range(60)), {}, ["no column", "'y'", "a: an identifier"]),
        ("y\n1\n2\n", {}, ["no column", "beside the target 'y'"]),
        ("a,b,y\n1,2\n", {}, ["line 2"]),
    ],
)
def test_bad_tables(refused, written: Callable[..., Path], text: str, options: dict, said: list[str]) -> None:
    with refused(*said):
        load(written(text), **({"target": "y"} | options))


def test_wide_tables_say_how_to_list_their_columns(refused, written: Callable[..., Path]) -> None:
    header = ",".join(f"c{place}" for place in range(40))
    with refused("'lable'", "and 28 more", "read_table("):
        load(written(header + "\n" + ",".join("1" * 40) + "\n"), target="lable")


def test_missing_values_of_rows_that_are_left_out_do_not_matter(written: Callable[..., Path]) -> None:
    data = load(written(table_of("1,2,x", "3,4,z", "NA,5,w")), target="y", classes=("z", "x"))
    assert (data.classes, len(data.train)) == (("z", "x"), 12)


def test_numeric_labels_are_classes_by_their_number(written: Callable[..., Path]) -> None:
    data = load(written(table_of("1,2,10", "3,4,9.0", "5,6,2")), target="y", test=0.0, validation=0.0)
    assert data.classes == ("2", "9.0", "10")
    np.testing.assert_array_equal(data.preprocessing.encode_labels(["9", 10, 2.0]), [1, 2, 0])


def test_fractions_and_impute_are_checked(refused) -> None:
    with refused("validation=1.5"):
        load("iris", validation=1.5)
    with refused("nothing to train on"):
        load("iris", validation=0.5, test=0.5)
    with refused("impute='mean'", 'impute="median"'):
        load("table.csv", impute="mean")
    with refused("seed=-1"):
        load("iris", seed=-1)


def test_dropped_columns_are_as_if_they_were_not_there(refused, written: Callable[..., Path]) -> None:
    # An identifier, and numbers with a separator of thousands.
    lines = [f'id{row},"{row},{row}00",{line}' for row, line in enumerate(FLOWERS.splitlines())]
    path = written("\n".join(["id,price," + FLOWERS.splitlines()[0], *lines[1:]]), "wide.csv")
    found = load(path, target="kind", drop=("id", "price"))
    expected = load(written(FLOWERS), target="kind")
    assert found.preprocessing.left_out == {"id": "dropped", "price": "dropped"}
    assert found.preprocessing.to_dict() | {"left_out": {}} == expected.preprocessing.to_dict()
    np.testing.assert_array_equal(found.test.x, expected.test.x)
    both = load(path, target="kind", drop=["id,price"])
    assert both.preprocessing.to_dict() == found.preprocessing.to_dict()
    with refused("no column 'pirce' to drop", "nearest is 'price'", "id, price, height"):
        load(path, target="kind", drop=("pirce",))
    with refused("drop names the target 'kind'", "--drop"):
        load(path, target="kind", drop=("id", "kind"))
    with refused("drop='id'", "('name', 'id')"):
        load(path, target="kind", drop="id")
    with refused("no column that says anything beside the target 'kind'", "height: dropped"):
        load(written(FLOWERS), target="kind", drop=("height", "colour"))


def test_a_strange_cell_is_a_missing_number_or_named_by_its_row(refused, written: Callable[..., Path]) -> None:
    rows = [f"{row},{'xyz'[row % 3]}" for row in range(60)]
    rows[31] = "twelve,y"
    path = written("\n".join(["a,k", *rows]))
    with refused("table.csv", "column 'a'", "row 21 with 'twelve'", "--numeric a", "--drop a"):
        load(path, target="k", classes=("y", "z"), strict=True)
    data = load(path, target="k", classes=("y", "z"))
    assert data.features == ("a", "a is missing")
    assert data.notes[0].startswith("a: numbers, with 1 cell of text as missing, the first 'twelve'")


def test_raw_rows_are_a_table_in_the_order_of_the_columns(refused, written: Callable[..., Path]) -> None:
    path = written(FLOWERS)
    data = load(path, target="kind")
    rows = [line.split(",")[:2] for line in FLOWERS.splitlines()[1:]]
    expected = data.preprocessing.transform(read_table(path))
    for given in (rows, np.asarray(rows), [[float(height), colour] for height, colour in rows], str(path)):
        table = raw_table(given, data.preprocessing)
        np.testing.assert_array_equal(data.preprocessing.transform(table), expected)
    for faulty in ([1.0, "red"], [[1.0], [2.0]], [[1.0, "red"], [2.0]]):
        with refused("raw rows of shape", "(examples, 2)", "height, colour"):
            raw_table(faulty, data.preprocessing)


@pytest.mark.parametrize("labels", [("9007199254740992", "9007199254740993"), ("007", "07"), ("02139", "10001")])
def test_labels_come_out_as_they_came_in(written: Callable[..., Path], labels: tuple[str, str]) -> None:
    path = written("a,y\n" + "".join(f"{row % 7},{labels[row % 2]}\n" for row in range(40)))
    data = load(path, target="y", test=0.0, validation=0.0)
    assert data.classes == labels
    np.testing.assert_array_equal(data.train.y, np.arange(40) % 2)


def test_one_example_of_a_class_is_trained_on_and_said(written: Callable[..., Path]) -> None:
    data = load(written(table_of("1,2,x", "3,4,z") + "5,6,w\n"), target="y")
    assert data.classes == ("w", "x", "z")
    assert (0 in data.train.y, 0 in data.validation.y, 0 in data.test.y) == (True, False, False)
    assert data.notes[-1] == "too few examples to be split, so that all are trained on: w"


def test_rows_are_split_by_group_and_by_time(refused, written: Callable[..., Path]) -> None:
    rows = [f"{row % 10},{2000 + row}-01-01,{row}.5,{'xy'[row % 2]}" for row in range(60)]
    path = written("\n".join(["who,when,size,kind", *rows]))
    raw = load(path, target="kind", group="who", standardize=False)
    assert "who" not in raw.features
    people = [
        set((split.x[:, raw.features.index("size")] - 0.5) % 10) for split in (raw.train, raw.validation, raw.test)
    ]
    assert people[0] | people[1] | people[2] == set(range(10))
    assert sum(map(len, people)) == 10
    late = load(path, target="kind", time="when", standardize=False)
    assert late.features == ("who", "size")
    sizes = [split.x[:, 1] for split in (late.train, late.validation, late.test)]
    assert sizes[0].max() < sizes[1].min() < sizes[1].max() < sizes[2].min()
    with refused("by group or by time, not by both"):
        load(path, target="kind", group="who", time="when")
    with refused("no column 'whne' to split by, the nearest is 'when'"):
        load(path, target="kind", time="whne")
    with refused("group names 'kind', which is the target"):
        load(path, target="kind", group="kind")


def test_validation_and_test_rows_of_their_own_files(refused, written: Callable[..., Path]) -> None:
    path = written(FLOWERS)
    other = written("kind,height,colour\nrose,7,mauve\ntulip,NA,red\nrose,1,\n,2,red\n", "other.csv")
    data = load(path, target="kind", test_file=other, validation_file=other, standardize=False)
    assert [len(data.train), len(data.validation), len(data.test)] == [20, 3, 3]
    heights = 1 + 0.1 * np.arange(20)
    np.testing.assert_allclose(data.test.x, [[7, 0, 0], [np.median(heights), 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(data.test.y, [0, 1, 0])
    with refused("unknown label 'daisy'", "rose, tulip"):
        load(path, target="kind", test_file=written("kind,height,colour\ndaisy,7,red\n", "daisy.csv"))
    with refused("test_file='x.csv' does not apply to iris"):
        load("iris", test_file="x.csv")


def test_strictly_every_mistake_is_in_one_message_and_remedies_work(refused, written: Callable[..., Path]) -> None:
    rows = [f"{row},p{row},{'' if row == 5 else row},{'xy'[row % 2]}" for row in range(40)]
    path = written("\n".join([",who am i,size,kind", *rows]))
    with refused("'Unnamed: 0'", "--drop 'Unnamed: 0'", "--drop 'who am i'", "--impute median"):
        load(path, target="kind", strict=True)
    drop = ("Unnamed: 0", "who am i")
    assert load(path, target="kind", strict=True, drop=drop, impute="median").features == ("size",)


def test_a_row_that_has_no_time_is_named(refused, written: Callable[..., Path]) -> None:
    days = [f"2024-01-{1 + row % 28:02}" for row in range(60)]
    days[3] = "unknown date"
    path = written("\n".join(["when,a,y", *(f"{day},{row}.5,{row % 2}" for row, day in enumerate(days))]))
    with refused("column 'when'", "'unknown date' in row 4", "no date"):
        load(path, target="y", time="when")


def test_names_are_the_same_with_composed_and_other_accents(written: Callable[..., Path]) -> None:
    composed, apart = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    path = written(f"{apart},id,b,y\n" + "".join(f"{row % 7},{row},{row}.5,{row % 2}\n" for row in range(40)))
    for name in (composed, apart):
        assert load(path, target="y", drop=(name,)).features == ("b",)
        assert load(path, target=name, task="regression").preprocessing.target == composed


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_new_data_mean_the_same_in_any_kind_of_file(tmp_path: Path, suffix: str) -> None:
    """Few new rows do not say by themselves what they mean: dates, dashes, truth values, codes, commas of amounts."""
    pytest.importorskip("pyarrow")
    rows = range(120)
    member = [row % 3 == 0 for row in rows]
    frame = pd.DataFrame(
        {
            "when": [f"{1 + row % 28:02}/{1 + row % 12:02}/2020" for row in rows],
            "test": ["+-"[row % 2] for row in rows],
            "member": member,
            "zip": [("02139", "10001", "94720")[row % 3] for row in rows],
            "amount": [f"{1 + row % 7},{100 + row}" for row in rows],
            "share": [f"{row % 9},5" for row in rows],
            "y": ["+-"[row // 2 % 2] for row in rows],
        }
    )
    in_capitals = frame.assign(member=["TRUE" if one else "FALSE" for one in member])
    frame.to_parquet(tmp_path / "t.parquet")
    in_capitals.to_csv(tmp_path / "t.csv", sep=";", index=False)
    data = load(tmp_path / f"t.{suffix}", target="y", validation=0.0, test=0.0)
    kinds = {column.name: column.kind for column in data.preprocessing.columns}
    assert kinds == {
        **dict.fromkeys(("test", "member", "zip"), "categorical"),
        **dict.fromkeys(("amount", "share"), "numeric"),
        "when": "date",
    }
    # Rows whose day may be a month, all of them negative and of the class "-".
    few = [3, 7]
    frame.iloc[few].to_parquet(tmp_path / "new.parquet")
    in_capitals.iloc[few].to_csv(tmp_path / "new.csv", sep=";", index=False)
    features = frame.drop(columns="y")
    for source in (tmp_path / "new.csv", tmp_path / "new.parquet", features.iloc[few], features.iloc[few].to_numpy()):
        table = raw_table(source, data.preprocessing)
        np.testing.assert_array_equal(data.preprocessing.transform(table), data.train.x[few])
        assert surprises(table, data.preprocessing.columns) == []
    for kind in ("csv", "parquet"):
        new = load(tmp_path / f"new.{kind}", preprocessing=data.preprocessing, validation=0.0, test=0.0)
        np.testing.assert_array_equal(new.train.x, data.train.x[few])
        assert new.train.y.tolist() == data.train.y[few].tolist() == [1, 1]


def test_what_is_new_in_other_files_is_said(written: Callable[..., Path]) -> None:
    rows = [f"2024-01-{1 + row % 28:02},{row % 7},{row % 2}" for row in range(60)]
    path = written("\n".join(["when,a,y", *rows]))
    other = written("when,a,y\nsoon,1,0\n2024-01-03,2,1\n", "other.csv")
    said = "when: 1 row of no date such as 2024-12-31 count as missing, the first 'soon'"
    data = load(path, target="y", test_file=other, validation=0.0)
    assert f"{other.name}: {said}" in data.notes
    again = load(other, preprocessing=data.preprocessing, validation=0.0, test=0.0)
    assert said in again.notes
