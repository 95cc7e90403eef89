import traceback
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import infinite_shots
import oracle
from batch_counts import counted
from hyperborn.backends import Aer, Backend, Batch, Connection, Counts, Statevector
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.backends.simulators.statevector import cost_of, simulate
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, ProductState, SideBySide
from hyperborn.circuits.pairs import line_pairs
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Posterior, Register, Registers
from hyperborn.training.shots.posteriors import (
    ShotPosterior,
    ShotRegister,
    ShotRegisters,
    batch_of,
    joined_outcomes,
    width_of,
)

BACKEND = Statevector()
GROUPS = ((8, 0, 3), (1, 7), (6, 2), (4,), (5,))
MIXED = ShotRegisters(Registers(9, depth=1, grouping=GROUPS), BACKEND)
REGISTER = ShotRegister(Brickwork(4, 3), BACKEND)
NEURONS = ShotRegisters(Registers(BinaryMLP(2, (3,), bias=False), 2, depth=1), BACKEND)
TRIED: list[ShotPosterior] = [REGISTER, ShotRegister(ChosenPairs(5, line_pairs(5), 1), BACKEND), MIXED, NEURONS]
every_posterior = pytest.mark.parametrize("posterior", TRIED, ids=["brickwork", "line", "mixed", "neurons"])

SHOTS = 40_000


def params_of(posterior: Posterior, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-2, 2, posterior.parameter_shape).astype(np.float32)


def test_a_register_is_one_turn_and_one_bank() -> None:
    for width in (None, 1, 4, 100):
        (subcircuit,) = REGISTER.subcircuits(width)
        assert subcircuit.circuit == REGISTER.circuit
        np.testing.assert_array_equal(subcircuit.weights, range(4))
        np.testing.assert_array_equal(subcircuit.parameters, range(24))
    (group,) = REGISTER.groups
    np.testing.assert_array_equal(group.places, [range(4)])
    np.testing.assert_array_equal(group.parameters, [range(24)])


def test_registers_are_banks_by_size() -> None:
    """AllPairs(k, 1): k angles of RY, then layers; parameters go angle by angle, one number a register."""
    three, two, one = MIXED.groups
    np.testing.assert_array_equal(three.places, [[8, 0, 3]])
    np.testing.assert_array_equal(two.places, [[1, 7], [6, 2]])
    np.testing.assert_array_equal(one.places, [[4], [5]])
    first, second = AllPairs(3, 1).n_parameters, AllPairs(2, 1).n_parameters
    np.testing.assert_array_equal(three.parameters, [range(first)])
    np.testing.assert_array_equal(two.parameters[0], first + 2 * np.arange(second))
    np.testing.assert_array_equal(two.parameters[1], first + 2 * np.arange(second) + 1)
    np.testing.assert_array_equal(one.parameters, [[MIXED.n_parameters - 2], [MIXED.n_parameters - 1]])


# Of registers of 3, 2, 2, 1 and 1 qubits, in this order.
PACKED = [
    (None, [9]),
    (100, [9]),
    (9, [9]),
    (8, [8, 1]),
    (5, [5, 4]),
    (4, [3, 4, 2]),
    (3, [3, 2, 3, 1]),
    (2, [3, 2, 2, 2]),
    (1, [3, 2, 2, 1, 1]),
]


@pytest.mark.parametrize(("width", "widths"), PACKED)
def test_registers_are_packed_as_the_width_allows(width: int | None, widths: list[int]) -> None:
    subcircuits = MIXED.subcircuits(width)
    assert [subcircuit.circuit.n_qubits for subcircuit in subcircuits] == widths
    np.testing.assert_array_equal(np.sort(np.concatenate([subcircuit.weights for subcircuit in subcircuits])), range(9))
    parameters = np.concatenate([subcircuit.parameters for subcircuit in subcircuits])
    np.testing.assert_array_equal(np.sort(parameters), range(MIXED.n_parameters))
    assert all(subcircuit.circuit.n_parameters == len(subcircuit.parameters) for subcircuit in subcircuits)
    assert all(
        isinstance(subcircuit.circuit, SideBySide) or subcircuit.circuit.n_qubits <= 3 for subcircuit in subcircuits
    )


@pytest.mark.parametrize("width", [None, 5, 1])
@every_posterior
def test_subcircuits_together_are_the_ideal_distribution(posterior: ShotPosterior, width: int | None) -> None:
    params = params_of(posterior)
    subcircuits = posterior.subcircuits(width)
    tables = [
        (subcircuit.weights, infinite_shots.table_of(subcircuit.circuit, params.reshape(-1)[subcircuit.parameters]))
        for subcircuit in subcircuits
    ]
    found = infinite_shots.joined(tables, posterior.n_weights)
    np.testing.assert_allclose(found, posterior.ideal.distribution(jnp.asarray(params)), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("qubits", "packing", "width"), [(5, None, 5), (26, 12, 12), (5, 12, 5), (None, 12, 12), (None, None, None)]
)
def test_side_by_side_goes_no_wider_than_the_backend_likes(
    qubits: int | None, packing: int | None, width: int | None
) -> None:
    connection = InProcessConnection(simulate, cost_of, label="own", n_qubits=qubits, packing=packing)
    assert width_of(connection) == width


