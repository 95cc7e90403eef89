"""When to stop early."""

from dataclasses import dataclass

from hyperborn.errors import UserError, is_number, whole_number


@dataclass(frozen=True)
class Plateau:
    """Stop when the loss of no restart has moved by more than `tolerance` nats within the last `patience` steps.

    Losses are looked at where they are recorded; the window is the shortest from one record to the last one that spans
    the patience.

    Raises:
        UserError: if a setting is not a positive number.
    """

    patience: int = 100
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        whole_number("patience", self.patience, 1)
        if not is_number(self.tolerance) or self.tolerance <= 0:
            raise UserError(f"tolerance = {self.tolerance!r}: give a positive number of nats, such as 0.001")

    def reached(self, history: "History") -> bool:
        """Whether the recorded losses, in rising order of steps, are flat over the whole patience."""
        window = self.trimmed(history)
        if not window or window[-1][0] - window[0][0] < self.patience:
            return False
        return all(
            max(losses) - min(losses) <= self.tolerance for losses in zip(*(row for _, row in window), strict=True)
        )

    def trimmed(self, history: "History") -> "History":
        """The part of the history that this and later calls of `reached` need."""
        if not history:
            return history
        last = history[-1][0]
        older = [step for step, _ in history if last - step >= self.patience]
        start = max(older, default=history[0][0])
        return [entry for entry in history if entry[0] >= start]


History = list[tuple[int, list[float]]]
"""Steps at which losses were recorded, and the loss of every restart there."""
