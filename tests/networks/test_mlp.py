import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.records import record_of, thing_of

# Arguments, not networks: the type checks of the tests draw random numbers, which hypothesis forbids while it builds.
# A sign after normalisation would go by rounding where units agree, and a single unit has nothing to be normalised.
NETWORKS = st.fixed_dictionaries(
    {
        "n_features": st.integers(1, 3),
        "hidden": st.lists(st.integers(1, 3), max_size=3),
        "n_classes": st.integers(2, 4),
        "activation": st.sampled_from(["relu", "sigmoid", "tanh", "sign", "identity"]),
        "bias": st.booleans(),
        "values": st.sampled_from([(-1, 1), (0, 1), (-3, 1)]),
        "scale": st.sampled_from(["none", "fan_in", "learned"]),
        "normalization": st.sampled_from(["none", "layer"]),
        "output_scales": st.sampled_from([(1.0,), (2.5,), (1, 3), (0.5, 1, 2, 4), [8, 4, 2, 1]]),
    }
).filter(
    lambda arguments: (
        arguments["normalization"] == "none" or (1 not in arguments["hidden"] and arguments["activation"] != "sign")
    )
)


def expected(net: BinaryMLP, bits: np.ndarray, x: np.ndarray, side: np.ndarray | None = None) -> np.ndarray:
    return np.stack(
        [
            oracle.mlp_logits(
                row,
                x,
                net.hidden,
                1 if net.n_classes == 2 else net.n_classes,
                activation=net.activation,
                bias=net.bias,
                values=net.values,
                fan_in=net.scale != "none",
                output_scales=net.output_scales,
                normalised=net.normalization == "layer",
                side=side,
            )
            for row in bits
        ]
    )


def chosen(row: np.ndarray, scales: int) -> int:
    """Which of 1, 2, 4, ... output scales the last bits of a row stand for."""
    return int("".join(map(str, row))[-int(np.log2(scales)) :], 2) if scales > 1 else 0


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_logits_are_those_of_the_plain_formula(arguments: dict[str, Any], seed: int) -> None:
    net = BinaryMLP(**arguments)
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2, (4, net.n_weights), dtype=np.uint8)
    x = random.normal(size=(5, net.n_features))
    logits = net(bits, x)
    assert logits.dtype == np.float64
    np.testing.assert_allclose(logits, expected(net, bits, x), rtol=1e-11, atol=1e-11)


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_side_parameters_scale_and_shift_the_sums(arguments: dict[str, Any], seed: int) -> None:
    net = BinaryMLP(**arguments | {"scale": "learned"})
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2, (4, net.n_weights), dtype=np.uint8)
    x, side = random.normal(size=(5, net.n_features)), random.normal(size=net.n_side)
    assert net.n_side == sum(net.hidden) * 2 + net.n_outputs + 1
    found = net.forward(2.0 * bits - 1 if net.values == (-1, 1) else np.asarray(net.values)[bits], x, side)
    np.testing.assert_allclose(found, expected(net, bits, x, side), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("normalization", ["none", "layer"])
def test_gradient_of_side_parameters_is_that_of_finite_differences(normalization: str) -> None:
    net = BinaryMLP(3, (3, 2), n_classes=3, activation="tanh", scale="learned", normalization=normalization)
    random = np.random.default_rng(1)
    weights, x = random.choice([-1.0, 1.0], (2, net.n_weights)), random.normal(size=(4, 3))
    side, cotangent = random.normal(size=net.n_side), random.normal(size=(2, 4, 3))

    def total(side: Any, module: Any) -> Any:
        arrays = [module.asarray(array) for array in (weights, x)]
        return (module.asarray(cotangent) * net.forward(*arrays, module.asarray(side))).sum()

    step = 1e-5
    differences = [
        (total(side + step * one, np) - total(side - step * one, np)) / (2 * step) for one in np.eye(len(side))
    ]
    with jax.enable_x64(True):
        gradient = jax.jit(jax.grad(lambda side: total(side, jnp)))(jnp.asarray(side))
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-7)


