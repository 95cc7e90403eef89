"""From a configuration to what is trained."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.config import Configuration, RunConfig, configured
from hyperborn.config.datasets import data_of
from hyperborn.config.definitions import definition_of
from hyperborn.data import Dataset, Split
from hyperborn.errors import UserError
from hyperborn.predictive import ClassProbabilities
from hyperborn.selection import choose, choosing
from hyperborn.selection.budget import Plan
from hyperborn.selection.candidates import candidates_of
from hyperborn.selection.choosing import affordable, parts_of, preferred, reason_of_less
from hyperborn.selection.cross_fitting import Answer, HeldOut
from hyperborn.training.definition import Definition

QUICK = {"data": "iris", "classes": ["1", "2"], "effort": "quick", "steps": 60}


def config(**given: Any) -> RunConfig:
    return configured(RunConfig, None, QUICK | given)


def load(config: Configuration) -> Dataset:
    return data_of(config, lambda _: None)


def test_the_chosen_one_learns_from_all_examples_but_the_tests() -> None:
    steps: list[tuple[int, int]] = []
    found = choose(config(), load, progress=lambda *done: steps.append(done))
    choice = found.choice
    assert choice is not None
    assert (len(found.data.train), len(found.data.validation), len(found.data.test)) == (80, 0, 20)
    assert (choice.method, choice.folds, choice.refitted) == ("folds", 3, True)
    assert [score.examples for score in choice.candidates] == [80, 80, 80]
    assert choice.candidates[0].nll <= choice.candidates[1].nll <= choice.candidates[2].nll
    wanted = config().model_copy(update=dict(choice.best.settings))
    assert found.definition == definition_of(wanted, found.data, "elbo")
    assert steps[-1] == (9, 9)


def test_a_choice_can_be_repeated() -> None:
    assert choose(config(), load).choice == choose(config(), load).choice


def test_a_validation_share_that_is_given_is_what_scores_are_of() -> None:
    found = choose(config(validation=0.3), load)
    choice = found.choice
    assert choice is not None
    assert (choice.method, choice.folds) == ("validation", 1)
    assert [score.examples for score in choice.candidates] == [30, 30, 30]
    assert (len(found.data.train), len(found.data.validation)) == (80, 0)


def test_without_a_refit_the_model_is_the_one_that_was_scored() -> None:
    found = choose(config(refit=False), load)
    choice = found.choice
    assert choice is not None
    assert not choice.refitted
    assert (len(found.data.train), len(found.data.validation)) == (60, 20)
    definition = found.definition
    result = hb.fit(
        definition.network,
        found.data,
        posterior=definition.posterior,
        objective=definition.objective,
        steps=60,
        progress=False,
    )
    p = result.predict_proba(found.data.validation.x, calibrated=False)
    own = ClassProbabilities(p).calibrated(choice.calibration).scores(found.data.validation.y)
    assert own == pytest.approx(dict(choice.scores), abs=1e-5)


def test_regressions_are_chosen_among_as_well() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    data = hb.data.from_arrays(x, 3 * x[:, 0] + 10, task="regression", validation=0.0)
    found = choose(configured(RunConfig, None, {"data": "iris", "effort": "quick", "steps": 60}), lambda _: data)
    assert found.choice is not None
    assert set(found.choice.scores) >= {"rmse", "nll", "r2"}
    assert found.data is data


def test_one_candidate_is_trained_without_a_choice() -> None:
    found = choose(configured(RunConfig, None, {"data": "iris", "classes": ["1", "2"], "patience": 50}), load)
    assert found.choice is None
    assert (len(found.data.train), len(found.data.validation)) == (60, 20)
    assert isinstance(found.definition.posterior, hb.Register)
    with pytest.raises(UserError, match="effort goes with a choice among candidates"):
        choose(config(patience=50), load)


def test_one_example_of_each_class_leaves_nothing_to_choose_by() -> None:
    data = hb.data.from_arrays(np.eye(3), np.arange(3), validation=0.0, test=0.0)
    found = choose(configured(RunConfig, None, {"data": "iris"}), lambda _: data)
    assert found.choice is None
    assert found.definition.network.hidden == (64,)


def test_a_candidate_whose_training_fails_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_of = choosing.answer_of

    def failing(definition: Definition, *rest: Any) -> Any:
        if definition.objective == hb.ELBO(0.03):
            raise UserError("the loss of restart 0 is nan")
        return answer_of(definition, *rest)

    monkeypatch.setattr(choosing, "answer_of", failing)
    choice = choose(config(), load).choice
    assert choice is not None
    assert [score.settings["beta"] for score in choice.candidates] == [0.1]

    def hopeless(*_: Any) -> Any:
        raise UserError("the loss of restart 0 is nan")

    monkeypatch.setattr(choosing, "answer_of", hopeless)
    with pytest.raises(UserError, match="the loss of restart 0 is nan"):
        choose(config(), load)


def test_convolutions_are_not_tried_on_many_images_unless_asked_for() -> None:
    x = np.random.default_rng(0).random((20, 784))
    one = hb.data.from_arrays(x, np.arange(20) % 2, validation=0.0, test=0.0)
    many = np.zeros(40_000, np.int64)
    images = replace(one, image_shape=(28, 28), test=one.train.rows(many))

    def names(**given: Any) -> list[str]:
        chosen = config(**{"data": "digits", "classes": None, "effort": "quick"} | given)
        return [candidate.name for candidate in affordable(chosen, candidates_of(chosen, images), images, said.append)]

    said: list[str] = []
    assert not any("convolutions" in name for name in names())
    assert said == [
        "40,020 images are many for convolutions, which are not tried (--effort thorough tries them, --network conv "
        "takes them)"
    ]
    assert len(names(network="conv")) == 2
    assert any("convolutions" in name for name in names(effort="thorough"))
    assert len(said) == 1


def test_examples_of_weight_zero_are_in_no_fold_and_classes_weigh_in_a_validation_split() -> None:
    data = load(config(validation=0.3))
    weights = np.ones(len(data.train))
    weights[::3] = 0.0
    weighted = replace(data, train=data.train.weighted("weights", weights))
    plan = Plan(2, (2,), 1, 1, 1.0)
    [(train, held_out)] = parts_of(replace(weighted, class_weight={"versicolor": 3.0}), plan, 0)
    assert len(train) == int(weights.sum())
    np.testing.assert_array_equal(held_out.weights, np.where(data.validation.y == 0, 3.0, 1.0))
    folds = parts_of(replace(weighted, validation=data.validation.rows(np.zeros(0, int))), replace(plan, parts=3), 0)
    assert sum(len(held) for _, held in folds) == int(weights.sum())


def test_what_was_not_tried_is_said() -> None:
    assert reason_of_less(0, "normal") == ""
    assert reason_of_less(3, "normal") == "; 3 more would have taken too long (--effort thorough tries more)"
    assert "--effort" not in reason_of_less(3, "thorough")


def test_of_level_candidates_the_simplest_is_taken() -> None:
    data = load(config())
    small, large, _ = candidates_of(config(), data)  # 64 tanh units with a β of 0.03 and of 0.1
    y = np.arange(40) % 2
    logit = np.where(y == 1, 1.4, -1.4)
    best = 1 / (1 + np.exp(-logit))
    # Now a little better and now a little worse than the best one, which by convexity makes it worse on average.
    level = 1 / (1 + np.exp(-logit * np.where(np.arange(40) % 4 < 2, 1.02, 0.98)))

    def held(p: np.ndarray) -> HeldOut:
        predictions = ClassProbabilities(np.stack([1 - p, p], axis=1))
        return HeldOut().added(Answer(predictions, lambda: predictions), Split(np.zeros((40, 1)), y))

    worse = held(np.full(40, 0.5))
    assert preferred([small, large], {small.name: held(best), large.name: worse}) == (small, False)
    assert held(level).losses.mean() > held(best).losses.mean()
    assert preferred([small, large], {small.name: held(best), large.name: held(level)}) == (large, True)
