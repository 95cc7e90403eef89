"""Compiled programs on disk: seen from fresh processes, as a user would."""

import os
import subprocess
import sys
import zlib
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from hyperborn.compilation import forget_damaged, is_damaged

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


def program(name: str) -> str:
    """A file name as JAX makes them."""
    return f"{name}-{'0f' * 32}-cache"


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


def test_programs_least_recently_used_go_first(tmp_path: Path) -> None:
    value, _ = run(tmp_path)
    old, new = tmp_path / "compiled" / program("old"), tmp_path / "compiled" / program("new")
    for path, size, then in ((old, 2**31, 10**9), (new, 1000, 10**9 + 1)):
        # Without content: a file of holes takes no room on the disk.
        with path.open("wb") as file:
            file.truncate(size)
        os.utime(path, (then, then))
    (tmp_path / "compiled" / ".checked").touch()
    again, hits = run(tmp_path)
    assert again == value
    assert hits > 0
    assert (old.exists(), new.exists()) == (False, True)


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


def zstandard_frame(*, single: bool, lengths: int, checksum: bool) -> bytes:
    """A frame written by hand after RFC 8878: a raw block, a run of one byte, and a last raw block."""
    descriptor = lengths << 6 | single << 5 | checksum << 2
    content = (int(single), 2, 4, 8)[lengths]
    head = b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + b"\x50" * (not single) + b"\x01" * content
    blocks = [(0, 7, b"program"), (1 << 1, 300, b"z"), (1, 4, b"done")]
    body = b"".join((size << 3 | kind).to_bytes(3, "little") + data for kind, size, data in blocks)
    return head + body + b"four" * checksum


FRAMES = [
    zstandard_frame(single=single, lengths=lengths, checksum=checksum)
    for single in (False, True)
    for lengths in range(4)
    for checksum in (False, True)
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame[4:6].hex())
def test_zstandard_frame_is_whole_or_damaged(frame: bytes) -> None:
    assert not is_damaged(frame)
    assert all(is_damaged(frame[:length]) for length in range(len(frame)))
    assert is_damaged(frame + b"x")
    assert is_damaged(frame[:-8] + bytes(8))


@pytest.mark.parametrize("size", [0, 300, 70_000, 400_000])
@pytest.mark.parametrize("one_in", [1, 5, 256])
def test_what_zstandard_writes_is_whole(size: int, one_in: int) -> None:
    zstandard = pytest.importorskip("zstandard")
    program = np.random.default_rng(0).integers(0, one_in, size, dtype=np.uint8).tobytes()
    for frame in (zstandard.ZstdCompressor(level=level).compress(program) for level in (1, 3, 19)):
        assert not is_damaged(frame)
        assert all(is_damaged(frame[:length]) for length in range(0, len(frame), 1 + len(frame) // 100))
        assert is_damaged(frame[:-1])


def test_whole_programs_are_not_deleted(tmp_path: Path) -> None:
    (tmp_path / program("zlib")).write_bytes(zlib.compress(b"a program"))
    (tmp_path / program("zstandard")).write_bytes(FRAMES[0])
    (tmp_path / program("cut")).write_bytes(zlib.compress(b"a program")[:-1])
    (tmp_path / program("short")).write_bytes(FRAMES[0][:-1])
    (tmp_path / "else").write_bytes(b"")
    forget_damaged(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == {program("zlib"), program("zstandard"), "else", ".checked"}
    forget_damaged(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


FORKING = """
    import os, signal, warnings
    import jax
    import hyperborn as hb

    # JAX's own, which does not name the remedy.
    warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
    warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)

    def in_a_copy(work):
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            try:
                print(type(work()).__name__, flush=True)
            except hb.UserError as error:
                print(error, flush=True)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    data, net = hb.data.load("moons", size=40), hb.networks.BinaryMLP(2)
    fit = lambda: hb.fit(net, data, steps=2, restarts=1, progress=False)
    in_a_copy(fit)
    result = fit()
    registers = hb.Registers(net, 2)
    angles = registers.init(key=jax.random.key(0))
    for work in (
        fit,
        lambda: result.predict_proba(data.test.x),
        lambda: result.most_probable(),
        lambda: registers.distributions(angles),
        lambda: hb.baselines.BayesBiNN().fit(net, data),
    ):
        in_a_copy(work)
"""


def test_a_forked_copy_says_spawn_instead_of_waiting_for_ever() -> None:
    done = subprocess.run([sys.executable, "-c", dedent(FORKING)], capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
    first, *others = done.stdout.splitlines()
    assert first == "Result"
    assert len(others) == 5
    assert all("had used JAX" in line and "get_context('spawn')" in line for line in others)
