"""What kinds of files hyperborn writes, and the version of each: what one version of hyperborn wrote, later ones read.

Every file says its format and version, or is bound by a digest to one that does:

    folders of a run          "format" and "version" in manifest.json, which has the digest of every other file
    metrics.jsonl             "format" and "version" in its first line; the check of each line rests on those above
    study.json, and cells     "format" and "version"; study.json names the files of the report
    ledgers                   `application_id` and `user_version` of SQLite
    arrays and programs kept  their first line; they can be made again, so those of other versions count as absent

The parts of a run have a number each, so that a new kind of picture, say, does not make all runs old. They are bound to
each other by digests: checkpoints and result name the definition that they belong to, and the result names the log.

A file that says no version was written before there were any, and counts as version 0.

Whoever changes what is written raises the number, lets the reading code take the earlier versions too (or raises
`oldest`, where that cannot be), and runs tests/golden/write.py: the files it wrote before stay, and are tested. The
digest in a manifest and the check in a line of metrics keep their form for good, so that a newer file is not taken for
a damaged one.
"""

import reprlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from hyperborn.errors import UserError

LARGEST_VERSION = 2**31 - 1
"""Of versions: SQLite keeps no larger one."""


class Format(NamedTuple):
    """A kind of file or folder.

    `version` is written; `oldest` to `version` are read.
    """

    name: str
    version: int
    oldest: int = 1


FOLDER = Format("hyperborn folder", 1)
"""A folder of no kind in particular."""
# Version 1 named no parts of a user's own, version 2 had no choice among candidates.
DEFINITION = Format("hyperborn run definition", 3)
CHECKPOINT = Format("hyperborn checkpoint", 1)
# Version 1 held neither what stopped the training nor, where the run has no log, its records.
RESULT = Format("hyperborn result", 2)
PLOTS = Format("hyperborn plots", 1)
# Version 1 had the summary of a run where version 2 has the values of a study's cell.
COMPARISON = Format("hyperborn comparison", 2)
METRICS = Format("hyperborn metrics", 1)
# Version 0 of a study differs in nothing but the missing number, and its cells took hours.
STUDY = Format("hyperborn study", 1, oldest=0)
CELL = Format("hyperborn study cell", 1, oldest=0)
LEDGER = Format("hyperborn ledger", 1)
ARRAY = Format("hyperborn array", 1)
PROGRAM = Format("hyperborn program", 1)

FOLDERS = {kind.name: kind for kind in (FOLDER, DEFINITION, CHECKPOINT, RESULT, PLOTS, COMPARISON)}
"""Formats of folders by name."""


def mark_of(kind: Format) -> dict[str, Any]:
    """What a record says of its format, in two entries."""
    return {"format": kind.name, "version": kind.version}


def first_line(kind: Format) -> bytes:
    """What a file of bytes begins with."""
    return f"{kind.name} {kind.version}\n".encode("ascii")


def without_mark(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record but for what it says of its format."""
    return {name: value for name, value in record.items() if name not in ("format", "version")}


def check_mark(record: Mapping[str, Any], kind: Format, label: object) -> int:
    """The version of a record, which messages call `label`; 0 if it says none.

    Raises:
        UserError: if it is of another format, or of a version that is not read here.
    """
    if "version" not in record:
        return check_version(0, kind, label)
    if record.get("format") != kind.name:
        found = reprlib.repr(record.get("format"))
        raise UserError(f"{label} has the format {found}, not {kind.name!r}; restore it from a copy")
    return check_version(record["version"], kind, label)


def check_version(version: Any, kind: Format, label: object) -> int:
    """The version, if it is one that is read here.

    Raises:
        UserError: if it is not, saying which ones are.
    """
    from hyperborn import __version__

    if type(version) is not int or not 0 <= version <= LARGEST_VERSION:
        raise UserError(
            f"{label} has the version {reprlib.repr(version)}, which is not a version number; restore it from a copy"
        )
    if version > kind.version:
        raise UserError(
            f"{label} has version {version} of the format {kind.name!r}, and hyperborn {__version__} reads versions up "
            f"to {kind.version}; install a newer hyperborn"
        )
    if version < kind.oldest:
        why = "" if version else " (it was written before files had versions)"
        raise UserError(
            f"{label} has version {version}{why} of the format {kind.name!r}, and hyperborn {__version__} reads "
            f"versions from {kind.oldest} on; read it with the hyperborn that wrote it, or make it again"
        )
    return version
