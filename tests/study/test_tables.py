"""A study's tables, word for word."""

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.report.plots import Outcome
from hyperborn.stats import Estimate
from hyperborn.study.statistics import Difference
from hyperborn.study.tables import differences_table, means_table, outcomes_table, trainability_table
from hyperborn.study.trainability import Trainability

ROWS = [
    {"task": task, "size": size, "seed": seed, "method": method, "accuracy": value}
    for task, size, method, values in (
        ("iris", 80, "a|b", [0.75, 0.85]),
        ("iris", 40, "a|b", [0.5, 0.5]),
        ("iris", 40, "MLE", [0.9]),
        ("wine", 40, "MLE", [0.8, 0.81, 0.82]),
    )
    for seed, value in enumerate(values)
]


def difference(n: int, mean: float, low: float, high: float, corrected_p: float, metric: str = "nll") -> Difference:
    values = tuple(np.full(n, mean).tolist())
    seeds = tuple(range(n))
    own = Estimate(mean, 0.01, n)
    return Difference("a|b", "MLE", metric, "iris", 40, seeds, values, own, low, high, 0.001, corrected_p)


def test_scores() -> None:
    assert means_table(ROWS, "accuracy") == [
        "| task | size | a\\|b | MLE |",
        "| --- | ---: | ---: | ---: |",
        "| iris | 40 | 0.500 ± 0.000 | 0.900 |",
        "| iris | 80 | 0.800 ± 0.050 | – |",
        "| wine | 40 | – | 0.810 ± 0.006 |",
    ]


def test_scores_that_are_no_numbers() -> None:
    with pytest.raises(UserError, match=r"^accuracy=nan of method 'MLE' on task 'wine', size 40, seed 2 is no finite"):
        means_table([*ROWS[:-1], ROWS[-1] | {"accuracy": float("nan")}], "accuracy")


def test_outcomes() -> None:
    found = [
        Outcome("a|b", "MLE", "accuracy", 5, 20, 11, 12, -0.01234, -0.0201, 0.0004, False),
        Outcome("a|b", "MLE", "nll", 1, 2, 3, 2, 1.5, 1.25, 1.75, False),
        Outcome("c", "MLE", "nll", 0, 1, 0, 1, 0.25, -np.inf, np.inf, True),
    ]
    assert outcomes_table(found) == [
        "| method − reference | accuracy | wins/ties/losses | NLL (nats) | wins/ties/losses |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| a\\|b − MLE | −0.012 [−0.020, 0.000] | 5/20/11 | +1.500 [+1.250, +1.750] | 1/2/3 |",
        "| c − MLE | – | – | +0.250 | 0/1/0 |",
        "",
        "Too few seeds for any win or loss, even if every difference had one sign: c in NLL (nats).",
    ]


def test_differences() -> None:
    found = [difference(20, -0.0504, -0.08, -0.02, 0.0004), difference(20, -0.0004, -0.02, 0.01, 0.23456)]
    assert differences_table(found) == [
        "| metric | method − reference | task | size | seeds | difference | p (Holm) | verdict |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| NLL (nats) | a\\|b − MLE | iris | 40 | 20 | −0.050 [−0.080, −0.020] | < 0.001 | win |",
        "| NLL (nats) | a\\|b − MLE | iris | 40 | 20 | 0.000 [−0.020, +0.010] | 0.235 | tie |",
    ]


def test_a_family_that_cannot_hold_a_win_is_named() -> None:
    # Six seeds: p is 1/32 at least, which is below 0.05 alone and not when there are two.
    alone = [difference(6, -0.1, -0.1, -0.1, 1 / 32)]
    assert len(differences_table(alone)) == 3
    both = [
        *alone * 2,
        difference(6, -0.1, -0.1, -0.1, 1 / 32, "ece"),
        *[difference(5, 0.0, 0.0, 0.0, 1.0, "brier")],
    ]
    assert differences_table(both)[-2:] == [
        "",
        "Too few seeds for any win or loss, even if every difference had one sign: "
        "a\\|b in NLL (nats); a\\|b in Brier score.",
    ]


def test_trainability() -> None:
    found = [
        Trainability(
            "iris", 40, "a|b", 20, Estimate(0.0123, 0.0045, 20), Estimate(0.85, 0.0351, 20), Estimate(0.9, 0.02, 20)
        ),
        Trainability("iris", 80, "c", 1, Estimate(0.5, None, 1), None, Estimate(0.5, None, 1)),
        Trainability("iris", 80, "d", 1, None, None, None),
    ]
    assert trainability_table(found) == [
        "| method | task | size | seeds | spread of losses (nats) "
        "| share within 0.001 nats of the optimum | share within 0.001 nats of the best restart |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| a\\|b | iris | 40 | 20 | 0.012 ± 0.004 | 0.850 ± 0.035 | 0.900 ± 0.020 |",
        "| c | iris | 80 | 1 | 0.500 | – | 0.500 |",
        "| d | iris | 80 | 1 | – | – | – |",
    ]
