import numpy as np
import pytest

import infinite_shots
from hyperborn.backends import Outcomes, Statevector
from hyperborn.posteriors import Registers
from hyperborn.training.shots.measurement import Measurement, stacked
from hyperborn.training.shots.posteriors import ShotRegisters

POSTERIOR = ShotRegisters(Registers(5, depth=1, grouping=((3, 0), (4, 1), (2,))), Statevector())
PARAMS = np.random.default_rng(0).uniform(-2, 2, POSTERIOR.n_parameters)
SHIFTED = np.stack([PARAMS, PARAMS + 0.4, PARAMS - 1.0, PARAMS + 2.0, PARAMS - 0.3])


@pytest.mark.parametrize(("points", "centre", "pairs"), [(5, 1, 2), (4, 0, 2), (1, 1, 0), (2, 0, 1)])
def test_places_of_points(points: int, centre: int, pairs: int) -> None:
    measurement = infinite_shots.measurement_of(POSTERIOR, SHIFTED[:points], centre)
    everything = list(range(points))
    assert measurement.pairs == pairs
    assert everything[measurement.plus] == everything[centre : centre + pairs]
    assert everything[measurement.minus] == everything[centre + pairs :]
    assert everything[measurement.reference] == (everything[:1] if centre else everything)


@pytest.mark.parametrize("width", [None, 3, 1])
@pytest.mark.parametrize("centre", [1, 0])
def test_networks_are_drawn_from_the_reference(centre: int, width: int | None) -> None:
    """Frequencies of 40,000 within 5 standard errors of the mean over the points around, or of the centre's q.

    Around, registers of one subcircuit are at the same point, those of different subcircuits at points of their own.
    """
    points = SHIFTED if centre else SHIFTED[1:]
    measurement = infinite_shots.measurement_of(POSTERIOR, points, centre, width)
    rows = measurement.networks(40_000, np.random.default_rng(1))
    here = points[:1] if centre else points
    tables = [
        (
            subcircuit.weights,
            np.mean(
                [infinite_shots.table_of(subcircuit.circuit, point[subcircuit.parameters]) for point in here], axis=0
            ),
        )
        for subcircuit in measurement.subcircuits
    ]
    q = infinite_shots.joined(tables, 5)
    found = np.bincount(rows.astype(int) @ [16, 8, 4, 2, 1], minlength=32) / 40_000
    error = np.sqrt(np.maximum(q * (1 - q), 1 / 40_000) / 40_000)
    assert (np.abs(found - q) < 5 * error).all()
    assert (np.abs(found - q[::-1]) > 20 * error).any()


def test_stacked_points_keep_their_owners() -> None:
    first = Outcomes(np.array([[0, 1], [1, 1]], np.uint8), np.array([0.25, 0.75]), 4)
    second = Outcomes(np.array([[1, 0]], np.uint8), np.array([1.0]), 4)
    rows, shares, owners = stacked([first, second])
    np.testing.assert_array_equal(rows, [[0, 1], [1, 1], [1, 0]])
    np.testing.assert_array_equal(shares, [0.25, 0.75, 1.0])
    np.testing.assert_array_equal(owners, [0, 0, 1])
    assert Measurement(POSTERIOR.subcircuits(None), ((first, second),), 0).pairs == 1
