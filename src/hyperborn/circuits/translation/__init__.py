"""Circuits from and to Qiskit, PennyLane and OpenQASM.

Qubits keep their numbers: qubit i is weight i here, and qubit or wire i there. What differs is how bits are written.
Hyperborn and PennyLane write qubit 0 first, as the most significant bit. Qiskit and OpenQASM write qubit 0 last.
"""
