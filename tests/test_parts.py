"""Modules of a user's own: imported where the user asks for it, and found by name afterwards."""

import hashlib
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import hyperborn as hb
import my_parts
from hyperborn import parts
from hyperborn.circuits import Circuit
from hyperborn.config import RunConfig, configured
from hyperborn.errors import UserError
from hyperborn.objectives.objectives import Objective
from hyperborn.parts import class_named, import_plugins, is_own, name_of_class, part_called, source_digest


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; what is imported from it is forgotten."""
    before, path = set(sys.modules), list(sys.path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    sys.path[:] = path


def test_a_plugin_is_found_in_the_current_folder_after_installed_modules(here: Path) -> None:
    (here / "near_by.py").write_text("import other_file\nVALUE = other_file.VALUE\n")
    (here / "other_file.py").write_text("VALUE = 3\n")
    (here / "wave.py").write_text("raise SystemError('the module of the current folder')\n")
    import_plugins(["near_by", "wave"])
    assert sys.modules["near_by"].VALUE == 3
    assert str(here) not in str(sys.modules["wave"].__file__)


def test_without_plugins_nothing_changes(here: Path) -> None:
    before = list(sys.path)
    import_plugins([])
    assert sys.path == before
    assert list(here.iterdir()) == []


BROKEN = {
    "absent": (
        "absent_module",
        "the plugin absent_module is not found; give a module in the current folder, or an inst",
    ),
    "a path": ("folder/mine.py", "plugin 'folder/mine.py': give the name of a module, such as mine, not a path"),
    "a file": ("mine.py", "plugin 'mine.py': give the name of a module, such as mine, not a path"),
    "nothing": ("", "plugin '': give the name of a module, not a path"),
    "fails": ("fails", "the plugin fails fails where it is imported: ZeroDivisionError: division by zero"),
    "needs": (
        "needs",
        "the plugin needs fails where it is imported: ModuleNotFoundError: No module named 'absent_other'",
    ),
    "needs what begins its name": (
        "plugins_near",
        "the plugin plugins_near fails where it is imported: ModuleNotFoundError: No module named 'plugins'",
    ),
    "in an absent package": ("absent_module.parts", "the plugin absent_module.parts is not found; give a module"),
    "syntax": ("syntax", "the plugin syntax fails where it is imported: SyntaxError: "),
}


@pytest.mark.parametrize(("module", "said"), BROKEN.values(), ids=BROKEN)
def test_a_plugin_that_cannot_be_imported_is_one_line(here: Path, module: str, said: str) -> None:
    (here / "fails.py").write_text("1 / 0\n")
    (here / "needs.py").write_text("import absent_other\n")
    (here / "plugins_near.py").write_text("import plugins\n")
    (here / "syntax.py").write_text("def\n")
    (here / "mine.py").write_text("")
    with pytest.raises(UserError) as caught:
        import_plugins([module])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_classes_are_named_by_module_unless_they_are_ours() -> None:
    assert (is_own(my_parts.Ladder), is_own(Circuit)) == (True, False)
    assert (name_of_class(my_parts.Ladder), name_of_class(Circuit)) == ("my_parts:Ladder", "Circuit")
    assert class_named("my_parts:Ladder", "circuit", (Circuit,)) is my_parts.Ladder
    with pytest.raises(
        UserError, match="my_parts:Ladder cannot be the objective; make it a dataclass that implements Ob"
    ):
        class_named("my_parts:Ladder", "objective", (Objective,))


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """What installed packages offer, by name; to be filled."""
    offers: dict[str, list[str]] = {}

    def entry_points(*, group: str, name: str) -> list[metadata.EntryPoint]:
        assert group == "hyperborn.parts"
        return [metadata.EntryPoint(name, value, group) for value in offers.get(name, [])]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    parts.offers_of.cache_clear()
    yield offers
    parts.offers_of.cache_clear()


def test_a_part_that_a_package_offers_is_found_by_its_name(offered: dict[str, list[str]]) -> None:
    offered["ladder"] = ["my_parts:Ladder"]
    offered["twice"] = ["my_parts:Ladder", "my_parts:Needy"]
    offered["gone"] = ["absent_module:Ladder"]
    assert part_called("ladder", "ansatz", Circuit) is my_parts.Ladder
    assert part_called("absent", "ansatz", Circuit) is None
    for name, what, base, said in (
        ("ladder", "objective", Objective, "my_parts:Ladder cannot be the objective; "),
        ("twice", "ansatz", Circuit, "'twice' is offered as my_parts:Ladder and as my_parts:Needy; name the class it"),
        ("gone", "ansatz", Circuit, "the part 'gone' absent_module is not found; give a module"),
    ):
        with pytest.raises(UserError, match=said):
            part_called(name, what, base)


def test_names_of_ours_look_through_no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary commands must not pay for what they do not use."""
    monkeypatch.setattr(parts, "offers_of", None)
    ours = {"data": "iris", "ansatz": "ring", "optimizer": "adam", "estimator": "exact", "objective": "selbo"}
    configured(RunConfig, None, {**ours, "divergence": "kl"})
    hb.backends.backend_named("statevector")


def test_the_digest_of_a_source_is_that_of_its_file(here: Path) -> None:
    file = here / "changing.py"
    digests = []
    for number in (1, 2):
        file.write_text(f"class Mine:\n    value = {number}\n")
        sys.modules.pop("changing", None)
        import_plugins(["changing"])
        found: Any = sys.modules["changing"]
        digests.append(source_digest(found.Mine))
        assert digests[-1] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert digests[0] != digests[1]
    # Typed into an interpreter, a class has no file; its name is all there is.
    nowhere = type("Nowhere", (), {"__module__": "__main__"})
    assert len(source_digest(nowhere)) == 64
