"""Programs that declare or define more than can be read: refused by their text, before a parser makes room for them."""

import time

import pytest

from hyperborn.circuits import GateList, from_qasm
from hyperborn.errors import UserError

TWO = 'OPENQASM 2.0; include "qelib1.inc"; '
THREE = 'OPENQASM 3.0; include "stdgates.inc"; '
DOUBLED = "gate a0 x { h x; t x; } " + " ".join(f"gate a{i} x {{ a{i - 1} x; a{i - 1} x; }}" for i in range(1, 40))
QUBITS = r"the program has 100,000 qubits, over the limit of 10,000 of a circuit that is read"
BITS = r"the program has 1,000,000,000 classical bits, over the limit of 10,000"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (TWO + "qreg q[100000]; h q[0];", QUBITS),
        (TWO + "qreg // of many\n q /* : */ [ 100000 ] ; h q[0];", QUBITS),
        (TWO + "".join(f"qreg q{i}[1000];" for i in range(100)), QUBITS),
        (TWO + "qreg q[2]; creg c[1000000000];", BITS),
        (THREE + "qubit[100000] q;", QUBITS),
        (THREE + "qubit /* many */ [100_000] q;", QUBITS),
        (THREE + "qubit[0x186a0] q;", QUBITS),
        (THREE + "qreg q[100000];", QUBITS),
        (THREE + "const int n = 100; const uint[64] m = n * n; qubit[m * 10] q;", QUBITS),
        (THREE + "qubit[10 ** 5] q;", QUBITS),
        (THREE + "qubit[9 ** 9 ** 9] q;", "the program has more than 2.63 qubits"),
        (THREE + "qubit[1 << 999999999999] q;", "the program has more than 2.63 qubits"),
        (THREE + "qubit[60000] a; qubit[40000] b;", QUBITS),
        (THREE + "qubit[2] q; bit[1000000000] c;", BITS),
        (THREE + "h $99999;", QUBITS),
        (THREE + "h $" + "9" * 5000 + ";", "the program has more than 2.63 qubits"),
        (THREE + "qubit[2] q; ctrl(100000) @ x q;", QUBITS),
        (THREE + "qubit[n] q;", "the program has a register of the size 'n'; write a whole number"),
        (THREE + f"qubit[{'(' * 50_000}4{')' * 50_000}] q;", "has a register of the size .*; write a whole number"),
        (TWO + f"qreg q[1]; {DOUBLED} a39 q[0];", "the program defines gates that make over 1,000,000 gates"),
        (THREE + f"qubit q; {DOUBLED} ctrl @ a39 q;", "the program defines gates that make over 1,000,000 gates"),
        (TWO + " " * 2**24, r"the program has 16,777,\d+ characters, over the limit of 16,777,216 of OpenQASM 2"),
        (THREE + " " * 2**22, r"the program has 4,194,\d+ characters, over the limit of 4,194,304 of OpenQASM 3"),
    ],
)
def test_programs_that_are_too_large(program: str, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(UserError, match=said) as raised:
        from_qasm(program)
    assert "\n" not in str(raised.value)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("program", "read"),
    [
        (TWO + "qreg bit[2]; creg c[2]; x bit[1]; // qreg q[100000];", GateList(2, [("x", 1)])),
        (TWO + "gate m a { h a; t a; } qreg q[1]; m q;", GateList(1, [("h", 0), ("t", 0)])),
        (THREE + "qubit[2 * 3] q; x q[5]; /* qubit[100000] r; */", GateList(6, [("x", 5)])),
        (THREE + "qubit[10_000] q;", GateList(10_000, [])),
        (THREE + "x $2;", GateList(3, [("x", 2)])),
    ],
)
def test_what_is_not_too_large_is_read(program: str, read: GateList) -> None:
    assert from_qasm(program) == read
