"""What a power failure may leave: a model of a disk that keeps only what it was told to keep.

Every name and every byte that was not synced may be lost, or not: a folder's names are those of now or those of its
last sync, and a file's bytes as well. At every operation that changes names, and at every sync, the model builds the
trees that the disk may hold if the power failed there. Folders above a depth are taken as they were synced and those
below as they are now, and the other way round, for every depth; and bytes both ways.
"""

import os
import stat
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

Tree = dict[str, bytes | None]
"""Bytes of files by relative path; None for a folder."""

CHANGING = ("fsync", "rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link")
DEEPEST = 6


class Disk:
    """Watches a folder inside a `with` block; what is there at its beginning has been synced.

    `check` is called with each tree that a failure may leave, once with each since the last `promise`.
    """

    def __init__(self, root: Path, check: Callable[[Tree], None]) -> None:
        self.root, self.check = root, check
        # Open files keep their inode number to themselves, and what is removed can still be read.
        self._held: dict[int, int] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._bytes: dict[int, bytes] = {}
        self._seen: set[int] = set()
        self._inside = False
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> "Disk":
        self._look()
        for inode, descriptor in self._held.items():
            self._sync(inode, descriptor)
        for name in CHANGING:
            self._patch.setattr(os, name, self._watched(name, getattr(os, name)))
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self._patch.undo()
        try:
            if error is None:
                self.fail()
        finally:
            for descriptor in self._held.values():
                os.close(descriptor)

    def fail(self) -> None:
        """Check all trees that a failure at this moment may leave."""
        self._look()
        for depth, above, synced_bytes in product(range(DEEPEST), (True, False), (True, False)):
            tree = dict(self._tree(self.root.stat().st_ino, "", 0, depth, above, synced_bytes))
            key = hash(tuple(sorted(tree.items(), key=lambda item: item[0])))
            if key not in self._seen:
                self._seen.add(key)
                self.check(tree)

    def promise(self) -> None:
        """More is asked of every tree from now on, so that those of before are checked again."""
        self._seen.clear()
        self.fail()

    def _watched(self, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **keywords: Any) -> Any:
            if self._inside:
                return operation(*arguments, **keywords)
            self._inside = True
            try:
                self.fail()
                result = operation(*arguments, **keywords)
                if name == "fsync":
                    self._look()
                    inode = os.fstat(arguments[0]).st_ino
                    if inode in self._held:
                        self._sync(inode, self._held[inode])
                return result
            finally:
                self._inside = False

        return watched

    def _look(self) -> None:
        """Hold every file and folder that is there now."""
        for place, _, files in os.walk(self.root):
            for path in (Path(place), *(Path(place, name) for name in files)):
                inode = path.lstat().st_ino
                if inode not in self._held:
                    self._held[inode] = os.open(path, os.O_RDONLY)

    def _sync(self, inode: int, descriptor: int) -> None:
        if inode_is_folder(descriptor):
            self._names[inode] = names_in(descriptor)
        else:
            self._bytes[inode] = bytes_in(descriptor)

    def _tree(
        self, inode: int, path: str, level: int, depth: int, above: bool, synced_bytes: bool
    ) -> Iterator[tuple[str, bytes | None]]:
        descriptor = self._held[inode]
        if not inode_is_folder(descriptor):
            yield path, self._bytes.get(inode, b"") if synced_bytes else bytes_in(descriptor)
            return
        if path:
            yield path, None
        synced = above if level < depth else not above
        names = self._names.get(inode, {}) if synced else names_in(descriptor)
        for name, inner in names.items():
            yield from self._tree(inner, f"{path}/{name}" if path else name, level + 1, depth, above, synced_bytes)


def inode_is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def names_in(descriptor: int) -> dict[str, int]:
    try:
        with os.scandir(descriptor) as entries:
            return {entry.name: entry.inode() for entry in entries}
    except FileNotFoundError:
        return {}  # removed meanwhile


def bytes_in(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def build(tree: Tree, goal: Path) -> None:
    """Make the files and folders of a tree in an absent folder."""
    goal.mkdir()
    for name, data in tree.items():
        if data is None:
            (goal / name).mkdir()
        else:
            (goal / name).write_bytes(data)
