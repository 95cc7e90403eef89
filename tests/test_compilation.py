"""Compiled programs on disk: seen from fresh processes, as a user would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

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


def test_programs_least_recently_used_go_first(tmp_path: Path) -> None:
    value, _ = run(tmp_path)
    old, new = tmp_path / "compiled" / "old.program", tmp_path / "compiled" / "new.program"
    for path, size, then in ((old, 2**31, 10**9), (new, 1000, 10**9 + 1)):
        # Without content: a file of holes takes no room on the disk.
        with path.open("wb") as file:
            file.truncate(size)
        os.utime(path, (then, then))
    again, hits = run(tmp_path)
    assert again == value
    assert hits > 0
    assert (old.exists(), new.exists()) == (False, True)


def entries(cache: Path) -> list[Path]:
    return sorted((cache / "compiled").glob("*.program"))


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


FLIPPED = """
    import json, random, sys, warnings
    from pathlib import Path

    cache, packing, offsets, more = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
    if packing == "zlib":
        sys.modules["zstandard"] = None
    import jax, jax.numpy as jnp
    from hyperborn import compilation

    warnings.simplefilter("error")
    compilation.LEAST_SECONDS = 0.0
    compilation.keep_compiled_programs()
    hits = []
    jax.monitoring.register_event_listener(lambda event, **_: hits.append(event))

    def computed():
        jax.clear_caches()
        hits.clear()
        value = float(jax.jit(lambda x: jnp.sin(x @ x).sum())(jnp.eye(7)))
        return value, sum(event.endswith("cache_hits") for event in hits)

    value, _ = computed()
    again, all_hits = computed()
    whole = {path: path.read_bytes() for path in (cache / "compiled").glob("*.program")}
    assert again == value and all_hits == len(whole) > 0
    largest = max(whole, key=lambda path: len(whole[path]))
    start = compilation.START
    assert whole[largest][start : start + 4] == b"\\x28\\xb5\\x2f\\xfd" or packing == "zlib"
    chance = random.Random(0)
    damaged = []
    for offset in offsets:
        data = bytearray(whole[largest])
        data[int(offset * (len(data) - 1)) if isinstance(offset, float) else offset] ^= 1 << chance.randrange(8)
        damaged.append(bytes(data))
    for _ in range(more):
        data = bytearray(whole[largest])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        damaged.append(bytes(data))
    damaged += [b"", whole[largest][:-1], whole[largest][:40], min(whole.values(), key=len)]
    for data in damaged:
        largest.write_bytes(data)
        found = computed()
        mended = computed()
        print(json.dumps([found == (value, all_hits - 1), mended == (value, all_hits)]))
"""


@pytest.mark.parametrize("packing", ["zstandard", "zlib"])
@pytest.mark.parametrize("more", [0, pytest.param(300, marks=pytest.mark.thorough)])
def test_damaged_programs_are_compiled_again_and_replaced(tmp_path: Path, packing: str, more: int) -> None:
    """In the digest, where the compressed program begins, and all through it; in the process that has it open, too."""
    if packing == "zstandard":
        pytest.importorskip("zstandard")
    offsets = [0, 31, 32, 36, 37, 38, 41, 60, 75, *(part / 8 for part in range(1, 9))]
    environment = os.environ | {"HYPERBORN_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", dedent(FLIPPED), str(tmp_path), packing, json.dumps(offsets), str(more)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found == [[True, True]] * (len(offsets) + more + 4)


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


def test_a_library_does_not_change_how_its_user_compiles(tmp_path: Path) -> None:
    """Only the command line keeps compiled programs: `fit` and baselines run in a process of somebody else's."""
    script = """
        import jax
        import numpy as np
        from jax._src import compilation_cache
        import hyperborn as hb
        before = dict(jax.config.values)
        data = hb.data.from_arrays(np.arange(40.0).reshape(20, 2), [0, 1] * 10)
        network = hb.networks.BinaryMLP(2, hidden=())
        circuit = hb.circuits.ProductState(network.n_weights)
        hb.fit(network, data, posterior=hb.Register(circuit), annealing=None, steps=1, restarts=1, progress=False)
        hb.baselines.GreedyFlips(starts=1).fit(network, data)
        assert {name: value for name, value in jax.config.values.items() if value != before[name]} == {}
        assert compilation_cache._cache is None
    """
    environment = os.environ | {"HYPERBORN_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "compiled").exists()
