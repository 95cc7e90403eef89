"""What a second fit in a process compiles: nothing, where shapes are those of the first."""

from typing import Any, cast

import jax
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.energy.of_network import SHARED_ROWS, ExamplesOnDevice, NetworkEnergies, shared_size
from hyperborn.training.minibatch.steps import advance_by_minibatches


def data_of(rows: int, seed: int) -> Dataset:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 2))
    y = (x[:, 0] + 0.5 * random.normal(size=rows) > 0).astype(int)
    return hb.data.from_arrays(x, y, validation=0.0, test=0.2, seed=0)


def fitted(data: Dataset, posterior: Any, network: Any, **settings: Any) -> hb.Result:
    result = hb.fit(network, data, posterior=posterior, restarts=1, progress=False, **settings)
    assert np.isfinite(result.predict_proba(np.zeros((3, 2)))).all()
    return result


NETWORK = hb.networks.BinaryMLP(2, hidden=(2,))
EXACT = hb.Register(hb.circuits.AllPairs(NETWORK.n_weights, depth=1))
REGISTERS = hb.Registers(NETWORK, 3)

OTHER: dict[str, Any] = {"seed": 5, "spread": 0.3, "prior": hb.Bernoulli(0.3), "optimizer": hb.Adam(0.05), "steps": 31}


@pytest.mark.parametrize("posterior", [EXACT, REGISTERS], ids=["exact", "registers"])
@pytest.mark.parametrize(("first", "second"), [(hb.ELBO(1.0), hb.ELBO(0.2)), (hb.SELBO(2.0), hb.SELBO(0.5))])
def test_a_second_fit_compiles_nothing(posterior: Any, first: Any, second: Any, compilations: list[str]) -> None:
    """Other data, with a row more; another seed, beta or weight, prior, learning rate, spread and number of steps."""
    one, other = data_of(102, 0), data_of(104, 1)
    assert len(other.train) == len(one.train) + 1
    before = fitted(one, posterior, NETWORK, objective=first, steps=27)
    # A program of no other test is counted.
    jax.jit(lambda number: number + 1)(1)
    assert compilations
    compilations.clear()
    annealing = {"annealing": hb.Annealing(0.1, 0.3)} if posterior is EXACT else {}
    after = fitted(other, posterior, NETWORK, objective=second, **OTHER, **annealing)
    assert not compilations
    assert not np.array_equal(before.params, after.params)
    assert after.steps == 31


def test_a_number_that_is_an_argument_is_used(compilations: list[str]) -> None:
    """Each of them changes the result, though nothing is compiled."""
    data, settings = data_of(102, 0), dict[str, Any](objective=hb.ELBO(), steps=27)
    before = fitted(data, EXACT, NETWORK, **settings)
    compilations.clear()
    others: list[dict[str, Any]] = [{name: value} for name, value in OTHER.items()]
    others += [{"annealing": hb.Annealing(0.1, 0.5)}, {"annealing": hb.Annealing(0.01, 0.9)}]
    for other in others:
        after = fitted(data, EXACT, NETWORK, **(settings | other))
        assert not np.array_equal(before.params, after.params), other
    assert not compilations


@pytest.mark.parametrize("weights", [False, True])
def test_rows_that_fill_up_a_shape_change_nothing(weights: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 83 rows beside 84, and beside no filling at all; but for the rounding of sums."""
    data = data_of(104, 0)
    assert shared_size(len(data.train)) > len(data.train)
    settings: dict[str, Any] = {"objective": hb.ELBO(0.1), "steps": 40, "seed": 3}
    settings |= {"sample_weight": np.random.default_rng(2).uniform(0.5, 2, len(data.train))} if weights else {}
    filled = fitted(data, REGISTERS, NETWORK, **settings)
    monkeypatch.setattr("hyperborn.energy.of_network.shared_size", lambda examples: examples)
    plain = fitted(data, REGISTERS, NETWORK, **settings)
    np.testing.assert_allclose(filled.params, plain.params, rtol=0, atol=1e-4)
    np.testing.assert_allclose(filled.history.losses, plain.history.losses, rtol=1e-5)


def test_weights_of_one_are_no_weights_at_all() -> None:
    """All weights are 1 where there are none, so that both share a program."""
    data, programs = data_of(104, 0), advance_by_minibatches._cache_size()
    settings: dict[str, Any] = {"objective": hb.ELBO(0.1), "steps": 40}
    results = [fitted(data, REGISTERS, NETWORK, sample_weight=weights, **settings) for weights in (None, np.ones(83))]
    np.testing.assert_array_equal(results[0].params, results[1].params)
    assert advance_by_minibatches._cache_size() <= programs + 1


def test_minibatches_are_those_of_all_examples_and_no_more() -> None:
    """Where there are several, no row fills up: which examples they hold depends on how many there are."""
    energies = NetworkEnergies(NETWORK, data_of(104, 0).train)
    whole, parts = (cast(ExamplesOnDevice, energies.on_device(whole=whole)) for whole in (True, False))
    assert whole.weights is not None
    assert (len(whole.y), int(whole.n_examples)) == (96, 83)
    assert (len(parts.y), parts.n_examples, parts.weights) == (83, 83, None)
    np.testing.assert_array_equal(whole.weights, np.r_[np.ones(83), np.zeros(13)])


@pytest.mark.parametrize("examples", [1, 15, 31, 32, 33, 63, 65, 83, 120, 121, 255, 1025, 70_001])
def test_few_rows_are_added(examples: int) -> None:
    assert examples <= shared_size(examples) <= max(examples * 17 / 16, examples + SHARED_ROWS - 1)
    assert shared_size(shared_size(examples)) == shared_size(examples)
