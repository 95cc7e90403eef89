"""An earlier posterior as a prior, against the circuit in plain NumPy."""

from typing import Any

import numpy as np
import pytest

import circuit_oracle
import hyperborn as hb
import oracle
import registers_oracle
from hyperborn.circuits import Brickwork, ProductState
from hyperborn.errors import UserError
from hyperborn.posteriors.enumeration import posterior_probabilities

N = 4
REGISTER = hb.Register(Brickwork(N, depth=3))
PARAMS = np.random.default_rng(0).uniform(-2, 2, REGISTER.parameter_shape).astype(np.float32)


@pytest.mark.parametrize("doubt", [0.01, 0.3])
def test_it_is_the_circuits_distribution_with_a_doubt(doubt: float) -> None:
    prior = hb.PreviousPosterior(REGISTER, PARAMS, doubt)
    assert prior == hb.PreviousPosterior(REGISTER, tuple(PARAMS.ravel().tolist()), doubt)
    q = circuit_oracle.probabilities(circuit_oracle.with_angles(REGISTER.circuit.gates(), PARAMS), N)
    expected = (1 - doubt) * q + doubt / 2**N
    # The circuit is simulated in single precision.
    np.testing.assert_allclose(np.exp(prior.log_probabilities(N)), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(prior.marginals(N), expected @ oracle.all_bits(N), rtol=0, atol=1e-6)


def test_every_register_has_a_doubt_of_its_own() -> None:
    registers = hb.Registers(5, 2)
    params = np.random.default_rng(1).uniform(-2, 2, registers.parameter_shape).astype(np.float32)
    prior = hb.PreviousPosterior(registers, params, 0.2)
    tables = [(places, 0.8 * q + 0.2 / len(q)) for places, q in registers_oracle.tables_of(registers, params)]
    expected = registers_oracle.joint(tables, 5)
    found = prior.log_probabilities(5)
    np.testing.assert_allclose(np.exp(found), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(prior.marginals(5), expected @ oracle.all_bits(5), rtol=0, atol=1e-6)
    # The same prior, whether all networks are summed over or registers one by one.
    factors = [
        (places, np.exp(column))
        for group in registers.groups
        for places, column in zip(group.places, prior.log_factors(5, group.places).T, strict=True)
    ]
    np.testing.assert_allclose(np.exp(found), registers_oracle.joint(factors, 5), rtol=1e-12)


def test_a_network_that_was_ruled_out_pays_what_the_docstring_says() -> None:
    register = hb.Register(ProductState(N))
    zeros = tuple(np.zeros(register.n_parameters).tolist())  # |0000> alone
    log_p = hb.PreviousPosterior(register, zeros).log_probabilities(N)
    assert log_p[0] == pytest.approx(np.log(0.99 + 0.01 / 2**N), rel=1e-6)
    np.testing.assert_allclose(log_p[1:], -N * np.log(2) + np.log(0.01), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((3, ()), "posterior = 3: give a posterior, such as that of an earlier result"),
        ((REGISTER, (0.5,)), "params: 1 of them; give the 24 numbers of the posterior, flat"),
        ((REGISTER, None), "params: 0 of them; give the 24"),
        ((REGISTER, np.zeros((2, 4))), "params: 8 of them; give the 24"),
        ((REGISTER, (*[0.5] * 23, float("nan"))), "params: nan among them; give the 24"),
        ((REGISTER, (0.5,) * 24, 0.0), r"doubt = 0\.0: give a number strictly between 0 and 1, such as 0\.01"),
        ((REGISTER, (0.5,) * 24, 1), "doubt = 1: give"),
        ((REGISTER, (0.5,) * 24, "x"), "doubt = 'x': give"),
        (
            (REGISTER, (0.5,) * 24, 0.1, (1.0,)),
            "side_precision: 0 numbers, the least 0, for 1 side",
        ),
        (
            (REGISTER, (0.5,) * 24, 0.1, (1.0,), (0.0,)),
            r"side_precision: 1 numbers, the least 0\.0, .* positive",
        ),
        ((REGISTER, (0.5,) * 24, 0.1, ("x",), (1.0,)), r"side = \('x',\): give a number for each side parameter, flat"),
        ((REGISTER, (0.5,) * 24, 0.1, 1.0, 1.0), r"side = 1\.0: give a number for each side parameter, flat"),
        ((REGISTER, (0.5,) * 24, 0.1, (1.0,), (float("inf"),)), r"side_precision = \(inf,\): give a number for each"),
    ],
    ids=[
        "posterior",
        "few",
        "nothing",
        "array",
        "nan",
        "none",
        "all",
        "text",
        "imprecise",
        "flat",
        "words",
        "one",
        "infinite",
    ],
)
def test_what_does_not_fit_is_one_line(arguments: tuple[Any, ...], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        hb.PreviousPosterior(*arguments)
    assert "\n" not in str(caught.value)


def test_learning_in_two_halves_is_learning_on_all_data() -> None:
    """p(w | both) from the exact posterior of the first half as the prior of the second: nine weights, to 1e-10."""
    random = np.random.default_rng(5)
    x, y = random.normal(size=(30, 2)), random.integers(0, 2, size=30)
    network = hb.networks.BinaryMLP(2, hidden=(2,))
    halves = [hb.energies(network, hb.data.Split(x[rows], y[rows])) for rows in (slice(0, 13), slice(13, 30))]
    log_prior = hb.Ising(((0, 1, 0.3), (2, 5, -0.4)), 0.2).log_probabilities(network)
    first = posterior_probabilities(halves[0], log_prior)
    second = posterior_probabilities(halves[1], np.log(first))
    plain = [oracle.nll(oracle.mlp_logits(bits, x, (2,), 1), y) for bits in oracle.all_bits(9)]
    joint = np.exp(log_prior - plain - np.max(log_prior - plain))
    np.testing.assert_allclose(second, joint / joint.sum(), rtol=1e-10)


def test_learning_in_two_halves_with_a_trained_posterior_comes_close() -> None:
    """Three weights, which a circuit can learn almost exactly: only the doubt is left."""
    random = np.random.default_rng(5)
    x = random.normal(size=(24, 2))
    y = (x @ [1.0, -0.5] + random.normal(size=24) > 0).astype(np.int64)
    network = hb.networks.BinaryMLP(2, hidden=())
    preprocessing = hb.data.from_arrays(x, y).preprocessing
    parts = {
        name: hb.data.Dataset(
            name, hb.data.Split(x[rows], y[rows]), *[hb.data.Split(x[:0], y[:0])] * 2, ("0", "1"), preprocessing
        )
        for name, rows in (("first", slice(0, 8)), ("second", slice(8, 24)))
    }
    register = hb.Register(Brickwork(3, depth=6))
    first = hb.fit(network, parts["first"], posterior=register, steps=300, progress=False)
    assert first.numbers["elbo_gap"] < 1e-3
    second = hb.fit(network, parts["second"], posterior=register, steps=300, prior=first.as_prior(1e-3), progress=False)
    both = np.array([oracle.nll(oracle.mlp_logits(bits, x, (), 1), y) for bits in oracle.all_bits(3)])
    exact = np.exp(both.min() - both)
    exact /= exact.sum()
    # Without the first half the answer is another: the test can fail.
    alone = np.exp(-(halves := hb.energies(network, parts["second"].train)) + halves.min())
    assert 0.5 * np.abs(alone / alone.sum() - exact).sum() > 0.05
    assert 0.5 * np.abs(second.probabilities - exact).sum() < 0.01
