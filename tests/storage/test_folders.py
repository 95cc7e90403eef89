import hashlib
import json
import os
import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.storage import manifest
from hyperborn.storage.folders import (
    folder_exists,
    read_folder,
    remove_folder,
    stored_folders,
    tidy,
    write_folder,
)
from hyperborn.storage.formats import PLOTS
from hyperborn.storage.manifest import DamagedFolder

FILES = {"weights.npz": bytes(range(256)), "state.json": b'{"step": 3}\n', "plots/loss.png": b"\x89PNG", "empty": b""}
PARTS = st.text("ab.é- ", min_size=1, max_size=4).filter(lambda part: part not in {".", ".."})
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    write_folder(path, FILES)
    return path


@given(files=st.dictionaries(NAMES, st.binary(max_size=50), max_size=5), data=st.data())
def test_what_is_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], data: st.DataObject
) -> None:
    parents = {"/".join(name.split("/")[:end]) for name in files for end in range(1, name.count("/") + 1)}
    path = tmp_path_factory.mktemp("folders") / "deep" / "run"
    if parents & set(files):
        with pytest.raises(UserError, match="needs a folder where the file"):
            write_folder(path, files)
        assert not path.parent.exists()
        return
    write_folder(path, files)
    assert read_folder(path) == files
    assert [entry.name for entry in path.parent.iterdir()] == ["run"]
    second = data.draw(st.dictionaries(st.sampled_from(["x", "y/z"]), st.binary(max_size=9)))
    write_folder(path, second, replace=True)
    assert read_folder(path) == second
    assert [entry.name for entry in path.parent.iterdir()] == ["run"]


def test_the_manifest_lists_size_and_digest_and_the_bytes_are_always_the_same(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["format"], manifest["version"]) == ("hyperborn folder", 1)
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in FILES.items()
    }
    write_folder(tmp_path / "again", dict(reversed(FILES.items())))
    assert contents(tmp_path / "again") == contents(folder)


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "a//b", "a/", ".", "./a", "a\\b", "a\0b", "a\nb"])
def test_names_that_are_not_plain_and_relative_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="is not a plain relative one"):
        write_folder(tmp_path / "run", {name: b""})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["manifest.json", ".lock", "manifest.json/x", ".lock/x"])
def test_names_of_our_own_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"kept for hyperborn|needs a folder where"):
        write_folder(tmp_path / "run", {name: b""})
    assert list(tmp_path.iterdir()) == []


def test_a_thousand_flipped_bits_are_all_noticed(folder: Path) -> None:
    paths = [folder / name for name in [*FILES, "manifest.json"] if FILES.get(name) != b""]
    places = [(path, offset) for path in paths for offset in range(path.stat().st_size)]
    generator = random.Random(0)
    # Every byte of every file once, and on to a thousand flips.
    for path, offset in places + generator.choices(places, k=max(0, 1000 - len(places))):
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[offset] ^= 1 << generator.randrange(8)
        path.write_bytes(flipped)
        with pytest.raises(DamagedFolder, match=path.name):
            read_folder(folder)
        path.write_bytes(whole)
    assert read_folder(folder) == FILES


@pytest.mark.parametrize("name", [name for name in [*FILES, "manifest.json"] if FILES.get(name) != b""])
def test_every_truncation_and_every_longer_file_is_noticed(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for length in range(len(whole)):
        (folder / name).write_bytes(whole[:length])
        with pytest.raises(DamagedFolder, match=name):
            read_folder(folder)
    for more in (b"\0", b"\n", b" "):
        (folder / name).write_bytes(whole + more)
        with pytest.raises(DamagedFolder, match=name):
            read_folder(folder)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DamagedFolder, match=f"{name} is missing; restore"):
        read_folder(folder)


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "state.json").unlink()
    (folder / "state.json").mkdir()
    with pytest.raises(DamagedFolder, match=r"state\.json is not a regular file"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["notes.txt", "plots/other.png", "new/folder", "plots/.lock"])