@every_posterior
def test_samples_are_those_of_the_ideal_distribution(posterior: ShotPosterior) -> None:
    """Every frequency within five standard errors, sqrt(q (1 - q) / 40,000), seed 3; several subcircuits, too."""
    params = jnp.asarray(params_of(posterior))
    rows = posterior.sample(params, SHOTS, key=jax.random.key(3))
    n = posterior.n_weights
    assert (rows.shape, rows.dtype) == ((SHOTS, n), np.uint8)
    places = rows.astype(int) @ (1 << np.arange(n - 1, -1, -1))
    found = np.bincount(places, minlength=2**n) / SHOTS
    q = infinite_shots.joint(posterior, np.asarray(params, np.float64).reshape(-1))
    # Below one shot expected, the normal law says little: 5 shots are allowed there.
    error = np.sqrt(np.maximum(q * (1 - q), 1 / SHOTS) / SHOTS)
    assert (np.abs(found - q) < 5 * error).all()
    # Read in the other order the bits would be far off: the circuits are asymmetric.
    mirrored = q.reshape((2,) * n).transpose().reshape(-1)
    assert (np.abs(found - mirrored) > 20 * error).any()
    # Shots come in no order of their networks.
    assert abs(np.corrcoef(places[1:], places[:-1])[0, 1]) < 5 / np.sqrt(SHOTS)


def test_subcircuits_are_joined_by_their_weights() -> None:
    """Registers that are run apart, all certain but one fair bit."""
    posterior = ShotRegisters(Registers(4, grouping=((2,), (0,), (3,), (1,))), BACKEND)
    subcircuits = posterior.subcircuits(1)
    # Weights 2, 0, 3 and 1: 1, fair, 0 and 1.
    angles = np.array([[np.pi, np.pi / 2, 0.0, np.pi]])
    counts = counted(BACKEND.connect(), batch_of(subcircuits, angles, 1000, "apart", 0))
    rows = joined_outcomes(subcircuits, counts, np.random.default_rng(0))
    np.testing.assert_array_equal(rows[:, [1, 2, 3]], [[1, 1, 0]] * 1000)
    # 5 standard errors of a fair coin.
    assert abs(rows[:, 0].mean() - 0.5) < 5 * np.sqrt(0.25 / 1000)


def test_joined_subcircuits_are_independent_of_each_other() -> None:
    """Sorted counts put together row by row would make of two fair bits two equal ones."""
    subcircuits = ShotRegisters(Registers(2, grouping=((0,), (1,))), BACKEND).subcircuits(1)
    fair = Counts(np.array([[0], [1]], np.uint8), np.array([5000, 5000]))
    rows = joined_outcomes(subcircuits, (fair, fair), np.random.default_rng(0))
    assert abs((rows[:, 0] == rows[:, 1]).mean() - 0.5) < 5 * np.sqrt(0.25 / 10_000)


def test_the_same_key_gives_the_same_rows_and_another_another() -> None:
    params = jnp.asarray(params_of(MIXED))
    first, again, other = (MIXED.sample(params, 50, key=jax.random.key(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@every_posterior
def test_parameters_begin_as_those_of_the_ideal(posterior: ShotPosterior) -> None:
    marginals = np.linspace(0.1, 0.9, posterior.n_weights)
    found, ideal = (kind.init(marginals, spread=0.1, key=jax.random.key(1)) for kind in (posterior, posterior.ideal))
    np.testing.assert_array_equal(found, ideal)
    begun = np.asarray(posterior.init(marginals, spread=0.0, key=jax.random.key(1)), np.float64)
    q = infinite_shots.joint(posterior, begun.reshape(-1))
    np.testing.assert_allclose(q @ oracle.all_bits(posterior.n_weights), marginals, rtol=0, atol=1e-6)


def test_the_ideal_is_the_same_circuit() -> None:
    assert REGISTER.ideal == Register(Brickwork(4, 3))
    assert MIXED.ideal == MIXED.registers
    assert (REGISTER.n_weights, MIXED.n_weights) == (4, 9)
    assert ShotRegister(Brickwork(4, 3), Statevector()) == REGISTER
    assert ShotRegister(Brickwork(4, 3), Aer()) != REGISTER


MISTAKES = [
    (lambda: ShotRegister("circuit", BACKEND), "circuit"),
    (lambda: ShotRegister(ProductState(2), "aer"), "backend = 'aer': give a backend, such as hb.backends.Statevec"),
    (lambda: ShotRegister(ProductState(2), BACKEND, "zne"), "mitigation = 'zne': give none or readout"),
    (lambda: ShotRegisters(ProductState(2), BACKEND), "registers = ProductState"),
    (lambda: ShotRegisters(Registers(2), None), "backend = None: give a backend"),
    (lambda: ShotRegisters(Registers(2), BACKEND, True), "mitigation = True: give none or readout"),
]


@pytest.mark.parametrize(("make", "said"), MISTAKES, ids=[said[:20] for _, said in MISTAKES])
def test_wrong_arguments_are_one_line(make: Any, said: str) -> None:
    with pytest.raises(UserError) as caught:
        make()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shots", [0, -1])
def test_shots_are_checked(shots: int) -> None:
    with pytest.raises(UserError, match=r"shots=.* must be a whole number of at least 1"):
        REGISTER.sample(jnp.asarray(params_of(REGISTER)), shots, key=jax.random.key(0))


@dataclass(frozen=True)
class Broken(Backend):
    """A simulator whose package fails."""

    @property
    def label(self) -> str:
        return "broken"

    def connect(self) -> Connection:
        def fail(_: Batch) -> tuple[Counts, ...]:
            raise LookupError("no kernel for token=abc-123")

        return InProcessConnection(fail, cost_of, label=self.label)


def test_a_backend_that_fails_is_one_line() -> None:
    posterior = ShotRegister(Brickwork(4, 3), Broken())
    with pytest.raises(UserError, match=r"^broken failed to sample: broken raised LookupError: no.*; choose") as caught:
        posterior.sample(jnp.asarray(params_of(posterior)), 5, key=jax.random.key(0))
    assert "abc-123" not in "".join(traceback.format_exception(caught.value))
