"""The squared error as an energy."""

from dataclasses import dataclass
from typing import final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from hyperborn._typing import Targets
from hyperborn.likelihoods.likelihood import LeftTerms, NumberLikelihood, RightTerms
from hyperborn.likelihoods.squares import pair_squares

NOISE = 0.5**0.5
"""Standard deviation of the normal distribution whose -log density is the squared error, but for log(π) / 2."""


@final
@dataclass(frozen=True)
class SquaredError(NumberLikelihood):
    """Σ_i (output_i - y_i)² as the energy: the squared error of arXiv 2301.08292, summed over the examples.

    That paper's costs are means over the examples, so its values are this energy over N. As all energies here it is
    summed, so that N examples weigh against the prior as N examples do. It is the NLL (nats) of a normal distribution
    of variance 1/2, in units of the labels, less the constant log(π) / 2 an example; predictions are of that
    distribution, and their NLL has the constant.
    """

    @property
    def n_outputs(self) -> int:
        return 1

    @property
    def choices(self) -> tuple["SquaredError", ...]:
        return (self,)

    @property
    def noise_levels(self) -> tuple[float, ...]:
        return (NOISE,)

    @property
    def learns_noise(self) -> bool:
        return False

    def nll(
        self, outputs: Float[np.ndarray, "networks examples outputs"], y: Targets
    ) -> Float[np.ndarray, "networks examples"]:
        return (outputs[:, :, 0] - y) ** 2

    def losses(
        self, outputs: Float[Array, "*networks examples outputs"], y: Real[Array, " examples"]
    ) -> Float[Array, "*networks examples"]:
        means = outputs[..., 0]
        return (means - jnp.broadcast_to(y.astype(means.dtype), means.shape)) ** 2

    def pair_energies(self, left: LeftTerms, right: RightTerms, y: Targets) -> Float[np.ndarray, "left right"]:
        return pair_squares(left[0] - y, right[0])

    def normals(
        self, outputs: Float[np.ndarray, "networks examples outputs"]
    ) -> tuple[Float[np.ndarray, "networks examples"], Float[np.ndarray, "networks examples"]]:
        means = outputs[:, :, 0]
        return means, np.full_like(means, NOISE)
