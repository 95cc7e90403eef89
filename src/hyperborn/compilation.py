"""Compiled programs are kept on disk, so that a second process need not compile again."""

import jax

from hyperborn.storage.caches import cache_folder

LEAST_SECONDS = 0.1
"""Programs that compile faster than this are not worth a file."""


def keep_compiled_programs() -> None:
    """Use JAX's persistent compilation cache in the user's cache folder, unless the user has chosen a folder for it."""
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    folder = cache_folder()
    if folder is not None:
        jax.config.update("jax_compilation_cache_dir", str(folder / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)
