"""Files of an export, written beside nothing of others unless that is asked for."""

import os
from collections.abc import Mapping
from pathlib import Path

from hyperborn.errors import UserError
from hyperborn.storage import write_file
from hyperborn.storage.durable import explained


def write_folder_of_text(folder: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Write files of text into a folder, which is made; by `force` also into one that holds anything.

    Raises:
        UserError: if something is there and `force` is false, or the system refuses.
    """
    with explained(folder):
        is_there = os.path.lexists(folder)
        held = sorted(entry.name for entry in folder.iterdir()) if is_there else []
    if held and not force:
        raise UserError(
            f"{folder} is not empty (it holds {held[0]}); choose another folder with --out, or --force to write into "
            "it: files of the same names are replaced, and others stay"
        )
    folders = [name for name in files if (folder / name).is_dir()]
    if folders:
        raise UserError(f"{folder / folders[0]} is a folder, where a file is to be written; choose another --out")
    for name, text in files.items():
        write_file(folder / name, text.encode())


def write_one_file(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file, by `force` in place of one that is there.

    Raises:
        UserError: if something is there and `force` is false, or the system refuses.
    """
    if os.path.lexists(path) and not force:
        raise UserError(f"{path} exists; choose another name with --out, or --force to replace it")
    write_file(path, content)
