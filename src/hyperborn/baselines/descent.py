"""Gradient descent on binary weights: one loop for every method, and a `Rule` that says how a gradient changes them.

| rule | state of a weight | the gradient is taken at |
| --- | --- | --- |
| straight-through | latent weight, moments of Adam | its sign |
| Bop | the weight, mean of past gradients | the weight |
| BayesBiNN | natural parameter | relaxed draws |

Side parameters of the network follow the same gradients by Adam, towards their maximum a posteriori.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias, final

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Float, Key

from hyperborn._typing import RandomKey
from hyperborn.baselines.baseline import EPOCHS, with_defaults
from hyperborn.baselines.potential import MEMORY, Potential, Spins, Values
from hyperborn.training.minibatch.epochs import Epochs

State: TypeAlias = Any
"""A pytree of arrays that a rule keeps for one restart."""

LAST = 2**32 - 1
"""Folded into a key, it gives a key of its own: the draws and splits of that key count from 0, and never get so far."""


class Proposal(NamedTuple):
    """Weights, between -1 and +1, at which gradients are taken, and by what the gradients are multiplied."""

    spins: Float[Array, "samples n"]
    factors: Float[Array, "samples n"]


class Rule(ABC):
    """How a gradient changes the weights of one restart; a frozen dataclass of settings."""

    samples: int
    """Number of weight vectors in a proposal."""
    cools: ClassVar[bool]
    """Whether its learning rate also falls with all examples at once, where the minibatches' noise is absent."""

    @abstractmethod
    def begin(self, start: Float[Array, " n"]) -> State:
        """The state at the start that the method has drawn."""

    @abstractmethod
    def propose(self, state: State, key: RandomKey) -> Proposal:
        """Where gradients are taken."""

    @abstractmethod
    def update(self, state: State, gradient: Float[Array, " n"], examples: int, fraction: Float[Array, ""]) -> State:
        """The state after a step.

        Args:
            state: before the step.
            gradient: of the potential (nats, all examples). The energy's part is multiplied by the factors of the
                proposal and averaged over its samples.
            examples: number of training examples.
            fraction: the learning rate, in units of its first value.
        """


@final
@dataclass(frozen=True)
class DescentSettings:
    """How long a rule is followed, and on which minibatches.

    Attributes:
        restarts: independent starts.
        steps: of each restart.
        epochs: how the examples are cut into minibatches.
        side_rate: Adam's learning rate for side parameters.
    """

    restarts: int
    steps: int
    epochs: Epochs
    side_rate: float


def descent_settings(
    method: Any, examples: int, *, full_batch: Mapping[str, Any], minibatch: Mapping[str, Any]
) -> tuple[DescentSettings, dict[str, Any]]:
    """The descent that a method asks for, and its other settings that have two defaults.

    `full_batch` holds the defaults for all examples at once, `minibatch` those for minibatches.
    """
    epochs = Epochs.of(examples, method.batch_size, incomplete="pad")
    defaults = full_batch if epochs.batches == 1 else {"steps": EPOCHS * epochs.batches, **minibatch}
    others = with_defaults(method, defaults)
    return DescentSettings(others.pop("restarts"), others.pop("steps"), epochs, method.side_rate), others


class RestartNetworks(NamedTuple):
    """One network of each restart, its side parameters and its potential (nats)."""

    spins: Spins
    side: Float[Array, "restarts side"]
    values: Values


class DescentResult(NamedTuple):
    """The final state of each restart, and its network.

    With all examples at once that is the network of the lowest potential met, with minibatches the last one.
    """

    state: State
    side: Float[Array, "restarts side"]
    networks: RestartNetworks


def descend(
    rule: Rule, settings: DescentSettings, potential: Potential, starts: Float[Array, "restarts n"], *, key: RandomKey
) -> DescentResult:
    """Follow the rule from every start: `at_once` restarts side by side, then the next ones."""
    epochs, is_full_batch = settings.epochs, settings.epochs.batches == 1
    ordering = jax.random.fold_in(key, LAST)
    adam = optax.scale_by_adam()

    def energies(spins: Float[Array, "samples n"], side: Float[Array, " side"], part: Potential) -> tuple[Array, Array]:
        values = jax.vmap(part.with_side(side).energy)(spins)
        return values.sum(), values

    def one_restart(start: Float[Array, " n"], keys: Key[Array, " steps"]) -> DescentResult:
        def step(carry: tuple, given: tuple[Array, RandomKey, Array]) -> tuple[tuple, None]:
            state, side, moments, order, best = carry
            number, key, fraction = given
            part = potential
            if not is_full_batch:
                batch = number % epochs.batches
                order = jax.lax.cond(
                    batch == 0, lambda: epochs.order(jax.random.fold_in(ordering, number)), lambda: order
                )
                part = potential.of_minibatch(order[batch])
            spins, factors = rule.propose(state, key)
            (slopes, side_slopes), values = jax.grad(energies, argnums=(0, 1), has_aux=True)(spins, side, part)
            if is_full_batch:
                value = values[0] + potential.with_side(side).penalty(spins[0])
                best = jax.tree.map(
                    lambda new, old: jnp.where(value < best.values, new, old),
                    RestartNetworks(spins[0], side, value),
                    best,
                )
            gradient = (factors * slopes).mean(axis=0) - 0.5 * potential.log_odds
            state = rule.update(state, gradient, epochs.examples, fraction)
            change, moments = adam.update(side_slopes / rule.samples + side, moments)
            side = side - settings.side_rate * fraction * jnp.asarray(change)
            return (state, side, moments, order, best), None

        state, side = rule.begin(start), potential.side
        none_yet = RestartNetworks(jnp.ones_like(start), side, jnp.float32(jnp.inf))
        begin = (state, side, adam.init(side), epochs.order(ordering), none_yet)
        (state, side, _, _, network), _ = jax.lax.scan(
            step, begin, (jnp.arange(settings.steps), keys, fractions(rule, settings))
        )
        if not is_full_batch:
            network = RestartNetworks(rule.propose(state, ordering).spins[0], side, none_yet.values)
        return DescentResult(state, side, network)

    keys = jax.random.split(key, (settings.restarts, settings.steps))
    together = at_once(rule, settings, potential)
    grouped = jax.tree.map(lambda rows: rows.reshape(-1, together, *rows.shape[1:]), (starts, keys))
    results = jax.lax.map(lambda group: jax.vmap(one_restart)(*group), grouped)
    return jax.tree.map(lambda rows: rows.reshape(settings.restarts, *rows.shape[2:]), results)


def at_once(rule: Rule, settings: DescentSettings, potential: Potential) -> int:
    """Restarts that run side by side: the largest divisor of their number whose steps fit into `MEMORY`, at least 1.

    A restart holds about 12 floats a weight with its draws, gradients and moments, and for each example of a batch
    twice what the forward pass does.
    """
    floats = rule.samples * 2 * potential.network.working_floats * settings.epochs.batch_size
    floats += (8 + 4 * rule.samples) * len(potential.log_odds)
    most = max(1, min(settings.restarts, MEMORY // (4 * floats)))
    return max(number for number in range(1, most + 1) if settings.restarts % number == 0)


def fractions(rule: Rule, settings: DescentSettings) -> Float[Array, " steps"]:
    """The learning rates at every step, in units of the first: with minibatches they fall to 0 along a half cosine."""
    if settings.epochs.batches == 1 and not rule.cools:
        return jnp.ones(settings.steps)
    return 0.5 * (1 + jnp.cos(jnp.pi * jnp.arange(settings.steps) / settings.steps))
