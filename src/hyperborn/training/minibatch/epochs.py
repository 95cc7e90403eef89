"""The order of an epoch, and the rows of its minibatches: for training and for the baselines alike.

They differ in one option, `incomplete`: what happens where the examples do not fill all minibatches. Training drops
the rest, so that every minibatch has one shape and no mask. The baselines pad, so that every example counts once an
epoch.
"""

from dataclasses import dataclass
from typing import Literal, final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from hyperborn._typing import RandomKey


@final
@dataclass(frozen=True)
class Epochs:
    """Epochs over the training examples, all cut into minibatches alike.

    Attributes:
        examples: number of training examples.
        batches: minibatches of an epoch. A single one holds all examples.
        batch_size: rows of a minibatch.
        incomplete: "drop" leaves the examples that fill no minibatch out of this epoch. "pad" makes minibatches whose
            sizes differ by one at most; where one is a row short, that row is `examples`, one past the last index.
    """

    examples: int
    batches: int
    batch_size: int
    incomplete: Literal["drop", "pad"]

    @classmethod
    def of(cls, examples: int, batch_size: int | None, *, incomplete: Literal["drop", "pad"]) -> "Epochs":
        """Minibatches of so many examples, or of at most as many where they are padded; None takes all at once."""
        size = examples if batch_size is None else min(batch_size, examples)
        batches = examples // size if incomplete == "drop" else -(-examples // size)
        if batches == 1:
            size = examples
        return cls(examples, batches, size if incomplete == "drop" else -(-examples // batches), incomplete)

    def order(self, key: RandomKey) -> Int[Array, "batches rows"]:
        """The examples of each minibatch of one epoch, in a random order; a single minibatch keeps the data's order."""
        if self.batches == 1:
            return jnp.arange(self.examples)[None]
        order = jax.random.permutation(key, self.examples)
        if self.incomplete == "drop":
            return order[: self.batches * self.batch_size].reshape(self.batches, self.batch_size)
        missing = self.batches * self.batch_size - self.examples
        padded = jnp.pad(order, (0, missing), constant_values=self.examples)
        # Dealt out in turn: all padding is in the last row, at most one to a minibatch.
        return padded.reshape(self.batch_size, self.batches).T
