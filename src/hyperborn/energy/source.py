"""Where the energies of bit strings come from: a network with its data, a table, or a function.

Training asks a source for all energies (`table`), for those of given rows (a call), or for a part of a compiled step
(`on_device`). What the bits mean is known to the source alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn._typing import Bits, EnergyTable
from hyperborn.errors import UserError
from hyperborn.printable import shown

Counter: TypeAlias = Callable[[int, int], None]
"""Is called with the parts that are done and with all parts."""


class BatchEnergies(ABC):
    """Energies in JAX, of all examples or estimated from some of them; a pytree."""

    @abstractmethod
    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        """Energy (nats) of each row, differentiable by the bits, which are numbers from 0 to 1."""


class DeviceEnergies(ABC):
    """What a compiled step holds of a source; a pytree."""

    @property
    @abstractmethod
    def n_examples(self) -> int | Int[Array, ""]:
        """Examples that an energy is the sum over; 1 for energies of one's own."""

    @abstractmethod
    def batch(self, side: Float[Array, " m"], rows: Int[Array, " rows"] | None = None) -> BatchEnergies:
        """Energies with side parameters (m,), estimated from some examples; exact if rows is None."""


class WithoutExamples(DeviceEnergies, BatchEnergies):
    """Energies that are no sum over examples: every batch of them is themselves."""

    @final
    @property
    def n_examples(self) -> int:
        return 1

    @final
    def batch(self, side: Float[Array, " m"], rows: Int[Array, " rows"] | None = None) -> BatchEnergies:
        del side, rows
        return self


class EnergySource(ABC):
    """Energies (nats) of all strings of `n_bits` bits, weight 0 first: the lower, the more probable is a string."""

    n_bits: int
    """Number of bits, which is that of weights and of qubits."""
    n_examples: int
    """Examples that an energy is the sum over; 1 for energies of one's own."""
    offset: float
    """Energy (nats) that compiled steps leave out of every string, so that float32 keeps the digits of the others.

    Whoever reports energies of such steps adds it again, in float64.
    """

    @abstractmethod
    def __call__(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        """Energy (nats) of each row of bits, float64.

        Raises:
            UserError: for what is not rows of `n_bits` bits, or if a function of one's own fails.
        """

    @abstractmethod
    def table(self, progress: Counter | None = None) -> EnergyTable:
        """Energies (nats) of all 2^n strings in index order, float64, found anew.

        Raises:
            UserError: if they are too many for a table, or a function of one's own fails.
        """

    @abstractmethod
    def on_device(self, *, whole: bool = False) -> DeviceEnergies:
        """The energies as a part of a compiled step, less `offset`.

        Args:
            whole: whether its batches are all of all examples, and known by their energies alone. Rows of weight 0 may
                then follow the examples, so that data of about as many rows have one shape, and share one program.
        """

    @abstractmethod
    def check_derivatives(self) -> None:
        """Raise a UserError if a function of one's own has no derivatives that a compiled step could follow."""

    @abstractmethod
    def at(self, side: Float[np.ndarray, " m"]) -> "EnergySource":
        """The energies with a network's side parameters (m,) fixed; the source itself where there are none."""

    @abstractmethod
    def check_steps(self) -> None:
        """Raise a UserError for what went wrong inside of compiled steps, where nothing can be raised."""


class OwnEnergies(EnergySource):
    """Energies of one's own: of bits that are no network's weights, without examples and labels."""

    n_examples = 1

    @property
    @abstractmethod
    def label(self) -> str:
        """What these energies are, in a few words for the summary of a result."""

    @property
    @abstractmethod
    def why_unsaved(self) -> str | None:
        """Why a run of these energies cannot be saved, and the remedy; None if it can."""

    @abstractmethod
    def to_record(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays by name and a description that JSON can hold, for `own_energies_of` to restore to the last bit.

        Raises:
            UserError: if they cannot be restored.
        """

    @staticmethod
    @abstractmethod
    def from_record(arrays: Mapping[str, np.ndarray], description: Mapping[str, Any]) -> "OwnEnergies":
        """The inverse of `to_record`.

        Raises:
            UserError: for a record that does not fit, or whose function is not known here.
        """

    @final
    def at(self, side: Float[np.ndarray, " m"]) -> EnergySource:
        del side
        return self


def without_network(energies: Any) -> UserError:
    """The error for a question about a network or its data where there is none."""
    return UserError(
        f"the run is of energies of your own, {shown(energies)}, without a network, data or labels; ask for marginals, "
        "most_probable, sample, probabilities, energies or numbers"
    )
