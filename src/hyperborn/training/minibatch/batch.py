"""A minibatch, and the energy of networks on it."""

from dataclasses import dataclass, field

import jax
from jaxtyping import Array, Float, Int

from hyperborn.energy.likelihood import losses
from hyperborn.networks import Network


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Minibatch:
    """Examples, as seen by a network with side parameters (m,); energies count `scale` times, N / B for B of N."""

    # JAX takes it apart and puts it together with whatever it holds at the time.
    __no_type_check__ = True

    network: Network = field(metadata={"static": True})
    x: Float[Array, "examples features"]
    y: Int[Array, " examples"]
    side: Float[Array, " parameters"]
    scale: Float[Array, ""]

    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        """Negative log likelihood (nats) of networks, an unbiased estimate of that of all N examples.

        Bits may be any numbers between 0 and 1, the weights then lie between the network's two values.
        """
        low, high = self.network.values
        return self.nll(self.network.forward(low + (high - low) * bits, self.x, self.side))

    def nll(self, logits: Float[Array, "samples examples outputs"]) -> Float[Array, " samples"]:
        """Negative log likelihood (nats) of the labels under logits."""
        return self.scale * losses(logits, self.y).sum(axis=-1)
