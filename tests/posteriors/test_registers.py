import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
import objectives_oracle
import oracle
from examples import few
from hyperborn.circuits import AllPairs, ProductState
from hyperborn.circuits.gate_list import MOST_GATES
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers, registers

NETWORK = BinaryMLP(2, (2,))
"""Nine weights: neurons of three."""

SHOTS = 100_000


def random_params(posterior: Registers, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, posterior.parameter_shape)


def plain_tables(groups: list[list[list[int]]], depth: int, params: np.ndarray) -> list[tuple[list[int], np.ndarray]]:
    """The weights of each register and its 2^k probabilities, from the parameters of groups in their order."""
    found, start = [], 0
    for places in groups:
        size = len(places[0])
        circuit = ProductState(1) if size == 1 else AllPairs(size, depth)
        own = params[start : start + circuit.n_parameters * len(places)].reshape(circuit.n_parameters, len(places))
        start += own.size
        for number, register in enumerate(places):
            gates = circuit_oracle.with_angles(circuit.gates(), own[:, number])
            found.append((register, circuit_oracle.probabilities(gates, size)))
    assert start == len(params)
    return found


def plain_distribution(n: int, tables: list[tuple[list[int], np.ndarray]]) -> np.ndarray:
    q = np.ones(2**n)
    for place, row in enumerate(oracle.all_bits(n)):
        for register, table in tables:
            q[place] *= table[int("".join(str(row[weight]) for weight in register), 2)]
    return q


def expected(posterior: Registers, params: np.ndarray) -> np.ndarray:
    groups = [group.places.tolist() for group in posterior.groups]
    return plain_distribution(posterior.n_weights, plain_tables(groups, posterior.depth, params))


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Settings over up to nine weights, whose registers are ragged more often than not; nine stand for the network."""
    # A number, not the network: the type checks of the tests draw random numbers, which hypothesis forbids here.
    n = draw(st.sampled_from([1, 2, 5, 7, 9]))
    order = draw(st.permutations(range(n)))
    cut = draw(st.integers(0, n))
    explicit = tuple(tuple(part) for part in (order[:cut], order[cut:]) if part)
    return {
        "network": n,
        "register_size": draw(st.integers(1, 4)),
        "depth": draw(st.integers(1, 2)),
        "grouping": draw(st.sampled_from(["neuron", "layer", "random", explicit])),
        "seed": draw(st.integers(0, 2)),
    }


@few
@given(arguments(), st.integers(0, 2**32 - 1))
def test_everything_agrees_with_enumeration(given_arguments: dict[str, Any], seed: int) -> None:
    network = NETWORK if given_arguments["network"] == NETWORK.n_weights else given_arguments["network"]
    posterior = Registers(**given_arguments | {"network": network})
    params, bits = random_params(posterior, seed), oracle.all_bits(posterior.n_weights)
    q = expected(posterior, params)
    with jax.enable_x64(True):
        wide = jnp.asarray(params)
        np.testing.assert_allclose(jax.jit(posterior.probabilities)(wide), q, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(np.exp(posterior.log_prob(wide, bits)), q, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(posterior.entropy(wide), -(q * np.log(q)).sum(), rtol=1e-9)
        np.testing.assert_allclose(posterior.marginals(wide), q @ bits, rtol=1e-9, atol=1e-12)
        assert posterior.most_probable(wide).tolist() == bits[q.argmax()].tolist()
    narrow = jnp.asarray(params, jnp.float32)
    assert posterior.probabilities(narrow).dtype == jnp.float32
    np.testing.assert_allclose(posterior.distribution(narrow), q, rtol=0, atol=1e-5)


RAGGED = [
    Registers(NETWORK, 2),
    Registers(NETWORK, 4, grouping="layer"),
    Registers(NETWORK, 4, grouping="random", seed=3),
    Registers(NETWORK, grouping=((8, 0, 3), (1, 7), (6, 2, 4, 5))),
    Registers(5, 1),
]
every_posterior = pytest.mark.parametrize("posterior", RAGGED, ids=range(len(RAGGED)))


@every_posterior
@pytest.mark.parametrize("at_once", [registers.AT_ONCE, 5000])
def test_samples_have_their_frequencies(posterior: Registers, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within five standard errors for each network (seed 1), drawn at once or in blocks."""
    monkeypatch.setattr(registers, "AT_ONCE", at_once)
    params, n = random_params(posterior), posterior.n_weights
    q = expected(posterior, params)
    bits = posterior.sample(jnp.asarray(params, jnp.float32), SHOTS, key=jax.random.key(1))
    assert (bits.shape, bits.dtype) == ((SHOTS, n), np.uint8)
    counts = np.bincount(bits @ (1 << np.arange(n - 1, -1, -1)), minlength=2**n)
    # Below a few expected counts a frequency is not normal: the bound has one count to spare.
    assert (np.abs(counts - SHOTS * q) <= 5 * np.sqrt(SHOTS * q * (1 - q)) + 1).all()


