from typing import Any

import pytest

from hyperborn.circuits import Gate


def test_gates_compare_by_value() -> None:
    assert Gate("ry", (1,), 3) == Gate("ry", (1,), 3)
    assert Gate("cx", (0, 1)) != Gate("cx", (1, 0))
    assert hash(Gate("rz", (2,), 0)) == hash(Gate("rz", (2,), 0))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("cx", (0,)), "2 distinct qubits"),
        (("cx", (1, 1)), "2 distinct qubits"),
        (("ry", (0, 1), 0), "1 distinct qubits"),
        (("ry", (0,)), "need one"),
        (("cx", (0, 1), 0), "only rotations"),
    ],
)
def test_gates_that_make_no_sense(arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Gate(*arguments)
