"""Manifests that somebody has written by hand: their digest fits, and what they say is still not believed."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperborn.storage.folders import read_folder, write_folder
from hyperborn.storage.formats import FOLDER, mark_of
from hyperborn.storage.manifest import DamagedFolder

SECRET = b"somebody else's"


def entry(data: bytes = b"1") -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def sealed(content: dict[str, Any]) -> bytes:
    """A manifest whose digest fits, rendered as the package renders it: sorted keys, two blanks, a newline."""

    def rendered(value: dict[str, Any]) -> bytes:
        return (json.dumps(value, sort_keys=True, indent=2) + "\n").encode("ascii")

    return rendered(content | {"digest": hashlib.sha256(rendered(content)).hexdigest()})


FORGED = {
    "a name that leaves the folder": {"../secret": entry(SECRET)},
    "an absolute name": {str(Path(__file__)): entry()},
    "a zero byte": {"a\0b": entry()},
    "half a sign": {"\ud800": entry()},
    "the manifest": {"manifest.json": entry()},
    "no size": {"a": {"sha256": entry()["sha256"]}},
    "a size of text": {"a": entry() | {"size": "1"}},
    "half a byte": {"a": entry() | {"size": 0.5}},
    "a size below 0": {"a": entry() | {"size": -1}},
    "a size beyond all": {"a": entry() | {"size": 10**30}},
    "a size of 4,000 digits": {"a": entry() | {"size": 10**4000}},
    "a digest of numbers": {"a": entry() | {"sha256": 1}},
    "an entry of text": {"a": "1"},
    "a list": ["a"],
    "text": "a",
}


@pytest.mark.parametrize("files", FORGED.values(), ids=FORGED)
def test_what_a_forged_manifest_lists_is_refused_and_can_be_replaced(tmp_path: Path, files: Any) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    write_folder(tmp_path / "run", {"a": b"1"})
    (tmp_path / "run" / "manifest.json").write_bytes(sealed({"files": files, **mark_of(FOLDER)}))
    with pytest.raises(DamagedFolder, match=r"run/manifest\.json lists what was never written .*restore the folder"):
        read_folder(tmp_path / "run")
    write_folder(tmp_path / "run", {"a": b"2"}, replace=True)
    assert read_folder(tmp_path / "run") == {"a": b"2"}


BROKEN = {
    "deep": b'{"digest": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "digits": b'{"digest": "", "files": {}, "format": ' + b"7" * 5000 + b"}",
    "no number": b'{"digest": "", "files": {}, "format": NaN}',
    "no files": sealed(mark_of(FOLDER)),
    "a list": b"[]",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_is_no_manifest_is_refused_and_can_be_replaced(tmp_path: Path, data: bytes) -> None:
    write_folder(tmp_path / "run", {"a": b"1"})
    (tmp_path / "run" / "manifest.json").write_bytes(data)
    with pytest.raises(DamagedFolder, match=r"run/manifest\.json (is damaged|lists what was never written)"):
        read_folder(tmp_path / "run")
    write_folder(tmp_path / "run", {"a": b"2"}, replace=True)
    assert read_folder(tmp_path / "run") == {"a": b"2"}


def large(path: Path) -> None:
    """A file of holes, which takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(10**12)


INSTEAD: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a link to the file itself": lambda path: path.symlink_to(path.rename(path.parent.parent / "moved")),
    "a terabyte": large,
}


@pytest.mark.parametrize("name", ["a", "manifest.json"])
@pytest.mark.parametrize("instead", INSTEAD.values(), ids=INSTEAD)
def test_only_regular_files_of_the_listed_size_are_read(
    tmp_path: Path, name: str, instead: Callable[[Path], None]
) -> None:
    path = tmp_path / "run" / name
    write_folder(path.parent, {"a": b"1"})
    if instead is not INSTEAD["a link to the file itself"]:
        path.unlink()
    instead(path)
    with pytest.raises(DamagedFolder, match=rf"run/{name} (is not a regular file|has .* bytes|has 931\.3 GiB)"):
        read_folder(path.parent)


def test_a_folder_behind_a_link_is_unknown(tmp_path: Path) -> None:
    write_folder(tmp_path / "run", {"plots/a": b"1"})
    (tmp_path / "run" / "plots").rename(tmp_path / "elsewhere")
    (tmp_path / "run" / "plots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DamagedFolder, match=r"run/plots is unknown to the folder's manifest"):
        read_folder(tmp_path / "run")
