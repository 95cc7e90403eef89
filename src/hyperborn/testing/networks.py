"""The contract of networks."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.bits import values_of
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import Field, Network
from hyperborn.testing.contract import broken, check_array, check_class, check_close, check_record

NETWORKS, EXAMPLES = 6, 5
"""Weight vectors and examples that are tried."""

Weights = Float[np.ndarray, "networks n"]
Features = Float[np.ndarray, "examples features"]
Outputs = Float[np.ndarray, "networks examples outputs"]


def check_network(network: Network, *, seed: int = 0) -> None:
    """Check a network at six random weight vectors and five random examples.

    - It can be hashed. Its fields cover the weights in order and without gaps, each with a name of its own; so do
      `side_fields` the side parameters.
    - `forward` gives the same outputs (networks, examples, outputs) in NumPy and in a compiled JAX program, for all
      weight vectors at once and one by one, and keeps float32 and float64.
    - Side parameters of 0 change nothing, and others do.
    - The groups of `additive` hold every weight once, and the outputs are the sum over groups of those with all other
      weights set to 0.
    - `choices` are the networks that the patterns of the last bits stand for, in index order. Where they have fewer
      outputs, as of numbers with a fixed noise, means and deviations are compared.
    - Its record, as JSON, makes an equal network.

    Raises:
        ContractError: if it does not.
    """
    check_class(network, Network)
    check_fields(network, "fields", network.fields)
    check_fields(network, "side_fields", network.side_fields)
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2, (NETWORKS, network.n_weights), dtype=np.uint8)
    weights, x = values_of(bits, network.values), random.normal(size=(EXAMPLES, network.n_features))
    check_forward(network, weights, x)
    check_side(network, weights, x, random)
    check_additive(network, weights, x)
    check_choices(network, bits, x)
    check_record(network, "network")


def check_fields(network: Network, kind: str, fields: tuple[Field, ...]) -> None:
    """Check that fields follow each other without gaps."""
    cause = "start and stop are counted anew in a layer, or the shape is that of another matrix"
    stop = 0
    for field in fields:
        size = int(np.prod(field.shape))
        if field.start != stop or field.stop - field.start != size:
            found = f"{field.name} of shape {field.shape} goes from {field.start} to {field.stop}, not {stop + size}"
            raise broken(network, f"{kind}, one after the other from {stop}", found, cause)
        stop = field.stop
    if len({field.name for field in fields}) < len(fields):
        raise broken(network, f"names of {kind}", "two are the same", "the number of the layer is not in the name")
    if kind == "fields" and not fields:
        raise broken(network, kind, "there is none", "a network without weights")


def output_of(index: tuple[int, ...]) -> str:
    """An output by network, example and output."""
    return "output {2} of network {0} at example {1}".format(*index)


def check_forward(network: Network, weights: Weights, x: Features) -> None:
    """Check the forward pass in NumPy and JAX, both precisions, at once and one by one."""
    cause = "weights and x are taken from NumPy or JAX alike: weights.__array_namespace__(), and no number of one dtype"
    expected = network.forward(weights, x)
    shape = (NETWORKS, EXAMPLES, network.n_outputs)
    check_array(network, "forward in NumPy, float64", expected, shape, np.float64, cause)
    alone = np.stack([network.forward(own, x) for own in weights])
    check_close(
        network,
        "forward of one weight vector beside that of all",
        alone,
        expected,
        "an axis counted from the left, where any number of them may come before the last one",
        absolute=1e-9,
        relative=1e-9,
        name=output_of,
    )
    single = [array.astype(np.float32) for array in (weights, x)]
    check_array(network, "forward in NumPy, float32", network.forward(*single), shape, np.float32, cause)
    for wide, dtype, tolerance in ((True, np.float64, 1e-9), (False, np.float32, 1e-3)):
        checked = f"forward in JAX, {np.dtype(dtype)}"
        with jax.enable_x64(wide):
            try:
                found = jax.jit(network.forward)(jnp.asarray(weights, dtype), jnp.asarray(x, dtype))
            except TypeError as error:  # JAX's own of what it cannot trace, too
                raise broken(network, checked, str(error).splitlines()[0], cause) from error
        check_array(network, checked, found, shape, dtype, cause)
        check_close(
            network,
            f"{checked}, beside NumPy",
            found,
            expected,
            "a NumPy function in the JAX path, or another formula",
            absolute=tolerance,
            relative=tolerance,
            name=output_of,
        )


def check_side(network: Network, weights: Weights, x: Features, random: np.random.Generator) -> None:
    """Check that side parameters are neutral at 0, and count otherwise."""
    if not network.n_side:
        return
    expected = network.forward(weights, x)
    neutral = network.forward(weights, x, np.zeros(network.n_side))
    cause = "a gain that is not stored as its logarithm, or a shift that starts elsewhere"
    check_close(
        network,
        "side parameters of 0 beside none",
        neutral,
        expected,
        cause,
        absolute=1e-12,
        relative=1e-12,
        name=output_of,
    )
    if np.array_equal(network.forward(weights, x, random.normal(size=network.n_side)), expected):
        raise broken(network, "other side parameters", "change nothing", "forward ignores its argument side")


def check_additive(network: Network, weights: Weights, x: Features) -> None:
    """Check that the groups hold every weight once, and that their contributions add up."""
    groups = network.additive
    if sorted(place for group in groups for place in group) != list(range(network.n_weights)):
        cause = "a bias left out, or a weight that two groups share"
        raise broken(network, "additive", "the groups do not hold every weight once", cause)
    parts = []
    for group in groups:
        own = np.zeros_like(weights)
        own[:, list(group)] = weights[:, list(group)]
        parts.append(network.forward(own, x))
    cause = (
        "weights of one sum inside a nonlinearity are in several groups; a network without such structure has one group"
    )
    check_close(
        network,
        f"the sum over the {len(groups)} groups of additive",
        sum(parts),
        network.forward(weights, x),
        cause,
        absolute=1e-9,
        relative=1e-9,
        name=output_of,
    )


def check_choices(network: Network, bits: Any, x: Features) -> None:
    """Check the networks that the last bits choose from."""
    choices = network.choices
    n_bits = len(choices).bit_length() - 1
    if 2**n_bits != len(choices) or (not n_bits and choices != (network,)):
        cause = "one network for each pattern of the last bits; a network without a choice returns (self,)"
        raise broken(network, "choices", f"are {len(choices)} networks", cause)
    for pattern, chosen in enumerate(choices if n_bits else ()):
        checked = f"choice {pattern} of {len(choices)}"
        cause = "choices in another order, or a choice that still has the bits"
        if chosen.n_weights != network.n_weights - n_bits or chosen.choices != (chosen,):
            raise broken(network, checked, f"has {chosen.n_weights} weights and {len(chosen.choices)} choices", cause)
        own = bits.copy()
        own[:, chosen.n_weights :] = [pattern >> place & 1 for place in reversed(range(n_bits))]
        expected = network.forward(values_of(own, network.values), x)
        found = chosen.forward(values_of(own[:, : chosen.n_weights], network.values), x)
        if chosen.n_outputs < network.n_outputs:
            found, expected = normals_of(chosen, found), normals_of(network, expected)
        check_close(network, checked, found, expected, cause, absolute=1e-9, relative=1e-9, name=output_of)
        check_additive(chosen, values_of(own[:, : chosen.n_weights], network.values), x)


def normals_of(network: Network, outputs: Outputs) -> np.ndarray:
    """Means and logarithms of deviations where numbers are predicted: some networks leave fixed ones out of outputs."""
    if not isinstance(network.likelihood, NumberLikelihood):
        return outputs
    means, deviations = network.likelihood.normals(outputs)
    return np.stack([means, np.log(deviations)], axis=-1)
