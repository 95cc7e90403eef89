"""A classical family: the distribution of each bit, given the bits before it."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.arguments import check_bits, check_finite_parameters, check_key, check_parameters
from hyperborn.bits import check_enumerable
from hyperborn.errors import whole_number
from hyperborn.posteriors.posterior import ExplicitPosterior

HIGHEST = 16
"""Highest order: each bit more of context doubles the tables."""

LEAST = 1e-6
"""Smallest distance of initial marginals from 0 and 1."""


@dataclass(frozen=True)
class Autoregressive(ExplicitPosterior):
    """q(w) = Π_i q(w_i | the `order` bits before w_i), each conditional a table of logits.

    `log_prob` and `sample` take O(n order) time a network, for any number of weights. It is a fair comparison for a
    circuit with as many parameters: order 0 is the mean field, order n - 1 any distribution. Parameters are one vector
    of logits (of a 1), bit by bit: 2^min(i, order) of bit i, contexts in index order with the nearest bit least
    significant.
    """

    n_weights: int
    order: int = 4

    def __post_init__(self) -> None:
        whole_number("n_weights", self.n_weights, 1)
        whole_number("order", self.order, 0, HIGHEST)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (int(self.starts[-1]),)

    @property
    def starts(self) -> np.ndarray:
        """Where each bit's table starts in the vector, and its end."""
        return np.cumsum([0] + [2 ** min(bit, self.order) for bit in range(self.n_weights)])

    def centre(self, marginals: Float[np.ndarray, " n"]) -> Float[Array | np.ndarray, "..."]:
        # A certain bit would have an infinite logit, which no step changes.
        given = np.clip(marginals, LEAST, 1.0 - LEAST)
        return np.repeat(np.log(given) - np.log1p(-given), np.diff(self.starts))

    def probabilities(self, params: Parameters) -> Probabilities:
        check_enumerable(self.n_weights, "use sample and log_prob")
        check_parameters(params, self.parameter_shape, self)
        q = jnp.ones(1, params.dtype)
        for bit, start in enumerate(self.starts[:-1]):
            context = min(bit, self.order)
            one = jax.nn.sigmoid(params[start : start + 2**context])
            table = jnp.stack([1.0 - one, one], -1)
            q = (q.reshape(-1, 2**context, 1) * table[None]).reshape(-1)
        return q

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        whole_number("shots", shots, 1)
        check_key(key)
        check_finite_parameters(params, self.parameter_shape, self)
        uniforms = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        chances = one_probabilities(params)
        bits = np.zeros((shots, self.n_weights), np.uint8)
        for bit in range(self.n_weights):
            bits[:, bit] = uniforms.random(shots) < chances[self.places(bits, bit)]
        return bits

    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        check_bits("bits", bits, self.n_weights)
        check_finite_parameters(params, self.parameter_shape, self)
        chances = one_probabilities(params)
        total = np.zeros(len(bits))
        with np.errstate(divide="ignore"):
            for bit in range(self.n_weights):
                one = chances[self.places(bits, bit)]
                total += np.log(np.where(bits[:, bit] == 1, one, 1.0 - one))
        return total

    def places(self, bits: Bits, bit: int) -> np.ndarray:
        """Index of the context of one bit in the vector of parameters, for each row."""
        context = np.zeros(len(bits), np.int64)
        for before in range(max(0, bit - self.order), bit):
            context = 2 * context + bits[:, before]
        return self.starts[bit] + context


def one_probabilities(params: Parameters | Array) -> Float[np.ndarray, " parameters"]:
    logits = np.asarray(params, np.float64)
    return np.exp(-np.logaddexp(0.0, -logits))
