from typing import Any

import pytest

from hyperborn.circuits import Gate
from hyperborn.errors import UserError


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
        (("ry", (0,)), "gate 'ry' takes 1 angles, not 0"),
        (("u", (0,), 3), "gate 'u' takes 3 angles, not 1"),
        (("cx", (0, 1), 0), "gate 'cx' takes no angles, not 1"),
        (("ccx", (0, 1, 0)), "gate 'ccx' takes 3 distinct qubits"),
        (("cnot", (0, 1)), "gate 'cnot' is not known; the gates are h, x, y, z, s, sdg, t, tdg, sx, rx"),
        ((["ry"], (0,), 0), "is not known"),
        (("ry", 0, 0), "takes a tuple of 1 distinct qubits, not 0"),
        (("ry", (0.5,), 0), "a qubit of gate 'ry'=0.5 must be a whole number"),
        (("ry", (-1,), 0), "a qubit of gate 'ry'=-1"),
        (
            ("ry", (0,), 1.57),
            "parameter of gate 'ry'=1.57 must be a whole number .*for a fixed angle give hb.circuits.Angle.1.57.",
        ),
        (("ry", (0,), True), "parameter of gate 'ry'=True"),
    ],
)
def test_gates_that_make_no_sense(arguments: tuple[Any, ...], named: str) -> None:
    """At once, not in the simulator: an angle in radians in place of its index is the likeliest mistake."""
    with pytest.raises(UserError, match=named):
        Gate(*arguments)
