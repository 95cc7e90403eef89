from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Fitted, fitted

X = np.random.default_rng(0).normal(size=(6, 2))
Y = np.array([0, 1, 1, 0, 1, 0])
NETWORKS = [
    BinaryMLP(2, (2,), activation="tanh", scale="learned"),
    BinaryMLP(2, (2,), scale="learned", normalization="layer", output_scales=(1, 3)),
    BinaryMLP(2, (), n_classes=3, scale="learned"),
]
every_network = pytest.mark.parametrize("network", NETWORKS, ids=range(len(NETWORKS)))


def at_random(network: BinaryMLP) -> Fitted:
    return Fitted(network, np.random.default_rng(1).normal(size=network.n_side))


def plain_logits(net: Fitted, bits: np.ndarray) -> np.ndarray:
    inner = net.network
    assert isinstance(inner, BinaryMLP)
    return np.stack(
        [
            oracle.mlp_logits(
                row,
                X,
                inner.hidden,
                inner.n_outputs,
                activation=inner.activation,
                fan_in=True,
                output_scales=inner.output_scales,
                normalised=inner.normalization == "layer",
                side=net.side.tolist(),
            )
            for row in bits
        ]
    )


@every_network
def test_logits_are_those_with_the_side_parameters(network: BinaryMLP) -> None:
    net, bits = at_random(network), oracle.all_bits(network.n_weights)[::7]
    expected = plain_logits(net, bits)
    np.testing.assert_allclose(net(bits, X), expected, rtol=1e-10, atol=1e-10)
    with jax.enable_x64(True):
        for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-10)):
            weights, x = jnp.asarray(2.0 * bits - 1, dtype), jnp.asarray(X, dtype)
            found = jax.jit(lambda weights, x: net.forward(weights, x))(weights, x)
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@every_network
def test_energies_of_all_networks_are_those_of_each(network: BinaryMLP) -> None:
    net, bits = at_random(network), oracle.all_bits(network.n_weights)
    expected = [oracle.nll(logits, Y) for logits in plain_logits(net, bits)]
    np.testing.assert_allclose(hb.energies(net, SimpleNamespace(x=X, y=Y)), expected, rtol=1e-10)


def test_it_has_weights_and_no_side_parameters() -> None:
    network = NETWORKS[0]
    net = at_random(network)
    assert (net.n_weights, net.n_side, net.fields) == (network.n_weights, 0, network.fields)
    assert (net.n_features, net.n_classes, net.values) == (2, 2, (-1.0, 1.0))
    assert net.additive == (tuple(range(network.n_weights)),)
    plain = BinaryMLP(2, (2,))
    assert Fitted(plain, np.zeros(0)).additive == plain.additive


def test_there_must_be_one_number_a_side_parameter() -> None:
    with pytest.raises(UserError, match=r"shape .3,.: give an array of the 6 that the network has"):
        Fitted(NETWORKS[0], np.zeros(3))


def test_a_network_without_side_parameters_is_fitted_as_it_is() -> None:
    plain = BinaryMLP(2, (2,))
    assert fitted(plain, np.zeros(0)) is plain
    found = fitted(NETWORKS[0], np.full(NETWORKS[0].n_side, 0.5, np.float32))
    assert isinstance(found, Fitted)
    assert found.side.dtype == np.float64
