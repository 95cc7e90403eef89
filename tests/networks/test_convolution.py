import json
import tracemalloc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from convolution_oracle import convnet_logits
from hyperborn.data import from_arrays
from hyperborn.energy import energies
from hyperborn.errors import UserError
from hyperborn.networks import BinaryConvNet, Fitted
from hyperborn.records import record_of, thing_of
from hyperborn.training.serialization import SLOTS


def possible(arguments: dict[str, Any]) -> bool:
    """Whether every map is as large as the kernel."""
    height, width = arguments["image_shape"]
    for _ in arguments["channels"]:
        if min(height, width) < arguments["kernel_size"]:
            return False
        height, width = (int(np.ceil(size / arguments["stride"])) for size in (height, width))
    return True


# Arguments, not networks: the type checks of the tests draw random numbers, which hypothesis forbids while it builds.
NETWORKS = (
    st.fixed_dictionaries(
        {
            "image_shape": st.tuples(st.integers(1, 5), st.integers(1, 5)),
            "n_classes": st.integers(2, 4),
            "channels": st.lists(st.integers(1, 3), min_size=1, max_size=3),
            "kernel_size": st.integers(1, 3),
            "stride": st.integers(1, 3),
            "activation": st.sampled_from(["relu", "sigmoid", "tanh", "sign", "identity"]),
            "values": st.sampled_from([(-1, 1), (0, 1), (-3, 1)]),
            "normalization": st.sampled_from(["none", "layer"]),
        }
    )
    .filter(possible)
    .map(lambda given: given | {"n_features": int(np.prod(given["image_shape"]))})
)


def shape_of(net: BinaryConvNet) -> tuple[int, int]:
    """Height and width of the images."""
    return net.image_shape or (round(np.sqrt(net.n_features)),) * 2


def expected(net: BinaryConvNet, weights: np.ndarray, x: np.ndarray, side: np.ndarray) -> np.ndarray:
    outputs = 1 if net.n_classes == 2 else net.n_classes
    settings = {"kernel": net.kernel_size, "stride": net.stride, "activation": net.activation}
    settings["layer_normalization"] = net.normalization == "layer"
    return np.stack(
        [
            [convnet_logits(row, one.reshape(shape_of(net)), net.channels, outputs, side, **settings) for one in x]
            for row in weights
        ]
    )


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_logits_are_those_of_plain_loops(arguments: dict[str, Any], seed: int) -> None:
    net = BinaryConvNet(**arguments)
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2, (2, net.n_weights), dtype=np.uint8)
    weights, x = np.where(bits == 1, net.values[1], net.values[0]), random.normal(size=(2, net.n_features))
    side = random.normal(size=net.n_side)
    np.testing.assert_allclose(net.forward(weights, x, side), expected(net, weights, x, side), rtol=1e-9, atol=1e-9)
    logits = net(bits, x)
    assert logits.dtype == np.float64
    # Not with the loops: where nothing is shifted, rounding decides on the sign of normalised sums that tie.
    np.testing.assert_array_equal(logits, net.forward(weights, x, np.zeros(net.n_side)))
    np.testing.assert_array_equal(Fitted(net, side)(bits, x), net.forward(weights, x, side))


