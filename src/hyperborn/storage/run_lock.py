"""One process at a time in a run folder."""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from hyperborn.errors import UserError
from hyperborn.storage.durable import explained, make_folder, only_writer
from hyperborn.storage.folders import real_path, settle
from hyperborn.storage.lock_files import acquire, release
from hyperborn.storage.manifest import RUN_LOCK

TRIES = 100
PAUSE = 0.01
"""Seconds between tries while the holder has locked the file and not yet written who it is."""


class FolderTaken(UserError):  # noqa: N818
    """Another process writes the folder, or has written it."""


class RunLock:
    """The right to write a run folder, held inside a `with` block; the system gives it back if the process dies.

    Entering creates the folder where absent (`write_folder` takes an empty one as absent, and keeps the lock held when
    it replaces the folder). The lock is the file `.lock` in the folder, gone when released.

    Raises:
        FolderTaken: on entering, if another process (or this one) holds it: the line names the folder and the process.
        UserError: if the system refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> "RunLock":
        if self._descriptor is not None:
            raise UserError(f"{self.folder} is already locked here; leave the first block before entering again")
        with explained(self.folder, "lock"):
            target = real_path(self.folder)
            for _ in range(TRIES):
                # A process that gives up removes the empty folders that it made, and these may be the ones.
                with suppress(FileNotFoundError):
                    make_folder(target.parent)
                    # No one swaps the folder while its lock file is opened.
                    with only_writer(target):
                        settle(target)
                        make_folder(target)
                        self._descriptor = acquire(target / RUN_LOCK, wait=False)
                        if self._descriptor is not None:
                            self._sign(self._descriptor)
                            return self
                holder = _holder(target / RUN_LOCK)
                if holder:
                    break
                time.sleep(PAUSE)
            else:
                holder = "another process"
        raise FolderTaken(f"{self.folder} is being written by {holder}; wait for it, stop it, or choose another folder")

    def _sign(self, descriptor: int) -> None:
        """Write down who holds the lock; where that fails, on a full disk say, let go of it."""
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            release(self._descriptor, real_path(self.folder) / RUN_LOCK)
            self._descriptor = None


def _holder(lock: Path) -> str:
    """Who holds the lock, or nothing where that is not written yet."""
    try:
        process, host = lock.read_text().split()
    except (ValueError, FileNotFoundError):
        return ""
    return f"process {process}" + ("" if host == socket.gethostname() else f" on {host}")
