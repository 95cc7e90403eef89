"""A network with fixed side parameters."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn.arguments import type_and_shape
from hyperborn.errors import UserError
from hyperborn.likelihoods import Likelihood
from hyperborn.networks.network import Field, Network, check_network
from hyperborn.printable import shown


def fitted(network: Network, side: ArrayLike) -> Network:
    """The network with these side parameters (m,), in float64; a network without any is returned as it is.

    Raises:
        UserError: for anything that is not a network, or not one finite number for each side parameter.
    """
    check_network(network)
    if not network.n_side:
        return network
    try:
        return Fitted(network, np.asarray(side, dtype=np.float64))
    except UserError:
        raise
    except (TypeError, ValueError) as error:
        raise UserError(f"side parameters must be an array of numbers ({error})") from error


@final
@dataclass(frozen=True, eq=False)
class Fitted(Network):
    """A network with its side parameters (m,) fixed at given values, so that only its weights vary.

    Energies and predictions take it like any other network.

    Raises:
        UserError: if there is not one number a side parameter.
    """

    network: Network
    side: Float[np.ndarray, " parameters"]

    def __post_init__(self) -> None:
        check_network(self.network)
        if not isinstance(self.side, np.ndarray) or self.side.shape != (self.network.n_side,):
            raise UserError(
                f"side parameters = {type_and_shape(self.side)}: give an array of the {self.network.n_side} that the "
                "network has"
            )
        if self.side.dtype.kind != "f" or not np.isfinite(self.side).all():
            raise UserError(f"side parameters = {shown(self.side)}: give finite numbers")
        object.__setattr__(self, "n_features", self.network.n_features)
        object.__setattr__(self, "n_classes", self.network.n_classes)
        object.__setattr__(self, "values", self.network.values)

    @property
    def likelihood(self) -> Likelihood:
        return self.network.likelihood

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.network.fields

    @property
    def side_fields(self) -> tuple[Field, ...]:
        return ()

    @property
    def additive(self) -> tuple[tuple[int, ...], ...]:
        # With gains and shifts between the layers, contributions need not add up.
        return (tuple(range(self.n_weights)),) if self.network.n_side else self.network.additive

    @property
    def choices(self) -> tuple[Network, ...]:
        return tuple(Fitted(choice, self.side) for choice in self.network.choices)

    @property
    def working_floats(self) -> int:
        return self.network.working_floats

    @property
    def products_per_example(self) -> int:
        return self.network.products_per_example

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        del side
        return self.network.forward(weights, x, self.side.astype(weights.dtype))
