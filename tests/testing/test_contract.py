"""What a broken contract says."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.circuits import Circuit, ProductState
from hyperborn.testing import ContractError
from hyperborn.testing.contract import broken, check_array, check_class, check_close, check_record


def test_the_error_is_one_line_and_an_assertion() -> None:
    error = broken(3, "its\nvalue", "is 1", "a \x07 bell")
    assert isinstance(error, AssertionError)
    assert str(error) == r"3: its value: is 1. The usual cause: a \x07 bell."


def test_the_entry_that_is_farthest_off_is_named() -> None:
    check_close("x", "numbers", [1.0, 2.0], [1.0, 2.0 + 1e-7], "none", absolute=1e-6)
    check_close("x", "numbers", [1.0, 2000.0], [1.0, 2000.1], "none", absolute=0.0, relative=1e-4)
    with pytest.raises(ContractError, match=r"'x': numbers: entry 1, 0 is 5, not 3. The usual cause: a typo"):
        check_close("x", "numbers", [[1.0, 2.5], [5.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]], "a typo", absolute=0.1)
    with pytest.raises(ContractError, match="entry 0 is nan, not 1"):
        check_close("x", "numbers", [np.nan, 9.0], [1.0, 2.0], "a typo", absolute=0.1)
    with pytest.raises(ContractError, match=r"the shape is \(1,\), not \(2,\)"):
        check_close("x", "numbers", [1.0], [1.0, 2.0], "a typo", absolute=0.1)


def test_arrays_have_a_shape_a_dtype_and_finite_numbers() -> None:
    check_array("x", "table", np.zeros(2), (2,), np.float64, "none")
    for found, said in [
        (np.zeros(2, np.float32), r"float32 of shape \(2,\), not float64 of shape \(2,\)"),
        (np.zeros(3), r"float64 of shape \(3,\), not"),
        (np.array([0.0, np.inf]), "entry 1 is inf, and has to be finite"),
    ]:
        with pytest.raises(ContractError, match=said):
            check_array("x", "table", found, (2,), np.float64, "none")


@dataclass
class Melting:
    """Not frozen, hence without a hash."""

    rate: float = 0.5


@dataclass(frozen=True)
class Unsettled:
    """Its hash changes from call to call."""

    def __hash__(self) -> int:
        return next(NUMBERS)


NUMBERS = iter(range(100))


def test_a_part_is_of_its_class_and_can_be_hashed() -> None:
    check_class(ProductState(2), Circuit)
    check_class(Melting(), Melting, hashable=False)
    for part, kind, said in [
        (ProductState, Circuit, "part = the class ProductState: give an instance of a class that follows Circuit"),
        (3, Circuit, "3: its class and hash, as of any Circuit: part = 3: give an instance"),
        (Melting(), Melting, "Melting cannot be hashed .* The usual cause: the class is no @dataclass.frozen=True"),
        (Unsettled(), Unsettled, "its hash: two calls give two numbers"),
    ]:
        with pytest.raises(ContractError, match=said):
            check_class(part, kind)


@dataclass(frozen=True)
class Growing(hb.MLE):
    """What it stores is not what it was given."""

    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", (*self.values, 1.0))


@dataclass(frozen=True)
class Holding(hb.MLE):
    """JSON holds no sets."""

    values: Any = frozenset({1})


def test_a_record_makes_an_equal_part() -> None:
    check_record(hb.ELBO(0.5), "objective")
    with pytest.raises(
        ContractError, match=r"its record as a run's objective: comes back as Growing\(values=\(1.0, 1.0\)\)"
    ):
        check_record(Growing(), "objective")
    with pytest.raises(ContractError, match=r"its record as a run's objective: .*set"):
        check_record(Holding(), "objective")
