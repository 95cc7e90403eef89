"""Training: from a definition and data to a trained posterior, in memory or in a run folder."""

import warnings
from collections.abc import Callable
from pathlib import Path

from hyperborn.training.annealing import Annealing
from hyperborn.training.fit import fit
from hyperborn.training.optimizers import LBFGS, Adam, Gains
from hyperborn.training.plateau import Plateau
from hyperborn.training.result import Result
from hyperborn.training.run_folder import RunFolder

__all__ = ["LBFGS", "Adam", "Annealing", "Gains", "Plateau", "Result", "fit", "load"]


def load(path: str | Path, *, report: Callable[[str], None] | None = None) -> Result:
    """The result in a run folder, every file of it verified.

    Args:
        path: the run folder.
        report: is told, in a line each, of damaged checkpoints, which the result does not need; a warning if absent.

    Raises:
        UserError: if there is no finished run there, or anything that the result rests on is damaged.
    """
    return Result.read(RunFolder.open(Path(path)), report or (lambda line: warnings.warn(line, stacklevel=5)))
