"""Compiled programs are kept on disk, so that a second process need not compile again; and JAX is not forked."""

import os
import zlib
from contextlib import suppress
from pathlib import Path

import jax

from hyperborn.errors import UserError
from hyperborn.storage.caches import MOST_BYTES, cache_folder, forget_oldest

LEAST_SECONDS = 0.1
"""Programs that compile faster than this are not worth a file."""

PROGRAMS = f"*-{'[0-9a-f]' * 64}-cache"
"""How JAX names them."""
CHECKED, CHECKING = ".checked", ".checking"

ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""How a program begins where JAX has this compression at hand; otherwise it is zlib's, with a checksum."""
RUN_LENGTH = 1
"""Type of a Zstandard block that holds one byte, to be repeated."""


_process: int | None = None
"""The process that used JAX here first."""


def check_process() -> None:
    """Refuse JAX in a forked copy of a process that has used it: its threads are not copied, and it waits for ever.

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
    """Use JAX's persistent compilation cache in the user's cache folder, unless the user has chosen a folder for it.

    Raises:
        UserError: in a forked process (`check_process`).
    """
    check_process()
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    folder = cache_folder()
    if folder is not None:
        forget_damaged(folder / "compiled")
        # JAX's own limit needs the package filelock, and stumbles over programs that were written without a limit.
        forget_oldest(folder / "compiled", PROGRAMS, MOST_BYTES)
        jax.config.update("jax_compilation_cache_dir", str(folder / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)


def forget_damaged(folder: Path) -> None:
    """Delete programs that a crash cut short: JAX would warn of each in every process, and never write it again.

    Only programs written since the last check are looked at.
    """
    checked = folder / CHECKED
    with suppress(OSError):
        begun = folder / CHECKING
        begun.touch()
        since = checked.stat().st_mtime_ns if checked.exists() else 0
        for program in folder.glob(PROGRAMS):
            if program.stat().st_mtime_ns >= since and is_damaged(program.read_bytes()):
                program.unlink(missing_ok=True)
        # A program that was begun meanwhile, and cut short, is looked at next time.
        begun.replace(checked)


def is_damaged(program: bytes) -> bool:
    """Whether a compressed program is not whole."""
    if program.startswith(ZSTANDARD):
        # After a power failure a file may have its length but zeros at its end, which compression would not leave.
        return frame_length(program) != len(program) or program.endswith(bytes(8))
    try:
        zlib.decompress(program)
    except zlib.error:
        return True
    return False


def frame_length(data: bytes) -> int:
    """Bytes that a Zstandard frame says it has (RFC 8878, 3.1.1); more than there are, or 0, if it is cut short.

    JAX writes one frame a program, without a checksum; the package that could read it need not be installed.
    """
    try:
        descriptor = data[4]
        single = descriptor >> 5 & 1
        content = (single, 2, 4, 8)[descriptor >> 6]
        place = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + content
        last = 0
        while not last:
            header = data[place] | data[place + 1] << 8 | data[place + 2] << 16
            last, kind, size = header & 1, header >> 1 & 3, header >> 3
            place += 3 + (1 if kind == RUN_LENGTH else size)
    except IndexError:
        return 0
    return place + 4 * (descriptor >> 2 & 1)
