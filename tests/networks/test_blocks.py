import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.networks import BinaryMLP
from hyperborn.networks.blocks import blocks


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20_000))
def test_blocks_cover_every_pair_once_within_the_memory(networks: int, examples: int, memory: int) -> None:
    net = BinaryMLP(4, (3,))
    seen = np.zeros((networks, examples), dtype=int)
    for rows, columns in blocks(net, networks, examples, memory=memory, beside=5):
        seen[rows, columns] += 1
        height, width = rows.stop - rows.start, columns.stop - columns.start
        floats = height * width * (net.working_floats + 5) + height * net.n_weights
        assert 8 * floats <= memory or (height == 1 and (width == 1 or 8 * width * (net.working_floats + 5) <= memory))
    assert (seen == 1).all()
