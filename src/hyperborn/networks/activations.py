"""What hidden units do to their sum, in NumPy and in JAX."""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Activation = Literal["relu", "sigmoid", "tanh", "sign"]


@jax.custom_jvp
def signs(z: Float[Array, "..."]) -> Float[Array, "..."]:
    """-1 below 0, else 1; its derivative is taken to be that of z clipped to [-1, 1].

    So gradients pass straight through it where the sum is small (Courbariaux, Hubara, Soudry, El-Yaniv and Bengio,
    arXiv 1602.02830, section 1.3).
    """
    return jnp.where(z >= 0, 1, -1).astype(z.dtype)


@signs.defjvp
def signs_derivative(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    (z,), (change,) = primals, tangents
    return signs(z), jnp.where(jnp.abs(z) <= 1, change, jnp.zeros_like(change))


def sign(z: Any, module: Any) -> Any:
    return signs(z) if module is jnp else module.where(z >= 0, 1, -1).astype(z.dtype)


# Each takes an array and the module (NumPy or JAX's) that it belongs to.
ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda z, module: module.maximum(z, 0),
    # This form cannot overflow, unlike 1 / (1 + exp(-z)).
    "sigmoid": lambda z, module: 0.5 * (1 + module.tanh(0.5 * z)),
    "tanh": lambda z, module: module.tanh(z),
    "sign": sign,
}
