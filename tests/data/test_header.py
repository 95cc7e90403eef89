"""The first line: names of columns, or data."""

import pytest

from hyperborn.data.tables import read_table


@pytest.mark.parametrize(
    "text",
    [
        "5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n6.2,2.9,4.3,1.3,versicolor\n",
        "1,2\n3,4\n",
        "1,2,3\n4,5,6\n",
        "0.5,0.25\n?,0.75\n",
        "1st,29,female,1\n2nd,30,male,0\n1st,31,female,1\n",
        '"12 %","1,234"\n"13 %","2,345"\n',
        "1,5;2,5\n3,5;4,5\n",
        "0.5,0.25,0.5,x\n0.75,0.5,0.125,y\n",
    ],
)
def test_data_in_the_first_line(written, refused, text: str) -> None:
    path = written(text)
    with refused("line 1", "not a header", "header=False (--no-header)"):
        read_table(path)
    table = read_table(path, header=False)
    assert list(table.columns) == [f"x{place + 1}" for place in range(len(table.columns))]
    assert len(table) == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "country,2019,2020,2021\nFrance,1,2,3\nSpain,4,5,6\n",
        ",2019,2020,2021\nFrance,1,2,3\nSpain,4,5,6\n",
        "0,1,2,3\n0.5,0.1,0.2,0.3\n",
        "0,1,2,target\n5,1,2,3\n6,2,3,4\n",
        "1,2\nx,y\nz,w\n",
        "name,class\nAllen,1st\nBob,1st\n",
        "a,1\nb,2\n",
        "a,b\n,1\n",
    ],
)
def test_names_in_the_first_line(written, text: str) -> None:
    assert len(read_table(written(text))) == text.count("\n") - 1


def test_names_are_stripped_and_composed_and_those_that_lack_are_numbered(written, refused) -> None:
    table = read_table(written("a , cafe\u0301 ,,b\n1,2,3,4\n"))
    assert list(table.columns) == ["a", "caf\u00e9", "Unnamed: 2", "b"]
    with refused("line 1", "'a' is named twice", "drop=('a',) (--drop a)", "header=False (--no-header)"):
        read_table(written("a,b,a \n1,2,3\n"))
    assert list(read_table(written("a,b,a \n1,2,3\n"), drop=["a"]).columns) == ["b"]
    with refused("'Unnamed: 1' is named twice"):
        read_table(written("Unnamed: 1,\n1,2\n"))


def test_columns_are_found_by_names_in_any_form(written) -> None:
    path = written("caf\u00e9,b b,c\n1,2,x\n")
    assert list(read_table(path, drop=["cafe\u0301"]).columns) == ["b b", "c"]
    assert read_table(path, only=[" cafe\u0301"], text=["cafe\u0301"]).columns["caf\u00e9"].tolist() == ["1"]
