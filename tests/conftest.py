"""Strict in tests, light at run time: shapes and types are checked here, and only here."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

os.environ.setdefault("JAX_PLATFORMS", "cpu")
CACHE = Path(__file__).parent.parent / ".cache" / "tests"
os.environ.setdefault("HYPERBORN_CACHE", str(CACHE))

hook = install_import_hook("hyperborn", "beartype.beartype")
hook.__enter__()

# The first call of anything compiles; how long it takes says nothing about the code.
settings.register_profile("hyperborn", deadline=None)
settings.load_profile("hyperborn")

REFERENCE = Path(__file__).parent.parent.parent / "shared" / "reference"


@pytest.fixture(scope="session", autouse=True)
def strict_jax() -> None:
    """Silent rank promotion is an error, and compiled programs are kept between runs of the tests."""
    import jax

    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_compilation_cache_dir", str(CACHE / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


@pytest.fixture(scope="module", autouse=True)
def few_programs() -> Iterator[None]:
    """Compiled programs are dropped file by file: each holds memory maps, of which Linux allows a process 65,530.

    A worker that had kept the programs of all tests was aborted while the next one was compiled.
    """
    yield
    import jax

    jax.clear_caches()


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of published data to check against; tests that need it skip where it is absent."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference data is not at ../shared/reference")
    return REFERENCE
