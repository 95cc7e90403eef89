"""Numbers with normal noise."""

import math
from dataclasses import dataclass
from typing import Any, final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from hyperborn._typing import Targets
from hyperborn.arguments import geometric_numbers
from hyperborn.errors import UserError, is_number
from hyperborn.likelihoods.likelihood import LeftTerms, NumberLikelihood, RightTerms
from hyperborn.likelihoods.squares import pair_squares
from hyperborn.printable import shown

LEVELS = (0.125, 0.25, 0.5, 1.0)
"""Noise levels that two bits choose from, by default."""
LEAST_NOISE, MOST_NOISE = 1e-4, 10_000
"""Range of the standard deviation; squares over smaller ones would outgrow single precision."""
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


@final
@dataclass(frozen=True)
class Gaussian(NumberLikelihood):
    """y = output + noise: -log p = (y - output)² / (2σ²) + log σ + log(2π) / 2.

    The standard deviation σ is in units of the labels, which data sets standardise: 1 is the standard deviation of the
    training labels. It is one of

    - a number,
    - "learned": exp(s) with a side parameter s of the network, which starts at 0 and has a standard normal prior,
    - "bits": one of `levels`, 2^m numbers each the same multiple of the one before, chosen by the last m weights.

    A network gives the mean as its first output, and log σ as a second one where σ is not a number.

    Raises:
        UserError: for a noise or levels out of range.
    """

    noise: float | str = "bits"
    levels: tuple[float, ...] = LEVELS

    def __post_init__(self) -> None:
        if not (isinstance(self.noise, str) and self.noise in ("learned", "bits")):
            check_noise("noise", self.noise, ", 'learned' or 'bits'")
        levels = geometric_numbers("levels", self.levels, MOST_NOISE)
        if self.noise == "bits" and len(levels) < 2:
            raise UserError(f"levels={self.levels!r} leave noise='bits' no choice; give 2, 4, 8, ... of them, or noise")
        object.__setattr__(self, "levels", levels)
        if not isinstance(self.noise, str):
            object.__setattr__(self, "noise", float(self.noise))

    @property
    def n_outputs(self) -> int:
        return 2 if isinstance(self.noise, str) else 1

    @property
    def choices(self) -> tuple["Gaussian", ...]:
        return tuple(Gaussian(level) for level in self.levels) if self.noise == "bits" else (self,)

    @property
    def noise_levels(self) -> tuple[float, ...]:
        return self.levels if isinstance(self.noise, str) else (self.noise,)

    @property
    def learns_noise(self) -> bool:
        return self.noise == "learned"

    def nll(
        self, outputs: Float[np.ndarray, "networks examples outputs"], y: Targets
    ) -> Float[np.ndarray, "networks examples"]:
        return self._nll(outputs, y, np)

    def losses(
        self, outputs: Float[Array, "*networks examples outputs"], y: Real[Array, " examples"]
    ) -> Float[Array, "*networks examples"]:
        return self._nll(outputs, y.astype(outputs.dtype), jnp)

    def pair_energies(self, left: LeftTerms, right: RightTerms, y: Targets) -> Float[np.ndarray, "left right"]:
        # An output that is log σ is the same for all examples.
        log_noise = np.log(self.noise) if len(left) == 1 else left[1, :, :1] + right[1, :, 0]
        squares = pair_squares(left[0] - y, right[0])
        return 0.5 * np.exp(-2 * log_noise) * squares + len(y) * (log_noise + HALF_LOG_TWO_PI)

    def normals(
        self, outputs: Float[np.ndarray, "networks examples outputs"]
    ) -> tuple[Float[np.ndarray, "networks examples"], Float[np.ndarray, "networks examples"]]:
        means = outputs[:, :, 0]
        return means, np.exp(np.broadcast_to(self._log_noise(outputs), means.shape))

    def _nll(self, outputs: Any, y: Any, module: Any) -> Any:
        means, log_noise = outputs[..., 0], self._log_noise(outputs)
        scaled = (means - module.broadcast_to(y, means.shape)) * module.exp(-log_noise)
        return 0.5 * scaled**2 + log_noise + HALF_LOG_TWO_PI

    def _log_noise(self, outputs: Any) -> Any:
        """log σ, which is an output or one number."""
        return outputs[..., 1] if isinstance(self.noise, str) else math.log(self.noise)


def check_noise(name: str, value: Any, others: str = "") -> None:
    """Raise a UserError unless this is a standard deviation in range."""
    if not is_number(value) or not LEAST_NOISE <= value <= MOST_NOISE:
        raise UserError(f"{name}={shown(value)} must be a number from {LEAST_NOISE:g} to {MOST_NOISE:,}{others}")
