"""What serves where nothing is chosen."""

import inspect
from dataclasses import fields
from typing import Any

import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.regimes import REGIMES, regime_for, regime_of


@pytest.mark.parametrize(
    ("examples", "batch_size", "steps"),
    [
        (40, 128, 1500),  # one batch of all
        (127, 128, 1500),
        (3200, 128, 1500),  # 25 batches, 60 times
        (3328, 128, 1560),
        (25_600, 128, 12_000),
        (48_000, 128, 12_000),
        (1_000, 1, 12_000),
    ],
)
def test_steps_are_sixty_epochs_within_bounds(examples: int, batch_size: int, steps: int) -> None:
    assert REGIMES["minibatch"].default_steps(examples, batch_size) == steps


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "128", None, True], ids=repr)
def test_batches_of_no_size_are_refused(batch_size: Any) -> None:
    with pytest.raises(UserError, match=r"^batch_size=.* must be a whole number of at least 1$"):
        definition_with_defaults(hb.networks.BinaryMLP(2, hidden=()), 100, batch_size=batch_size)


def test_the_estimator_suits_the_posterior() -> None:
    assert regime_for(hb.Registers(3)).default_estimator() == hb.FirstOrder()
    assert regime_for(hb.Register(hb.circuits.AllPairs(3))).default_estimator() == hb.Exact()
    on_backend = hb.ShotRegister(hb.circuits.AllPairs(3), hb.backends.Statevector())
    assert regime_for(on_backend).default_estimator() == hb.SPSA()


def test_fit_on_registers_takes_them_all(data: Dataset) -> None:
    network = hb.networks.BinaryMLP(2, hidden=(3,), activation="tanh", bias=False, scale="learned")
    found = hb.fit(network, data, posterior=hb.Registers(network), steps=1, progress=False).definition
    assert (found.posterior, found.estimator) == (hb.Registers(network), hb.FirstOrder())
    assert (found.restarts, found.batch_size, found.optimizer) == (1, 128, hb.Adam(0.1))
    # They would be of no use, whatever is given.
    regime = regime_of(found)
    assert (regime.annealing(found), regime.plateau(found)) == (None, None)


def test_fit_repeats_the_defaults_as_they_are() -> None:
    ours, own = (inspect.signature(thing).parameters for thing in (definition_with_defaults, hb.fit))
    shared = own.keys() & ours.keys()
    assert shared >= {field.name for field in fields(Definition)}
    # Where no network is given, `hb.fit` chooses one.
    shared -= {"network"}
    assert {name: own[name].default for name in shared} == {name: ours[name].default for name in shared}
