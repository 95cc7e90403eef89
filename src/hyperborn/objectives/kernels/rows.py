"""What rows of bits and marginals must be."""

from typing import Any

import numpy as np

from hyperborn.errors import UserError


def check_rows(name: str, bits: Any, n: int | None = None) -> None:
    """Raise a UserError unless `bits` are rows of (n) bits: shape (rows, n), dtype uint8, zeros and ones."""
    if not isinstance(bits, np.ndarray) or bits.ndim != 2 or bits.dtype != np.uint8 or not bits.size or bits.max() > 1:
        found = f"{bits.dtype} of shape {bits.shape}" if isinstance(bits, np.ndarray) else type(bits).__name__
        raise UserError(f"{name} = {found}: give rows of bits, a uint8 array of zeros and ones of shape (rows, n)")
    if n is not None and bits.shape[1] != n:
        raise UserError(f"{name} of {bits.shape[1]} bits for rows of {n}: give rows of the same bits")


def check_marginals(marginals: Any, n: int | None = None) -> None:
    """Raise a UserError unless `marginals` are (n) probabilities of independent bits."""
    fits = isinstance(marginals, np.ndarray) and marginals.ndim == 1 and marginals.size and marginals.dtype.kind == "f"
    if not fits or not ((marginals >= 0) & (marginals <= 1)).all():
        raise UserError(f"marginals = {marginals!r}: give an array of one probability from 0 to 1 for each bit")
    if n is not None and len(marginals) != n:
        raise UserError(f"{len(marginals)} marginals for rows of {n} bits: give one for each bit")
