"""Metrics as JSON lines that notice damage and survive a torn end.

Each line ends in a CRC-32 of the bytes before it, carried on from the line above, so that a changed, lost, doubled or
moved line is noticed. The first line says the version of the format, and is written together with the first record:

    {"format": "hyperborn metrics", "version": 1, "crc32": "01234567"}
    {"step": 1, "loss": 0.5, "crc32": "89abcdef"}
"""

import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from hyperborn.errors import UserError
from hyperborn.storage.arrays import plain
from hyperborn.storage.bounded import read_bounded
from hyperborn.storage.durable import explained, make_folder, sync_folder
from hyperborn.storage.formats import METRICS, check_mark, mark_of

CHECK = "crc32"
LINE = re.compile(rb'(\{.+), "crc32": "([0-9a-f]{8})"\}')

MOST_BYTES = 2**30
"""Of a log: more is neither written nor read."""
REMEDY = "restore it from a copy"

FIRST = json.dumps(mark_of(METRICS))[:-1].encode("ascii")
"""The first line up to its check."""


class _Line(NamedTuple):
    record: dict[str, Any]
    check: int
    end: int
    """Offset of the byte after the line's newline."""


class MetricsLog:
    """A metrics file open for appending, by one process at a time.

    Opening creates the file where absent, and cuts a torn last line off, which `report` is told in one line.

    Raises:
        UserError: on opening, if a line before the last is damaged (naming file and line), if there is something else
            than a regular file (a link is not followed), or the system refuses.
    """

    def __init__(self, path: Path, report: Callable[[str], None] | None = None) -> None:
        self.path = path
        with explained(path):
            make_folder(path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            self._descriptor = os.open(path, flags, 0o666)
        try:
            with explained(path):
                if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                    raise UserError(f"{path} is not a regular file; {REMEDY}")
                sync_folder(path.parent)
                data = _read(path)
                self._follow(_scan(data, path))
                if self._size < len(data):
                    self._cut()
                    if report is not None:
                        report(f"{path}: the torn last line was cut off ({len(data) - self._size} bytes)")
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record and hand it to the system; `sync` makes it durable.

        Args:
            record: plain values, with an int "step" not below that of the record before.

        Raises:
            UserError: if a value is not finite or not plain, if the step is missing or falls, or if the system refuses;
                the file is then as it was before.
        """
        step = record.get("step")
        if not isinstance(step, int) or isinstance(step, bool) or CHECK in record:
            raise UserError(f"a record needs an int 'step' and no {CHECK!r}, and has {', '.join(map(repr, record))}")
        if self._step is not None and step < self._step:
            raise UserError(f"step {step} comes after step {self._step} in {self.path}; use truncate_after first")
        body = json.dumps(plain(record), allow_nan=False)[:-1].encode("ascii")
        head, check = (b"", self._check) if self._size else _sealed(FIRST, 0)
        line, check = _sealed(body, check)
        line = head + line
        if self._size + len(line) > MOST_BYTES:
            raise UserError(f"{self.path} would have more than {MOST_BYTES:,} bytes; train for fewer steps")
        with explained(self.path):
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
                raise
        self._size, self._check, self._step = self._size + len(line), check, step

    def sync(self) -> None:
        """Make every record appended so far durable."""
        with explained(self.path):
            os.fsync(self._descriptor)

    def read(self) -> list[dict[str, Any]]:
        """All records, verified.

        Raises:
            UserError: naming file and line if any is damaged.
        """
        return [line.record for line in self._lines()]

    def truncate_after(self, step: int) -> int:
        """Drop the records of later steps, durably and at once; how many were dropped.

        Steps never fall, so the rest is byte for byte what the file was when the last kept record was appended.
        """
        lines = self._lines()
        kept = [line for line in lines if line.record["step"] <= step]
        if len(kept) < len(lines):
            self._follow(kept)
            with explained(self.path):
                self._cut()
        return len(lines) - len(kept)

    def close(self) -> None:
        """Make everything durable and let go of the file; closing twice is fine."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with explained(self.path):
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _lines(self) -> list[_Line]:
        with explained(self.path, "read"):
            data = _read(self.path)
        lines = _scan(data, self.path)
        if (lines[-1].end if lines else 0) < len(data):
            raise _damaged(self.path, len(lines) + 2 if lines else 1)
        return lines

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self._size)
        os.fsync(self._descriptor)

    def _follow(self, lines: list[_Line]) -> None:
        """Remember what the next record must follow: where the last one ends, its check and its step."""
        self._size = lines[-1].end if lines else 0
        self._check = lines[-1].check if lines else 0
        self._step: int | None = lines[-1].record["step"] if lines else None


def read_metrics(path: Path, report: Callable[[str], None] | None = None) -> list[dict[str, Any]]:
    """All whole records of a file that another process may be writing; nothing is repaired.

    Args:
        path: the file.
        report: is told in one line of a torn last line, which is left out.

    Raises:
        UserError: naming file and line if one before the last is damaged, or if the file cannot be read.
    """
    data = _read_present(path)
    lines = _scan(data, path)
    torn = len(data) - (lines[-1].end if lines else 0)
    if torn and report is not None:
        report(f"{path}: the torn last line is left out ({torn} bytes)")
    return [line.record for line in lines]


def digest_of_metrics(path: Path) -> str:
    """SHA-256 of a whole file of metrics, as hexadecimal digits.

    Raises:
        UserError: as `read_metrics`.
    """
    data = _read_present(path)
    _scan(data, path)
    return hashlib.sha256(data).hexdigest()


def _read_present(path: Path) -> bytes:
    with explained(path, "read"):
        try:
            return _read(path)
        except FileNotFoundError as error:
            raise UserError(f"{path} does not exist; check the name") from error


def _read(path: Path) -> bytes:
    return read_bounded(path, MOST_BYTES, follow_links=False, remedy=REMEDY)


def _scan(data: bytes, path: Path) -> list[_Line]:
    """All whole lines with a record; only the last line may be torn, and is left out.

    Raises:
        UserError: if a line is damaged, or the version is not read here.
    """
    lines: list[_Line] = []
    start = check = number = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1
        match = LINE.fullmatch(data[start : end - 1]) if end else None
        if match is None or zlib.crc32(match[1], check) != int(match[2], 16):
            if 0 < end < len(data):
                raise _damaged(path, number + 1)
            break
        start, check, number = end, int(match[2], 16), number + 1
        record = _record_of(match[1] + b"}")
        if number == 1 and record is not None:
            check_mark(record, METRICS, path)
            continue
        # Anybody can give a line a check that fits.
        if record is None or not _is_step(record.get("step"), lines):
            raise _damaged(path, number)
        lines.append(_Line(record, check, end))
    return lines


def _record_of(body: bytes) -> dict[str, Any] | None:
    """What a line's bytes hold; None if it is no record."""
    try:
        record = plain(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _is_step(step: Any, lines: list[_Line]) -> bool:
    """Whether a step may follow the lines: `append` writes whole ones that do not fall."""
    return type(step) is int and (not lines or step >= lines[-1].record["step"])


def _sealed(body: bytes, check: int) -> tuple[bytes, int]:
    """A line and its check, from a record without its last brace and the check of the line above."""
    check = zlib.crc32(body, check)
    return body + f', "{CHECK}": "{check:08x}"}}\n'.encode("ascii"), check


def _damaged(path: Path, line: int) -> UserError:
    return UserError(f"{path}, line {line} is damaged; restore the file from a copy, or delete that line and all below")
