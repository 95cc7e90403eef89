"""Compiled programs are kept on disk, so that a second process need not compile again."""

import zlib
from contextlib import suppress
from pathlib import Path

import jax

from hyperborn.storage.caches import cache_folder

LEAST_SECONDS = 0.1
"""Programs that compile faster than this are not worth a file."""

CHECKED = ".checked"
ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""How a program begins where JAX has this compression at hand; otherwise it is zlib's, with a checksum."""


def keep_compiled_programs() -> None:
    """Use JAX's persistent compilation cache in the user's cache folder, unless the user has chosen a folder for it."""
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    folder = cache_folder()
    if folder is not None:
        forget_damaged(folder / "compiled")
        jax.config.update("jax_compilation_cache_dir", str(folder / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)


def forget_damaged(folder: Path) -> None:
    """Delete programs that a crash cut short: JAX would warn of each in every process, and never write it again.

    Only programs written since the last check are looked at.
    """
    checked = folder / CHECKED
    with suppress(OSError):
        since = checked.stat().st_mtime_ns if checked.exists() else 0
        recent = [program for program in folder.glob("*-cache") if program.stat().st_mtime_ns >= since]
        for program in recent:
            if is_damaged(program.read_bytes()):
                program.unlink(missing_ok=True)
        if recent:
            checked.touch()


def is_damaged(program: bytes) -> bool:
    if program.startswith(ZSTANDARD):
        return False
    try:
        zlib.decompress(program)
    except zlib.error:
        return True
    return False
