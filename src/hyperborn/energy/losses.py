"""The negative log likelihood of each example in JAX, whose derivatives training follows."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def losses(
    logits: Float[Array, "*networks examples outputs"], y: Int[Array, " examples"]
) -> Float[Array, "*networks examples"]:
    """-log p(y | logits) of each example (nats), in the dtype of the logits; one logit is class 1's, 0 that of class 0.

    `likelihood.nll` is its twin in NumPy.
    """
    own = jnp.broadcast_to(y, logits.shape[:-1])
    if logits.shape[-1] == 1:
        return jax.nn.softplus(jnp.where(own == 1, -logits[..., 0], logits[..., 0]))
    return jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, own[..., None], axis=-1)[..., 0]
