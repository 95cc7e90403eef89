"""Which examples make the minibatches of an epoch."""

import jax
import numpy as np
import pytest

from hyperborn.training.minibatch.epochs import Epochs


@pytest.mark.parametrize("incomplete", ["drop", "pad"])
@pytest.mark.parametrize(("examples", "size"), [(10, 3), (12, 4), (7, 6), (5, 1), (9, 100), (9, None)])
def test_no_example_is_twice_in_an_epoch_and_padded_ones_leave_none_out(
    examples: int, size: int | None, incomplete: str
) -> None:
    epochs = Epochs.of(examples, size, incomplete=incomplete)
    orders = [np.asarray(epochs.order(jax.random.key(seed))) for seed in (0, 1)]
    for order in orders:
        assert order.shape == (epochs.batches, epochs.batch_size)
        taken = np.sort(order[order < examples])
        sizes = (order < examples).sum(axis=1)
        assert len(np.unique(taken)) == len(taken)
        assert sizes.max() - sizes.min() <= 1
        if incomplete == "pad" or epochs.batches == 1:
            np.testing.assert_array_equal(taken, np.arange(examples))
            assert epochs.batch_size <= (size or examples) or epochs.batches == 1
        else:
            assert (sizes == size).all()
            assert len(taken) == examples // size * size
    assert epochs.batches == 1 or (orders[0] != orders[1]).any()


def test_padding_makes_more_minibatches_and_dropping_fewer() -> None:
    assert [Epochs.of(10, 4, incomplete=way).batches for way in ("drop", "pad")] == [2, 3]
    # Seven examples are no two minibatches of six: dropped, one holds them all.
    assert Epochs.of(7, 6, incomplete="drop") == Epochs(7, 1, 7, "drop")
