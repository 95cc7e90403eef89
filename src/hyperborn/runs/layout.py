"""The parts of a run folder, how it is begun, and how one run replaces another.

The definition of a new run is first written, whole, to `replacement/` inside the folder. From that moment the old run
is given up: its parts are removed, and the new definition is renamed into its place. So a crash leaves the old run, or
the new one; a refusal (a full disk, say) leaves the old one. Only functions that begin with `is_` or `check_` may be
called without the run lock.

A run folder may come from somebody else, so nothing in it is a symbolic link: writing to one would change another file.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hyperborn.backends.jobs.ledger import RUN_LEDGER
from hyperborn.errors import UserError
from hyperborn.storage import FolderTaken, folder_exists, formats, remove_folder, write_folder
from hyperborn.storage.checkpoints import NAME as CHECKPOINT
from hyperborn.storage.durable import LOCK, PARTIAL, explained, sync_folder
from hyperborn.storage.folders import PREVIOUS, tidy
from hyperborn.storage.manifest import IGNORED, MANIFEST, read_manifest, unlisted

DEFINITION, REPLACEMENT, RESULT, PLOTS, CHECKPOINTS, METRICS, LEDGER, EVALUATIONS = (
    *("definition", "replacement", "result", "plots", "checkpoints"),
    *("metrics.jsonl", RUN_LEDGER, "evaluations.sqlite"),
)
LEFTOVER = re.compile(rf"\..+({'|'.join(map(re.escape, (LOCK, PARTIAL, PREVIOUS)))})")
"""What a writer that died leaves behind."""
JOURNALS = ("", "-journal", "-wal", "-shm")
"""Endings of a ledger's file and of what SQLite keeps beside it."""
LEDGERS = tuple(f"{name}{ending}" for name in (LEDGER, EVALUATIONS) for ending in JOURNALS)
FOLDERS_OF_RUN = (DEFINITION, REPLACEMENT, RESULT, CHECKPOINTS)


def check_plain(path: Path) -> None:
    """Refuse a run folder in which something of a run's is a symbolic link, or a ledger is no regular file.

    Raises:
        UserError: naming the first such thing.
    """
    with explained(path, "read"):
        for entry in folder_entries(path):
            mode = entry.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise UserError(
                    f"{entry} is a symbolic link, which is not followed; put the file or folder itself there"
                )
            if entry.name in LEDGERS and not stat.S_ISREG(mode):
                raise UserError(f"{entry} is not a regular file; restore it from a copy")


def folder_entries(path: Path) -> Iterator[Path]:
    """Everything in a run folder that a run may read or write; of other things, which are left alone, nothing."""
    names = {*FOLDERS_OF_RUN, *LEDGERS, *IGNORED, METRICS}
    for name in sorted(os.listdir(path)) if path.is_dir() else ():  # noqa: PTH208
        if name in names or LEFTOVER.fullmatch(name):
            yield path / name
            for parent, folders, files in os.walk(path / name):
                yield from (Path(parent, inner) for inner in folders + files)


def is_free(path: Path) -> bool:
    """Whether nothing is there, or only what a process left that died before its run began."""
    if not folder_exists(path):
        return True
    with explained(path, "read"):
        return path.is_dir() and all(
            entry.name in IGNORED or (LEFTOVER.fullmatch(entry.name) and PREVIOUS not in entry.name)
            for entry in path.iterdir()
        )


def is_run(path: Path) -> bool:
    """Whether a run was begun there."""
    return (path / DEFINITION / MANIFEST).exists() or is_being_replaced(path)


def is_being_replaced(path: Path) -> bool:
    """Whether a process died between giving up the old run there and beginning the new one."""
    return folder_exists(path / REPLACEMENT)


def check_available(path: Path, *, force: bool) -> None:
    """Refuse a place where a new run would harm something.

    Raises:
        FolderTaken: if a run is there and `force` is false.
        UserError: if anything else is there.
    """
    if is_free(path):
        return
    if not is_run(path):
        raise UserError(f"{path} exists and is not a run folder; choose another name")
    if not force:
        raise FolderTaken(f"{path} exists; choose another name, or force=True (--force) to replace it")
    check_plain(path)
    with explained(path, "read"):
        foreign = foreign_entry(path)
    if foreign is not None:
        raise UserError(f"{path} is not replaced because hyperborn did not write {foreign}; move that away")


def foreign_entry(path: Path) -> Path | None:
    """Something that hyperborn did not write in a part of a run, which removing the part would lose."""
    for part in (DEFINITION, REPLACEMENT, RESULT, PLOTS):
        place = path / part
        if place.exists() and not (place / MANIFEST).exists():
            return place
        # A damaged part may be replaced: that is the remedy.
        with suppress(UserError):
            for name in unlisted(place, read_manifest(place, place)):
                return place / name
    checkpoints = path / CHECKPOINTS
    for entry in checkpoints.iterdir() if checkpoints.is_dir() else ():
        if not CHECKPOINT.fullmatch(entry.name) and not LEFTOVER.fullmatch(entry.name):
            return entry
    return None


def begin_run(path: Path, definition: Mapping[str, bytes], *, force: bool) -> None:
    """Put the files that define a new run into its folder, in place of another run if `force` is true.

    Raises:
        UserError: if something else is there, or writing fails; what was there is then unharmed.
    """
    check_available(path, force=force)
    with explained(path):
        tidy(path)
    if not is_run(path):
        write_folder(path / DEFINITION, definition, kind=formats.DEFINITION)
        return
    write_folder(path / REPLACEMENT, definition, kind=formats.DEFINITION, replace=True)
    complete(path)


def complete(path: Path) -> None:
    """Go on with a replacement that was begun; nothing to do where there is none."""
    if not is_being_replaced(path):
        return
    for part in (RESULT, PLOTS, CHECKPOINTS, DEFINITION):
        remove_folder(path / part)
    with explained(path):
        _remove_files(path)
        (path / REPLACEMENT).rename(path / DEFINITION)
        sync_folder(path)


def withdraw(path: Path) -> None:
    """Remove what was written of a run that never came to a checkpoint; its definition goes last."""
    for part in (RESULT, CHECKPOINTS):
        remove_folder(path / part)
    with explained(path):
        _remove_files(path)
    remove_folder(path / DEFINITION)


def _remove_files(path: Path) -> None:
    """Remove a run's files that are in no part of their own."""
    for name in (METRICS, *LEDGERS):
        (path / name).unlink(missing_ok=True)
