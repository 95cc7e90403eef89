"""The functional of q that training minimises; its JAX derivative is its first variation."""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.objectives.divergences import BoundDivergence


@partial(
    jax.tree_util.register_dataclass, data_fields=["energies", "lowest", "divergence", "coefficient"], meta_fields=[]
)
@dataclass(frozen=True)
class Functional:
    """F[q] = E_q[energy] + coefficient · D(q, p), in nats, over all 2^n networks; either term may be absent.

    Energies are kept relative to the lowest, so that float32 keeps the digits that matter. Arrays are float32, or
    float64 where they are made under ``jax.enable_x64(True)``.
    """

    energies: Float[Array, " states"] | None
    lowest: Float[np.ndarray, ""]
    """Lowest energy (nats), which the value does not include; in float64, hence outside of compiled programs."""
    divergence: BoundDivergence | None
    coefficient: Float[Array, ""]

    @classmethod
    def of(
        cls, energies: Float[np.ndarray, " states"], divergence: BoundDivergence | None = None, coefficient: float = 0.0
    ) -> "Functional":
        """The functional of energies (nats) of all 2^n networks."""
        lowest = energies.min()
        return cls(
            jnp.asarray(energies - lowest, float),
            np.asarray(lowest, np.float64),
            divergence,
            jnp.asarray(coefficient, float),
        )

    @classmethod
    def of_divergence(cls, divergence: BoundDivergence, lowest: float = 0.0, coefficient: float = 1.0) -> "Functional":
        """F[q] = coefficient · D(q, p) + lowest, for a p that depends on the energies."""
        return cls(None, np.asarray(lowest, np.float64), divergence, jnp.asarray(coefficient, float))

    @classmethod
    def nothing(cls) -> "Functional":
        """F[q] = 0."""
        return cls(None, np.zeros(()), None, jnp.zeros(()))

    def tempered(self, inverse_temperature: Float[Array, ""]) -> "Functional":
        """The functional with every energy multiplied by a number; unchanged if it has no energies."""
        if self.energies is None:
            return self
        return replace(self, energies=inverse_temperature * self.energies)

    def __call__(self, q: Probabilities) -> Float[Array, ""]:
        """F[q] above the lowest energy (add `lowest` for F itself), in nats, of a q of shape (2^n,).

        Its JAX derivative with respect to q is the first variation.
        """
        return value_of(self, q)

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        """F[q] above the lowest energy and δF/δq(w) of shape (2^n,), up to a constant, in nats."""
        value, variation = jnp.zeros((), q.dtype), jnp.zeros_like(q)
        if self.energies is not None:
            value, variation = jnp.sum(q * self.energies), self.energies
        if self.divergence is not None:
            divergence, change = self.divergence.value_and_first_variation(q)
            value, variation = value + self.coefficient * divergence, variation + self.coefficient * change
        return value, variation


@jax.custom_vjp
def value_of(functional: Functional, q: Probabilities) -> Float[Array, ""]:
    return functional.value_and_first_variation(q)[0]


def keep_variation(functional: Functional, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
    return functional.value_and_first_variation(q)


def pulled_back(variation: Probabilities, cotangent: Float[Array, ""]) -> tuple[None, Probabilities]:
    return None, cotangent * variation


value_of.defvjp(keep_variation, pulled_back)
