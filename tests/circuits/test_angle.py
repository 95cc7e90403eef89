from math import pi
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.circuits import Angle, parameters
from hyperborn.errors import UserError

THETA = parameters(4)
NUMBERS = st.floats(-10, 10)
ANGLES = st.builds(
    lambda constant, terms: Angle(constant, tuple(terms)),
    NUMBERS,
    st.lists(st.tuples(st.integers(0, 3), NUMBERS), max_size=4),
)
VALUES = np.array([0.3, -1.2, 2.5, 0.7])


@given(ANGLES, ANGLES, NUMBERS)
def test_arithmetic_is_that_of_the_values(one: Angle, other: Angle, number: float) -> None:
    a, b = one.at(VALUES), other.at(VALUES)
    for found, expected in (
        (one + other, a + b),
        (one - other, a - b),
        (one + number, a + number),
        (number - one, number - a),
        (number * one, number * a),
        (one / 4, a / 4),
        (-one, -a),
        (sum([one, other]), a + b),
    ):
        assert found.at(VALUES) == pytest.approx(expected, abs=1e-9)


def test_an_angle_has_one_form() -> None:
    angle = 2 * THETA[3] - pi / 2 + THETA[1] + THETA[3]
    assert angle == Angle(-pi / 2, ((1, 1.0), (3, 3.0)))
    assert hash(angle) == hash(Angle(-pi / 2, ((3, 3.0), (1, 1.0))))
    assert THETA[0] - THETA[0] == Angle()
    assert (THETA[0] - THETA[0]).is_zero
    assert not Angle(1e-9).is_zero


def test_what_an_angle_depends_on() -> None:
    assert THETA[2].parameter == 2
    assert [(-THETA[2]).parameter, (THETA[2] + 1).parameter, (THETA[0] + THETA[2]).parameter, Angle(1.0).parameter] == [
        None
    ] * 4
    assert (THETA[3] - 2 * THETA[1]).parameters == (1, 3)
    assert (THETA[3] + 0.5).moved(lambda index: index + 10) == Angle(0.5, ((13, 1.0),))


def test_values_may_be_many_points() -> None:
    points = np.arange(8.0).reshape(2, 4)
    np.testing.assert_array_equal((THETA[1] * 2 - 1).at(points), [1.0, 9.0])


@pytest.mark.parametrize(
    ("angle", "text"),
    [
        (2 * THETA[3] - pi / 2, "2*theta[3] - pi/2"),
        (-THETA[0], "-theta[0]"),
        (THETA[1] - THETA[0] / 2, "-0.5*theta[0] + theta[1]"),
        (Angle(-0.25), "-0.25"),
        (Angle(), "0"),
    ],
)
def test_how_an_angle_is_written(angle: Angle, text: str) -> None:
    assert str(angle) == text


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Angle("pi"), "constant of an angle = 'pi': give a finite number"),
        (lambda: Angle(float("nan")), "constant of an angle = nan"),
        (lambda: Angle(0.0, ((0, float("inf")),)), "coefficient of an angle = inf"),
        (lambda: Angle(0.0, ((-1, 1.0),)), "index of a parameter=-1"),
        (lambda: Angle(0.0, ((1.5, 1.0),)), "index of a parameter=1.5"),
        (lambda: Angle(0.0, (3,)), "give pairs"),
        (lambda: parameters(-1), "n=-1"),
    ],
)
def test_angles_that_make_no_sense(make: Any, named: str) -> None:
    with pytest.raises(UserError, match=named):
        make()


@pytest.mark.parametrize("make", [lambda: THETA[0] * THETA[1], lambda: THETA[0] + "1", lambda: 1 / THETA[0]])
def test_only_affine_functions_can_be_written(make: Any) -> None:
    with pytest.raises(TypeError):
        make()