def test_the_same_key_draws_the_same_networks() -> None:
    params = jnp.asarray(random_params(RAGGED[0]))
    first, again, other = (RAGGED[0].sample(params, 50, key=jax.random.key(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_log_probabilities_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    posterior, bits = RAGGED[0], oracle.all_bits(9)
    params = jnp.asarray(random_params(posterior))
    at_once = posterior.log_prob(params, bits)
    monkeypatch.setattr(registers, "AT_ONCE", 100)
    np.testing.assert_array_equal(posterior.log_prob(params, bits), at_once)


@every_posterior
def test_without_spread_bits_have_the_given_marginals(posterior: Registers) -> None:
    marginals = np.linspace(0.1, 0.9, posterior.n_weights)
    params = posterior.init(marginals, spread=0.0, key=jax.random.key(0))
    np.testing.assert_allclose(posterior.marginals(params), marginals, rtol=1e-5)
    np.testing.assert_allclose(
        posterior.distribution(params), objectives_oracle.product_distribution(marginals.tolist()), rtol=1e-4
    )
    spread = posterior.init(marginals, spread=0.3, key=jax.random.key(0))
    assert 0.1 < float(jnp.std(spread - params)) < 0.5


def test_the_impossible_is_never_drawn() -> None:
    posterior = Registers(6, 3)
    params = posterior.init(np.array([0.0, 1, 1, 0, 1, 0]), spread=0.0, key=jax.random.key(0))
    bits = posterior.sample(params, 20_000, key=jax.random.key(1))
    assert (bits == np.array([0, 1, 1, 0, 1, 0])).all()
    log_q = Registers(2, 1).log_prob(jnp.zeros(2), np.array([[0, 0], [0, 1]], np.uint8))
    # The rounding of the simulator leaves about 1e-16.
    assert abs(log_q[0]) < 1e-14
    assert log_q[1] < -30
    assert abs(Registers(2, 1).entropy(jnp.zeros(2))) < 1e-12


def test_any_number_of_weights() -> None:
    net = BinaryMLP(784, (128,), n_classes=10, activation="tanh", scale="learned")
    posterior = Registers(net, 4)
    assert posterior.n_weights == 101_770
    # Neurons of 785 and of 129 weights: one is left over in each.
    assert [group.places.shape for group in posterior.groups] == [(128 * 196 + 10 * 32, 4), (128 + 10, 1)]
    assert [group.size for group in posterior.groups] == [4, 1]
    assert posterior.n_parameters == (128 * 196 + 10 * 32) * AllPairs(4, 2).n_parameters + 138
    params = posterior.init(spread=0.5, key=jax.random.key(0))
    bits = posterior.sample(params, 3, key=jax.random.key(1))
    # The mean of -log q over samples is the entropy, within five standard deviations of a sum over registers.
    surprises = -posterior.log_prob(params, bits)
    variance = sum(
        float(((q * np.log(q + 1e-300) ** 2).sum(axis=0) - (q * np.log(q + 1e-300)).sum(axis=0) ** 2).sum())
        for q in posterior.distributions(params)
    )
    assert (np.abs(surprises - posterior.entropy(params)) < 5 * np.sqrt(variance)).all()
    with pytest.raises(UserError, match="101770 weights make 2\\^101770 networks, over the limit of 24 weights"):
        posterior.probabilities(params)


def test_equal_settings_share_a_compiled_program() -> None:
    for posterior in (Registers(11, 3), Registers(11, 3)):
        posterior.entropy(jnp.asarray(random_params(posterior), jnp.float32))
    before = registers.compiled_tables._cache_size()
    Registers(np.int64(11), 3).entropy(jnp.zeros(Registers(11, 3).parameter_shape))
    assert registers.compiled_tables._cache_size() == before
    assert Registers(np.int64(11), 3) == Registers(11, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": 0}, "network=0 must be a whole number of at least 1, the weights, or a network"),
        ({"network": "digits"}, "network='digits' must be"),
        ({"register_size": 11}, "register_size=11 must be a whole number from 1 to 10"),
        ({"register_size": 2.0}, "register_size=2.0"),
        ({"depth": 0}, "depth=0"),
        ({"seed": -1}, "seed=-1"),
        ({"grouping": "column"}, "grouping = 'column': give neuron, layer, random"),
        ({"grouping": ((0, 1),)}, "names weight 2 nowhere"),
    ],
)
def test_settings_out_of_range_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        Registers(**{"network": 3, **change})
    assert "\n" not in str(caught.value)


def test_what_does_not_fit_the_weights_is_refused() -> None:
    posterior, params = Registers(4, 2), jnp.zeros(Registers(4, 2).parameter_shape)
    with pytest.raises(UserError, match="rows of 3 bits for 4 weights"):
        posterior.log_prob(params, np.zeros((2, 3), np.uint8))
    with pytest.raises(UserError, match="3 marginals for 4 weights"):
        posterior.init(np.full(3, 0.5), key=jax.random.key(0))
    with pytest.raises(UserError, match="shots=0"):
        posterior.sample(params, 0, key=jax.random.key(0))


@pytest.mark.parametrize("grouping", ["neuron", "random"])
def test_all_registers_are_one_circuit(grouping: str) -> None:
    """Of nine weights in registers of two and one: qubit i is weight i, whatever register it is in."""
    posterior = Registers(NETWORK, 2, 1, grouping)
    params = random_params(posterior, 5)
    assert posterior.circuit.parameter_shape == posterior.parameter_shape
    gates = circuit_oracle.with_angles(posterior.circuit.gates(), params)
    groups = [group.places.tolist() for group in posterior.groups]
    assert [len(places[0]) for places in groups] == [2, 1]
    expected = plain_distribution(9, plain_tables(groups, 1, params))
    np.testing.assert_allclose(circuit_oracle.probabilities(gates, 9), expected, rtol=0, atol=1e-13)


def test_registers_of_too_many_gates_for_one_circuit_are_refused_before_the_gates_are_made() -> None:
    def gates(registers: int) -> int:
        return len(Registers(4, 4, 1).circuit.gates()) * registers

    most = MOST_GATES // gates(1)
    started = time.monotonic()
    with pytest.raises(UserError) as caught:
        _ = Registers(4 * (most + 1), 4, 1).circuit
    # A second at the most, where making a million gates takes tens of them.
    assert time.monotonic() - started < 5
    assert str(caught.value) == (
        f"all registers as one circuit have {gates(most + 1):,} gates, over the limit of 1,000,000 of `circuit` and "
        "export; take the circuit of each register from `groups`, or choose fewer weights or less depth"
    )
