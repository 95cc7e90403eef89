"""Geometries of proximal steps among the distributions over 2^n networks: Euclidean, and entropic (mirror descent)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.nn import log_softmax
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities

Coordinates = Float[Array, " states"]
"""Coordinates of a distribution, in which a step along a first variation is a straight line."""


@dataclass(frozen=True)
class Geometry(ABC):
    """Coordinates u of distributions, and the distance B that the length of a step is measured in.

    A proximal step of length t from u against the first variation r is `projected` (u - t r): the minimiser over all
    distributions of <r, q> + B(q, u) / t.
    """

    @abstractmethod
    def of(self, log_q: Float[Array, " states"]) -> Coordinates:
        """The coordinates of a distribution's log probabilities (nats)."""

    @abstractmethod
    def projected(self, u: Coordinates) -> Coordinates:
        """The coordinates of the distribution nearest to any u."""

    @abstractmethod
    def probabilities(self, u: Coordinates) -> Probabilities:
        """The distribution that has these coordinates."""

    @abstractmethod
    def distance(self, u: Coordinates, v: Coordinates) -> Float[Array, ""]:
        """B(u, v) of two distributions' coordinates."""


@dataclass(frozen=True)
class Euclidean(Geometry):
    """u = q and B = ½ |q - q'|²: a step can end at 0, so a sparse optimum is found with its zeros."""

    def of(self, log_q: Float[Array, " states"]) -> Coordinates:
        return jnp.exp(log_q)

    def projected(self, u: Coordinates) -> Coordinates:
        return projected_on_simplex(u)

    def probabilities(self, u: Coordinates) -> Probabilities:
        return u

    def distance(self, u: Coordinates, v: Coordinates) -> Float[Array, ""]:
        return 0.5 * jnp.sum((u - v) ** 2)


@dataclass(frozen=True)
class Entropic(Geometry):
    """u = log q up to a constant and B = KL: no step ends at 0, where the first variation may have no bound.

    Steps are those of mirror descent (Beck and Teboulle, Operations Research Letters 31, 2003).
    """

    def of(self, log_q: Float[Array, " states"]) -> Coordinates:
        return log_q

    def projected(self, u: Coordinates) -> Coordinates:
        return log_softmax(u)

    def probabilities(self, u: Coordinates) -> Probabilities:
        return jnp.exp(u)

    def distance(self, u: Coordinates, v: Coordinates) -> Float[Array, ""]:
        return jnp.sum(jnp.exp(u) * (u - v))


def projected_on_simplex(u: Float[Array, " states"]) -> Probabilities:
    """The distribution at the least Euclidean distance: max(u - θ, 0) with the θ at which it sums to 1.

    That sum is convex and piecewise linear in θ, so Newton's method from a θ that is too low never overshoots, and ends
    after a few rounds (Condat, Mathematical Programming 158, 2016, compares such methods).
    """
    below = u - jnp.max(u)

    def improved(thetas: tuple[Array, Array]) -> tuple[Array, Array]:
        theta = thetas[1]
        excess = jnp.sum(jnp.maximum(below - theta, 0.0)) - 1.0
        return theta, theta + excess / jnp.sum(below > theta)

    lowest = jnp.full((), -1.0, u.dtype)
    theta = jax.lax.while_loop(lambda thetas: thetas[1] > thetas[0], improved, (lowest - 1.0, lowest))[0]
    q = jnp.maximum(below - theta, 0.0)
    return q / jnp.sum(q)
