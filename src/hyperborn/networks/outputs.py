"""Outputs of given networks for many examples, in blocks of bounded memory: in NumPy, or compiled where that pays.

NumPy computes in float64. A compiled program computes in float32, one network after another, which takes a tenth of the
time for convolutions and a twentieth for hidden units: of 32 networks and 70,000 images of 28 x 28 pixels half a minute
instead of ten. Outputs then differ by about 1e-6 of their size.
"""

import math
from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from hyperborn._typing import Bits, Examples
from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.compilation import check_process
from hyperborn.networks.fitted import Fitted
from hyperborn.networks.layers import LARGEST_FEATURE
from hyperborn.networks.network import Network, memory_blocks

COMPILED_FROM = 2**24
"""Products of a weight with an input from which a program is compiled: NumPy takes 10 to 50 ms for them, and compiling
0.2 s (hidden units) to 1 s (convolutions), once a network."""

EXAMPLES_AT_ONCE = 256
NETWORKS_AT_ONCE = 32
"""Of a call of a compiled program, at most. More examples are no faster; and the networks of most posteriors predict in
one call."""

COMPILED_MEMORY = 128 * 2**20
"""Bytes of a compiled program's temporary arrays, and of what the caller holds beside them, at most."""

Block = tuple[slice, slice, Float[np.ndarray, "networks examples outputs"]]


def blocks_of_outputs(net: Network, bits: Bits, x: Examples, *, memory: int, beside: int) -> Iterator[Block]:
    """Slices of networks and of examples, and the outputs of these networks for these examples, as float64.

    Every pair is covered once. Networks that are small enough for all of them to be enumerated are evaluated in
    float64, and so is what is little work. Otherwise outputs are those of float32, from one program for each network
    and size of memory, whatever the numbers of networks and examples: the last block is padded. Where an input or an
    output is too large for float32, they are those of float64 again.

    Args:
        net: the network.
        bits: (networks, n), checked.
        x: (examples, features), checked.
        memory: bytes of a block's temporary arrays, at most; of a compiled program no more than `COMPILED_MEMORY`.
        beside: floats that the caller holds for each pair of network and example, beside the outputs.

    Raises:
        UserError: for much work in a process that was forked from one that had used JAX.
    """
    if not is_compiled(net, bits, x):
        for rows, columns in memory_blocks(net, len(bits), len(x), memory=memory, beside=beside):
            yield rows, columns, net(bits[rows], x[columns])
        return
    check_process()
    at_once = examples_at_once(net, min(memory, COMPILED_MEMORY), beside)
    for column in range(0, len(x), at_once):
        columns = slice(column, min(column + at_once, len(x)))
        examples = padded(x[columns].astype(np.float32), at_once)
        for row in range(0, len(bits), NETWORKS_AT_ONCE):
            rows = slice(row, min(row + NETWORKS_AT_ONCE, len(bits)))
            found = compiled_outputs(net, bits[rows], examples)[:, : columns.stop - columns.start]
            yield rows, columns, found if np.isfinite(found).all() else net(bits[rows], x[columns])


def is_compiled(net: Network, bits: Bits, x: Examples) -> bool:
    """Whether a program is compiled, as the sizes say and whether float32 can hold the features."""
    much = len(bits) * len(x) * net.products_per_example >= COMPILED_FROM
    large = net.n_weights > LARGEST_ENUMERATED and not takes_signs(net)
    return much and large and bool(max(x.max(), -x.min()) <= LARGEST_FEATURE)


def takes_signs(net: Network) -> bool:
    """Whether hidden units have signs: that of a sum which is nearly zero may be another with fewer digits."""
    inside = getattr(net, "network", None)
    return getattr(net, "activation", None) == "sign" if inside is None else takes_signs(inside)


def examples_at_once(net: Network, memory: int, beside: int) -> int:
    """Examples of a call of the compiled program, a power of two."""
    example = 4 * net.working_floats + NETWORKS_AT_ONCE * (4 * net.n_outputs + 8 * beside)
    return min(EXAMPLES_AT_ONCE, 2 ** int(math.log2(max(1, memory // example))))


def padded(rows: np.ndarray, count: int) -> np.ndarray:
    """The rows, and zeros below them, so many together."""
    return np.pad(rows, ((0, count - len(rows)), (0, 0)))


def compiled_outputs(
    net: Network, bits: Bits, x: Float[np.ndarray, "examples features"]
) -> Float[np.ndarray, "networks examples outputs"]:
    """Outputs of at most `NETWORKS_AT_ONCE` networks in float32, given as float64."""
    kind, side = (net.network, net.side.astype(np.float32)) if isinstance(net, Fitted) else (net, None)
    # Elsewhere than on a processor, products of float32 may be of fewer digits unless one asks for them.
    with jax.default_matmul_precision("float32"):
        found = outputs_of_networks(
            padded(bits.astype(np.uint8), NETWORKS_AT_ONCE), np.int32(len(bits)), x, side, network=kind
        )
    return np.asarray(found)[: len(bits)].astype(np.float64)


@partial(jax.jit, static_argnames=("network",))
def outputs_of_networks(
    bits: UInt8[Array | np.ndarray, "networks n"],
    count: Int[Array | np.ndarray | np.integer, ""],
    x: Float[Array | np.ndarray, "examples features"],
    side: Float[Array | np.ndarray, " m"] | None,
    *,
    network: Network,
) -> Float[Array, "networks examples outputs"]:
    """Outputs of the first `count` networks, one after another, and zeros for the others."""
    low, high = network.values
    features = jnp.asarray(x)

    def one_more(place: Int[Array, ""], found: Array) -> Array:
        weights = low + (high - low) * bits[place].astype(features.dtype)
        return found.at[place].set(network.forward(weights, features, side))

    nothing = jnp.zeros((len(bits), len(features), network.n_outputs), features.dtype)
    return jax.lax.fori_loop(0, count, one_more, nothing)
