"""Names of the array shapes that recur, so that a signature says what it takes.

``n`` counts weights (= qubits), ``states`` is 2^n, ``networks`` counts given weight vectors, ``examples`` and
``features`` count rows and columns of data, ``classes`` counts classes.
"""

from typing import TypeAlias

import numpy as np
from jax import Array
from jaxtyping import Float, Int, Key, Real, UInt8

Bits: TypeAlias = UInt8[np.ndarray, "networks n"]
"""Weight vectors as bits, one network a row; column i is weight i (0 low value, 1 high value)."""

Examples: TypeAlias = Float[np.ndarray, "examples features"]
Labels: TypeAlias = Int[np.ndarray, " examples"]
Targets: TypeAlias = Real[np.ndarray, " examples"]
"""What is to be predicted: class indices, or numbers."""

EnergyTable: TypeAlias = Float[np.ndarray, " states"]
"""Energies (nats) of all 2^n networks or bit strings, float64, in index order: see `hyperborn.energy`."""

StateVector: TypeAlias = Float[Array, "2 states"]
"""Amplitudes as two real rows: real parts, imaginary parts."""

Probabilities: TypeAlias = Float[Array, " states"]
RandomKey: TypeAlias = Key[Array, ""]
Parameters: TypeAlias = Float[Array, "..."]
