"""How large an OpenQASM program is, read off its text before a parser makes room for what it declares.

Qiskit makes an object for each qubit and bit, and writes out each gate that a program defines by others: a line of text
may take all memory.
"""

import ast
import math
import operator
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from hyperborn.circuits.gate_list import MOST_GATES, check_read_size
from hyperborn.errors import UserError
from hyperborn.printable import shown

Size: TypeAlias = int | float
"""A whole number, or infinity."""

BRACKETS = r"\s*\[([^\]]*)\]"
SIZES = {2: rf"\b([qc]reg)\s+\w+{BRACKETS}", 3: rf"\b(?:(qubit|bit)|([qc]reg)\s+\w+){BRACKETS}"}
"""What a register is declared by in each version: a word, and its size in brackets."""

CONSTANT = re.compile(r"\bconst\s+u?int(?:\s*\[[^\]]*\])?\s+(\w+)\s*=\s*([^;]*);")
PHYSICAL_QUBIT = re.compile(r"\$(\d+)")
CONTROLS = re.compile(r"\bctrl\s*\((.*?)\)\s*@")
DEFINITION = re.compile(r"\bgate\s+(\w+)[^{};]*\{([^{}]*)\}")
GATE_NAME = re.compile(r"(?:.*@)?\s*(\w+)", re.DOTALL)

LONGEST_SIZE = 200
"""Characters of a size in a program."""

LARGEST_NUMBER = 2**63
"""Numbers beyond count as infinite, so that no power of powers is written out."""

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


def check_size(source: str, text: str, version: int) -> None:
    """Check that Qiskit can read a program without comments, whose version is 2 or 3, in little memory.

    Raises:
        UserError: if it declares or uses over `MOST_READ_QUBITS` qubits or classical bits, or the gates that it defines
            by others make over `MOST_GATES` gates.
    """
    constants: dict[str, Size] = {}
    for name, value in CONSTANT.findall(text):
        found = size_of(value, constants)
        if found is not None:
            constants[name] = found
    totals: dict[str, Size] = {"qubits": 0, "classical bits": 0}
    for *words, size in re.findall(SIZES[version], text):
        found = size_of(size, constants)
        if found is None:
            raise UserError(f"{source} has a register of the size {shown(size.strip())}; write a whole number")
        totals["qubits" if {"qubit", "qreg"} & set(words) else "classical bits"] += found
    if version == 3:
        physical = (1 + size_of_digits(digits) for digits in PHYSICAL_QUBIT.findall(text))
        controls = (size_of(size, constants) or 0 for size in CONTROLS.findall(text))
        totals["qubits"] = max((totals["qubits"], *physical, *controls))
    for what, total in totals.items():
        check_read_size(source, what, total)
    if gates_of(text) > MOST_GATES:
        raise UserError(
            f"{source} defines gates that make over {MOST_GATES:,} gates, the limit of a circuit; give a shorter one"
        )


def size_of(text: str, constants: Mapping[str, Size]) -> Size | None:
    """The value of a whole-number expression, infinite if it is over `LARGEST_NUMBER`; None if it is none."""
    if len(text) > LONGEST_SIZE:
        return None
    try:
        return value_of(ast.parse(text.strip(), mode="eval").body, constants)
    except (SyntaxError, ValueError, KeyError, ArithmeticError, TypeError, MemoryError, RecursionError):
        return None


def size_of_digits(digits: str) -> Size:
    """The number of these decimal digits, as `size_of` gives it."""
    return int(digits) if len(digits) < len(str(LARGEST_NUMBER)) else math.inf


def value_of(node: ast.expr, constants: Mapping[str, Size]) -> Size:
    """The value of a part of an expression.

    Raises:
        KeyError: for a name or an operator that is not known.
        TypeError, ArithmeticError, ValueError: for what has no value.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        found: Size = node.value
    elif isinstance(node, ast.Name):
        found = constants[node.id]
    elif isinstance(node, ast.UnaryOp):
        found = OPERATORS[type(node.op)](value_of(node.operand, constants))
    elif isinstance(node, ast.BinOp):
        left, right = value_of(node.left, constants), value_of(node.right, constants)
        if isinstance(node.op, ast.Pow | ast.LShift) and abs(right) > LARGEST_NUMBER.bit_length():
            found = math.inf
        else:
            found = OPERATORS[type(node.op)](left, right)
    else:
        raise TypeError(f"{type(node).__name__} is no whole number")
    return found if abs(found) < LARGEST_NUMBER else math.inf


def gates_of(text: str) -> Size:
    """The most gates that an instruction or the definitions of a program stand for, each written out in full."""
    counts: dict[str, Size] = {}
    for name, body in DEFINITION.findall(text):
        counts[name] = written_out(body.split(";"), counts)
    return written_out(DEFINITION.sub(";", text).split(";"), counts) if counts else 0


def written_out(statements: Iterable[str], counts: Mapping[str, Size]) -> Size:
    """Gates that statements stand for, of which `counts` has those of the defined ones."""
    names = (GATE_NAME.match(statement) for statement in statements if statement.strip())
    return sum(min(counts.get(found[1], 1), LARGEST_NUMBER) for found in names if found is not None)
