"""The list of a folder's files with their sizes and SHA-256 digests, itself protected by a digest."""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from hyperborn.errors import UserError
from hyperborn.storage.arrays import json_to_bytes

MANIFEST = "manifest.json"
FORMAT = 1
RUN_LOCK = ".lock"
IGNORED = frozenset({RUN_LOCK, ".DS_Store"})
"""Names at the top of a folder that are nobody's content: the run lock, and what macOS leaves where one looks."""

REMEDY = "restore the folder from a copy, or delete it and make it again"


class DamagedFolder(UserError):  # noqa: N818
    """A folder whose content is not what was written: the line names the file and the remedy."""


def checked_names(names: Mapping[str, bytes]) -> None:
    """Refuse names that would leave the folder, collide with each other or with the manifest.

    Raises:
        UserError: naming the first such name.
    """
    for name in names:
        parts = name.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\\" in name or not name.isprintable():
            raise UserError(f"file name {name!r} is not a plain relative one; use names such as 'plots/loss.png'")
        if name == MANIFEST or name in IGNORED:
            raise UserError(f"file name {name!r} is kept for hyperborn itself; use another")
        for parent in PurePosixPath(name).parents:
            if str(parent) in names or str(parent) == MANIFEST or str(parent) in IGNORED:
                raise UserError(f"file name {name!r} needs a folder where the file {str(parent)!r} is; use another")


def manifest_bytes(files: Mapping[str, bytes]) -> bytes:
    """The manifest of these files."""
    entries = {name: {"sha256": _digest(data), "size": len(data)} for name, data in files.items()}
    return _rendered({"files": entries, "format": FORMAT})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _rendered(content: Mapping[str, object]) -> bytes:
    return json_to_bytes({**content, "digest": _digest(json_to_bytes(content))})


def read_bytes(place: Path, label: Path, name: str, largest: int | None = None) -> bytes:
    """Bytes of one file of the folder at `place`, which messages call `label`.

    Raises:
        DamagedFolder: if it is missing, has another size than `largest`, or the disk cannot read it.
        UserError: if permission is denied.
    """
    try:
        with (place / name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # One byte more than listed tells a longer file from a whole one without reading all of it.
            data = file.read() if largest is None else file.read(largest + 1)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UserError(f"cannot read {label / name}: permission denied; change its permissions") from error
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise DamagedFolder(f"{label / name} is missing; {REMEDY}") from error
        raise DamagedFolder(f"{label / name} cannot be read ({error.strerror or error}); {REMEDY}") from error
    if largest is not None and len(data) != largest:
        raise DamagedFolder(f"{label / name} has {size} bytes where {largest} were written; {REMEDY}")
    return data


def read_manifest(place: Path, label: Path) -> dict[str, tuple[int, str]]:
    """Size and digest of each listed file.

    Raises:
        DamagedFolder: if the manifest is missing or differs by as much as one bit from what was written.
        UserError: if a newer version wrote it.
    """
    if not place.exists():
        raise UserError(f"{label} does not exist; check the name")
    if not place.is_dir():
        raise DamagedFolder(f"{label} is a file where a folder was expected; check the name, or move the file away")
    data = read_bytes(place, label, MANIFEST)
    try:
        content = json.loads(data)
        del content["digest"]
        # Rendering again leaves no bit unlooked at, blanks and the order of keys included.
        whole = _rendered(content) == data
        version = content["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        whole, content, version = False, {}, None
    if not whole:
        raise DamagedFolder(f"{label / MANIFEST} is damaged; {REMEDY}")
    if version != FORMAT:
        raise UserError(f"{label} has format {version!r} and this hyperborn reads {FORMAT}; install a newer hyperborn")
    return {name: (entry["size"], entry["sha256"]) for name, entry in content["files"].items()}


def read_listed(place: Path, label: Path, name: str, entry: tuple[int, str]) -> bytes:
    """Bytes of one listed file, verified.

    Raises:
        DamagedFolder: if they are not the bytes that were written.
    """
    size, digest = entry
    data = read_bytes(place, label, name, largest=size)
    if _digest(data) != digest:
        raise DamagedFolder(f"{label / name} has changed since it was written; {REMEDY}")
    return data


def unlisted(place: Path, names: Mapping[str, object]) -> list[str]:
    """Files, and folders, at `place` that belong to none of the names, sorted; ignored ones left out."""
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    found = {entry.relative_to(place).as_posix() for entry in place.rglob("*")}
    return sorted(found - folders - set(names) - {MANIFEST} - IGNORED)