@pytest.mark.parametrize(
    ("activation", "normalization"), [("relu", "none"), ("sigmoid", "layer"), ("tanh", "none"), ("sign", "layer")]
)
def test_jax_logits_are_the_same_and_follow_the_dtype(activation: str, normalization: str) -> None:
    net = BinaryConvNet(36, 3, (2, 3), activation=activation, normalization=normalization)
    random = np.random.default_rng(0)
    # Real weights, so that no sum is exactly 0, where rounding would decide on the sign.
    weights, x = random.normal(size=(2, 2, net.n_weights)), random.normal(size=(5, 36))
    side = 0.3 * random.normal(size=net.n_side)
    plain = net.forward(weights, x, side)
    assert plain.shape == (2, 2, 5, 3)
    single = jax.jit(net.forward)(*(jnp.asarray(array, jnp.float32) for array in (weights, x, side)))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, plain, rtol=1e-4, atol=1e-5)
    with jax.enable_x64(True):
        double = jax.jit(net.forward)(*(jnp.asarray(array) for array in (weights, x, side)))
        assert double.dtype == jnp.float64
        np.testing.assert_allclose(double, plain, rtol=1e-12, atol=1e-12)
        alone = jax.jit(jax.vmap(net.logits, (0, None)))(jnp.asarray(weights[0]), jnp.asarray(x))
        np.testing.assert_allclose(alone, net.forward(weights[0], x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("activation", "normalization"), [("tanh", "none"), ("sigmoid", "layer")])
def test_gradients_are_those_of_finite_differences(activation: str, normalization: str) -> None:
    net = BinaryConvNet(25, 3, (2, 2), activation=activation, normalization=normalization)
    random = np.random.default_rng(1)
    x, y = random.normal(size=(4, 25)), random.integers(0, 3, 4)
    point = random.normal(size=net.n_weights + net.n_side)

    def plain(point: np.ndarray) -> float:
        weights, side = point[None, : net.n_weights], point[net.n_weights :]
        return oracle.nll(expected(net, weights, x, side)[0], y) / len(y)

    def mean_nll(weights: jax.Array, side: jax.Array) -> jax.Array:
        logs = jax.nn.log_softmax(net.forward(weights, jnp.asarray(x), side))
        return -logs[jnp.arange(len(y)), jnp.asarray(y)].mean()

    with jax.enable_x64(True):
        arguments = jnp.asarray(point[: net.n_weights]), jnp.asarray(point[net.n_weights :])
        value, gradients = jax.jit(jax.value_and_grad(mean_nll, (0, 1)))(*arguments)
    assert float(value) == pytest.approx(plain(point), rel=1e-12)
    step = 1e-5
    differences = [
        (plain(point + step * along) - plain(point - step * along)) / (2 * step) for along in np.eye(len(point))
    ]
    # Central differences err by about step² and by rounding over step: 1e-10 both.
    np.testing.assert_allclose(np.concatenate(gradients), differences, atol=1e-8)


def test_gradients_pass_the_signs_to_every_layer() -> None:
    net = BinaryConvNet(64, 3, (4, 4), activation="sign")
    random = np.random.default_rng(2)
    weights, x = jnp.asarray(random.choice([-1.0, 1.0], size=net.n_weights)), jnp.asarray(random.normal(size=(4, 64)))
    gradient = net.unpack(jax.grad(lambda weights: net.forward(weights, x)[:, 0].sum())(weights))
    assert all(jnp.abs(gradient[name]).max() > 0 for name in ("K1", "K2", "W3"))


def test_fields_lie_one_behind_the_other() -> None:
    net = BinaryConvNet(784, 10)
    assert [(field.name, field.shape, field.start, field.stop) for field in net.fields] == [
        ("K1", (3, 3, 1, 16), 0, 144),
        ("K2", (3, 3, 16, 32), 144, 4752),
        ("W3", (1568, 10), 4752, 20432),
    ]
    assert [(field.name, field.stop - field.start) for field in net.side_fields] == [
        ("gain1", 16),
        ("shift1", 16),
        ("gain2", 32),
        ("shift2", 32),
        ("gain3", 1),
        ("shift3", 10),
    ]
    assert net.size_in_bytes == 20432 / 8 + 4 * 107
    assert BinaryConvNet(64, 10).n_weights == 6032
    assert net.additive == (tuple(range(20432)),)
    assert net.choices == (net,)


def test_neurons_are_the_kernels_of_the_channels_and_the_columns_of_the_last_matrix() -> None:
    net = BinaryConvNet(64, 3, (4, 5))
    parts = net.unpack(np.arange(net.n_weights))
    kernels = [parts[name][..., unit].ravel() for name, count in (("K1", 4), ("K2", 5)) for unit in range(count)]
    columns = [parts["W3"][:, unit] for unit in range(3)]
    assert len(net.neurons) == 12
    for own, places in zip(kernels + columns, net.neurons, strict=True):
        np.testing.assert_array_equal(own, places)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_features": 784, "n_classes": 10},
        {"n_features": 784, "n_classes": 10, "normalization": "none", "activation": "sigmoid"},
        {"n_features": 64, "channels": (2, 16), "kernel_size": 1, "stride": 1, "activation": "tanh"},
        {"n_features": 400, "channels": (1, 1, 1), "kernel_size": 5, "stride": 1},
        {"n_features": 9, "n_classes": 200, "channels": (1,), "stride": 3},
    ],
)
def test_a_forward_pass_holds_at_most_the_working_floats(arguments: dict[str, Any]) -> None:
    net = BinaryConvNet(**arguments)
    weights, x, side = np.ones((3, net.n_weights)), np.ones((64, net.n_features)), np.ones(net.n_side)
    net.forward(weights, x, side)
    tracemalloc.start()
    net.forward(weights, x, side)
    floats = tracemalloc.get_traced_memory()[1] / 8 / (3 * 64)
    tracemalloc.stop()
    assert 0.5 * net.working_floats < floats < net.working_floats


