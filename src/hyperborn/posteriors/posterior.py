"""What every trainable distribution over networks can do."""

from abc import ABC, abstractmethod
from math import prod

import jax
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.errors import UserError

SPREAD = 0.02
"""Default standard deviation of initial parameters around those of the prior's state."""

LARGEST_SPREAD = 100.0
"""Of a run: angles have a period of 2 pi, and beyond this float32 loses their digits."""


class Posterior(ABC):
    """q(w), a distribution over all 2^n weight vectors, with parameters to be trained.

    Concrete posteriors are frozen and hashable, so that a compiled program is kept for each.
    """

    n_weights: int
    """Weights, hence bits."""

    @property
    @abstractmethod
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of the array of parameters."""

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return prod(self.parameter_shape)

    @property
    @abstractmethod
    def ideal(self) -> "ExplicitPosterior":
        """The posterior with its probabilities at hand: itself, or of circuits on a backend those without noise."""

    @abstractmethod
    def init(
        self, marginals: Float[np.ndarray, " n"] | None = None, *, spread: float = SPREAD, key: RandomKey
    ) -> Parameters:
        """Small random parameters around those whose bits are independent with the given marginals.

        Args:
            marginals: probability of a 1 in each bit, the prior's usually; 1/2 if absent.
            spread: standard deviation of the noise.
            key: JAX random key.

        Raises:
            UserError: if the number of marginals is not the number of weights.
        """

    @abstractmethod
    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        """`shots` independent weight vectors as rows of bits, shape (shots, n).

        Raises:
            UserError: if shots is not positive.
        """


class ExplicitPosterior(Posterior):
    """A posterior whose probabilities are at hand, and not only draws from it."""

    @property
    def ideal(self) -> "ExplicitPosterior":
        return self

    @abstractmethod
    def probabilities(self, params: Parameters) -> Probabilities:
        """q(w) of all 2^n weight vectors, in index order; shape (2^n,), of the dtype of the parameters."""

    def distribution(self, params: Parameters) -> Float[np.ndarray, " states"]:
        """q(w) as float64, adding up to 1 to double precision: for numbers that are reported."""
        q = np.asarray(compiled_probabilities(self, params), dtype=np.float64)
        return q / q.sum()

    @abstractmethod
    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        """log q(w) of each row of bits (nats, float64); minus infinity where q is 0.

        Raises:
            UserError: if the rows do not have one bit a weight.
        """


@jax.jit(static_argnums=0)
def compiled_probabilities(posterior: ExplicitPosterior, params: Parameters) -> Array:
    return posterior.probabilities(params)


def marginals_for(posterior: Posterior, marginals: Float[np.ndarray, " n"] | None) -> Float[np.ndarray, " n"]:
    """The marginals, 1/2 each if absent.

    Raises:
        UserError: if there is not one a weight.
    """
    given = np.full(posterior.n_weights, 0.5) if marginals is None else marginals
    if given.shape != (posterior.n_weights,):
        raise UserError(f"{given.size} marginals for {posterior.n_weights} weights: give one a weight")
    return given


def check_rows(posterior: Posterior, bits: Bits) -> None:
    """Raise a UserError if the rows do not have one bit a weight."""
    if bits.shape[1] != posterior.n_weights:
        raise UserError(f"rows of {bits.shape[1]} bits do not fit {posterior.n_weights} weights")
