"""Results in their runs' folders: written once, read back verified."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from hyperborn.arguments import path_of
from hyperborn.backends.outcomes import outcome_arrays, outcomes_of
from hyperborn.costs.training_energy import training_energy_from
from hyperborn.errors import HyperbornWarning, UserError
from hyperborn.runs.folder import RunFolder, checked_record, numbers_of, writing
from hyperborn.storage import arrays_from_bytes, arrays_to_bytes, json_to_bytes
from hyperborn.training.history import TrainingHistory, history_arrays, history_of
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import SECONDS, Result
from hyperborn.training.serialization import check_saved

PARAMS = "params.npz"
OUTCOMES = "outcomes.npz"
HISTORY = "history.npz"
"""Records of the training, where the run folder has no log of them."""


def save(result: Result, path: Path, *, force: bool = False) -> None:
    """Write a run folder that `load` reads, by `force` in place of a run that is there.

    Raises:
        UserError: if the folder exists and `force` is false, or it or a part of the run cannot be written.
    """
    check_saved(result.definition, result.learnt_from)
    with writing(path):
        finish(result, RunFolder.create(path, result.definition, result.learnt_from, choice=result.choice, force=force))


def finish(result: Result, folder: RunFolder) -> None:
    """Write the result into its run's folder, which is finished from then on.

    Raises:
        UserError: if the run is not there any more, or the system refuses.
    """
    names = ("losses", "steps", "numbers", "seconds", "measured_on", "stopped_by_callback")
    record = {name: getattr(result, name) for name in names}
    if result.training_energy is not None:
        record["training_energy"] = result.training_energy.to_record()
    files = {"summary.json": json_to_bytes(result.summary), PARAMS: arrays_to_bytes({"params": result.params})}
    if result.outcomes is not None:
        files[OUTCOMES] = arrays_to_bytes(outcome_arrays(result.outcomes))
    if result.history is not None and not folder.has_log():
        files[HISTORY] = arrays_to_bytes(history_arrays(result.history))
    folder.finish(record, files)


def read(folder: RunFolder, report: Callable[[str], None]) -> Result:
    """The result in a finished run's folder, verified with everything it rests on.

    Args:
        folder: the run's folder.
        report: is told of damage that does not touch the result, in a checkpoint or a picture.

    Raises:
        UserError: if the run is not finished, or its definition, log or result is damaged.
    """
    record, files = folder.read_finished(report)
    definition = folder.definition
    regime = regime_of(definition)
    try:
        params = arrays_from_bytes(files[PARAMS], str(folder.result / PARAMS))["params"]
        if params.shape != definition.parameter_shape or params.dtype.kind != "f" or not np.isfinite(params).all():
            raise ValueError(f"its parameters are {params.dtype} of shape {params.shape}, or not all finite")
        known = [name for name in regime.numbers if name in record["numbers"] or name not in regime.may_lack]
        numbers, seconds = (
            dict(zip(names, numbers_of([record[part][name] for name in names]), strict=True))
            for part, names in (("numbers", known), ("seconds", SECONDS))
        )
        outcomes, place = None, record.get("measured_on")
        if place is not None and not isinstance(place, str):
            raise TypeError(f"its outcomes are of {place!r}")
        if regime.needs_outcomes or place is not None:
            arrays = arrays_from_bytes(files[OUTCOMES], str(folder.result / OUTCOMES))
            outcomes = outcomes_of(arrays, definition.n_weights)
        losses, steps = tuple(numbers_of(record["losses"], definition.restarts)), record["steps"]
        if type(steps) is not int or not 0 <= steps <= definition.steps:
            raise ValueError(f"{steps!r} steps of {definition.steps}")
        early = record.get("stopped_by_callback", False)
        if type(early) is not bool:
            raise TypeError(f"stopped_by_callback is {early!r}")
        history = history_in(folder, files)
        energy = record.get("training_energy")
        spent = None if energy is None else training_energy_from(energy)
        found = (numbers, seconds, outcomes, place, early, history, folder.choice, spent)
        return Result(definition, folder.data, params, losses, steps, *found)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder.result} is not a result ({error}); restore it from a copy") from error


def history_in(folder: RunFolder, files: Mapping[str, bytes]) -> TrainingHistory | None:
    """The history of a finished run, from its log or the files of its result; None if it has neither.

    Raises:
        KeyError, TypeError, ValueError: if it is not one of the run.
    """
    if folder.has_log():
        return TrainingHistory.of([checked_record(record, folder.definition) for record in folder.records()])
    if HISTORY not in files:
        return None
    return history_of(arrays_from_bytes(files[HISTORY], str(folder.result / HISTORY)), folder.definition.restarts)


def load(path: str | Path, *, report: Callable[[str], None] | None = None) -> Result:
    """The result in a run folder, every file of it verified.

    Args:
        path: the run folder.
        report: is told, in a line each, of damaged checkpoints, which the result does not need; a warning if absent.

    Raises:
        UserError: if it is no path, there is no finished run there, or anything that the result rests on is damaged.
    """
    return read(
        RunFolder.open(path_of("path", path, "a run folder")),
        report or (lambda line: warnings.warn(line, HyperbornWarning, stacklevel=4)),
    )
