import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.training.fit import run


def test_energies_rise_geometrically_to_the_whole() -> None:
    annealing = hb.Annealing(0.01, 0.5)
    found = [float(annealing.inverse_temperature(jnp.int32(step), 400)) for step in (0, 100, 200, 300, 400)]
    np.testing.assert_allclose(found, [0.01, 0.1, 1, 1, 1], rtol=1e-6)


@pytest.mark.parametrize("start", [0.0, -1.0, 1.5, float("nan")])
def test_start_is_a_share_of_the_energy(start: float) -> None:
    with pytest.raises(UserError, match="annealing start = "):
        hb.Annealing(start)
    with pytest.raises(UserError, match="annealing share = "):
        hb.Annealing(share=start)


def test_no_plateau_ends_a_run_before_energies_are_whole(define, data: Dataset) -> None:
    early = hb.Plateau(patience=25, tolerance=1e3)
    found = [
        run(define(plateau=early, annealing=annealing), data, Progress(enabled=False)).steps
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
