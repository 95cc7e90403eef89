"""What was learnt of side parameters as a prior, against second differences in plain NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.energy import energy as energy_of
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, fitted
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.minibatch.side_precision import side_precision
from hyperborn.training.result import Result
from hyperborn.training.serialization import definition_from_record
from hyperborn.training.state import initial_state
from small_registers import NETWORK, REGISTERS


def data_of(rows: int, seed: int) -> hb.data.Dataset:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 2))
    return hb.data.from_arrays(x, (x @ [1.0, -2.0] + random.normal(size=rows) > 0).astype(int), standardize=False)


@pytest.fixture(scope="module")
def first() -> Result:
    return hb.fit(NETWORK, data_of(60, 0), posterior=REGISTERS, steps=150, progress=False)


def test_a_precision_is_that_of_the_prior_and_the_curvature_of_the_energy(first: Result) -> None:
    """Of networks that are drawn with certainty, so that their mean is one network's energy."""
    angles = np.zeros(REGISTERS.n_parameters, np.float32)
    bits = REGISTERS.sample(jnp.asarray(angles), 2, key=jax.random.key(0))
    assert (bits[0] == bits[1]).all()
    side = np.linspace(-0.4, 0.5, 8)
    found = side_precision(first.definition, first.definition.energies(first.data), np.append(angles, side))

    def energy(place: int, change: float) -> float:
        moved = side.astype(np.float32).astype(float)
        moved[place] += change
        return float(energy_of(fitted(NETWORK, moved), first.data.train, bits[:1])[0])

    step = 1e-3
    bent = [(energy(k, step) - 2 * energy(k, 0.0) + energy(k, -step)) / step**2 for k in range(8)]
    np.testing.assert_allclose(found, 1.0 + np.maximum(bent, 0.0), rtol=1e-3)
    assert min(bent) < 0 < max(bent)


def test_many_examples_and_many_side_parameters_are_estimated() -> None:
    """On every third of 1,500 examples, and by 128 random directions, seed 0: the diagonal of a full second derivative.

    Of the 67 side parameters, the mean of those 128 has a standard error of at most a tenth of the largest curvature.
    """
    random = np.random.default_rng(0)
    x = random.normal(size=(1500, 2))
    split = hb.data.from_arrays(x, (x.sum(axis=1) > 0).astype(int), standardize=False, validation=0.0, test=0.0)
    wide = BinaryMLP(2, (33,), activation="tanh", bias=False, scale="learned")
    registers = hb.Registers(wide, 1, depth=1)
    definition = definition_with_defaults(wide, 1500, posterior=registers)
    params = np.concatenate([np.zeros(registers.n_parameters), random.normal(0, 0.2, wide.n_side)])
    # All angles are 0, and all bits with certainty.
    bits = np.asarray(registers.sample(jnp.zeros(registers.parameter_shape), 1, key=jax.random.key(0)), np.float32)
    task = definition.energies(split).on_device()

    def energy(side: jax.Array, rows: jax.Array | None = None) -> jax.Array:
        return task.batch(side, rows).energies(jnp.asarray(bits))[0]

    side = jnp.asarray(params[registers.n_parameters :], jnp.float32)
    rows = jnp.asarray(np.linspace(0, 1499, 500).astype(np.int32))
    exact = np.diagonal(np.asarray(jax.jit(jax.hessian(energy))(side, rows)))
    found = side_precision(definition, definition.energies(split), params) - 1
    assert wide.n_side > 64
    np.testing.assert_allclose(found, np.maximum(exact, 0), rtol=0, atol=0.4 * exact.max())
    assert np.corrcoef(found, exact)[0, 1] > 0.8
    all_of_them = np.diagonal(np.asarray(jax.jit(jax.hessian(energy))(side)))
    assert exact.sum() == pytest.approx(all_of_them.sum(), rel=0.2)


def test_the_prior_of_a_result_is_around_what_it_has_learnt(first: Result) -> None:
    prior = first.as_prior()
    np.testing.assert_array_equal(prior.side, first.side)
    assert min(prior.side_precision) >= 1
    assert max(prior.side_precision) > 2
    second = hb.fit(NETWORK, data_of(6, 1), prior=prior, steps=1, progress=False)
    # Bits, too, keep what was learnt: β is 1 where 0.03 is usual.
    assert (first.definition.objective, second.definition.objective) == (hb.ELBO(0.03), hb.ELBO())
    begun = np.asarray(initial_state(second.definition).params)[0, -8:]
    np.testing.assert_array_equal(begun, np.asarray(prior.side, np.float32))
    # Precisions add up: they are those of both data sets.
    assert (np.asarray(second.as_prior().side_precision) >= np.asarray(prior.side_precision)).all()
    assert definition_from_record(second.definition.to_record()) == second.definition


def test_few_new_examples_move_side_parameters_as_far_as_the_first_ones_let_them(first: Result) -> None:
    """One example pulls each by its slope over its precision; without a prior, by much more."""
    one = data_of(12, 2)
    prior = first.as_prior()
    free = hb.PreviousPosterior(prior.posterior, prior.params)
    moved = {
        name: hb.fit(NETWORK, one, prior=chosen, start=first, steps=150, progress=False).side - first.side
        for name, chosen in (("kept", prior), ("free", free))
    }
    deviations = np.asarray(prior.side_precision) ** -0.5
    assert (np.abs(moved["kept"]) < 2 * deviations).all()
    assert np.abs(moved["free"]).sum() > 2 * np.abs(moved["kept"]).sum()


def test_a_network_with_other_side_parameters_is_refused(first: Result) -> None:
    other = BinaryMLP(2, (3,), activation="tanh", bias=False)
    with pytest.raises(UserError, match="prior from a network with 8 side parameters for one with 0: use the same"):
        hb.fit(other, data_of(12, 2), prior=first.as_prior(), posterior=hb.Registers(other, 2, depth=1), progress=False)
    assert repr(hb.PreviousPosterior(REGISTERS, first.angles)).endswith("doubt=0.01)")
    assert "side=(" in repr(first.as_prior())
