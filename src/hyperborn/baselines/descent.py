"""The loop of the methods that follow gradients: one for every rule of how weights answer them.

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
from hyperborn.baselines.minibatches import EPOCHS, Batches, batches_of, settled
from hyperborn.baselines.potential import MEMORY, Potential, Spins, Values

State: TypeAlias = Any
"""A pytree of arrays that a rule keeps for one restart."""

LAST = 2**32 - 1
"""Folded into a key, it gives one apart from all that draws and splits of that key use, which count from 0."""


class Proposal(NamedTuple):
    """Weights, between -1 and +1, at which gradients are taken, and by what the gradients are multiplied."""

    spins: Float[Array, "samples n"]
    factors: Float[Array, "samples n"]


class Rule(ABC):
    """How the weights of one restart answer gradients; a frozen dataclass of settings."""

    samples: int
    """Weight vectors of a proposal."""
    cools: ClassVar[bool]
    """Whether its learning rate falls even with all examples at once, where no noise asks for it."""

    @abstractmethod
    def begin(self, start: Float[Array, " n"]) -> State:
        """The state at the start that the method has drawn."""

    @abstractmethod
    def propose(self, state: State, key: RandomKey) -> Proposal:
        """Where gradients are taken."""

    @abstractmethod
    def update(self, state: State, gradient: Float[Array, " n"], examples: int, fraction: Float[Array, ""]) -> State:
        """The state after a step.

        The gradient is that of the potential (nats, all examples), its energy's part multiplied by the proposal's
        factors and averaged; the learning rate stands at the fraction of its first value.
        """


@final
@dataclass(frozen=True)
class Course:
    """How long the rule is followed, and on what; ``side_rate`` is Adam's learning rate for side parameters."""

    restarts: int
    steps: int
    batches: Batches
    side_rate: float


def planned(
    settings: Any, examples: int, *, whole: Mapping[str, Any], parts: Mapping[str, Any]
) -> tuple[Course, dict[str, Any]]:
    """The course that a method's settings ask for, and what else stands open in them (see `settled`)."""
    batches = batches_of(examples, settings.batch_size)
    own = settled(settings, batches, whole=whole, parts={"steps": EPOCHS * batches.number, **parts})
    return Course(own.pop("restarts"), own.pop("steps"), batches, settings.side_rate), own


class Place(NamedTuple):
    """Networks of each restart, their side parameters and the potential there (nats)."""

    spins: Spins
    side: Float[Array, "restarts side"]
    values: Values


class Walk(NamedTuple):
    """Where each restart ends; and the network with the lowest potential that was met, or with minibatches the last."""

    state: State
    side: Float[Array, "restarts side"]
    place: Place


def walk(
    rule: Rule, course: Course, potential: Potential, starts: Float[Array, "restarts n"], *, key: RandomKey
) -> Walk:
    """Follow the rule from every start. As many restarts run side by side as `at_once` says, the others after them."""
    batches, whole = course.batches, course.batches.number == 1
    ordering = jax.random.fold_in(key, LAST)
    adam = optax.scale_by_adam()

    def energies(spins: Float[Array, "samples n"], side: Float[Array, " side"], part: Potential) -> tuple[Array, Array]:
        values = jax.vmap(part.with_side(side).energy)(spins)
        return values.sum(), values

    def one(start: Float[Array, " n"], keys: Key[Array, " steps"]) -> Walk:
        def step(carry: tuple, given: tuple[Array, RandomKey, Array]) -> tuple[tuple, None]:
            state, side, moments, order, place = carry
            number, key, fraction = given
            batch = number % batches.number
            if not whole:
                order = jax.lax.cond(
                    batch == 0, lambda: batches.order(jax.random.fold_in(ordering, number)), lambda: order
                )
            part = batches.part(potential, order, batch)
            spins, factors = rule.propose(state, key)
            (slopes, side_slopes), values = jax.grad(energies, argnums=(0, 1), has_aux=True)(spins, side, part)
            if whole:
                value = values[0] + potential.with_side(side).penalty(spins[0])
                place = jax.tree.map(
                    lambda new, old: jnp.where(value < place.values, new, old), Place(spins[0], side, value), place
                )
            gradient = (factors * slopes).mean(axis=0) - 0.5 * potential.log_odds
            state = rule.update(state, gradient, batches.examples, fraction)
            change, moments = adam.update(side_slopes / rule.samples + side, moments)
            side = side - course.side_rate * fraction * jnp.asarray(change)
            return (state, side, moments, order, place), None

        state, side = rule.begin(start), potential.side
        nowhere = Place(jnp.ones_like(start), side, jnp.float32(jnp.inf))
        begin = (state, side, adam.init(side), batches.order(ordering), nowhere)
        (state, side, _, _, place), _ = jax.lax.scan(
            step, begin, (jnp.arange(course.steps), keys, fractions(rule, course))
        )
        if not whole:
            place = Place(rule.propose(state, ordering).spins[0], side, nowhere.values)
        return Walk(state, side, place)

    keys = jax.random.split(key, (course.restarts, course.steps))
    together = at_once(rule, course, potential)
    grouped = jax.tree.map(lambda rows: rows.reshape(-1, together, *rows.shape[1:]), (starts, keys))
    walks = jax.lax.map(lambda group: jax.vmap(one)(*group), grouped)
    return jax.tree.map(lambda rows: rows.reshape(course.restarts, *rows.shape[2:]), walks)


def at_once(rule: Rule, course: Course, potential: Potential) -> int:
    """Restarts that run side by side: the most that divide them all and whose steps fit into `MEMORY`, at least one.

    A restart holds about 12 floats a weight with its draws, gradients and moments, and for each example of a batch
    twice what the forward pass does.
    """
    floats = rule.samples * 2 * potential.network.working_floats * course.batches.size
    floats += (8 + 4 * rule.samples) * len(potential.log_odds)
    most = max(1, min(course.restarts, MEMORY // (4 * floats)))
    return max(number for number in range(1, most + 1) if course.restarts % number == 0)


def fractions(rule: Rule, course: Course) -> Float[Array, " steps"]:
    """What is left of the learning rates at every step: with minibatches they fall to 0 along a half cosine."""
    if course.batches.number == 1 and not rule.cools:
        return jnp.ones(course.steps)
    return 0.5 * (1 + jnp.cos(jnp.pi * jnp.arange(course.steps) / course.steps))
