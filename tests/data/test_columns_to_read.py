"""Which columns are read."""

from hyperborn.data.columns_to_read import ColumnsToRead

NAMES = ["id", "age", "kind"]


def test_columns_in_the_order_of_the_file() -> None:
    assert ColumnsToRead().chosen(NAMES, "t") == NAMES
    assert ColumnsToRead(drop=frozenset({"age"})).chosen(NAMES, "t") == ["id", "kind"]
    assert ColumnsToRead(only=frozenset({"kind", "id", "absent"})).chosen(NAMES, "t") == ["id", "kind"]
    assert ColumnsToRead().chosen([], "t") == []


def test_what_cannot_be_dropped(refused) -> None:
    with refused("t has no column 'ages' to drop, the nearest is 'age'", "id, age, kind"):
        ColumnsToRead(drop=frozenset({"ages"})).resolved(NAMES, "t").chosen(NAMES, "t")
    with refused("drop names every column of t", "--drop"):
        ColumnsToRead(drop=frozenset(NAMES)).resolved(NAMES, "t").chosen(NAMES, "t")


def test_a_name_that_stands_there_twice_is_refused_where_it_is_read(refused) -> None:
    names = ["a b", "x", "a b"]
    with refused("t, line 3: column 'a b' is named twice", "drop=('a b',) (--drop 'a b'); or so"):
        ColumnsToRead().chosen(names, "t", place=", line 3", otherwise="; or so")
    with refused("'a b' is named twice; rename one"):
        ColumnsToRead(only=frozenset(["x"]), copied=("a b",)).chosen(names, "t")
    assert ColumnsToRead(only=frozenset(["x"])).chosen(names, "t") == ["x"]
    assert ColumnsToRead(drop=frozenset(["a b"])).resolved(names, "t").chosen(names, "t") == ["x"]


def test_what_is_asked_for_by_name() -> None:
    assert not ColumnsToRead().asks_for("id")
    assert ColumnsToRead(text=frozenset({"id"})).asks_for("id")
    assert ColumnsToRead(only=frozenset({"id"})).asks_for("id")
    assert not ColumnsToRead(only=frozenset({"age"})).asks_for("id")


def test_columns_that_are_copied_need_not_be_read() -> None:
    wanted = ColumnsToRead(only=frozenset({"kind"}), copied=("age,id",)).resolved(NAMES, "t")
    assert (wanted.copied, wanted.text) == (("age", "id"), frozenset())
    assert wanted.chosen(NAMES, "t") == ["kind"]
    assert ColumnsToRead(copied=("kind", "all")).resolved(NAMES, "t").copied == ("kind", "id", "age")
    assert ColumnsToRead(drop=frozenset({"a,b", "c,d"})).resolved(["a,b", "c", "d", "e"], "t").drop == {"a,b", "c", "d"}
