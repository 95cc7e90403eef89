"""How a training went: the records of its log as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from hyperborn.errors import UserError


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """One row a record of a training: the first and the last step, and every 25th (on a backend, about 200 in all).

    Attributes:
        step: steps done, shape (records,).
        losses: loss of every restart (nats), as training saw it, shape (records, restarts).
        expected_energy: E_q[energy] (nats) of the restart with the lowest loss at that step, shape (records,).
        elbo: evidence lower bound (nats) of that restart, shape (records,); NaN where KL is not known.

    Raises:
        ValueError: if the columns do not fit each other.
    """

    step: Int[np.ndarray, " records"]
    losses: Float[np.ndarray, "records restarts"]
    expected_energy: Float[np.ndarray, " records"]
    elbo: Float[np.ndarray, " records"]

    def __post_init__(self) -> None:
        rows = (len(self.step),)
        shapes = (self.step.shape, self.losses.shape[:1], self.expected_energy.shape, self.elbo.shape)
        if self.losses.ndim != 2 or any(shape != rows for shape in shapes):
            raise ValueError(f"the columns of its history have the shapes {shapes}")

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]]) -> "TrainingHistory":
        """The history of at least one record, each as the metrics log holds it: an ELBO of None is not known."""
        return cls(
            np.array([record["step"] for record in records], np.int64),
            np.array([record["losses"] for record in records], np.float64),
            np.array([record["expected_energy"] for record in records], np.float64),
            np.array([np.nan if record["elbo"] is None else record["elbo"] for record in records], np.float64),
        )

    @property
    def divergence(self) -> Float[np.ndarray, " records"]:
        """KL(q ‖ prior) of the same restart (nats), whatever was trained with, shape (records,); else NaN."""
        return -self.elbo - self.expected_energy

    def to_frame(self) -> Any:
        """A data frame of pandas: step, loss_0, loss_1, ..., expected_energy, divergence and elbo.

        Raises:
            UserError: if pandas is not installed.
        """
        try:
            import pandas  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise UserError(
                f"to_frame needs pandas ({error}); install it with: pip install pandas, or take the columns, such as "
                "history.losses"
            ) from error
        losses = {f"loss_{restart}": column for restart, column in enumerate(self.losses.T)}
        others = {name: getattr(self, name) for name in ("expected_energy", "divergence", "elbo")}
        return pandas.DataFrame({"step": self.step} | losses | others)


def history_arrays(history: TrainingHistory) -> dict[str, np.ndarray]:
    """The columns by name, to be stored."""
    return {name: getattr(history, name) for name in ("step", "losses", "expected_energy", "elbo")}


def history_of(arrays: Mapping[str, np.ndarray], restarts: int) -> TrainingHistory:
    """The history that `history_arrays` named.

    Raises:
        KeyError, TypeError, ValueError: if the arrays are not those of a run with so many restarts.
    """
    found = TrainingHistory(**arrays)
    kinds = "".join(array.dtype.kind for array in history_arrays(found).values())
    if kinds != "ifff" or found.losses.shape[1] != restarts:
        raise ValueError(f"its history has the types {kinds} and losses of shape {found.losses.shape}")
    return found
