"""The gradient through all 2^n probabilities."""

from dataclasses import dataclass
from typing import ClassVar, final

import jax
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.errors import UserError
from hyperborn.inference.estimators.estimator import Estimator
from hyperborn.inference.functional import Functional
from hyperborn.networks import Network
from hyperborn.posteriors import Posterior

LARGEST = 24
"""Most weights whose 2^n networks are enumerated."""


@final
@dataclass(frozen=True)
class Exact(Estimator):
    """The pull-back of the first variation through all 2^n probabilities: no sampling, no bias, no variance."""

    name: ClassVar[str] = "exact"

    def check(self, posterior: Posterior, network: Network) -> None:
        del posterior
        n = network.n_weights
        if n > LARGEST:
            raise UserError(
                f"{n} weights make 2^{n} networks, over the limit of {LARGEST} weights of one register; use fewer "
                "hidden units or features (components), or hb.Registers(network)"
            )
        if network.n_side:
            raise UserError(
                f"the network has {network.n_side} side parameters (scale 'learned'), which the estimator {self.name} "
                "does not learn; use hb.Registers(network), or scale 'fan_in'"
            )

    def loss(self, posterior: Posterior, functional: Functional, params: Parameters) -> Float[Array, ""]:
        """F[q] above the lowest energy; its JAX gradient is the estimate."""
        return functional(posterior.probabilities(params))

    def value_and_gradient(
        self, posterior: Posterior, functional: Functional, params: Parameters
    ) -> tuple[Float[Array, ""], Parameters]:
        """F[q] above the lowest energy (nats), and its gradient with respect to the angles (radians)."""
        return jax.value_and_grad(lambda angles: self.loss(posterior, functional, angles))(params)
