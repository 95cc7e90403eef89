"""A cache of compiled programs on disk, for later processes, and a check that the process was not forked.

The cache that JAX has does not check what it reads: with zstandard installed there is no checksum, and a damaged
program ends the interpreter, or computes something else. Here every file has a digest, checked at each reading.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import jax

from hyperborn.errors import UserError
from hyperborn.storage.caches import MOST_BYTES, cache_folder, forget_oldest
from hyperborn.storage.durable import make_folder
from hyperborn.storage.formats import PROGRAM, first_line

LEAST_SECONDS = 0.1
"""Programs that compile faster than this are not worth a file."""

ENDING = ".program"
HEAD = first_line(PROGRAM)
START = len(HEAD) + hashlib.sha256().digest_size
"""Byte at which a program begins in its file."""


class Programs:
    """Compiled programs in a folder, one file each: what JAX asks of a compilation cache.

    A file is a line with the format's version, a digest and the program. One that is damaged, of another version, or
    cannot be read, counts as absent: JAX compiles again, and the file is replaced. What cannot be written is not kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder
        """What JAX names in its messages."""

    def get(self, key: str) -> bytes | None:
        """The program that was put under a key, or None."""
        path = self.path(key)
        with suppress(OSError):
            data = path.read_bytes()
            if data[:START] == HEAD + program_digest(key, data[START:]):
                # The time of the last use, which decides what is deleted first; not every file system notes it.
                os.utime(path)
                return data[START:]
        return None

    def put(self, key: str, value: bytes) -> None:
        """Keep a program under a key."""
        with suppress(OSError):
            make_folder(self.folder)
            descriptor, partial = tempfile.mkstemp(dir=self.folder, prefix=".")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(HEAD + program_digest(key, value) + value)
                # Without a sync: a crash costs a compilation, because the digest shows what is not whole.
                Path(partial).replace(self.path(key))
            finally:
                Path(partial).unlink(missing_ok=True)

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self.folder / f"{key}{ENDING}"


_process: int | None = None
"""Number of the process that used JAX first."""


def check_process() -> None:
    """Refuse to use JAX in a forked copy of a process that has used it.

    Threads are not copied by a fork, so that JAX would wait for ever.

    Raises:
        UserError: in such a process.
    """
    global _process
    if _process is None:
        _process = os.getpid()
    elif _process != os.getpid():
        raise UserError(
            f"process {os.getpid()} was forked from process {_process}, which had used JAX: there it would wait for "
            "ever; start processes with multiprocessing.get_context('spawn')"
        )


def keep_compiled_programs() -> None:
    """Keep compiled programs in the user's cache folder, unless the user has chosen a folder for JAX to keep them in.

    It changes the whole process, so only programs call it, as the command line does; a library must not.
    """
    # JAX has no public way to set a cache of another kind. If this private one is gone in a later version, nothing is
    # kept, and JAX's own cache stays off.
    try:
        from jax._src import compilation_cache
    except ImportError:
        return
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    if isinstance(getattr(compilation_cache, "_cache", None), Programs):
        return
    folder = cache_folder()
    if folder is None:
        return
    programs = Programs(folder / "compiled")
    forget_oldest(programs.folder, "*", MOST_BYTES)
    compilation_cache._cache = programs  # pyright: ignore[reportAttributeAccessIssue]
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)


def program_digest(key: str, program: bytes) -> bytes:
    """Digest of a program and its key: a program under a wrong name counts as damaged."""
    return hashlib.sha256(hashlib.sha256(key.encode()).digest() + program).digest()
