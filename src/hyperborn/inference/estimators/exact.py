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
from hyperborn.posteriors import ExplicitPosterior, Posterior, Registers

LARGEST = 24
"""Most weights whose 2^n networks are enumerated."""


@final
@dataclass(frozen=True)
class Exact(Estimator):
    """The pull-back of the first variation through all 2^n probabilities: no sampling, no bias, no variance."""

    name: ClassVar[str] = "exact"

    def check(self, posterior: Posterior, network: Network) -> None:
        if not isinstance(posterior, ExplicitPosterior):
            raise UserError(
                f"the estimator {self.name} needs the probabilities of networks, and {type(posterior).__name__} gives "
                "shots; give hb.SPSA() or hb.ParameterShift()"
            )
        n, sampled = network.n_weights, "the estimator hb.FirstOrder()"
        remedy = sampled if isinstance(posterior, Registers) else f"hb.Registers(network) with {sampled}"
        if n > LARGEST:
            raise UserError(
                f"{n} weights make 2^{n} networks, over the limit of {LARGEST} weights of one register; use fewer "
                f"hidden units or features (components), or {remedy}"
            )
        if network.n_side:
            raise UserError(
                f"the network has {network.n_side} side parameters (scale 'learned'), which the estimator {self.name} "
                f"does not learn; use {remedy}, or scale 'fan_in'"
            )

    def loss(self, posterior: ExplicitPosterior, functional: Functional, params: Parameters) -> Float[Array, ""]:
        """F[q] above the lowest energy; its JAX gradient is the estimate."""
        return functional(posterior.probabilities(params))

    def value_and_gradient(
        self, posterior: ExplicitPosterior, functional: Functional, params: Parameters
    ) -> tuple[Float[Array, ""], Parameters]:
        """F[q] above the lowest energy (nats), and its gradient with respect to the angles (radians)."""
        return jax.value_and_grad(lambda angles: self.loss(posterior, functional, angles))(params)
