"""Strict in tests, light at run time: shapes and types are checked here, and only here."""

import gc
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings
from jaxtyping import install_import_hook

if TYPE_CHECKING:
    # Hyperborn is imported after the hook below, or its types would not be checked.
    from command_line import Run

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time of the tests is compilation: XLA takes half as long where it optimises little, fuses by its older
# emitters and leaves programs in one piece. `make thorough` asks for what users have.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1")
CACHE = Path(__file__).parent.parent / ".cache" / "tests"
os.environ.setdefault("HYPERBORN_CACHE", str(CACHE))

# Tracing makes many objects that live long: looked through at every 700 new ones, they cost a twentieth of the time.
gc.set_threshold(20_000)

hook = install_import_hook("hyperborn", "strict_types.checked")
hook.__enter__()

# The first call of anything compiles; how long it takes says nothing about the code.
settings.register_profile("hyperborn", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=200)
# Says that a test fails, and does not look for the smallest example: for experiments/mutants.
settings.register_profile("unshrunk", deadline=None, max_examples=20, phases=[Phase.explicit, Phase.generate])
settings.load_profile("hyperborn")

REFERENCE = Path(__file__).parent.parent.parent / "shared" / "reference"


@pytest.fixture(scope="session", autouse=True)
def strict_jax() -> None:
    """Silent rank promotion is an error, and compiled programs are kept between runs of the tests."""
    import jax

    from hyperborn.compilation import keep_compiled_programs

    jax.config.update("jax_numpy_rank_promotion", "raise")
    keep_compiled_programs()
    # Small ones as well: many tests share them, so that what one process compiled another reads.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


COMPILED = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    """Grows by one with every compiled program."""
    import jax

    found: list[str] = []

    def listen(event: str, seconds: float, **_: object) -> None:
        del seconds
        if event == COMPILED:
            found.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield found
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """Ctrl-C acts here and in processes that tests start, also where a shell in the background ignores it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


MOST_MAPS = 20_000
"""Memory maps of a process at which compiled programs are dropped: each holds some, and Linux allows 65,530."""


@pytest.fixture(scope="module", autouse=True)
def few_programs() -> Iterator[None]:
    """Compiled programs are dropped when they are many, for a worker that kept them all was aborted by Linux.

    Not after each file: most of them serve the next file, too.
    """
    yield
    maps = Path("/proc/self/maps")
    if not maps.exists() or maps.read_bytes().count(b"\n") > MOST_MAPS:
        import jax

        jax.clear_caches()


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of published data to check against; tests that need it skip where it is absent."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference data is not at ../shared/reference")
    return REFERENCE


@pytest.fixture
def hyperborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Runs a command in an empty folder."""
    from command_line import run

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return run


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """A table written by hand, in the folder where commands run."""
    from command_line import FLOWERS

    path = tmp_path / "flowers.csv"
    path.write_text(FLOWERS, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with flowers.csv and its finished run; to be copied before it is written to."""
    from command_line import FLOWERS, QUICK, run

    folder = tmp_path_factory.mktemp("trained")
    (folder / "flowers.csv").write_text(FLOWERS, encoding="utf-8")
    arguments = (
        "train",
        folder / "flowers.csv",
        "--target",
        "kind",
        "--strict",
        "--impute",
        "median",
        "--out",
        folder / "run",
    )
    ended = run(*arguments, *QUICK, "--json")
    assert ended.code == 0, ended.err
    (folder / "train.json").write_text(ended.out, encoding="utf-8")
    return folder


@pytest.fixture
def finished(trained: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, named `run`."""
    return Path(shutil.copytree(trained / "run", tmp_path / "run"))


@pytest.fixture
def unharmed(tmp_path: Path) -> Iterator[None]:
    """What is in the folder when the test begins is there at its end, byte for byte, and nothing else."""
    from command_line import snapshot

    before = snapshot(tmp_path)
    yield
    assert snapshot(tmp_path) == before


@pytest.fixture
def mounting() -> tuple[str, ...]:
    """Put before a command, lets it mount file systems that vanish with it; skips where that is refused."""
    prefix = ("unshare", "--mount", "--map-root-user")
    try:
        subprocess.run([*prefix, "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("this system does not let a test mount a file system of its own")
    return prefix
