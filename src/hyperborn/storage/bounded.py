"""Files whose content is not known yet: only regular ones are opened, and no more is read than a stated limit.

A pipe or a device may never end, and a large file may not fit into memory. Both are found before any content is read.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from hyperborn.errors import UserError

KINDS_OF_ENTRIES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def open_regular(path: Path, *, follow_links: bool = True) -> BinaryIO:
    """A regular file, open for reading; nothing waits for the other end of a pipe.

    Args:
        path: of the file.
        follow_links: whether the last part of the path may be a symbolic link.

    Raises:
        UserError: if it is no regular file, is a link that is not to be followed, or its name cannot be one.
        OSError: if the system refuses, such as for a missing file or permission.
    """
    # O_NONBLOCK opens a pipe without a writer at once; it changes nothing for a regular file.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= 0 if follow_links else getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
    except ValueError as error:
        raise UserError(f"{str(path)!r} cannot be the name of a file ({error}); check the path") from error
    except OSError as error:
        if not follow_links and path.is_symlink():
            raise UserError(f"{path} is a symbolic link, which is not followed; put the file itself there") from error
        raise
    try:
        mode = stat.S_IFMT(os.fstat(descriptor).st_mode)
        if mode != stat.S_IFREG:
            kind = KINDS_OF_ENTRIES.get(mode, "no file")
            remedy = "give a file inside it" if mode == stat.S_IFDIR else "write its content to a file and give that"
            raise UserError(f"{path} is {kind}, not a regular file; {remedy}")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bounded(
    path: Path, most: int, *, follow_links: bool = True, remedy: str = "check that it is the right file"
) -> bytes:
    """All bytes of a regular file of at most `most` bytes; of a larger one nothing is kept.

    Args:
        path: of the file.
        most: bytes; a file that grows while it is read is refused as well.
        follow_links: whether the last part of the path may be a symbolic link.
        remedy: ends the message about a file that is too large.

    Raises:
        UserError: as `open_regular`, or if the file is too large.
        OSError: if the system refuses, such as for a missing file, permission or a failing disk.
    """
    with open_regular(path, follow_links=follow_links) as file:
        check_size(path, os.fstat(file.fileno()).st_size, most, remedy)
        data = file.read(most + 1)
    check_size(path, len(data), most, remedy)
    return data


def check_size(path: Path | str, size: int, most: int, remedy: str) -> None:
    """Raise a UserError that names file, size, limit and remedy if there are more bytes than `most`."""
    if size > most:
        raise UserError(f"{path} has {size_text(size)}, over the limit of {size_text(most)}; {remedy}")


def size_text(size: int) -> str:
    """Bytes as a person reads them: ``880 bytes``, ``6.2 GiB``; cut, not rounded, to one decimal."""
    power = min((max(size, 1).bit_length() - 1) // 10, len(UNITS) - 1)
    if not power:
        return f"{size} bytes"
    tenths = size * 10 // 1024**power
    return f"{tenths // 10}.{tenths % 10} {UNITS[power]}".replace(".0 ", " ")
