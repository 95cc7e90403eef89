import hashlib
import os
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from hyperborn.storage import caches
from hyperborn.storage.caches import cache_folder, cached_array


class Counted:
    """A computation that counts how often it was run."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.times = 0

    def __call__(self) -> np.ndarray:
        self.times += 1
        return self.array


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entry(cache: Path) -> Path:
    (path,) = (cache / "arrays").iterdir()
    return path


def test_the_folder_is_made_private_and_stays_so(cache: Path) -> None:
    assert cache_folder() == cache
    assert mode(cache) == 0o700
    cache.chmod(0o755)
    assert cache_folder() == cache
    assert mode(cache) == 0o700


def test_a_folder_of_other_things_keeps_its_mode(cache: Path) -> None:
    cache.mkdir(mode=0o755)
    cache.chmod(0o755)
    (cache / "letters").touch()
    assert cache_folder() == cache
    assert mode(cache) == 0o755


@pytest.mark.skipif("sys.platform != 'linux'")
def test_the_platforms_folder_is_used_and_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYPERBORN_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    (tmp_path / ".cache" / "hyperborn").mkdir(parents=True)
    (tmp_path / ".cache" / "hyperborn").chmod(0o777)
    (tmp_path / ".cache" / "hyperborn" / "old").touch()
    assert cache_folder() == tmp_path / ".cache" / "hyperborn"
    assert mode(tmp_path / ".cache" / "hyperborn") == 0o700
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "hyperborn"
    assert mode(tmp_path / "xdg" / "hyperborn") == 0o700


def test_a_default_folder_of_another_user_is_not_taken(run_script, tmp_path: Path) -> None:
    found = run_script(
        """
        import json, os, sys
        from hyperborn.storage import cache_folder
        if os.getuid() != 0:
            print(json.dumps("not root"))
        else:
            os.environ.pop("HYPERBORN_CACHE", None)
            os.environ["XDG_CACHE_HOME"] = sys.argv[1]
            os.mkdir(sys.argv[1] + "/hyperborn")
            os.chown(sys.argv[1] + "/hyperborn", 65534, 65534)
            print(json.dumps(cache_folder() is None))
        """,
        tmp_path,
    )
    if found == ["not root"]:
        pytest.skip("only root can give a folder to another user")
    assert found == [True]


def test_where_there_can_be_no_folder_arrays_are_just_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "file" / "below"))
    compute = Counted(np.arange(3))
    assert cache_folder() is None
    assert cached_array("key", compute).tolist() == [0, 1, 2]
    assert cached_array("key", compute).tolist() == [0, 1, 2]
    assert compute.times == 2


def test_an_array_that_cannot_be_written_is_just_computed(cache: Path) -> None:
    cache.mkdir()
    (cache / "arrays").write_text("a file is in the way")
    compute = Counted(np.arange(3))
    assert cached_array("key", compute).tolist() == [0, 1, 2]
    assert cached_array("key", Counted(np.array([None])))[0] is None
    assert compute.times == 1


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.float32(2.5) * np.ones(()), np.zeros((0, 2), "u1")])
@pytest.mark.usefixtures("cache")
def test_an_array_is_computed_once_and_comes_back_to_the_last_bit(array: np.ndarray) -> None:
    array = np.asarray(array)
    compute = Counted(array)
    for _ in range(3):
        found = cached_array("key", compute)
        assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert compute.times == 1
    assert cached_array("other key", Counted(np.ones(1))).tolist() == [1.0]


def test_every_flip_and_truncation_is_computed_and_written_again(cache: Path) -> None:
    array = np.arange(5.0)
    cached_array("key", lambda: array)
    whole = entry(cache).read_bytes()
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        damaged.append(bytes(flipped))
    for data in damaged:
        entry(cache).write_bytes(data)
        compute = Counted(array)
        assert cached_array("key", compute).tolist() == array.tolist()
        assert compute.times == 1
        assert entry(cache).read_bytes() == whole


def test_an_entry_under_a_wrong_name_is_not_taken(cache: Path) -> None:
    cached_array("one", lambda: np.array([1]))
    one = entry(cache)
    cached_array("two", lambda: np.array([2]))
    (two,) = set((cache / "arrays").iterdir()) - {one}
    two.write_bytes(one.read_bytes())
    assert cached_array("two", lambda: np.array([2])).tolist() == [2]


def ages(cache: Path, **days: int) -> None:
    """Make the entry of each key seem to have been used so many days ago."""
    for key, number in days.items():
        then = time.time() - 86_400 * number
        os.utime(cache / "arrays" / f"{hashlib.sha256(key.encode()).hexdigest()}.array", (then, then))


def test_least_recently_used_entries_go_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(1000.0)
    cached_array("a", lambda: array)
    monkeypatch.setattr(caches, "MOST_BYTES", 3 * entry(cache).stat().st_size)
    for key in "bc":
        cached_array(key, lambda: array)
    ages(cache, a=3, b=2, c=1)
    # Using an entry makes it the newest.
    used = Counted(array)
    cached_array("a", used)
    cached_array("d", used)
    assert used.times == 1
    assert len(list((cache / "arrays").iterdir())) == 3
    for key, times in (("a", 0), ("c", 0), ("d", 0), ("b", 1)):
        compute = Counted(array)
        cached_array(key, compute)
        assert (key, compute.times) == (key, times)


def test_entry_just_written_stays_whatever_its_size(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached_array("small", lambda: np.arange(3))
    ages(cache, small=-1)
    monkeypatch.setattr(caches, "MOST_BYTES", 100)
    compute = Counted(np.arange(1000.0))
    for _ in range(2):
        cached_array("large", compute)
    assert compute.times == 1
    assert entry(cache).stat().st_size > 8000


def test_entries_within_the_limit_stay(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached_array("a", lambda: np.arange(10))
    monkeypatch.setattr(caches, "MOST_BYTES", 3 * entry(cache).stat().st_size)
    ages(cache, a=1000)
    for key in "bc":
        cached_array(key, lambda: np.arange(10))
    assert len(list((cache / "arrays").iterdir())) == 3


def test_many_at_once_all_get_the_array(cache: Path) -> None:
    found: list[list[float]] = []
    array = np.arange(1000.0)

    def use() -> None:
        found.extend(cached_array(f"key {number % 3}", lambda: array).tolist() for number in range(30))

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [array.tolist()] * 180
    assert len(list((cache / "arrays").iterdir())) == 3
