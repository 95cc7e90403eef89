"""Lock files that vanish on release and die with their process.

`flock` is released by the system when a process ends, however it ends, so that no lock outlives its holder. The file is
removed by its holder on release; a process that was waiting on the removed file sees that and opens the new one.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

from hyperborn.errors import UserError


def _flock(descriptor: int, wait: bool) -> None:
    if sys.platform == "win32":
        raise UserError("hyperborn cannot lock files on Windows; run it under WSL, Linux or macOS")
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the name still leads to the file that is open."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def acquire(path: Path, *, wait: bool) -> int | None:
    """Lock the file at `path`, created where absent; its descriptor, or None if another holds it and `wait` is false.

    Raises:
        OSError: if the file cannot be opened or locked.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            _flock(descriptor, wait)
            if _is_at(descriptor, path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def release(descriptor: int, path: Path) -> None:
    """Give a lock back and remove its file, unless the name has come to mean another file."""
    with suppress(OSError):
        if _is_at(descriptor, path):
            path.unlink()
    os.close(descriptor)
