"""The table of energies, and what may stand in its place."""

import json
from pathlib import Path

import pytest

import hyperborn as hb
from hyperborn.costs.energies import energies_of
from hyperborn.costs.files import energies_in
from hyperborn.costs.operations import Operations


def test_published_energies() -> None:
    table = hb.costs.Energies()
    assert (table.addition, table.multiplication, table.byte_read) == (0.9, 3.7, 10 / 8)
    assert table.xnor_popcount == pytest.approx(3 * table.comparison) == pytest.approx(3 * 0.1)
    assert "Horowitz" in table.source


def test_energy_is_the_sum_over_operations() -> None:
    table = hb.costs.Energies(1, 10, 1000, 1e4, 1e5, 1e6)
    found = table.of(Operations(1, 2, 4, 5, 6, 192, bytes_read=7))
    assert list(found.values()) == [1, 20, 4000, 5e4, 6e5, 7e6]
    assert table.total(Operations(additions=2000)) == 2
    # An exponential is ten additions, nine multiplications and a comparison.
    assert sum(table.of(Operations(exponentials=1)).values()) == 10 + 90 + 1000
    # An inverse is three steps of Newton's method.
    assert sum(table.of(Operations(inverses=1)).values()) == 3 + 60


def test_others_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("addition = 0.5\nbyte_read = 0\n")
    (tmp_path / "own.json").write_text(json.dumps({"addition": 0.5, "byte_read": 0}))
    assert energies_in(tmp_path / "own.toml") == energies_in(tmp_path / "own.json")
    assert energies_in(tmp_path / "own.toml") == hb.costs.Energies(addition=0.5, byte_read=0)
    assert energies_in(tmp_path / "own.toml").source == "energies as given"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"additon": 1.0}, "'additon' is no energy of an operation; these are addition,"),
        ({"addition": -1.0}, "the energy addition is -1.0"),
        ({"addition": float("nan")}, "the energy addition is nan"),
        ({"addition": float("inf")}, "the energy addition is inf"),
        ({"addition": True}, "the energy addition is True"),
        ({"addition": "0.9"}, "the energy addition is '0.9'"),
        ({"addition": {"a": 1}}, "the energy addition is {'a': 1}"),
        ({"addition": 10**400}, "the energy addition is 1000"),
        ([1, 2], r"energies are names with picojoules, such as addition = 0.9, and not \[1, 2\]"),
    ],
)
def test_what_is_no_energy_is_refused(given: object, said: str) -> None:
    with pytest.raises(hb.UserError, match=said) as error:
        energies_of(given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"{", "is not valid JSON"),
        ("a.json", b"[" * 10_000, "is not valid JSON"),
        ("a.json", b'{"addition": NaN}', "the energy addition is nan"),
        ("a.json", b"3", "energies are names"),
        ("a.toml", b"addition", "is not valid TOML"),
        ("a.toml", b"\xff\xfe", "is not valid TOML"),
        ("a.toml", b"[addition]\nb = 1", "the energy addition is"),
        ("a.toml", b"addition = 1" + b"0" * 5000, ""),
        ("a.toml", b"#" * 20_000, "is it a table of energies"),
    ],
)
def test_files_that_hold_no_energies_are_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(hb.UserError) as error:
        energies_in(tmp_path / name)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(hb.UserError, match=str(path)):
            energies_in(path)
