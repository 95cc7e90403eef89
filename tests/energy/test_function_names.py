import functools
import shutil
from typing import Any

import jax
import pytest

import own_energies
from hyperborn.energy.function_names import function_named, name_of_function
from hyperborn.errors import UserError
from own_energies import in_numpy


def test_a_function_is_found_again_by_its_name() -> None:
    assert name_of_function(in_numpy) == "own_energies:in_numpy"
    assert function_named("own_energies:in_numpy") is in_numpy


class Callable_:  # noqa: N801
    def __call__(self, rows: Any) -> Any:
        return rows


@jax.jit
def compiled(rows: Any) -> Any:
    return rows.sum(axis=1)


def test_a_function_that_jax_compiles_has_a_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "__module__", "own_energies", raising=False)
    monkeypatch.setattr(own_energies, "compiled", compiled, raising=False)
    assert name_of_function(compiled) == "own_energies:compiled"
    assert function_named("own_energies:compiled") is compiled


def test_what_no_name_leads_to_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def local(rows: Any) -> Any:
        return rows

    for nameless in (local, lambda rows: rows, functools.partial(in_numpy), Callable_(), shutil.rmtree, len):
        assert name_of_function(nameless) is None
    # Another stands at its name meanwhile.
    monkeypatch.setattr(own_energies, "in_numpy", local)
    assert name_of_function(in_numpy) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "my_energies:cut",
            "the energy function 'my_energies:cut' is not known here; import my_energies first, or give",
        ),
        ("my.energies:cut", "import my.energies first"),
        ("own_energies:gone", "'own_energies:gone' is not known here; was it renamed, or the file edited by hand"),
        ("own_energies:TABLE", "is not known here; was it renamed"),
        ("own_energies:oracle.nll", "is not known here; was it renamed"),
        ("shutil:rmtree", "is not known here; was it renamed"),
        ("no name", "is not known here"),
        (7, "the energy function 7 is not known here"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_line(name: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        function_named(name)
