"""The list of a folder's files with their sizes and SHA-256 digests, itself protected by a digest.

It says the format and version of the whole folder: see `hyperborn.storage.formats`.
"""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hyperborn.errors import UserError
from hyperborn.storage.arrays import json_to_bytes
from hyperborn.storage.bounded import open_regular, size_text
from hyperborn.storage.formats import FOLDER, FOLDERS, Format, check_mark, mark_of

MANIFEST = "manifest.json"
RUN_LOCK = ".lock"
IGNORED = frozenset({RUN_LOCK, ".DS_Store"})
"""Names at the top of a folder that are nobody's content: the run lock, and what macOS leaves where one looks."""

MOST_MANIFEST_BYTES = 64 * 2**20
MOST_FILE_BYTES = 4 * 2**30
"""Of a manifest, and of one file that it lists: more is neither written nor read."""

REMEDY = "restore the folder from a copy, or delete it and make it again"


class DamagedFolder(UserError):  # noqa: N818
    """A folder whose content is not what was written: the line names the file and the remedy."""


def checked_names(names: Iterable[str]) -> None:
    """Refuse names that would leave the folder, collide with each other or with the manifest.

    Raises:
        UserError: naming the first such name.
    """
    names = set(names)
    for name in sorted(names):
        parts = name.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\\" in name or not name.isprintable():
            raise UserError(f"file name {name!r} is not a plain relative one; use names such as 'plots/loss.png'")
        if name == MANIFEST or name in IGNORED:
            raise UserError(f"file name {name!r} is kept for hyperborn itself; use another")
        for parent in PurePosixPath(name).parents:
            if str(parent) in names or str(parent) == MANIFEST or str(parent) in IGNORED:
                raise UserError(f"file name {name!r} needs a folder where the file {str(parent)!r} is; use another")


def manifest_bytes(files: Mapping[str, bytes], kind: Format = FOLDER) -> bytes:
    """The manifest of these files, as a folder of a kind."""
    entries = {name: {"sha256": digest, "size": size} for name, (size, digest) in manifest_entries(files).items()}
    return _rendered({"files": entries, **mark_of(kind)})


def manifest_entries(files: Mapping[str, bytes]) -> dict[str, tuple[int, str]]:
    """Size and digest of each file."""
    return {name: (len(data), _digest(data)) for name, data in files.items()}


def checked_sizes(files: Mapping[str, bytes]) -> None:
    """Refuse what would be too large to be read again.

    Raises:
        UserError: naming the first such file.
    """
    for name, data in files.items():
        if len(data) > MOST_FILE_BYTES:
            limit = size_text(MOST_FILE_BYTES)
            raise UserError(f"{name} has {size_text(len(data))}, over the limit of {limit}; store less in it")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _rendered(content: Mapping[str, object]) -> bytes:
    return json_to_bytes({**content, "digest": _digest(json_to_bytes(content))})


def read_bytes(place: Path, label: Path, name: str, expected: int | None = None) -> bytes:
    """Bytes of one file of the folder at `place`, which messages call `label`; links are not followed.

    The size is looked at before any content: it must be `expected`, or that of a manifest at most.

    Raises:
        DamagedFolder: if it is missing, no regular file, of another size, or the disk cannot read it.
        UserError: if permission is denied.
    """
    try:
        with open_regular(place / name, follow_links=False) as file:
            size = os.fstat(file.fileno()).st_size
            if expected is None and size > MOST_MANIFEST_BYTES:
                raise DamagedFolder(f"{label / name} has {size_text(size)} and is no manifest; {REMEDY}")
            # One byte more tells a file that has grown meanwhile.
            data = file.read(size + 1) if expected in (None, size) else b""
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UserError(f"cannot read {label / name}: permission denied; change its permissions") from error
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise DamagedFolder(f"{label / name} is missing; {REMEDY}") from error
        raise DamagedFolder(f"{label / name} cannot be read ({error.strerror or error}); {REMEDY}") from error
    except DamagedFolder:
        raise
    except UserError as error:
        # A link, a pipe or a device.
        raise DamagedFolder(f"{label / name} is not a regular file; {REMEDY}") from error
    if expected is not None and len(data) != expected:
        raise DamagedFolder(f"{label / name} has {size} bytes where {expected} were written; {REMEDY}")
    return data


def read_manifest(place: Path, label: Path, kind: Format | None = None) -> dict[str, tuple[int, str]]:
    """Size and digest of each listed file.

    Args:
        place: the folder.
        label: what messages call it.
        kind: what kind of folder it must be; any if absent.

    Raises:
        DamagedFolder: if the manifest is missing, differs by as much as one bit from what was written, or is that of
            another kind of folder.
        UserError: if the folder's version is not read here.
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
    except (ValueError, TypeError, KeyError, RecursionError):
        whole, content = False, {}
    if not whole:
        raise DamagedFolder(f"{label / MANIFEST} is damaged; {REMEDY}")
    _check_kind(content, label, kind)
    try:
        return _checked_entries(content["files"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedFolder(f"{label / MANIFEST} lists what was never written ({error}); {REMEDY}") from error


def _check_kind(content: Mapping[str, Any], label: Path, kind: Format | None) -> None:
    """Refuse a folder of another kind or of a version that is not read here."""
    name = content.get("format")
    known = FOLDERS.get(name) if isinstance(name, str) else None
    if kind is not None and known is not None and known is not kind:
        raise DamagedFolder(f"{label} has the format {known.name!r}, not {kind.name!r}; {REMEDY}")
    check_mark(content, kind or known or FOLDER, label)


def _checked_entries(files: Any) -> dict[str, tuple[int, str]]:
    """Size and digest of each listed file.

    Anybody can give a manifest a digest that fits, so what it says is looked at, and not only whether it is whole.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: if it is not what `manifest_bytes` writes.
    """
    checked_names(files.keys())
    for name, entry in files.items():
        size, digest = entry["size"], entry["sha256"]
        if entry.keys() != {"sha256", "size"} or not isinstance(digest, str) or type(size) is not int:
            raise ValueError(f"the entry of {name}")
        if not 0 <= size <= MOST_FILE_BYTES:
            raise ValueError(f"{name} of {size} bytes")
    return {name: (entry["size"], entry["sha256"]) for name, entry in files.items()}


def read_listed(place: Path, label: Path, name: str, entry: tuple[int, str]) -> bytes:
    """Bytes of one listed file, verified.

    Raises:
        DamagedFolder: if they are not the bytes that were written.
    """
    size, digest = entry
    data = read_bytes(place, label, name, expected=size)
    if _digest(data) != digest:
        raise DamagedFolder(f"{label / name} has changed since it was written; {REMEDY}")
    return data


def unlisted(place: Path, names: Mapping[str, object]) -> list[str]:
    """Files, and folders, at `place` that belong to none of the names, sorted; ignored ones left out.

    A folder in a file's place, or a link to a folder in a folder's, belongs to none.
    """
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    files = {*names, MANIFEST} | IGNORED
    found: list[str] = []
    for parent, inner, outer in os.walk(place):
        for name in inner + outer:
            path = Path(parent, name)
            try:
                is_folder = stat.S_ISDIR(path.lstat().st_mode)
            except FileNotFoundError:
                # Since it was listed another process has removed it, as it does its lock.
                continue
            relative = path.relative_to(place).as_posix()
            if relative not in (folders if is_folder else files):
                found.append(relative)
    return sorted(found)
