"""The state of training: how it begins, and how a checkpoint holds it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, UInt32

from hyperborn._typing import Parameters, RandomKey
from hyperborn.posteriors.posterior import around
from hyperborn.training.definition import Definition
from hyperborn.training.optimizers import Optimizer, update_rule_of
from hyperborn.training.scheduled import Scheduled

Leaf = TypeVar("Leaf")


class TrainState(NamedTuple):
    """The state of a run. The leading axis of `params` and of `optimizer` counts restarts.

    `memory` is what a regime remembers beside them: see `hyperborn.training.regime.Regime.memory`.
    """

    step: Int[Array, ""]
    key: RandomKey
    params: Parameters
    optimizer: optax.OptState
    memory: Any = ()


def initial_state(definition: Definition) -> TrainState:
    """The state before the first step, its memory empty: restarts differ in their random angles around the prior."""
    return begin_of(definition)(jnp.uint32(definition.seed))


def started_at(definition: Definition, state: TrainState, params: np.ndarray) -> TrainState:
    """A first state with these parameters in every restart."""
    own = jnp.broadcast_to(jnp.asarray(params, state.params.dtype), state.params.shape)
    fresh = jax.vmap(update_rule_of(Scheduled(definition.optimizer, definition.steps)).init)(own)
    optimizer = jax.tree.map(lambda leaf, kind: jnp.asarray(leaf, kind.dtype), fresh, state.optimizer)
    return state._replace(params=own, optimizer=optimizer)


def begin_of(definition: Definition) -> Callable[[UInt32[Array, ""]], TrainState]:
    """`begin` but for its seed. Where it starts is found here, because a prior or a circuit may do that in NumPy."""
    return partial(
        begin,
        centre=np.asarray(definition.posterior.centre(definition.prior.marginals(definition.network)), np.float32),
        spread=definition.spread,
        optimizer=Scheduled(definition.optimizer, definition.steps),
        side=np.asarray(definition.side_prior.mean, np.float32),
        restarts=definition.restarts,
    )


# One program, so that it is kept on disk: without this jit its parts would be compiled one by one in every process.
@partial(jax.jit, static_argnames=("restarts",))
def begin(
    seed: UInt32[Array, ""],
    *,
    centre: Parameters,
    spread: Float[Array, ""],
    optimizer: Scheduled[Optimizer],
    side: Float[np.ndarray | Array, " m"],
    restarts: int,
) -> TrainState:
    """The state before the first step: parameters around `centre`, and after them the side parameters."""
    key, start = jax.random.split(jax.random.key(seed))

    def one(key: RandomKey) -> Parameters:
        angles = around(centre, spread, key=key)
        return jnp.concatenate([angles.reshape(-1), side]) if len(side) else angles

    params = jax.vmap(one)(jax.random.split(start, restarts))
    fresh = jax.vmap(update_rule_of(optimizer).init)(params)
    # Optax leaves some types weak. Arrays from a checkpoint are not weak, and would cause a second compilation.
    return TrainState(
        jnp.int32(0), key, params, jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype), fresh)
    )


def state_arrays(state: TrainState) -> dict[str, np.ndarray]:
    """The state as named arrays, for a checkpoint."""
    own = {"step": state.step, "key": jax.random.key_data(state.key), "params": state.params}
    leaves, memory = jax.tree.leaves(state.optimizer), jax.tree.leaves(state.memory)
    return {name: np.asarray(array) for name, array in (own | named(leaves) | named(memory, "memory")).items()}


def state_of(arrays: Mapping[str, np.ndarray], definition: Definition, memory_of: Callable[[Any], Any]) -> TrainState:
    """The state that `state_arrays` named.

    Args:
        arrays: by their names.
        definition: of the run.
        memory_of: the memory of a first state, for parameters of which shape and dtype are known.

    Raises:
        ValueError: if the arrays are not those of the definition's run.
    """
    template = jax.eval_shape(begin_of(definition), jnp.uint32(definition.seed))
    template = template._replace(memory=memory_of(template.params))
    leaves, structure = jax.tree.flatten(template.optimizer)
    memory, memory_structure = jax.tree.flatten(template.memory)
    key = jax.eval_shape(jax.random.key_data, template.key)
    expected = {"step": template.step, "key": key, "params": template.params}
    expected |= named(leaves) | named(memory, "memory")
    if arrays.keys() != expected.keys():
        raise ValueError(f"its arrays are {', '.join(sorted(arrays))}, not {', '.join(sorted(expected))}")
    for name, leaf in expected.items():
        array = arrays[name]
        if array.shape != leaf.shape or array.dtype != leaf.dtype:
            raise ValueError(f"its array {name} is {array.dtype} of shape {array.shape}, not {leaf.dtype} {leaf.shape}")
    return TrainState(
        jnp.asarray(arrays["step"]),
        jax.random.wrap_key_data(jnp.asarray(arrays["key"])),
        jnp.asarray(arrays["params"]),
        jax.tree.unflatten(structure, [jnp.asarray(arrays[name]) for name in named(leaves)]),
        # NumPy arrays: JAX would round them to single precision.
        jax.tree.unflatten(memory_structure, [arrays[name] for name in named(memory, "memory")]),
    )


def named(leaves: Sequence[Leaf], part: str = "optimizer") -> dict[str, Leaf]:
    """The leaves of a part of the state by the names they have in a checkpoint."""
    return {f"{part}_{place:02d}": leaf for place, leaf in enumerate(leaves)}
