"""Folders written whole or not at all, and verified when read.

How `x` is replaced, each step durable before the next, while `.x.hyperborn-lock` is held (endings shortened):

1. `.x.partial` is filled           crash: `x` is the old one; the partial one is removed by the next writer
2. `x` is renamed to `.x.previous`  crash: `x` is absent; readers take `.x.previous`, the next writer renames it back
3. `.x.partial` is renamed to `x`   crash: `x` is the new one; `.x.previous` is removed by the next writer
4. `.x.previous` is removed         (renamed to `.x.partial` first, so that a half-removed folder is never read)

Readers take no lock: one that meets damage looks whether the folder was replaced under its hands, and reads again.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from hyperborn.errors import UserError
from hyperborn.storage.durable import (
    LOCK,
    PARTIAL,
    discard,
    explained,
    make_folder,
    only_writer,
    sibling,
    sync_folder,
    write_new,
)
from hyperborn.storage.formats import FOLDER, Format
from hyperborn.storage.lock_files import acquire, release
from hyperborn.storage.manifest import (
    IGNORED,
    MANIFEST,
    RUN_LOCK,
    DamagedFolder,
    checked_names,
    checked_sizes,
    manifest_bytes,
    read_listed,
    read_manifest,
    unlisted,
)

Content = TypeVar("Content")

PREVIOUS = ".hyperborn-previous"
MOST_READS = 100
"""Times a folder is read again because it was replaced meanwhile."""


def write_folder(path: Path, files: Mapping[str, bytes], *, kind: Format = FOLDER, replace: bool = False) -> None:
    """Write all files and their `manifest.json` as one folder: after a crash it is whole, or as it was before.

    Args:
        path: the folder; missing parents are created, an empty folder is taken as absent.
        files: content by relative name, such as "plots/loss.png".
        kind: of folder, with its version.
        replace: whether a folder that was written by this function may be replaced.

    Raises:
        UserError: if the folder exists and `replace` is false, if it holds what `write_folder` did not write, if a name
            is not a plain relative one, or if the system refuses. What was there is unharmed, nothing is left behind.
    """
    checked_names(files)
    checked_sizes(files)
    with explained(path):
        target = real_path(path)
        make_folder(target.parent)
        with only_writer(target):
            settle(target)
            _check_replaceable(path, target, replace)
            try:
                _fill(sibling(target, PARTIAL), {**files, MANIFEST: manifest_bytes(files, kind)})
                _swap(target)
            finally:
                # Also after Ctrl-C between the two renames: the old folder comes back.
                with suppress(OSError):
                    settle(target)


def read_folder(path: Path, kind: Format | None = None) -> dict[str, bytes]:
    """Every file of a folder but the manifest, verified.

    Args:
        path: the folder.
        kind: what kind of folder it must be; any if absent.

    Raises:
        DamagedFolder: if a file is missing, truncated, changed or unlisted, the manifest is damaged, or it is another
            kind of folder.
        UserError: if there is no such folder, its version is not read here, or it may not be read.
    """

    def verified(place: Path) -> dict[str, bytes]:
        entries = read_manifest(place, path, kind)
        files = {name: read_listed(place, path, name, entry) for name, entry in entries.items()}
        unknown = unlisted(place, entries)
        if unknown:
            raise DamagedFolder(f"{path / unknown[0]} is unknown to the folder's manifest; move it elsewhere")
        return files

    return _read_settled(path, verified)


def folder_exists(path: Path) -> bool:
    """Whether something is at `path` that `write_folder` would not take as absent, an interrupted swap included."""
    with explained(path, "read"):
        place = _place(real_path(path))
        return place.exists() and not (place.is_dir() and _is_empty(place))


def remove_folder(path: Path) -> None:
    """Remove a folder so that a crash leaves it whole or gone; absent is fine."""
    with explained(path, "remove"):
        target = real_path(path)
        if not target.parent.is_dir():
            return
        with only_writer(target):
            settle(target)
            if target.exists():
                target.rename(sibling(target, PARTIAL))
                sync_folder(target.parent)
                settle(target)


def stored_folders(parent: Path) -> list[str]:
    """Names of the folders in `parent`, sorted, also of those that an interrupted swap left absent; none if absent."""
    with explained(parent, "read"):
        entries = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    visible = {name for name in entries if not name.startswith(".")}
    hidden = {name[1 : -len(PREVIOUS)] for name in entries if name.startswith(".") and name.endswith(PREVIOUS)}
    return sorted(visible | hidden)


def tidy(parent: Path) -> None:
    """Finish or undo, in `parent`, what writers that died left behind; what a living one is writing is left alone."""
    endings = (PARTIAL, PREVIOUS, LOCK)
    with explained(parent):
        names = [entry.name for entry in parent.iterdir() if entry.name.startswith(".")]
        targets = {name[1 : -len(ending)] for name in names for ending in endings if name.endswith(ending)}
        for target in sorted(parent / name for name in targets if name):
            lock = sibling(target, LOCK)
            descriptor = acquire(lock, wait=False)
            if descriptor is not None:
                try:
                    settle(target)
                finally:
                    release(descriptor, lock)


def settle(target: Path) -> None:
    """Bring `target` into its one true state after a crash; its lock must be held."""
    previous, partial = sibling(target, PREVIOUS), sibling(target, PARTIAL)
    discard(partial)
    if not previous.exists():
        return
    if (target / MANIFEST).exists():
        previous.rename(partial)
        discard(partial)
    elif not target.exists() or (target.is_dir() and _is_empty(target)):
        # Someone may have made the folder anew, and locked it, before the old one came back.
        _carry_lock(target, previous)
        discard(target)
        previous.rename(target)
        sync_folder(target.parent)


def real_path(path: Path) -> Path:
    """The absolute path behind all symbolic links.

    Raises:
        UserError: if it is the root of the file system, or holds what no path can.
    """
    if "\0" in str(path):
        raise UserError(f"{str(path)!r} cannot be a path; leave out the zero byte")
    target = Path(os.path.realpath(path))
    if not target.name:
        raise UserError(f"{path} is the root of the file system; choose a folder below it")
    return target


def _read_settled(path: Path, verified: Callable[[Path], Content]) -> Content:
    """What `verified` makes of the folder, once more each time that the folder was replaced meanwhile."""
    target = real_path(path)
    for _ in range(MOST_READS):
        with explained(path, "read"):
            place = _place(target)
            seen = place, _identity(place)
            try:
                return verified(place)
            except (UserError, OSError):
                now = _place(target)
                if (now, _identity(now)) == seen:
                    raise
    raise UserError(f"{path} is replaced faster than it can be read; stop the process that writes it")


def _place(target: Path) -> Path:
    """Where the content of `target` is: there, or under its previous name if a swap was interrupted."""
    previous = sibling(target, PREVIOUS)
    interrupted = not target.exists() or (target.is_dir() and _is_empty(target))
    return previous if interrupted and previous.exists() else target


def _identity(place: Path) -> tuple[int, int, int] | None:
    """What tells one folder from its replacement."""
    try:
        found = place.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _is_empty(folder: Path) -> bool:
    with suppress(FileNotFoundError):
        return all(entry.name in IGNORED for entry in folder.iterdir())
    return False  # replaced by another process this very moment


def _check_replaceable(path: Path, target: Path, replace: bool) -> None:
    """Refuse to put a folder where something is that must not be lost."""
    if not target.exists() or (target.is_dir() and _is_empty(target)):
        return
    if not replace:
        raise UserError(f"{path} already exists; choose another folder, or have it replaced (--force)")
    if not (target / MANIFEST).exists():
        raise UserError(f"{path} is not replaced because hyperborn did not write it; choose another folder")
    try:
        entries = read_manifest(target, path)
    except UserError:
        return  # It is ours, and damaged or of another version: to replace it is the remedy.
    unknown = unlisted(target, entries)
    if unknown:
        raise UserError(
            f"{path} is not replaced because hyperborn did not write the {unknown[0]!r} in it; move that away"
        )


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a new folder of files, all of it durable but its own name."""
    folder.mkdir()
    inner = {folder}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        inner.update(parent for parent in path.parents if parent.is_relative_to(folder))
        write_new(path, data)
    for made in inner:
        sync_folder(made)


def _swap(target: Path) -> None:
    """Put the filled partial folder in the target's place; see the table at the top."""
    partial = sibling(target, PARTIAL)
    if target.exists():
        _carry_lock(target, partial)
        target.rename(sibling(target, PREVIOUS))
        sync_folder(target.parent)
    partial.rename(target)
    sync_folder(target.parent)


def _carry_lock(source: Path, goal: Path) -> None:
    """Keep a run lock held across a swap: the same file, so the same lock, gets a name in the new folder."""
    if (source / RUN_LOCK).exists():
        (goal / RUN_LOCK).unlink(missing_ok=True)
        os.link(source / RUN_LOCK, goal / RUN_LOCK)
