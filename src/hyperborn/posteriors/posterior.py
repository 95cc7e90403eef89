"""The abstract classes of trainable distributions over networks."""

from abc import ABC, abstractmethod
from math import pi, prod

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.arguments import check_finite_parameters, check_key, check_marginals
from hyperborn.compilation import check_process
from hyperborn.errors import UserError, is_number

SPREAD = 0.02
"""Default standard deviation of initial parameters around those of the prior's state."""
LARGEST_SPREAD = 2 * pi
"""A full turn: a larger spread does not make angles more random."""


class Posterior(ABC):
    """q(w), a distribution over all 2^n weight vectors, with parameters to be trained.

    Concrete posteriors are frozen and hashable, so that a compiled program is kept for each.
    """

    n_weights: int
    """Number of weights, which is that of bits."""

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
        """The posterior whose probabilities can be computed: itself, or that of a backend's circuits without noise."""

    @abstractmethod
    def centre(self, marginals: Float[np.ndarray, " n"]) -> Float[Array | np.ndarray, "..."]:
        """Parameters whose bits are independent with the given marginals, or near to that: where training starts.

        Args:
            marginals: probability of a 1 in each bit, checked.
        """

    def init(
        self, marginals: Float[np.ndarray, " n"] | None = None, *, spread: float = SPREAD, key: RandomKey
    ) -> Parameters:
        """Small random parameters around those whose bits are independent with the given marginals.

        Args:
            marginals: probability of a 1 in each bit, usually that under the prior; 1/2 if absent.
            spread: standard deviation of the noise.
            key: JAX random key.

        Raises:
            UserError: if there is not one probability a weight, the spread is not a number of at least 0, or the key is
                not a key.
        """
        check_key(key)
        if not (is_number(spread) and spread >= 0):
            raise UserError(f"spread = {spread!r}: give a number from 0 on, such as {SPREAD}")
        given = np.full(self.n_weights, 0.5) if marginals is None else marginals
        check_marginals(given, self.n_weights)
        return around(self.centre(given), spread, key=key)

    def _repr_html_(self) -> str:
        from hyperborn.report.cards import posterior_html

        return posterior_html(self)

    @abstractmethod
    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        """`shots` independent weight vectors as rows of bits, shape (shots, n).

        Raises:
            UserError: if shots is not positive, or the parameters are not `parameter_shape` finite numbers.
        """


class ExplicitPosterior(Posterior):
    """A posterior whose probabilities can be computed, and not only draws."""

    @property
    def ideal(self) -> "ExplicitPosterior":
        return self

    @abstractmethod
    def probabilities(self, params: Parameters) -> Probabilities:
        """q(w) of all 2^n weight vectors, in index order; shape (2^n,), of the dtype of the parameters.

        Raises:
            UserError: if they are too many to be listed, or the parameters are not of `parameter_shape` in single or
                double precision.
        """

    def distribution(self, params: Parameters) -> Float[np.ndarray, " states"]:
        """q(w) as float64, adding up to 1 to double precision: for numbers that are reported.

        Raises:
            UserError: if the parameters are not `parameter_shape` finite numbers, or in a process that was forked from
                one that had used JAX.
        """
        check_process()
        check_finite_parameters(params, self.parameter_shape, self)
        q = np.asarray(compiled_probabilities(self, params), dtype=np.float64)
        return q / q.sum()

    @abstractmethod
    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        """log q(w) of each row of bits (nats, float64); minus infinity where q is 0.

        Raises:
            UserError: for what is not rows with one bit for each weight, or parameters that are not `parameter_shape`
                finite numbers.
        """


@jax.jit(static_argnums=0)
def compiled_probabilities(posterior: ExplicitPosterior, params: Parameters) -> Array:
    return posterior.probabilities(params)


def around(centre: Float[Array | np.ndarray, "..."], spread: float | Float[Array, ""], *, key: RandomKey) -> Parameters:
    """Random parameters around others, of a standard deviation that may be traced.

    With uniformly random angles q would be spread over all 2^n networks as n grows, and gradients would vanish.
    """
    return jnp.asarray(centre, float) + spread * jax.random.normal(key, centre.shape)
