"""Compiled programs on disk: seen from fresh processes, as a user would."""

import os
import subprocess
import sys
import zlib
from pathlib import Path
from textwrap import dedent

import pytest

from hyperborn.compilation import forget_damaged

SCRIPT = """
    import sys, warnings
    import jax, jax.numpy as jnp
    from hyperborn import compilation

    warnings.simplefilter("error")
    if "used-before" in sys.argv:
        jax.jit(lambda x: x + 1)(jnp.ones(2))
    if "own" in sys.argv:
        jax.config.update("jax_compilation_cache_dir", sys.argv[-1])
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    compilation.LEAST_SECONDS = 0.0
    compilation.keep_compiled_programs()
    compilation.keep_compiled_programs()
    hits = []
    jax.monitoring.register_event_listener(lambda event, **_: hits.append(event))
    print(float(jax.jit(lambda x: jnp.sin(x @ x).sum())(jnp.eye(7))))
    print(sum(event.endswith("cache_hits") for event in hits))
"""


def run(cache: Path, *arguments: object, **variables: str) -> tuple[float, int]:
    """What the program gave, and how many programs were found in the cache."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JAX_COMPILATION")}
    environment |= {"HYPERBORN_CACHE": str(cache), "JAX_PLATFORMS": "cpu"} | variables
    command = [sys.executable, "-c", dedent(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    value, hits = done.stdout.split()
    return float(value), int(hits)


def entries(cache: Path) -> list[Path]:
    return sorted((cache / "compiled").glob("*-cache"))


def test_a_second_process_finds_what_the_first_compiled(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    value, hits = run(cache)
    assert hits == 0
    assert entries(cache)
    assert cache.stat().st_mode & 0o777 == 0o700
    again, hits = run(cache, "used-before")
    assert hits > 0
    assert again == value


def test_a_folder_that_the_user_chose_is_kept(tmp_path: Path) -> None:
    run(tmp_path / "cache", "own", tmp_path / "mine")
    assert not entries(tmp_path / "cache")
    assert list((tmp_path / "mine").iterdir())


def test_without_a_cache_folder_programs_are_just_compiled(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    _, hits = run(tmp_path / "file")
    assert hits == 0
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_programs_cut_short_by_a_crash_are_compiled_again_and_kept(tmp_path: Path, kept: float) -> None:
    value, _ = run(tmp_path)
    for entry in entries(tmp_path):
        entry.write_bytes(entry.read_bytes()[: int(entry.stat().st_size * kept)])
    # Nothing is warned of: that would end the script.
    assert run(tmp_path) == (value, 0)
    again, hits = run(tmp_path)
    assert again == value
    assert hits == len(entries(tmp_path))


def test_whole_programs_are_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "zlib-cache").write_bytes(zlib.compress(b"a program"))
    (tmp_path / "zstandard-cache").write_bytes(b"\x28\xb5\x2f\xfd and so on")
    (tmp_path / "cut-cache").write_bytes(zlib.compress(b"a program")[:-1])
    (tmp_path / "else").write_bytes(b"")
    forget_damaged(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == {"zlib-cache", "zstandard-cache", "else", ".checked"}
    forget_damaged(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
