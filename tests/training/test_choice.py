"""What is kept of a choice among candidates."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hyperborn.errors import UserError
from hyperborn.training.choice import CandidateScore, Choice, choice_from_record

LINEAR = CandidateScore("64 linear units", {"hidden": [64], "beta": 0.03}, 0.421, 0.012, 0.9, {"accuracy": 0.8}, 100)
RELU = CandidateScore("64 relu units", {"hidden": [64], "beta": 0.1}, 0.4194, 0.013, 0.7, {"accuracy": 0.81}, 100)
CHOICE = Choice((RELU, LINEAR), 1, "it is the simplest", "folds", 5, True)


def test_a_choice_comes_back_from_its_record() -> None:
    assert choice_from_record(json.loads(json.dumps(CHOICE.to_record()))) == CHOICE


def test_the_chosen_one_calibrates_and_is_named_first() -> None:
    assert (CHOICE.calibration, CHOICE.scores) == (0.9, {"accuracy": 0.8})
    assert CHOICE.text == "64 linear units (cross-fitted NLL 0.421 ± 0.012; next: 64 relu units 0.419)"
    assert replace(CHOICE, method="validation").text.startswith("64 linear units (validation NLL")


@pytest.mark.parametrize(
    "change",
    [
        {"chosen": 2},
        {"chosen": "0"},
        {"method": "guess"},
        {"folds": 2.5},
        {"refitted": 1},
        {"why": None},
        {"candidates": []},
        {"candidates": [vars(LINEAR) | {"calibration": 0.0}]},
        {"candidates": [vars(LINEAR) | {"nll": "low"}]},
        {"candidates": [vars(LINEAR) | {"more": 1}]},
        {"candidates": 3},
        {"more": 1},
    ],
)
def test_a_damaged_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="the choice of a run"):
        choice_from_record(CHOICE.to_record() | {"chosen": 0} | change)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(UserError, match="the choice of a run"):
        choice_from_record([1])
