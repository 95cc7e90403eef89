"""What can be computed again is kept in the user's cache folder, readable by that user alone."""

import hashlib
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from hyperborn.errors import UserError
from hyperborn.storage.arrays import array_from_bytes, array_to_bytes
from hyperborn.storage.durable import make_folder, write_file, write_new
from hyperborn.storage.formats import ARRAY, first_line

VARIABLE = "HYPERBORN_CACHE"
PRIVATE = 0o700
MOST_BYTES = 2 * 2**30
"""Of all cached arrays, and of all compiled programs."""

TAG = "CACHEDIR.TAG"
TAG_CONTENT = b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache of hyperborn; it may be deleted at any time.\n"
"""The common sign of a cache folder (bford.info/cachedir): backups skip it, and it marks the folder as ours."""


def cache_folder() -> Path | None:
    """The folder for caches, mode 0700; None where there can be none.

    It is `$HYPERBORN_CACHE`, or `hyperborn` in the platform's cache folder. One that others may look into is closed to
    them, unless `$HYPERBORN_CACHE` names a folder that was there before and holds other things (such as /tmp). One that
    belongs to another user is taken only if `$HYPERBORN_CACHE` names it.
    """
    chosen = os.environ.get(VARIABLE)
    try:
        folder = Path(chosen).absolute() if chosen else _platform_folder() / "hyperborn"
        if not folder.is_dir():
            make_folder(folder, PRIVATE)
        is_ours = sys.platform == "win32" or folder.stat().st_uid == os.getuid()
        if not is_ours and not chosen:
            return None
        if is_ours and (not chosen or (folder / TAG).exists() or not any(folder.iterdir())):
            if stat.S_IMODE(folder.stat().st_mode) & ~PRIVATE:
                folder.chmod(PRIVATE)
            if not (folder / TAG).exists():
                with suppress(FileExistsError):
                    write_new(folder / TAG, TAG_CONTENT)
    except (OSError, RuntimeError):
        # RuntimeError: there is no home folder.
        return None
    return folder if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else None


def _platform_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    # The XDG specification has a relative path ignored.
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return chosen if chosen.is_absolute() else Path.home() / ".cache"


def cached_array(key: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The array of any shape that `compute` gives, from the cache if it is there whole.

    An entry that is damaged, or of another version, is computed and written again; where nothing can be written, the
    array is just computed. Beyond `MOST_BYTES` in all, the entries least recently used are deleted.

    Args:
        key: says everything that the array depends on, such as a digest of network and data.
        compute: called without arguments where the cache has no whole entry.
    """
    folder = cache_folder()
    if folder is None:
        return compute()
    name = hashlib.sha256(key.encode()).hexdigest()
    path = folder / "arrays" / f"{name}.array"
    # After the first line, 32 bytes: a digest of key and content, so that one under a wrong name is as good as damaged.
    head = first_line(ARRAY)
    with suppress(OSError, UserError):
        data = path.read_bytes()
        content = data[len(head) + 32 :]
        if data[: len(head) + 32] == head + _entry_digest(key, content):
            array = array_from_bytes(content, str(path))
            with suppress(OSError):
                os.utime(path)
            return array
    array = compute()
    with suppress(UserError):
        content = array_to_bytes(array, name)
        write_file(path, head + _entry_digest(key, content) + content)
        forget_oldest(path.parent, "*.array", MOST_BYTES, kept=path)
    return array


def forget_oldest(folder: Path, pattern: str, most: int, *, kept: Path | None = None) -> None:
    """Delete the files least recently used, save `kept`, until those of the pattern take no more than `most` bytes."""
    found: list[tuple[int, int, Path]] = []
    for path in folder.glob(pattern):
        # Another process may delete it meanwhile.
        with suppress(OSError):
            status = path.stat()
            # Not every file system notes when a file is read, and not every reader of ours touches what it reads.
            found.append((max(status.st_atime_ns, status.st_mtime_ns), status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total > most and path != kept:
            with suppress(OSError):
                path.unlink(missing_ok=True)
                total -= size


def _entry_digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(key.encode()).digest() + content).digest()
