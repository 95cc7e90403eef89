import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.storage.metrics_log import MetricsLog, digest_of_metrics, read_metrics

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
RECORDS = st.lists(
    st.tuples(st.integers(0, 3), st.dictionaries(st.text().filter(lambda k: k not in {"step", "crc32"}), VALUES)),
    max_size=6,
)


def numbered(pairs: list[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Records whose steps rise by the given amounts."""
    step, records = 0, []
    for rise, fields in pairs:
        step += rise
        records.append({"step": step, **fields})
    return records


def write(path: Path, records: list[dict[str, Any]]) -> bytes:
    with MetricsLog(path) as log:
        for record in records:
            log.append(record)
    return path.read_bytes()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.jsonl"
    write(path, [{"step": step, "loss": 1 / (step + 3), "note": 'é", "crc32": "'} for step in range(4)])
    return path


@given(pairs=RECORDS, split=st.integers(0, 6))
def test_records_come_back_and_pauses_leave_no_trace(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, dict[str, Any]]], split: int
) -> None:
    records = numbered(pairs)
    folder = tmp_path_factory.mktemp("logs")
    once = write(folder / "once", records)
    write(folder / "twice", records[:split])
    assert write(folder / "twice", records[split:]) == once
    assert read_metrics(folder / "once") == records
    with MetricsLog(folder / "once") as opened:
        assert opened.read() == records


@given(pairs=RECORDS, last=st.integers(-1, 12))
def test_a_resumed_log_is_byte_for_byte_the_uninterrupted_one(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, dict[str, Any]]], last: int
) -> None:
    records = numbered(pairs)
    folder = tmp_path_factory.mktemp("logs")
    whole = write(folder / "whole", records)
    write(folder / "resumed", records)
    with MetricsLog(folder / "resumed") as resumed:
        dropped = resumed.truncate_after(last)
        assert resumed.read() == [record for record in records if record["step"] <= last]
        assert dropped == sum(record["step"] > last for record in records)
        for record in records[len(records) - dropped :]:
            resumed.append(record)
    assert (folder / "resumed").read_bytes() == whole


def test_each_line_is_json_with_the_check_at_its_end(log: Path) -> None:
    check = 0
    for number, line in enumerate(log.read_bytes().splitlines()):
        body, _, end = line.rpartition(b', "crc32": ')
        check = zlib.crc32(body, check)
        assert end == f'"{check:08x}"}}'.encode()
        assert json.loads(line)["step" if number else "version"] == (number - 1 if number else 1)


def test_a_record_is_in_the_file_once_appended(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "log")
    for step in range(3):
        log.append({"step": step})
        assert len(read_metrics(tmp_path / "log")) == step + 1
    log.sync()
    log.close()
    log.close()


def test_a_last_line_torn_at_any_byte_is_cut_off_and_reported(log: Path) -> None:
    whole = log.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for length in range(start + 1, len(whole)):
        log.write_bytes(whole[:length])
        seen: list[str] = []
        assert [record["step"] for record in read_metrics(log, seen.append)] == [0, 1, 2]
        assert log.read_bytes() == whole[:length]
        lines: list[str] = []
        with MetricsLog(log, lines.append) as opened:
            assert lines == [f"{log}: the torn last line was cut off ({length - start} bytes)"]
            assert seen == [f"{log}: the torn last line is left out ({length - start} bytes)"]
            assert log.read_bytes() == whole[:start]
            opened.append({"step": 3, "loss": 1 / 6, "note": 'é", "crc32": "'})
        assert log.read_bytes() == whole


def test_every_flipped_bit_is_noticed(log: Path) -> None:
    whole = log.read_bytes()
    starts = [0] + [place + 1 for place, byte in enumerate(whole) if byte == 10]
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        log.write_bytes(flipped)
        lines: list[str] = []
        line = sum(start <= bit // 8 for start in starts)
        if bit // 8 < starts[4] - 1:
            with pytest.raises(UserError, match=f"line {line} is damaged; restore"):
                read_metrics(log, lines.append)
        else:
            # In the last line, or in the newline before it, which makes one line of two: cut off, and said so.
            assert len(read_metrics(log, lines.append)) == line - 2
            assert len(lines) == 1


@pytest.mark.parametrize("order", ["abcd", "vbcd", "vacd", "vabbcd", "vbacd", "vaecd", "va\ncd", "vvabcd"])
def test_lines_lost_doubled_moved_or_edited_are_noticed(log: Path, order: str) -> None:
    lines = dict(zip("vabcd", log.read_bytes().splitlines(keepends=True), strict=True))
    lines |= {"e": lines["b"].replace(b"0.", b"1."), "\n": b"\n"}
    edited = b"".join(lines[name] for name in order)
    log.write_bytes(edited)
    for use in (MetricsLog, read_metrics):
        with pytest.raises(UserError, match=r"metrics\.jsonl, line [1234] is damaged; restore the file"):
            use(log)
    assert log.read_bytes() == edited


def test_damage_while_open_is_noticed_on_reading(log: Path) -> None:
    with MetricsLog(log) as opened:
        data = bytearray(log.read_bytes())
        data[-5] ^= 1
        log.write_bytes(data)
        with pytest.raises(UserError, match="line 5 is damaged"):
            opened.read()


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({}, "needs an int 'step'"),
        ({"loss": 1.0}, "needs an int 'step' and no 'crc32', and has 'loss'"),
        ({"step": 1.0}, "needs an int 'step'"),
        ({"step": True}, "needs an int 'step'"),
        ({"step": 9, "crc32": ""}, "needs an int 'step' and no 'crc32'"),
        ({"step": 9, "loss": float("nan")}, "loss is nan"),
        ({"step": 9, "x": {"y": object()}}, "x.y is a object"),
        ({"step": 2}, "step 2 comes after step 3"),
    ],
)
def test_records_that_cannot_be_kept_are_refused(log: Path, record: dict[str, Any], line: str) -> None:
    before = log.read_bytes()
    with MetricsLog(log) as opened, pytest.raises(UserError, match=line):
        opened.append(record)
    assert log.read_bytes() == before


def test_places_that_cannot_be_a_log_are_named(log: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"metrics\.jsonl/below: a part of the path is a file"):
        MetricsLog(log / "below")
    with pytest.raises(UserError, match="it is a folder"):
        MetricsLog(tmp_path)
    with pytest.raises(UserError, match="absent does not exist"):
        read_metrics(tmp_path / "absent")


def test_no_descriptor_stays_open_after_a_refusal(log: Path) -> None:
    log.write_bytes(b"x\n" + log.read_bytes())
    before = os.listdir("/dev/fd")  # noqa: PTH208
    for _ in range(3):
        with pytest.raises(UserError, match="line 1"):
            MetricsLog(log)
    assert len(os.listdir("/dev/fd")) == len(before)  # noqa: PTH208


FORGED = {
    "deep": b'{"step": 4, "a": ' + b"[" * 3000 + b"]" * 3000,
    "digits": b'{"step": ' + b"7" * 5000,
    "no number": b'{"step": 4, "loss": NaN',
    "beyond all numbers": b'{"step": 4, "loss": 1e999',
    "no step": b'{"loss": 1.0',
    "a step of text": b'{"step": "4"',
    "half a step": b'{"step": 4.5',
    "a step back": b'{"step": 2',
    "no JSON": b'{"step": 4, ',
}


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED)
def test_lines_written_by_hand_with_a_check_that_fits_are_damaged(log: Path, body: bytes) -> None:
    last = log.read_bytes().splitlines()[-1]
    check = zlib.crc32(body, int(last[-10:-2], 16))
    log.write_bytes(log.read_bytes() + body + f', "crc32": "{check:08x}"}}\n'.encode())
    for refused in (read_metrics, digest_of_metrics, MetricsLog):
        with pytest.raises(UserError, match=r"metrics\.jsonl, line 6 is damaged; restore the file from a copy"):
            refused(log)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (None, r"metrics\.jsonl has version 0 \(it was written before .* reads versions from 1 on; read it with"),
        (2, r"metrics\.jsonl has version 2 of the format 'hyperborn metrics', .* up to 1; install a newer hyperborn"),
        ("2", r"metrics\.jsonl has the version '2', which is not a version number; restore"),
    ],
)
def test_a_log_of_another_version_is_refused_and_left_alone(log: Path, first: Any, message: str) -> None:
    bodies = [line.rpartition(b', "crc32": ')[0] for line in log.read_bytes().splitlines()[1:]]
    if first is not None:
        bodies = [json.dumps({"format": "hyperborn metrics", "version": first})[:-1].encode(), *bodies]
    check, lines = 0, b""
    for body in bodies:
        check = zlib.crc32(body, check)
        lines += body + f', "crc32": "{check:08x}"}}\n'.encode()
    log.write_bytes(lines)
    for refused in (read_metrics, digest_of_metrics, MetricsLog):
        with pytest.raises(UserError, match=message):
            refused(log)
    assert log.read_bytes() == lines


def test_a_log_torn_in_its_first_record_begins_anew(log: Path) -> None:
    whole = log.read_bytes()
    for length in range(whole.index(b"\n") + 1, whole.index(b"\n", whole.index(b"\n") + 1)):
        log.write_bytes(whole[:length])
        assert read_metrics(log) == []
        with MetricsLog(log) as opened:
            for step in range(4):
                opened.append({"step": step, "loss": 1 / (step + 3), "note": 'é", "crc32": "'})
        assert log.read_bytes() == whole


@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
def test_only_regular_files_are_read_and_written(tmp_path: Path, log: Path, kind: str) -> None:
    path, before = tmp_path / "other.jsonl", log.read_bytes() + b"a torn line"
    log.write_bytes(before)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(log if kind == "link" else "/dev/zero")
    for refused in (read_metrics, digest_of_metrics, MetricsLog):
        with pytest.raises(UserError, match=r"other\.jsonl(: a|.* is) (symbolic|a symbolic|a pipe|not a regular)"):
            refused(path)
    assert log.read_bytes() == before


def test_a_log_that_is_too_large_is_neither_read_nor_written(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(log.read_bytes())
    monkeypatch.setattr("hyperborn.storage.metrics_log.MOST_BYTES", size + 10)
    with MetricsLog(log) as opened, pytest.raises(UserError, match=r"jsonl would have more than \d+ bytes; train for"):
        opened.append({"step": 4})
    assert len(log.read_bytes()) == size
    with log.open("ab") as file:
        file.truncate(10**12)
    with pytest.raises(UserError, match=r"metrics\.jsonl has 931\.3 GiB, over the limit of"):
        read_metrics(log)
