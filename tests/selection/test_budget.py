"""How much is tried, by the size of the data."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.config import RunConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.selection.budget import (
    EFFORTS,
    FEWEST_ROWS,
    FEWEST_STEPS,
    SECONDS_A_FLOAT,
    SECONDS_A_PREDICTED_FLOAT,
    SECONDS_A_PRODUCT,
    SECONDS_A_STEP,
    Plan,
    in_time,
    planned,
    predicts_in_time,
    seconds_of,
    seconds_of_predictions,
    seconds_of_step,
)
from hyperborn.selection.candidates import candidates_of
from hyperborn.training.definition import Definition


def dataset(rows: int, features: int, *, classes: int) -> hb.data.Dataset:
    """Of so many rows, of which the number alone counts: encoding all of them would take time."""
    x = np.random.default_rng(0).random((20, features))
    few = hb.data.from_arrays(x, np.arange(20) % classes, validation=0.0, test=0.0)
    return replace(few, train=hb.data.Split(np.zeros((rows, features)), np.arange(rows) % classes))


def definitions(rows: int, features: int, **given: Any) -> list[Definition]:
    data = dataset(rows, features, classes=2)
    config = configured(RunConfig, None, {"data": "iris"} | given)
    return [definition_of(candidate.config, data, "elbo") for candidate in candidates_of(config, data)]


def plan(rows: int, features: int, effort: str = "normal", held_out: int = 0) -> Plan:
    return planned(definitions(rows, features, effort=effort), rows, held_out, EFFORTS[effort])


def test_small_tables_have_all_folds_for_every_candidate() -> None:
    found = plan(100, 4)
    assert found.rounds == (8,) * 5
    assert (found.parts, found.share) == (5, 1)


def test_larger_ones_give_candidates_up_then_hold_one_part_out() -> None:
    assert plan(600, 30).rounds == (7, 7, 3, 3, 3)
    assert plan(900, 45).rounds == (7, 4, 3, 3, 3)
    assert plan(5000, 60).rounds == (7,)
    assert plan(5000, 60).parts == 5


@pytest.mark.parametrize(("rows", "features"), [(24, 10), (200, 60), (1000, 60), (2000, 30), (5000, 60)])
def test_ordinary_tables_take_20_seconds_at_most(rows: int, features: int) -> None:
    assert plan(rows, features).seconds < 20
    assert plan(rows, features, "quick").seconds < plan(rows, features).seconds


def test_large_data_are_looked_at_in_part() -> None:
    found = plan(60_000, 784)
    assert found.share == 60_000 // FEWEST_ROWS
    assert 2 <= found.candidates < 7
    assert found.rounds == (found.candidates,)


def test_a_validation_split_is_the_only_round() -> None:
    found = plan(100, 4, held_out=25)
    assert (found.rounds, found.parts) == ((8,), 1)


def test_few_examples_make_few_folds() -> None:
    assert plan(6, 4).parts == 3
    assert plan(4, 4, "thorough").parts == 2


def convolutions(rows: int, side: int, **given: Any) -> list[Definition]:
    images = replace(dataset(rows, side**2, classes=10), image_shape=(side, side))
    config = configured(RunConfig, None, {"data": "digits", "network": "conv"} | given)
    return [definition_of(candidate.config, images, "elbo") for candidate in candidates_of(config, images)]


def test_weights_that_are_shared_over_positions_take_the_time_of_the_memory_they_go_through() -> None:
    small = convolutions(300, 8)[0]
    # At most 4 positions of 9 x 16 inputs, and maps of 16 channels, 4 x 4 and padded; four draws and 128 examples.
    floats = 4 * 9 * 16 + (4 * 4 + 5 * 5) * 16 + 4 * 10
    expected = SECONDS_A_PRODUCT * 6032 + SECONDS_A_FLOAT * floats
    assert seconds_of_step(small, 300) == pytest.approx(SECONDS_A_STEP + 4 * 128 * expected)
    # Fewer than two minibatches are taken at once.
    assert seconds_of_step(small, 200) == pytest.approx(SECONDS_A_STEP + 4 * 200 * expected)
    steps = small.steps * seconds_of_step(small, 300)
    assert seconds_of(small, 300, 0) == pytest.approx(steps)
    assert seconds_of(small, 300, 50) == pytest.approx(steps + 50 * SECONDS_A_PREDICTED_FLOAT * floats)


@pytest.mark.parametrize(
    ("side", "channels", "milliseconds"), [(8, [16, 32], 3.9), (28, [8, 16], 26.8), (28, [16, 32], 56.4)]
)
def test_steps_of_convolutions_take_what_was_measured(side: int, channels: list[int], milliseconds: float) -> None:
    network = convolutions(300, side, channels=channels)[0]
    assert seconds_of_step(network, 300) == pytest.approx(1e-3 * milliseconds, rel=0.25)


def test_such_networks_take_as_many_steps_as_there_is_time_for() -> None:
    large = convolutions(3000, 28)[0]
    short = in_time(large, 3000, 10.0)
    assert seconds_of(short, 3000, 0) == pytest.approx(10, rel=0.01)
    assert in_time(large, 3000, 1000.0) == large
    assert in_time(large, 3000, 0.1).steps == FEWEST_STEPS
    units = definitions(3000, 784)[0]
    assert in_time(units, 3000, 0.1) == units


def test_many_images_take_too_long_to_predict() -> None:
    small, large = convolutions(300, 8)[0], convolutions(300, 28)[0]
    assert predicts_in_time(small, 1797, EFFORTS["quick"])
    assert predicts_in_time(large, 70_000, EFFORTS["normal"])
    assert not predicts_in_time(large, 70_000, EFFORTS["quick"])
    assert not predicts_in_time(large, 340_000, EFFORTS["normal"])
    assert predicts_in_time(large, 340_000, EFFORTS["thorough"])
    assert predicts_in_time(definitions(300, 784)[0], 70_000, EFFORTS["quick"])


def test_many_predictions_of_units_are_compiled() -> None:
    wide = definitions(300, 784)[0]
    assert seconds_of_predictions(wide, 10) == pytest.approx(10 * 1e-7 * wide.n_weights)
    # Of 20,000 images NumPy would take 100 seconds.
    assert seconds_of_predictions(wide, 20_000) < 4


def test_small_images_take_20_seconds_at_most() -> None:
    definitions = convolutions(1437, 8)
    assert planned(definitions, 1437, 0, EFFORTS["normal"]).seconds < 20
