import functools
import importlib
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import sklearn

import hyperborn as hb
import own_energies
from hyperborn import parts
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


def test_a_record_calls_no_function_of_an_installed_package() -> None:
    record = {"kind": "EnergyFunction", "function": "sklearn._config:set_config", "n_bits": 3}
    before = sklearn.get_config()
    with pytest.raises(UserError, match=r"sklearn._config:set_config' is not known here"):
        hb.EnergyFunction.from_record({"energies": np.zeros(16)}, record)
    assert sklearn.get_config() == before


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The function `bundle.inner:ones` of an installed package that is no plugin yet."""
    folder = tmp_path / "site-packages" / "bundle"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner.py").write_text("def ones(rows):\n    return rows.sum(axis=1)\n")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setattr(parts, "PLUGINS", set())
    yield importlib.import_module("bundle.inner").ones
    for name in ("bundle", "bundle.inner"):
        del sys.modules[name]


@pytest.mark.parametrize("plugin", ["bundle", "bundle.inner"])
def test_a_function_of_an_installed_package_has_a_name_where_it_is_a_plugin(installed: Any, plugin: str) -> None:
    energies = hb.EnergyFunction(installed, 3)
    remedy = (
        r"give --plugin bundle\.inner, or in Python hyperborn\.parts\.import_plugins\(\['bundle\.inner'\]\), or give"
    )
    with pytest.raises(UserError, match=f"so that its run cannot be saved; {remedy} the table of its energies"):
        energies.to_record()
    with pytest.raises(UserError, match=r"'bundle.inner:ones' is not known here; functions of installed packages"):
        function_named("bundle.inner:ones")
    parts.import_plugins([plugin])
    assert hb.EnergyFunction.from_record(*energies.to_record()).function is installed
    with pytest.raises(UserError, match=r"'bundle.inner:twos' is not known here; was it renamed"):
        function_named("bundle.inner:twos")


def test_a_function_has_a_name_where_its_package_offers_parts(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = metadata.EntryPoint("ladder", "bundle:Ladder", parts.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda *, group: [offer] if group == parts.GROUP else [])
    parts.offered_modules.cache_clear()
    assert function_named("bundle.inner:ones") is installed
    parts.offered_modules.cache_clear()


def test_no_plugin_is_pythons_or_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PLUGINS", {"shutil", "hyperborn"})
    for name in ("shutil:rmtree", "hyperborn.parts:import_plugins"):
        with pytest.raises(UserError, match="is not known here; was it renamed"):
            function_named(name)


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
        ("hyperborn.parts:import_plugins", "is not known here; was it renamed"),
        (
            "numpy:set_printoptions",
            "is not known here; functions of installed packages are called only where you say so: give --plugin numpy, "
            r"or in Python hyperborn\.parts\.import_plugins\(\['numpy'\]\)$",
        ),
        ("sklearn._config:set_config", "is not known here; functions of installed packages are called only where"),
        ("no name", "is not known here"),
        (7, "the energy function 7 is not known here"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_line(name: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        function_named(name)
