"""Names of run folders."""

from itertools import count
from pathlib import Path

from hyperborn.errors import UserError
from hyperborn.storage import folder_exists


def free_folder(out: Path | None, data: str, label: str, *, force: bool) -> Path:
    """The folder asked for, or the first free one of runs/DATA-LABEL, runs/DATA-LABEL-2, ...

    Raises:
        UserError: if the folder asked for exists and `force` is false.
    """
    if out is not None:
        if folder_exists(out) and not force:
            raise UserError(f"{out} exists; choose another name with --out, or --force to replace it")
        return out
    name = f"{Path(data).stem}-{label}"
    tries = (Path("runs") / (name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(path for path in tries if not folder_exists(path))
