"""Estimates on minibatches, and the exact numbers that they estimate."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Targets
from hyperborn.bits import bits_of
from hyperborn.energy.of_network import Minibatch
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Network
from hyperborn.posteriors import Registers
from hyperborn.testing.contract import broken
from hyperborn.training.minibatch.estimator import MinibatchEstimator

LEARNED = BinaryMLP(2, (1,), activation="tanh", scale="learned")
"""A small network with side parameters."""

MOST_WEIGHTS = 12
"""Most weights of a network whose weight vectors are enumerated."""

EXAMPLES = 6


def minibatch_estimates(
    estimator: MinibatchEstimator, network: Network, draws: int, seed: int, *, deterministic: bool
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Estimates (draws, numbers) of the value and its gradients, and the exact numbers; the examples have weights.

    The gradients are those of the logarithms of the registers' tables, up to normalisation, and of the side parameters.

    Raises:
        ContractError: if an estimate is not one finite number, depends on more or less than its key (on none if it is
            `deterministic`), or numbers compile anew.
        UserError: if the network has too many weights, or the estimator does not take it.
    """
    if network.n_weights > MOST_WEIGHTS:
        raise UserError(f"the network has {network.n_weights} weights: check the estimator on one of at most 12")
    registers = Registers(network, 2)
    estimator.check(registers, network)
    random = np.random.default_rng(seed)
    traced: list[Any] = []

    def estimated(batch: Minibatch, params: Any, progress: Any, key: Any) -> Any:
        traced.append(key)

        def energy(own: Any, side: Any) -> Any:
            tables = tuple(jax.nn.softmax(table, axis=0) for table in own)
            return estimator.expected_energy(registers, tables, replace(batch, side=side), progress, key=key)

        return jax.value_and_grad(energy, (0, 1))(params, batch.side)

    def exact(batch: Minibatch, params: Any) -> Any:
        bits = jnp.asarray(bits_of(np.arange(2**network.n_weights), network.n_weights), batch.x.dtype)

        def energy(own: Any, side: Any) -> Any:
            tables = tuple(jax.nn.softmax(table, axis=0) for table in own)
            return registers.joint(tables) @ replace(batch, side=side).energies(bits)

        return jax.value_and_grad(energy, (0, 1))(params, batch.side)

    with jax.enable_x64(True):
        batch = Minibatch(
            network,
            jnp.asarray(random.normal(size=(EXAMPLES, network.n_features))),
            jnp.asarray(labels_of(network, random)),
            jnp.asarray(random.normal(0, 0.3, network.n_side)),
            jnp.asarray(1.5),
            jnp.linspace(0.5, 1.5, EXAMPLES),
        )
        shapes = [(2**group.size, len(group.places)) for group in registers.groups]
        params, progress = tuple(jnp.asarray(random.normal(size=shape)) for shape in shapes), jnp.asarray(0.3)
        keys = jax.random.split(jax.random.key(seed), draws)
        many = jax.jit(jax.vmap(estimated, in_axes=(None, None, None, 0)))
        try:
            found = many(batch, params, progress, keys)
        except TypeError as error:
            cause = "it returns one real number, computed by jax.numpy alone"
            raise broken(estimator, "expected_energy in a compiled program", said(error), cause) from error
        count = len(traced)
        check_finite(estimator, found)
        check_keys(estimator, found, many(batch, params, progress, keys), deterministic=deterministic)
        many(
            replace(batch, x=batch.x + 1, scale=batch.scale * 2), jax.tree.map(jnp.negative, params), progress * 2, keys
        )
        right = jax.jit(exact)(batch, params)
    if len(traced) > count:
        cause = "an argument that decides about shapes, or is taken as static"
        raise broken(estimator, "one compiled program for all numbers", "other numbers compile another one", cause)
    (value, (gradient, side)), (true_value, (true_gradient, true_side)) = found, right
    pairs = {"value": (value, true_value), "gradient": (gradient, true_gradient), "side": (side, true_side)}
    return {part: (flat(own, draws), flat(true, 1)[0]) for part, (own, true) in pairs.items()}


def labels_of(network: Network, random: np.random.Generator) -> Targets:
    """Labels that a network's likelihood takes: class indices, or standard normal numbers."""
    classes = network.likelihood.n_classes
    return random.integers(0, classes, EXAMPLES) if classes else random.normal(size=EXAMPLES)


def flat(arrays: Any, rows: int) -> Float[np.ndarray, "rows numbers"]:
    """Arrays whose first axis is that of the rows, if there are several, side by side."""
    return np.concatenate([np.asarray(own).reshape(rows, -1) for own in jax.tree.leaves(arrays)], axis=1)


def said(error: Exception) -> str:
    """The first line of an error."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def check_finite(estimator: MinibatchEstimator, found: Any) -> None:
    """Check that the value and its gradients are finite for every key."""
    value, (gradient, side) = found
    for part, own in (("value", value), ("gradient", gradient), ("gradient by the side parameters", side)):
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(own)):
            raise broken(estimator, f"the {part}", "an estimate is not finite", "a logarithm or a quotient of 0")


def check_keys(estimator: MinibatchEstimator, found: Any, again: Any, *, deterministic: bool) -> None:
    """Check that estimates depend on their keys alone, or not even on them."""
    for one, same in zip(jax.tree.leaves(found), jax.tree.leaves(again), strict=True):
        if not np.array_equal(one, same):
            cause = "random numbers that do not come from the key"
            raise broken(estimator, "the same keys again", "give other estimates", cause)
    values = np.asarray(found[0])
    same = bool((values == values[0]).all())
    if same and not deterministic:
        cause = "the key is not used; of an estimator without randomness say deterministic=True"
        raise broken(estimator, "other keys", "give the same estimate", cause)
    if deterministic and not same:
        raise broken(estimator, "other keys", "give other estimates", "it is random: leave out deterministic=True")