def test_side_fields_name_the_side_parameters_and_count_in_the_size() -> None:
    net = BinaryMLP(2, (3,), n_classes=3, scale="learned")
    parts = net.unpack_side(np.arange(net.n_side))
    assert {name: part.tolist() for name, part in parts.items()} == {
        "gain1": [0, 1, 2],
        "shift1": [3, 4, 5],
        "gain2": [6],
        "shift2": [7, 8, 9],
    }
    # 21 bits take 3 bytes, and 10 numbers 4 each.
    assert net.size_in_bytes == 3 + 40
    assert (BinaryMLP(2, (3,), n_classes=3).n_side, BinaryMLP(2, (3,), n_classes=3).size_in_bytes) == (0, 3)


def test_a_layer_that_is_normalised_has_mean_0_and_deviation_1() -> None:
    net = BinaryMLP(3, (4,), normalization="layer")
    sums = np.random.default_rng(0).normal(3, 2, (5, 6, 4))
    hidden, output = net.scaled(1, sums, np), net.scaled(2, sums, np)
    np.testing.assert_allclose(hidden.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(hidden.std(axis=-1), 1, rtol=1e-4)
    np.testing.assert_array_equal(output, sums)


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_logits_add_up_over_the_additive_groups(arguments: dict[str, Any], seed: int) -> None:
    net = BinaryMLP(**arguments)
    random = np.random.default_rng(seed)
    weights = random.choice(net.values, size=net.n_weights)
    x = random.normal(size=(5, net.n_features))
    assert sorted(position for group in net.additive for position in group) == list(range(net.n_weights))
    total = np.zeros((5, net.n_outputs))
    assert len(net.additive) == 1 or len(net.choices) == 1
    for group in net.additive:
        alone = np.zeros(net.n_weights)
        alone[list(group)] = weights[list(group)]
        total += net.forward(alone, x)
    np.testing.assert_allclose(total, net.forward(weights, x), rtol=1e-11, atol=1e-11)


def test_additive_groups_are_as_fine_as_the_layers_allow() -> None:
    assert len(BinaryMLP(16, ()).additive) == 17
    assert len(BinaryMLP(4, (3,)).additive) == 4
    assert len(BinaryMLP(4, (3, 2)).additive) == 2
    assert len(BinaryMLP(4, (3, 2), bias=False).additive) == 1


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "sign", "identity"])
def test_jax_logits_are_the_same_and_follow_the_dtype(activation: str) -> None:
    net = BinaryMLP(3, (2, 2), n_classes=3, activation=activation, scale="fan_in")
    random = np.random.default_rng(0)
    bits = random.integers(0, 2, (4, net.n_weights), dtype=np.uint8)
    x = random.normal(size=(5, 3))
    weights = 2.0 * bits - 1
    logits = jax.jit(jax.vmap(net.logits, (0, None)))
    single = logits(jnp.asarray(weights, jnp.float32), jnp.asarray(x, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, net(bits, x), rtol=1e-4, atol=1e-5)
    with jax.enable_x64(True):
        double = logits(jnp.asarray(weights), jnp.asarray(x))
        assert double.dtype == jnp.float64
        np.testing.assert_allclose(double, net(bits, x), rtol=1e-12, atol=1e-12)


def test_logits_have_gradients() -> None:
    net = BinaryMLP(2, (2,), activation="tanh")
    x = jnp.asarray([[0.5, -1.0]])
    gradient = jax.grad(lambda weights: net.logits(weights, x).sum())(0.5 * jnp.ones(net.n_weights))
    # z = Σ_u W2_u tanh(0.5·0.5 − 0.5·1 + 0.5) + b2, so dz/dW2_u = tanh(0.25) and dz/db2 = 1.
    np.testing.assert_allclose(gradient[net["W2"]], np.tanh(0.25), rtol=1e-5)
    np.testing.assert_allclose(gradient[net["b2"]], 1, rtol=1e-5)


def test_sign_of_zero_is_plus_one() -> None:
    net = BinaryMLP(1, (1,), activation="sign", bias=False)
    assert net(np.array([[1, 1]], dtype=np.uint8), np.zeros((1, 1))).item() == 1


def test_extreme_features_leave_logits_finite() -> None:
    x = np.array([[1e3], [-1e3], [1e300]])
    for activation in ("relu", "sigmoid", "tanh", "sign", "identity"):
        net = BinaryMLP(1, (2,), activation=activation)
        assert np.isfinite(net(oracle.all_bits(net.n_weights), x)).all()


def test_weights_of_logistic_regression_come_before_the_bias() -> None:
    net = BinaryMLP(16, ())
    assert [(field.name, field.shape, field.start, field.stop) for field in net.fields] == [
        ("W1", (16, 1), 0, 16),
        ("b1", (1,), 16, 17),
    ]


def test_fields_slice_and_unpack_the_weights() -> None:
    net = BinaryMLP(2, (3,))
    assert [field.name for field in net.fields] == ["W1", "b1", "W2", "b2"]
    assert (net.n_weights, net["W1"], net["b1"], net["W2"], net["b2"]) == (
        13,
        slice(0, 6),
        slice(6, 9),
        slice(9, 12),
        slice(12, 13),
    )
    parts = net.unpack(np.arange(26).reshape(2, 13))
    np.testing.assert_array_equal(parts["W1"][1], [[13, 14, 15], [16, 17, 18]])
    np.testing.assert_array_equal(parts["W2"][0], [[9], [10], [11]])
    np.testing.assert_array_equal(parts["b2"], [[12], [25]])
    with pytest.raises(UserError, match=r"'W3'.*W1, b1, W2, b2"):
        net["W3"]


def test_printing_lists_the_fields() -> None:
    assert str(BinaryMLP(16, (), values=(-3, 1))).splitlines() == [
        "BinaryMLP: 17 weights in {-3, 1}, 16 features, 2 classes",
        "  W1   16 x 1     weights 0 to 15",
        "  b1   1          weights 16 to 16",
    ]


@given(NETWORKS)
def test_a_record_rebuilds_the_network(arguments: dict[str, Any]) -> None:
    net = BinaryMLP(**arguments)
    again = thing_of(json.loads(json.dumps(record_of(net))), {"network": (BinaryMLP,)}, "network")
    assert again == net
    assert hash(again) == hash(net)


def test_lists_and_integers_make_the_same_network() -> None:
    assert BinaryMLP(4, hidden=[2], values=[-1, 1]) == BinaryMLP(4, hidden=(2,), values=(-1.0, 1.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation": "gelu"}, "activation='gelu' is unknown; choose one of relu, sigmoid, tanh, sign"),
        ({"activation": ["relu"]}, "activation="),
        ({"scale": "fan_out"}, "scale='fan_out' is unknown; choose one of none, fan_in"),
        ({"hidden": [2, 0]}, "hidden size=0 must be a whole number of at least 1"),
        ({"hidden": 3}, "hidden=3 must list"),
        ({"hidden": [2.5]}, "hidden size=2.5"),
        ({"hidden": [9] * 10**5}, "hidden lists 100,000 layers, over the limit of 32; give fewer"),
        ({"n_features": 0}, "n_features=0 must be"),
        ({"n_features": True}, "cannot have n_features = True"),
        ({"n_features": "4"}, "cannot have n_features = '4'"),
        ({"n_classes": 1}, "n_classes=1 must be a whole number of at least 2"),
        ({"values": [1, 1]}, "two distinct numbers"),
        ({"values": [0, float("nan")]}, "two distinct numbers"),
        ({"values": [0, 1, 2]}, "two distinct numbers"),
        ({"values": None}, "two distinct numbers"),
        ({"bias": "yes"}, "bias='yes' must be true or false"),
        ({"normalization": "batch"}, "normalization='batch' is unknown; choose one of none, layer"),
        ({"normalization": "layer", "hidden": [3, 1]}, r"hidden=\(3, 1\) has a layer of one unit"),
    ],
)
def test_an_argument_that_makes_no_network_is_named(change: dict[str, object], message: str) -> None:
    record = record_of(BinaryMLP(4)) | change
    with pytest.raises(UserError, match=message) as caught:
        thing_of(record, {"network": (BinaryMLP,)}, "network")
    assert "\n" not in str(caught.value)


def test_bits_and_features_must_fit() -> None:
    net = BinaryMLP(2, ())
    bits = oracle.all_bits(3)
    with pytest.raises(UserError, match="3 features but the network takes 2"):
        net(bits, np.zeros((1, 3)))
    with pytest.raises(UserError, match="rows of 2 bits for 3 weights"):
        net(bits[:, :2], np.zeros((1, 2)))
    with pytest.raises(UserError, match="NaN or infinite"):
        net(bits, np.array([[0.0, np.inf]]))


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_choices_are_the_networks_that_the_last_bits_choose(arguments: dict[str, Any], seed: int) -> None:
    net = BinaryMLP(**arguments)
    random = np.random.default_rng(seed)
    x = random.normal(size=(3, net.n_features))
    bits = random.integers(0, 2, (4, net.n_weights), dtype=np.uint8)
    assert all(choice.choices == (choice,) for choice in net.choices)
    for row in bits:
        choice = net.choices[chosen(row, len(net.output_scales))]
        np.testing.assert_allclose(choice(row[None, : choice.n_weights], x), net(row[None], x), rtol=1e-9, atol=1e-12)


def test_the_scale_has_bits_of_its_own_behind_the_weights() -> None:
    net = BinaryMLP(2, (), output_scales=(0.5, 1, 2, 4))
    assert net.n_weights == 5
    assert net["scale"] == slice(3, 5)
    assert BinaryMLP(2, (), output_scales=(2,)).n_weights == 3
    assert net != BinaryMLP(2, ())


def test_logits_have_a_gradient_along_the_bits_of_the_scale() -> None:
    net = BinaryMLP(1, (), bias=False, output_scales=(1, 2, 4, 8), values=(0, 1))
    weights = jnp.asarray([1.0, 0.5, 0.0])
    # z = w x 2^(2 b1 + b2), so dz/db1 = 2 ln 2 z and dz/db2 = ln 2 z.
    gradient = jax.grad(lambda weights: net.logits(weights, jnp.ones((1, 1))).sum())(weights)
    np.testing.assert_allclose(gradient, [2, 4 * np.log(2), 2 * np.log(2)], rtol=1e-5)


@pytest.mark.parametrize(
    "scales", [(), (1, 2, 3), (1, 2, 3, 4), (1, 1), (0, 1), (-1,), (float("nan"),), 2, ("a",), None]
)
def test_output_scales_must_be_a_power_of_two_of_geometric_numbers(scales: Any) -> None:
    with pytest.raises(UserError, match=r"output_scales=.* must be one number above 0"):
        BinaryMLP(2, (), output_scales=scales)


def test_hidden_units_that_are_linear_make_one_linear_map() -> None:
    net = BinaryMLP(3, (4,), n_classes=3, activation="identity", bias=False)
    random = np.random.default_rng(1)
    bits, x = random.integers(0, 2, (2, net.n_weights), dtype=np.uint8), random.normal(size=(5, 3))
    arrays = net.unpack(2.0 * bits - 1)
    np.testing.assert_allclose(net(bits, x), x @ (arrays["W1"] @ arrays["W2"]), rtol=1e-12, atol=1e-12)
    assert sorted(map(len, net.additive)) == [6, 6, 6, 6]  # 3 weights to each unit and 3 from it
