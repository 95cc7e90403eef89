"""Single durable writes: bytes that are on the disk before a name points at them, and errors that say what to do.

A target `x` is written under `.x.hyperborn-partial` beside it while `.x.hyperborn-lock` is held, so that whoever holds
the lock knows that any partial one it finds was left by a process that died.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hyperborn.errors import UserError
from hyperborn.storage.lock_files import acquire, release

PARTIAL = ".hyperborn-partial"
LOCK = ".hyperborn-lock"
"""Endings that no other program uses, because files with them are removed."""

REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file would exceed the file-size limit; raise it (ulimit -f) or choose another disk",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "permission denied; choose another folder or change its permissions",
    errno.EPERM: "permission denied; choose another folder or change its permissions",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
    errno.EEXIST: "a part of the path is a file, not a folder; choose another folder",
    errno.EISDIR: "it is a folder, not a file; choose another name",
    errno.ELOOP: "a symbolic link is in its place, which is not followed; put the file or folder itself there",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EBUSY: "it is in use or a mount point; choose a folder inside it",
    errno.EXDEV: "it is a mount point; choose a folder inside it",
    errno.ENOLCK: "the file system has no file locks; choose a folder on another disk",
    errno.ENOTSUP: "the file system lacks file locks or links; choose a folder on another disk",
}
"""What a person can do about each way in which the system refuses."""


@contextmanager
def explained(path: Path, action: str = "write") -> Iterator[None]:
    """Turn any refusal of the system inside the block into a `UserError` that names `path` and the remedy."""
    try:
        yield
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0, f"{error.strerror or error}; choose another folder")
        raise UserError(f"cannot {action} {path}: {remedy}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; file systems that cannot are taken as they are."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create a folder and its missing parents durably; one that exists is fine."""
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for created in reversed(missing):
        with suppress(FileExistsError):
            created.mkdir(mode=mode)
        sync_folder(created.parent)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, and have its bytes on the disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sibling(target: Path, ending: str) -> Path:
    """The hidden name beside a target that stands for one of its states, such as `.x.hyperborn-partial`."""
    return target.with_name(f".{target.name}{ending}")


def discard(path: Path) -> None:
    """Remove a file or a whole folder; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def only_writer(target: Path) -> Iterator[None]:
    """Hold the right to write `target` against every other process and thread, waiting for it."""
    lock = sibling(target, LOCK)
    descriptor = acquire(lock, wait=True)
    assert descriptor is not None  # waiting never comes back empty-handed
    try:
        yield
    finally:
        release(descriptor, lock)


def write_file(path: Path, data: bytes, *, follow_links: bool = True) -> None:
    """Write or replace one file so that a crash leaves the old bytes or the new ones, whole.

    Args:
        path: of the file; missing parent folders are created.
        data: all of its bytes.
        follow_links: whether a symbolic link leads to the file that is written, or is itself replaced by the file.

    Raises:
        UserError: if it cannot be written; the old file is untouched and nothing is left behind.
    """
    with explained(path):
        target = Path(os.path.realpath(path)) if follow_links else Path(os.path.realpath(path.parent), path.name)
        make_folder(target.parent)
        with only_writer(target):
            partial = sibling(target, PARTIAL)
            discard(partial)
            try:
                write_new(partial, data)
                partial.replace(target)
                sync_folder(target.parent)
            finally:
                with suppress(OSError):
                    discard(partial)
