import math
from math import pi
from typing import Any

import jax.numpy as jnp
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
        (lambda: Angle(0.0, ((0, 1e308), (0, 1e308))), "coefficient of an angle = inf"),
        (lambda: 1e31 * THETA[0], r"coefficient of an angle = 1e\+31: give a number of at most 1e\+30"),
        (lambda: Angle(1e308) + 1e308, "constant of an angle = inf"),
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


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: THETA[0] * THETA[1], r"theta\[0\] \* theta\[1\]"),
        (lambda: THETA[0] / THETA[1], r"theta\[0\] / theta\[1\]"),
        (lambda: THETA[0] / 0, r"theta\[0\] / 0"),
        (lambda: THETA[0] * float("nan"), r"theta\[0\] \* nan"),
        (lambda: THETA[0] * True, r"theta\[0\] \* True"),
        (lambda: THETA[0] - "1", r"theta\[0\] - '1'"),
        (lambda: 1 / THETA[0], r"1 / \(theta\[0\]\)"),
        (lambda: THETA[0] ** 2, r"a power of theta\[0\]"),
        (lambda: 2 ** THETA[0], r"2 to the power of theta\[0\]"),
        (lambda: THETA[0] % 2, r"a remainder or whole part of theta\[0\]"),
        (lambda: abs(THETA[0]), r"the absolute value of theta\[0\]"),
        (lambda: THETA[0] < 1, r"a comparison of theta\[0\]"),
        (lambda: THETA[0] >= 1, r"a comparison of theta\[0\]"),
        (lambda: float(THETA[0]), r"theta\[0\] as a number"),
        (lambda: int(THETA[0]), r"theta\[0\] as a number"),
        (lambda: math.sin(THETA[0]), r"theta\[0\] as a number"),
        (lambda: np.array(THETA, float), r"theta\[0\] as a number"),
        (lambda: np.sin(THETA[0]), r"np\.sin of theta\[0\]"),
        (lambda: np.float64(1) > THETA[0], r"np\.\w+ of theta\[0\]"),
        (lambda: np.array(THETA) * np.array(THETA), r"theta\[0\] \* theta\[0\]"),
        (lambda: jnp.ones(2) * THETA[0], r"theta\[0\] \* Array"),
    ],
)
def test_what_is_no_angle_is_said_in_a_line(make: Any, named: str) -> None:
    with pytest.raises(
        UserError, match=f"{named}.*: an angle is an affine function of parameters, .* 2.theta"
    ) as raised:
        make()
    assert "\n" not in str(raised.value)


def test_numbers_and_arrays_of_numpy_multiply_and_add_up() -> None:
    for two in (np.float64(2), np.float32(2), np.int64(2), np.array(2)):
        assert two * THETA[0] == THETA[0] * two == 2 * THETA[0]
        assert two - THETA[0] == 2 - THETA[0]
        assert THETA[0] / two == THETA[0] / 2
    assert list(np.array([1, 2]) * THETA[0]) == list(THETA[0] * np.array([1, 2])) == [THETA[0], 2 * THETA[0]]
    assert list(np.array([1.0, 2.0]) - THETA[0]) == [1 - THETA[0], 2 - THETA[0]]
    assert list(np.array(THETA) + np.pi) == [angle + pi for angle in THETA]
    assert (np.array([[1, 2, 0, 0]]) @ np.array(THETA)).tolist() == [THETA[0] + 2 * THETA[1]]
    assert np.sum(THETA) == sum(THETA)
    assert (np.float64(1) == THETA[0]) is False
    assert THETA[0] != np.float64(1)


def test_constants_are_reduced_and_mean_the_same() -> None:
    for constant in (1e300, -1e17, 12345.678, 7.0, -9.5):
        angle = Angle(constant, ((1, 2.0),)).reduced
        assert abs(angle.constant) <= 2 * pi
        assert angle.terms == ((1, 2.0),)
        for function in (math.sin, math.cos):
            assert function(angle.constant / 2) == pytest.approx(function(constant / 2), abs=1e-15)
    assert Angle(6.2).reduced == Angle(6.2)
