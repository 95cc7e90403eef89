"""Estimators: from a functional of q to a gradient of the angles."""

from dataclasses import dataclass

import jax
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.inference.functional import Functional
from hyperborn.posteriors import Posterior


@dataclass(frozen=True)
class Exact:
    """The pull-back of the first variation through all 2^n probabilities: no sampling, no bias, no variance."""

    def loss(self, posterior: Posterior, functional: Functional, params: Parameters) -> Float[Array, ""]:
        """F[q] above the lowest energy; its JAX gradient is the estimate."""
        return functional(posterior.probabilities(params))

    def value_and_gradient(
        self, posterior: Posterior, functional: Functional, params: Parameters
    ) -> tuple[Float[Array, ""], Parameters]:
        """F[q] above the lowest energy (nats), and its gradient with respect to the angles (radians)."""
        return jax.value_and_grad(lambda angles: self.loss(posterior, functional, angles))(params)
