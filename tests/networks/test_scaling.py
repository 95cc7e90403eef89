import numpy as np

import oracle
from hyperborn.networks import BinaryMLP
from hyperborn.networks.scaling import normalized, rescaled, scaling_fields


def test_fields_are_a_gain_and_a_shift_a_unit_and_one_gain_for_all_logits() -> None:
    fields = [(field.name, field.shape, field.start, field.stop) for field in scaling_fields([4, 3])]
    assert fields == [
        ("gain1", (4,), 0, 4),
        ("shift1", (4,), 4, 8),
        ("gain2", (1,), 8, 9),
        ("shift2", (3,), 9, 12),
    ]


def test_normalized_sums_have_mean_0_and_variance_1_over_the_axes() -> None:
    sums = np.random.default_rng(0).normal(3, 5, size=(2, 4, 6))
    result = normalized(sums, (-2, -1), np)
    np.testing.assert_allclose(result.mean(axis=(1, 2)), 0, atol=1e-12)
    # The variance is v / (v + 1e-5), v being about 25.
    np.testing.assert_allclose(result.var(axis=(1, 2)), 1, rtol=1e-6)
    assert np.isfinite(normalized(np.ones((2, 3)), (-1,), np)).all()


def test_side_parameters_of_0_change_nothing() -> None:
    sums = np.random.default_rng(1).normal(size=(2, 5, 3))
    np.testing.assert_array_equal(rescaled(1, sums, {"gain1": np.zeros(3), "shift1": np.zeros(3)}, np), sums)


def test_a_multilayer_perceptron_is_stretched_and_shifted_layer_by_layer() -> None:
    net = BinaryMLP(3, (4,), n_classes=3, activation="tanh", bias=False, scale="learned", normalization="layer")
    random = np.random.default_rng(2)
    weights, x, side = random.normal(size=net.n_weights), random.normal(size=(5, 3)), random.normal(size=net.n_side)
    hidden = x @ weights[:12].reshape(3, 4) / np.sqrt(3)
    hidden = (hidden - hidden.mean(axis=1)[:, None]) / np.sqrt(hidden.var(axis=1) + 1e-5)[:, None]
    hidden = oracle.activated(np.exp(side[:4]) * hidden + side[4:8], "tanh")
    logits = np.exp(side[8]) * (hidden @ weights[12:].reshape(4, 3) / np.sqrt(4)) + side[9:]
    np.testing.assert_allclose(net.forward(weights, x, side), logits, rtol=1e-12)
