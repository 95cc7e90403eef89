"""What is no regular file, or too large, is refused before its content is read."""

import os
import socket
from pathlib import Path

import pytest

from hyperborn.errors import UserError
from hyperborn.storage.bounded import open_regular, read_bounded, size_text


def test_a_file_up_to_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    (tmp_path / "link").symlink_to(path)
    assert read_bounded(tmp_path / "link", 5) == b"12345"
    with pytest.raises(UserError, match=r"file has 5 bytes, over the limit of 4 bytes; shorten it$"):
        read_bounded(path, 4, remedy="shorten it")


def test_a_large_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**42)
    with pytest.raises(UserError, match="sparse has 4 TiB, over the limit of 1 MiB"):
        read_bounded(path, 2**20)


def test_what_has_no_size_and_yet_content_is_cut_at_the_limit() -> None:
    # Files of the kernel say that they have 0 bytes.
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("there is no /proc here")
    with pytest.raises(UserError, match="over the limit of 10 bytes"):
        read_bounded(path, 10)


def test_what_is_no_regular_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        # The path of a socket must be short.
        before = Path.cwd()
        os.chdir(tmp_path)
        try:
            server.bind("socket")
        finally:
            os.chdir(before)
    for path, kind in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(UserError, match=f"is {kind}, not a regular file"):
            open_regular(path)
    with pytest.raises((UserError, OSError)):  # Linux opens no socket
        open_regular(tmp_path / "socket")


def test_links_are_refused_where_they_are_not_to_be_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("absent")
    for name in ("link", "dangling"):
        with pytest.raises(UserError, match=f"{name} is a symbolic link"):
            open_regular(tmp_path / name, follow_links=False)
    with open_regular(tmp_path / "file", follow_links=False) as file:
        assert file.read() == b"precious"


def test_what_the_system_refuses_stays_its_error_and_no_name_is_a_traceback(tmp_path: Path) -> None:
    for name in ("absent", "x" * 300):
        with pytest.raises(OSError, match=name):
            open_regular(tmp_path / name)
    for name in ("nul\0", "\ud800"):
        with pytest.raises(UserError, match="cannot be the name of a file"):
            open_regular(tmp_path / name)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1025, "1 KiB"),
        (6657199308, "6.1 GiB"),
        (2**60, "1048576 TiB"),
    ],
)
def test_sizes_are_said_in_the_largest_unit_that_fits(size: int, text: str) -> None:
    assert size_text(size) == text