def test_energies_of_all_networks_are_those_of_plain_loops() -> None:
    net = BinaryConvNet(9, 2, (1,), kernel_size=2)
    random = np.random.default_rng(3)
    split = from_arrays(random.normal(size=(40, 9)), random.integers(0, 2, 40), standardize=False).train
    bits = oracle.all_bits(net.n_weights)
    assert len(bits) == 2**8
    logits = expected(net, 2.0 * bits - 1, split.x, np.zeros(net.n_side))
    plain = [oracle.nll(one, split.y) for one in logits]
    np.testing.assert_allclose(energies(net, split), plain, rtol=1e-9)


@given(NETWORKS)
def test_a_record_rebuilds_the_network(arguments: dict[str, Any]) -> None:
    net = BinaryConvNet(**arguments)
    again = thing_of(json.loads(json.dumps(record_of(net))), SLOTS, "network")
    assert again == net
    assert hash(again) == hash(net)


def test_no_examples_make_no_logits() -> None:
    net = BinaryConvNet(64, 3)
    assert net.forward(np.ones((2, net.n_weights)), np.zeros((0, 64))).shape == (2, 0, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_features": 63}, r"n_features=63 is no square number; give image_shape=\(height, wi"),
        ({"image_shape": [6, 10]}, r"image_shape=\(6, 10\) has 60 pixels, not n_features=64"),
        ({"image_shape": 8}, r"image_shape=8 must be height and width, such as \(28, 28\)"),
        ({"image_shape": [64, 0]}, "a side of image_shape=0 must be a whole number of at least 1"),
        ({"n_features": 0}, "n_features=0 must be a whole number of at least 1"),
        ({"n_classes": 1}, "n_classes=1 must be a whole number of at least 2"),
        ({"channels": []}, r"channels=\(\) must list the channels of the convolutions, such as \(16, 32\)"),
        ({"channels": 16}, "channels=16 must list"),
        ({"channels": [16, 0]}, "a number of channels=0 must be a whole number of at least 1"),
        ({"kernel_size": 0}, "kernel_size=0 must be a whole number of at least 1"),
        ({"kernel_size": 9}, "kernel_size=9 exceeds the 8 x 8 pixels at convolution 1; give a smaller kernel_size"),
        ({"channels": [4, 4, 4]}, "kernel_size=3 exceeds the 2 x 2 pixels at convolution 3"),
        ({"stride": 0}, "stride=0 must be a whole number of at least 1"),
        ({"activation": "gelu"}, "activation='gelu' is unknown; choose one of relu, sigmoid, tanh, sign"),
        ({"normalization": "batch"}, "normalization='batch' is unknown; choose one of none, layer"),
        ({"values": [1, 1]}, "two distinct numbers"),
    ],
)
def test_an_argument_that_makes_no_network_is_named(change: dict[str, object], message: str) -> None:
    record = record_of(BinaryConvNet(64)) | change
    with pytest.raises(UserError, match=message) as caught:
        thing_of(record, SLOTS, "network")
    assert "\n" not in str(caught.value)


def test_images_are_square_unless_their_shape_is_given() -> None:
    assert BinaryConvNet(64) == BinaryConvNet(64, image_shape=(8, 8))
    # As runs from before there was a shape have it.
    assert "image_shape" not in record_of(BinaryConvNet(64, image_shape=(8, 8)))
    assert BinaryConvNet(60, image_shape=(6, 10))["W3"] == slice(144 + 4608, 144 + 4608 + 2 * 3 * 32)


@given(NETWORKS)
def test_products_are_those_of_the_patches(arguments: dict[str, Any]) -> None:
    net = BinaryConvNet(**arguments)
    (height, width), maps, products = shape_of(net), 1, 0
    for channels in net.channels:
        height, width = -(-height // net.stride), -(-width // net.stride)
        products += height * width * net.kernel_size**2 * maps * channels
        maps = channels
    outputs = 1 if net.n_classes == 2 else net.n_classes
    assert net.products_per_example == products + height * width * maps * outputs
    assert Fitted(net, np.zeros(net.n_side)).products_per_example == net.products_per_example
