"""A network whose side parameters are settled."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn.errors import UserError
from hyperborn.networks.network import Field, Network


def fitted(network: Network, side: ArrayLike) -> Network:
    """The network at these side parameters (m,), in float64; itself where it has none."""
    return Fitted(network, np.asarray(side, dtype=np.float64)) if network.n_side else network


@final
@dataclass(frozen=True, eq=False)
class Fitted(Network):
    """A network with its side parameters (m,) at given values: weights alone are left open.

    Energies and predictions, which take a network and bits, take it like any other.

    Raises:
        UserError: if there is not one number a side parameter.
    """

    network: Network
    side: Float[np.ndarray, " parameters"]

    def __post_init__(self) -> None:
        if self.side.shape != (self.network.n_side,):
            raise UserError(f"{self.side.size} side parameters: give the {self.network.n_side} that the network has")
        object.__setattr__(self, "n_features", self.network.n_features)
        object.__setattr__(self, "n_classes", self.network.n_classes)
        object.__setattr__(self, "values", self.network.values)

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.network.fields

    @property
    def side_fields(self) -> tuple[Field, ...]:
        return ()

    @property
    def additive(self) -> tuple[tuple[int, ...], ...]:
        # What side parameters do between the weights need not add up.
        return (tuple(range(self.n_weights)),) if self.network.n_side else self.network.additive

    @property
    def choices(self) -> tuple[Network, ...]:
        return tuple(Fitted(choice, self.side) for choice in self.network.choices)

    @property
    def working_floats(self) -> int:
        return self.network.working_floats

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        del side
        return self.network.forward(weights, x, self.side.astype(weights.dtype))
