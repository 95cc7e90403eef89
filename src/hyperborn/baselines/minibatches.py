"""Training examples in batches, every one once an epoch, and the settings that depend on whether there are several."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from hyperborn._typing import RandomKey
from hyperborn.baselines.potential import Potential
from hyperborn.errors import whole_number

EPOCHS = 40
"""Passes over the training examples in minibatches, where the steps are not given."""


@final
@dataclass(frozen=True)
class Batches:
    """So many examples cut into so many batches, whose sizes differ by one at most."""

    examples: int
    number: int

    @property
    def size(self) -> int:
        """Examples of the largest batch."""
        return -(-self.examples // self.number)

    def order(self, key: RandomKey) -> Int[Array, "size batches"]:
        """Examples of each batch in a random order; where one is missing, their number stands."""
        if self.number == 1:
            return jnp.arange(self.examples)[:, None]
        missing = self.size * self.number - self.examples
        order = jnp.pad(jax.random.permutation(key, self.examples), (0, missing), constant_values=self.examples)
        return order.reshape(self.size, self.number)

    def part(
        self, potential: Potential, order: Int[Array, "size batches"], place: Int[Array, ""] | Float[Array, ""]
    ) -> Potential:
        """The potential with the energy of one batch, scaled to all examples."""
        if self.number == 1:
            return potential
        rows = order[:, place]
        there = rows < self.examples
        rows = jnp.minimum(rows, self.examples - 1)
        times = there * (self.examples / there.sum())
        return replace(potential, x=potential.x[rows], y=potential.y[rows], times=times)


def batches_of(examples: int, size: int | None) -> Batches:
    """As few batches of at most ``size`` examples as hold them all; one for None."""
    return Batches(examples, 1 if size is None else -(-examples // min(size, examples)))


def settled(settings: Any, batches: Batches, *, whole: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the settings that the mappings name; where one is None, the value for one batch or for several."""
    defaults = dict(whole if batches.number == 1 else parts)
    given = {name: getattr(settings, name) for name in defaults}
    return defaults | {name: value for name, value in given.items() if value is not None}


def check_counts(settings: Any, *names: str) -> None:
    """Raise a UserError for a named setting that is neither None nor a whole number of at least 1."""
    for name in names:
        value = getattr(settings, name)
        if value is not None:
            whole_number(name, value, 1)
