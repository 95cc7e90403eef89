import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.posteriors import ExactPosterior
from hyperborn.progress import Progress
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.exact import ExactProblem
from hyperborn.training.fit import run
from hyperborn.training.regime import Resources
from hyperborn.training.state import initial_state
from small_registers import Plain


def test_energies_rise_geometrically_to_the_whole() -> None:
    annealing = hb.Annealing(0.01, 0.5)
    found = [float(annealing.inverse_temperature(jnp.int32(step), 400)) for step in (0, 100, 200, 300, 400)]
    np.testing.assert_allclose(found, [0.01, 0.1, 1, 1, 1], rtol=1e-6)


def test_a_step_follows_energies_at_their_share_of_that_step(data: Dataset) -> None:
    """Two plain gradient steps of 10, against central differences of plain sums over all networks.

    Energies count 0.01 at step 0 and 0.01^0.9 at step 1: one step ahead, a gradient would be 1.6 times as long.
    """
    definition = definition_with_defaults(
        hb.networks.BinaryMLP(2, hidden=()),
        len(data.train),
        posterior=hb.Register(hb.circuits.ProductState(3)),
        objective=hb.MLE(),
        estimator=hb.Exact(),
        optimizer=Plain(),
        annealing=hb.Annealing(0.01, 1.0),
        steps=10,
        restarts=1,
        spread=0.3,
    )
    bits = oracle.all_bits(3)
    energies = np.array([oracle.nll(oracle.mlp_logits(row, data.train.x, (), 1), data.train.y) for row in bits])

    def expected_energy(angles: np.ndarray) -> float:
        one = np.sin(angles / 2) ** 2
        return float(np.prod(np.where(bits == 1, one, 1 - one), axis=1) @ energies)

    problem = ExactProblem(definition, ExactPosterior(energies))
    state = initial_state(definition)
    angles = np.asarray(state.params[0], np.float64)
    for step in range(2):
        slope = [(expected_energy(angles + h) - expected_energy(angles - h)) / 2e-5 for h in 1e-5 * np.eye(3)]
        angles = angles - 0.01 ** (1 - step / 10) * np.array(slope)
        state, _ = problem.advance(state, 1)
        np.testing.assert_allclose(state.params[0], angles, rtol=0, atol=1e-5)
        assert np.abs(slope).max() > 1


@pytest.mark.parametrize("start", [0.0, -1.0, 1.5, float("nan")])
def test_start_is_a_share_of_the_energy(start: float) -> None:
    with pytest.raises(UserError, match="annealing start = "):
        hb.Annealing(start)
    with pytest.raises(UserError, match="annealing share = "):
        hb.Annealing(share=start)


def test_no_plateau_ends_a_run_before_energies_are_whole(define, data: Dataset) -> None:
    early = hb.Plateau(patience=25, tolerance=1e3)
    found = [
        run(define(plateau=early, annealing=annealing), data, Resources(Progress(enabled=False))).steps
        for annealing in (None, hb.Annealing(0.01, 0.5))
    ]
    assert found == [25, 175]


def test_annealing_finds_modes_that_training_on_whole_energies_drops() -> None:
    data = hb.data.load("moons", size=200, seed=0)
    network = hb.networks.BinaryMLP(2, hidden=(2,))
    gaps = {
        annealing: hb.fit(network, data, annealing=annealing, restarts=1, progress=False).numbers["elbo_gap"]
        for annealing in (None, hb.Annealing())
    }
    assert gaps[hb.Annealing()] < 0.01
    # Two hidden units can change places: half of the modes is worth ln 2.
    assert gaps[None] > 0.5
