"""Names of the folders that commands write, and the advice given when a command is stopped."""

import shlex
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

from hyperborn.backends.jobs.budget import LimitReached
from hyperborn.data.tables import STANDARD_INPUT
from hyperborn.errors import UserError
from hyperborn.runs.layout import is_free, is_run
from hyperborn.storage import FolderTaken, folder_exists
from hyperborn.storage.durable import explained, only_writer
from hyperborn.storage.folders import real_path
from hyperborn.storage.manifest import MANIFEST, read_manifest, unlisted

Made = TypeVar("Made")


@dataclass(frozen=True)
class Folder:
    """A folder to write, and what is to be said once anything stays there; nothing where the name is as expected."""

    path: Path
    announcement: str = ""


def free_folder(out: Path | None, data: str, label: str, *, force: bool, taken: Collection[Path] = ()) -> Folder:
    """The folder asked for, or the first free one of runs/DATA-LABEL, runs/DATA-LABEL-2, ...

    With `force` it is runs/DATA-LABEL, unless there are several of its name. Folders in `taken` are skipped: another
    process took them after they were found free. Where a number is added to the name, it is to be said.

    Raises:
        UserError: if the folder asked for exists and `force` is false, or none is asked for and several exist.
    """
    if out is not None:
        if not force and not is_free(out):
            raise UserError(f"{out} exists; choose another name with --out, or --force to replace it")
        return Folder(out)
    stem = Path(data.removesuffix(".gz")).stem
    first = Path("runs") / f"{'standard-input' if data == STANDARD_INPUT else stem}-{label}"
    if first not in taken and is_free(first):
        return Folder(first)
    free = free_beside(first, taken)
    if not force:
        return Folder(free, f"{first} exists: writing {free} (--force replaces it, --out names another)")
    if free.name != f"{first.name}-2":
        raise UserError(f"{first} is not the only one of its name; say with --out which one --force is to replace")
    return Folder(first, f"replacing {first}")


def free_beside(folder: Path, taken: Collection[Path] = ()) -> Path:
    """The first free one of FOLDER-2, FOLDER-3, ... that is not taken."""
    numbered = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    return next(path for path in numbered if path not in taken and is_free(path))


def in_free_folder(
    work: Callable[[Folder], Made],
    out: Path | None,
    data: str,
    label: str,
    *,
    force: bool,
    first: Folder | None = None,
) -> Made:
    """The result of `work` in the folder `first`, or without it in that of `free_folder`.

    `work` makes the announcement as soon as anything is written that will stay, since errors before leave nothing.

    If no folder was asked for and another process takes it first (`FolderTaken`), the next free one is used.

    Raises:
        UserError: as `free_folder`, and whatever `work` raises.
    """
    taken: set[Path] = set()
    while True:
        folder = first if first and not taken else free_folder(out, data, label, force=force, taken=taken)
        try:
            return work(folder)
        except FolderTaken:
            if out is not None or force:
                raise
            taken.add(folder.path)


def check_writable(folder: Path) -> None:
    """Refuse, before any work, a folder that cannot be written or replaced in the end.

    Raises:
        UserError: if it holds what `write_folder` did not write, or the system refuses.
    """
    with explained(folder):
        target = real_path(folder)
        parent = next(place for place in target.parents if place.exists())
        # Taking the right to write the folder creates a file beside it, which is removed again.
        with only_writer(parent / target.name):
            pass
    if not folder_exists(folder):
        return
    if is_run(folder):
        raise UserError(f"{folder} is a run, which a comparison does not replace; choose another folder with --out")
    if not (folder / MANIFEST).exists():
        raise UserError(
            f"{folder} is not replaced because hyperborn did not write it; choose another folder with --out"
        )
    strange: list[str] = []
    # A damaged folder may be replaced: that is the remedy.
    with suppress(UserError):
        strange = unlisted(folder, read_manifest(folder, folder))
    if strange:
        raise UserError(
            f"{folder} is not replaced because hyperborn did not write {folder / strange[0]}; move that away"
        )


@contextmanager
def resumable(folder: Path, plugins: Sequence[str] = ()) -> Iterator[None]:
    """After Ctrl-C, or when a limit was reached, say how to resume the run, with the plugins that it was given.

    Raises:
        KeyboardInterrupt: with the line to show.
        UserError: the limit and the command.
    """
    command = shlex.join(["hyperborn", "resume", str(folder), *(f"--plugin={module}" for module in plugins)])
    try:
        yield
    except KeyboardInterrupt as error:
        said = str(error) or "stopped"
        if is_run(folder):
            said += f"; everything is saved, go on with: {command}"
        raise KeyboardInterrupt(said) from error
    except LimitReached as error:
        flag = f"--{error.limit.replace('_', '-')}"
        raise UserError(f"{error}: {command} {flag} N") from error
