"""Results in their runs' folders: written once, read back verified."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from hyperborn.backends.outcomes import arrays_of, outcomes_of
from hyperborn.errors import UserError
from hyperborn.runs.folder import RunFolder, writing
from hyperborn.storage import arrays_from_bytes, arrays_to_bytes, json_to_bytes
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import SECONDS, Result

PARAMS = "params.npz"
OUTCOMES = "outcomes.npz"


def save(result: Result, path: Path, *, force: bool = False) -> None:
    """Write a run folder that `load` reads, by `force` in place of a run that is there.

    Raises:
        UserError: if the folder exists and `force` is false, or cannot be written.
    """
    with writing(path):
        finish(result, RunFolder.create(path, result.definition, result.data, force=force))


def finish(result: Result, folder: RunFolder, plots: Mapping[str, bytes] | None = None) -> None:
    """Write the result, with plots by name, into its run's folder, which is finished from then on.

    Raises:
        UserError: if the run is not there any more, or the system refuses.
    """
    record = {name: getattr(result, name) for name in ("losses", "steps", "numbers", "seconds")}
    files = {"summary.json": json_to_bytes(result.summary), PARAMS: arrays_to_bytes({"params": result.params})}
    if result.outcomes is not None:
        files[OUTCOMES] = arrays_to_bytes(arrays_of(result.outcomes))
    folder.finish(record, files | {f"plots/{name}": data for name, data in (plots or {}).items()})


def read(folder: RunFolder, report: Callable[[str], None]) -> Result:
    """The result in a finished run's folder, verified with everything it rests on.

    Args:
        folder: the run's folder.
        report: is told of damage that does not touch the result, in a checkpoint.

    Raises:
        UserError: if the run is not finished, or its definition, log or result is damaged.
    """
    record, files = folder.read_finished(report)
    definition = folder.definition
    regime = regime_of(definition)
    try:
        params = arrays_from_bytes(files[PARAMS], str(folder.result / PARAMS))["params"]
        if params.shape != definition.parameter_shape:
            raise ValueError(f"its parameters are of shape {params.shape}")
        numbers, seconds = (
            {name: record[part][name] for name in names}
            for part, names in (("numbers", regime.numbers), ("seconds", SECONDS))
        )
        outcomes = None
        if regime.needs_outcomes:
            arrays = arrays_from_bytes(files[OUTCOMES], str(folder.result / OUTCOMES))
            outcomes = outcomes_of(arrays, definition.network.n_weights)
        losses, steps = tuple(record["losses"]), record["steps"]
        return Result(definition, folder.data, params, losses, steps, numbers, seconds, outcomes)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder.result} is not a result ({error}); restore it from a copy") from error


def load(path: str | Path, *, report: Callable[[str], None] | None = None) -> Result:
    """The result in a run folder, every file of it verified.

    Args:
        path: the run folder.
        report: is told, in a line each, of damaged checkpoints, which the result does not need; a warning if absent.

    Raises:
        UserError: if there is no finished run there, or anything that the result rests on is damaged.
    """
    return read(RunFolder.open(Path(path)), report or (lambda line: warnings.warn(line, stacklevel=4)))
