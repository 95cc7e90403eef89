"""Which columns are read."""

from hyperborn.data.selection import Selection

NAMES = ["id", "age", "kind"]


def test_columns_in_the_order_of_the_file() -> None:
    assert Selection().chosen(NAMES, "t") == NAMES
    assert Selection(drop=frozenset({"age"})).chosen(NAMES, "t") == ["id", "kind"]
    assert Selection(only=frozenset({"kind", "id", "absent"})).chosen(NAMES, "t") == ["id", "kind"]
    assert Selection().chosen([], "t") == []


def test_what_cannot_be_dropped(refused) -> None:
    with refused("t has no column 'ages' to drop, the nearest is 'age'", "id, age, kind"):
        Selection(drop=frozenset({"ages"})).chosen(NAMES, "t")
    with refused("drop names every column of t", "--drop"):
        Selection(drop=frozenset(NAMES)).chosen(NAMES, "t")


def test_what_is_asked_for_by_name() -> None:
    assert not Selection().asks_for("id")
    assert Selection(text=frozenset({"id"})).asks_for("id")
    assert Selection(only=frozenset({"id"})).asks_for("id")
    assert not Selection(only=frozenset({"age"})).asks_for("id")
