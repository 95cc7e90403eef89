"""Groupings: which weights share a register."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Int

from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network

GROUPINGS = ("neuron", "layer", "random")
"""Groupings that have a name."""

LARGEST_REGISTER = 10
"""Most weights of one register: 2^k numbers are held for it at every step."""

Groups: TypeAlias = list[Int[np.ndarray, "registers size"]]
"""Positions of the weights of each register, registers of equal size in one array, larger ones first."""


def groups_of(network: Network | int, size: int, grouping: Any, seed: int) -> Groups:
    """Registers of `size` weights each; if that does not divide a neuron, the rest is a smaller register.

    Args:
        network: the network, or its number of weights, which are then treated as one neuron.
        size: weights of a register.
        grouping: "neuron" joins weights that enter the same sum; "layer" those of a layer, in the order of the weight
            vector; "random" any weights, drawn from the seed; or the positions of each register.
        seed: of the random grouping.

    Raises:
        UserError: for an unknown grouping, or positions that do not name every weight once.
    """
    n = network if isinstance(network, int) else network.n_weights
    if isinstance(grouping, str):
        if grouping not in GROUPINGS:
            raise UserError(f"grouping = {grouping!r}: give {', '.join(GROUPINGS)}, or the positions of each register")
        runs = runs_of_weights(network, n, grouping, seed)
        ends = [len(run) - len(run) % size for run in runs]
        whole = [run[:end].reshape(-1, size) for run, end in zip(runs, ends, strict=True) if end]
        rests = [run[end:] for run, end in zip(runs, ends, strict=True) if end < len(run)]
        return [*([np.concatenate(whole)] if whole else []), *by_size(rests)]
    return by_size(checked_positions(grouping, n))


def by_size(registers: Sequence[np.ndarray]) -> Groups:
    """Registers of equal size in one array, in their order, larger ones first."""
    sizes = sorted({len(register) for register in registers}, reverse=True)
    return [np.stack([register for register in registers if len(register) == size]) for size in sizes]


def runs_of_weights(network: Network | int, n: int, grouping: str, seed: int) -> Sequence[np.ndarray]:
    """Positions in the order in which registers take them, in runs; a register takes weights of one run only."""
    if grouping == "random":
        return [np.random.default_rng(seed).permutation(n)]
    if isinstance(network, int):
        return [np.arange(n)]
    if grouping == "neuron":
        return network.neurons
    return [np.sort(layer) for layer in network.layers]


def checked_positions(grouping: Any, n: int) -> list[np.ndarray]:
    """The positions of a grouping that is given explicitly.

    Raises:
        UserError: unless they name every weight once, in registers that are neither empty nor too large.
    """
    if not isinstance(grouping, tuple) or not all(isinstance(register, tuple) for register in grouping):
        raise UserError(f"grouping = {grouping!r}: give {', '.join(GROUPINGS)}, or a tuple of tuples of positions")
    named = Counter(whole_number("position", place, 0, n - 1) for register in grouping for place in register)
    for position in range(n):
        if named[position] != 1:
            times = "more than once" if named[position] else "nowhere"
            raise UserError(f"grouping names weight {position} {times}: name each of 0 to {n - 1} once")
    for register in grouping:
        if not 1 <= len(register) <= LARGEST_REGISTER:
            raise UserError(f"grouping has a register of {len(register)} weights: give each 1 to {LARGEST_REGISTER}")
    return [np.asarray(register) for register in grouping]
