"""Gate records and bits in the words of other frameworks: the one place where orders of qubits are converted."""