def test_a_file_of_others_is_unknown_and_never_lost(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("mine")
    with pytest.raises(DamagedFolder, match="is unknown to the folder's manifest"):
        read_folder(folder)
    with pytest.raises(UserError, match="is not replaced"):
        write_folder(folder, {}, replace=True)
    assert (folder / name).read_text() == "mine"


def test_the_run_lock_is_no_ones_content(folder: Path) -> None:
    (folder / ".lock").write_text("1 host\n")
    assert read_folder(folder) == FILES


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"size": 256', '"size": 255'),
        lambda text: text.replace('"size": 256', '"size": 256.0'),
        lambda text: text.replace("  ", " "),
        lambda text: text.replace('"version": 1', '"version": 2'),
        lambda _: "[]",
        lambda _: "{}",
        lambda _: '{"digest": 1}',
        lambda _: '{"digest": NaN, "format": NaN}',
        lambda _: "[" * 100_000,
        lambda _: "",
    ],
)
def test_an_edited_manifest_is_damaged(folder: Path, edit) -> None:
    manifest = folder / "manifest.json"
    edited = edit(manifest.read_text())
    assert edited != manifest.read_text()
    manifest.write_text(edited)
    with pytest.raises(DamagedFolder, match=r"manifest\.json is damaged; restore"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ({"format": "hyperborn folder", "version": 2}, r"has version 2 of .* up to 1; install a newer hyperborn"),
        ({"format": 1}, r"has version 0 \(it was written before .* reads versions from 1 on; read it with"),
        ({"format": "hyperborn folder", "version": True}, "True, which is not a version number; restore"),
    ],
)
def test_a_folder_of_another_version_is_refused_and_is_not_damaged(folder: Path, mark: dict, message: str) -> None:
    content = {"files": {}, **mark, "more": True}
    rendered = json.dumps(content, sort_keys=True, indent=2) + "\n"
    digest = hashlib.sha256(rendered.encode()).hexdigest()
    whole = json.dumps({**content, "digest": digest}, sort_keys=True, indent=2) + "\n"
    (folder / "manifest.json").write_text(whole)
    with pytest.raises(UserError, match=message) as caught:
        read_folder(folder)
    assert not isinstance(caught.value, DamagedFolder)


def test_a_folder_of_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(DamagedFolder, match="has the format 'hyperborn folder', not 'hyperborn plots'; restore"):
        read_folder(folder, PLOTS)


