"""Angles from Qiskit's expressions of parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hyperborn.circuits.angle import Angle
from hyperborn.errors import UserError, is_number
from hyperborn.packages import imported
from hyperborn.printable import printable, shown

BINDING = ", or bind its parameters first, in Qiskit by circuit.assign_parameters(...)"
REMEDY = "give a number of radians or an affine function of parameters, such as 2*a - pi/2"


def angle_of_expression(given: Any, parameters: Mapping[Any, int], instruction: str) -> Angle:
    """The angle (radians) of an instruction, given as a number or as Qiskit's expression.

    Coefficients are derivatives, which are numbers in an affine expression alone.

    Args:
        given: the number or expression.
        parameters: index of each of Qiskit's parameters.
        instruction: what the angle is of, for the message.

    Raises:
        UserError: for an expression that is not affine, or no finite real number.
    """
    module = imported("qiskit.circuit", "qiskit", "from_qiskit")
    if not isinstance(given, module.ParameterExpression):
        return Angle(real(given, given, instruction))
    own = sorted(given.parameters, key=parameters.__getitem__)
    terms = tuple((parameters[one], real(derivative(given, one), given, instruction)) for one in own)
    constant = given.bind(dict.fromkeys(own, 0.0))
    return Angle(real(number_of(constant), given, instruction), terms)


def derivative(expression: Any, parameter: Any) -> Any:
    """The derivative of an expression by a parameter: a number, or an expression if it is none."""
    try:
        return number_of(expression.gradient(parameter))
    except RuntimeError:
        # Such as that of sign(a).
        return None


def number_of(value: Any) -> Any:
    """The number that an expression without parameters is; anything else as it is."""
    return value.numeric() if hasattr(value, "numeric") and not value.parameters else value


def real(value: Any, given: Any, instruction: str) -> float:
    """A finite real number, of Python's kinds or NumPy's.

    Raises:
        UserError: for anything else.
    """
    plain: Any = value.item() if isinstance(value, np.generic) else value
    found: Any = plain.real if isinstance(plain, complex) and plain.imag == 0 else plain
    if not is_number(found):
        is_expression = bool(getattr(given, "parameters", ()))
        text = printable(str(given)) if is_expression else shown(given)
        raise UserError(f"the angle {text[:200]} of {instruction}: {REMEDY}{BINDING if is_expression else ''}")
    return float(found)
