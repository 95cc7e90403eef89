"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.data.numbers import settled_decimal, written_numbers
from hyperborn.data.tables import Table, read_table


@pytest.mark.parametrize(
    ("cells", "point", "comma"),
    [
        (["1", "-2"], [1, -2], [1, -2]),
        (["1.5", "2"], [1.5, 2], None),
        (["1,5", "2"], None, [1.5, 2]),
        (["1,234", "950"], [1234, 950], [1.234, 950]),
        (["1.234", "950"], [1.234, 950], [1234, 950]),
        (["1,234.5"], [1234.5], None),
        (["1.234,5", "1 234,5", "1\u202f234"], None, [1234.5, 1234.5, 1234]),
        (["1'234", "1\u2019234'000", "950"], None, None),
        (["1'234", "1\u2019234\u2019000", "950"], [1234, 1234000, 950], [1234, 1234000, 950]),
        (["1 234", "1\u00a0234", "12\u2009345\u2009678"], [1234, 1234, 12345678], [1234, 1234, 12345678]),
        (["1'234.50", "1 234.5"], [1234.5, 1234.5], None),
        (["1'234,50"], None, [1234.5]),
        (["1 234'567"], None, None),
        (["0 123"], None, None),
        (["(1,234)", "( 950 )", "7"], [-1234, -950, 7], [-1.234, -950, 7]),
        (["(1.5)"], [-1.5], None),
        (["(-1)"], None, None),
        (["()"], None, None),
        (["\u22125", "5"], [-5, 5], [-5, 5]),
        (["1,234,567"], [1234567], None),
        (["0,123"], None, [0.123]),
        ([",5", "-,25e1"], None, [0.5, -2.5]),
        (["1e3", "+2E-1"], [1000, 0.2], [1000, 0.2]),
        (["12,34,567"], None, None),
        (["1_000"], None, None),
        (["1.5", "1,5"], None, None),
        (["1", "x"], None, None),
        (["01.02.2020"], None, None),
    ],
)
def test_both_ways_of_reading(cells: list[str], point: list[float] | None, comma: list[float] | None) -> None:
    written = written_numbers(cells)
    if point is None and comma is None:
        assert written is None
        return
    assert written is not None
    assert (written.point, written.comma) == (point, comma)
    assert written.settles == (None if point and comma else "," if comma else ".")


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["12 %", "-3%", "4.5 %"], [12, -3, 4.5]),
        (["$5", "-$5", "$ -5", "$1,234.50"], [5, -5, -5, 1234.5]),
        (["5 €", "1.234,50 €"], [5, 1234.5]),
        (["$5", "($1,234.50)", "$(7)"], [5, -1234.5, -7]),
        (["CHF", "1'234"], None),
        (["(3 %)", "4 %"], [-3, 4]),
        (["£1", "2"], None),
        (["12 %", "13"], None),
        (["$5", "€5"], None),
        (["%5"], None),
        (["$"], None),
    ],
)
def test_signs_of_percent_and_currency_that_every_cell_has(cells: list[str], numbers: list[float] | None) -> None:
    column = Table({"a": cells}).columns["a"]
    assert column.tolist() == (cells if numbers is None else numbers)


@given(st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 2)), min_size=1))
def test_numbers_with_separated_thousands_are_read_back(values: list[float]) -> None:
    english = [f"{value:,.2f}" for value in values]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    for cells, decimal in ((english, "."), (german, ",")):
        table = Table({"a": [*cells, f"0{decimal}5"]})
        assert table.columns["a"].tolist() == [*(float(f"{value:.2f}") for value in values), 0.5]
        assert table.decimal == decimal


def test_columns_settle_the_sign_only_where_they_agree() -> None:
    point, comma, either = written_numbers(["1.5"]), written_numbers(["1,5"]), written_numbers(["1,234"])
    assert settled_decimal([point, either, None]) == "."
    assert settled_decimal([comma, either, None]) == ","
    assert settled_decimal([point, comma]) is None
    assert settled_decimal([either, None]) is None


def test_each_way_is_said_once_with_its_columns_and_an_example(written) -> None:
    path = written('a,b,c,d\n12 %,"1,234",$5,7\n3 %,5,$6,"2,000"\n')
    assert read_table(path, decimal=".").notes == (
        "percent signs: '12 %' is 12 (a)",
        "thousands commas: '1,234' is 1234 (b, d)",
        "currency signs: '$5' is 5 (c)",
    )
    path = written("a;b\n1'234;(5)\n0.5;7\n")
    assert read_table(path).notes == (
        'blanks or apostrophes between thousands: "1\'234" is 1234 (a; --categorical a for text)',
        "negative numbers in parentheses: '(5)' is -5 (b)",
    )
