"""What training minimises: a functional of q whose derivative is its first variation."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.inference.divergences import Divergence


@partial(
    jax.tree_util.register_dataclass, data_fields=["energies", "lowest", "divergence", "coefficient"], meta_fields=[]
)
@dataclass(frozen=True)
class Functional:
    """F[q] = E_q[energy] + coefficient · D(q, p), in nats, over all 2^n networks.

    Energies are kept relative to the lowest, so that float32 keeps the digits that matter. Arrays are float32, or
    float64 where they are made under ``jax.enable_x64(True)``.
    """

    # JAX builds pytrees of placeholders as well, which the type checks of the tests would refuse.
    __no_type_check__ = True

    energies: Float[Array, " states"]
    lowest: Float[Array, ""]
    divergence: Divergence | None
    coefficient: Float[Array, ""]

    @classmethod
    def of(
        cls, energies: Float[np.ndarray, " states"], divergence: Divergence | None = None, coefficient: float = 0.0
    ) -> "Functional":
        """The functional of energies (nats) of all 2^n networks."""
        lowest = energies.min()
        return cls(
            jnp.asarray(energies - lowest, float),
            jnp.asarray(lowest, float),
            divergence,
            jnp.asarray(coefficient, float),
        )

    def __call__(self, q: Probabilities) -> Float[Array, ""]:
        """F[q] above the lowest energy (add `lowest` for F itself), in nats, of a q of shape (2^n,).

        Its JAX derivative with respect to q is the first variation.
        """
        return evaluate(self, q)

    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        """F[q] above the lowest energy and δF/δq(w) of shape (2^n,), up to a constant, in nats."""
        value = jnp.sum(q * self.energies)
        if self.divergence is None:
            return value, self.energies
        divergence, variation = self.divergence.value_and_first_variation(q)
        return value + self.coefficient * divergence, self.energies + self.coefficient * variation


@jax.custom_vjp
def evaluate(functional: Functional, q: Probabilities) -> Float[Array, ""]:
    return functional.value_and_first_variation(q)[0]


def keep_variation(functional: Functional, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
    return functional.value_and_first_variation(q)


def differentiate(variation: Probabilities, cotangent: Float[Array, ""]) -> tuple[None, Probabilities]:
    return None, cotangent * variation


evaluate.defvjp(keep_variation, differentiate)
