"""Training: from a definition and data to a trained posterior, in memory or in a run folder."""

from pathlib import Path

from hyperborn.training.fit import fit
from hyperborn.training.optimizers import LBFGS, Adam
from hyperborn.training.plateau import Plateau
from hyperborn.training.result import Result
from hyperborn.training.run_folder import RunFolder

__all__ = ["LBFGS", "Adam", "Plateau", "Result", "fit", "load"]


def load(path: str | Path) -> Result:
    """The result in a run folder, every file of it verified.

    Raises:
        UserError: if there is no finished run there, or anything in it is damaged.
    """
    return RunFolder.open(Path(path)).read_result()