def test_an_existing_folder_is_refused_unless_replaced(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(UserError, match="already exists"):
        write_folder(folder, {"a": b"1"})
    assert contents(folder) == before
    write_folder(folder, {"a": b"1"}, replace=True)
    assert read_folder(folder) == {"a": b"1"}


def test_a_damaged_folder_can_be_replaced(folder: Path) -> None:
    (folder / "state.json").write_bytes(b"")
    (folder / "manifest.json").write_bytes(b"")
    write_folder(folder, {"a": b"1"}, replace=True)
    assert read_folder(folder) == {"a": b"1"}


def test_what_hyperborn_did_not_write_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("years of work")
    (tmp_path / "file").write_text("also")
    for name in ("thesis", "file"):
        with pytest.raises(UserError, match="hyperborn did not write it"):
            write_folder(tmp_path / name, {}, replace=True)
    assert contents(tmp_path) == {"thesis/chapter": b"years of work", "file": b"also"}


def test_an_empty_folder_is_taken_as_absent(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert not folder_exists(tmp_path / "run")
    write_folder(tmp_path / "run", FILES)
    assert read_folder(tmp_path / "run") == FILES
    assert folder_exists(tmp_path / "run")


def test_a_link_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    write_folder(tmp_path / "link", {"a": b"1"}, replace=True)
    assert (tmp_path / "link").is_symlink()
    assert read_folder(folder) == {"a": b"1"}


def test_wrong_places_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing does not exist; check the name"):
        read_folder(tmp_path / "nothing")
    with pytest.raises(UserError, match=r"state\.json is a file where a folder was expected"):
        read_folder(folder / "state.json")
    with pytest.raises(UserError, match=r"below.*a part of the path is a file"):
        write_folder(folder / "empty" / "below", FILES)
    with pytest.raises(UserError, match="the name is too long"):
        write_folder(tmp_path / ("x" * 250), FILES)
    with pytest.raises(UserError, match="root of the file system"):
        write_folder(Path("/"), FILES, replace=True)
    assert read_folder(folder) == FILES
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_removing_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    remove_folder(folder)
    remove_folder(folder)
    remove_folder(tmp_path / "no" / "parent")
    assert list(tmp_path.iterdir()) == []


def test_tidying_finishes_what_the_dead_left_and_spares_all_else(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    folder.rename(tmp_path / ".run.hyperborn-previous")
    (tmp_path / ".other.hyperborn-partial").mkdir()
    (tmp_path / ".other.hyperborn-lock").touch()
    (tmp_path / ".vim.lock").touch()
    assert stored_folders(tmp_path) == ["run"]
    assert stored_folders(tmp_path / "absent") == []
    assert folder_exists(folder)
    tidy(tmp_path)
    assert contents(folder) == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", ".vim.lock"}


def test_what_a_living_process_writes_is_not_tidied(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / ".run.hyperborn-partial").mkdir()
    with (tmp_path / ".run.hyperborn-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tidy(tmp_path)
        assert (tmp_path / ".run.hyperborn-partial").exists()
    tidy(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_old_folder_comes_back_where_someone_made_an_empty_one_meanwhile(folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / ".run.hyperborn-previous")
    folder.mkdir()
    assert read_folder(folder) == FILES
    with pytest.raises(UserError, match="already exists"):
        write_folder(folder, {})
    assert read_folder(folder) == FILES
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_readers_and_writers_at_once_see_whole_folders_only(tmp_path: Path) -> None:
    path = tmp_path / "run"
    versions = [{"a": bytes([version]) * 1000, f"b{version}": bytes([version])} for version in range(4)]
    write_folder(path, versions[0])
    finished: list[int] = []
    stop = threading.Event()

    def write(version: int) -> None:
        while not stop.is_set():
            write_folder(path, versions[version], replace=True)
        finished.append(version)

    writers = [threading.Thread(target=write, args=(version,)) for version in (1, 2, 3)]
    for writer in writers:
        writer.start()
    try:
        seen = [read_folder(path) for _ in range(300)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert sorted(finished) == [1, 2, 3]
    assert all(found in versions for found in seen)
    assert len({found["a"] for found in seen}) > 1
    assert os.listdir(tmp_path) == ["run"]  # noqa: PTH208


def test_all_bytes_and_names_are_on_the_disk_before_the_new_name_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, int]] = []
    sync, rename = os.fsync, Path.rename

    def watched_sync(descriptor: int) -> None:
        sync(descriptor)
        events.append(("sync", os.fstat(descriptor).st_ino))

    def watched_rename(self: Path, target: Path) -> Path:
        moved = rename(self, target)
        events.append((self.name, target.stat().st_ino))
        return moved

    path = tmp_path / "new" / "run"
    write_folder(path, {})
    monkeypatch.setattr(os, "fsync", watched_sync)
    monkeypatch.setattr(Path, "rename", watched_rename)
    write_folder(path, FILES, replace=True)
    names = [name for name, _ in events if name != "sync"]
    assert names == ["run", ".run.hyperborn-partial", ".run.hyperborn-previous"]
    away, into, gone = (place for place, (name, _) in enumerate(events) if name != "sync")
    parent = ("sync", path.parent.stat().st_ino)
    written = {("sync", entry.stat().st_ino) for entry in [path, *path.rglob("*")]}
    assert written <= set(events[:away])
    assert parent in events[away:into]
    assert parent in events[into:gone]


def test_a_file_that_vanishes_while_a_folder_is_looked_through_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removes its lock between the listing of the folder and the look at its entries."""
    folder = tmp_path / "run"
    write_folder(folder, {"a": b"1"})
    monkeypatch.setattr(manifest.os, "walk", lambda place: [(str(place), [], [".lock", "a", "manifest.json"])])
    write_folder(folder, {"a": b"2"}, replace=True)
    assert (folder / "a").read_bytes() == b"2"
