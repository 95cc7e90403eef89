"""Pairwise couplings between bits: the Boltzmann machine without hidden units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.bits import values_of
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.networks import Network
from hyperborn.priors.prior import (
    LogProbabilities,
    Marginals,
    Prior,
    dependence_error,
    enumerable_weights_in,
    marginals_of_table,
    weights_in,
)

LARGEST_COUPLING = 1_000_000
"""Largest size of a field or coupling: larger ones would overflow in single precision."""

Coupling = tuple[int, int, float]


@dataclass(frozen=True)
class Ising(Prior):
    """log p(w) = Σ_i h_i z_i + Σ_pairs J_ij z_i z_j - log Z, with z = -1 for bit 0 and z = +1 for bit 1, in nats.

    Signs are those of statistics: a positive field makes a 1 more probable, a positive coupling makes its two bits
    agree. (A physicist's energy is minus this, and a Pauli Z is minus this z.) log Z is found by enumeration.

    `couplings` holds (i, j, J_ij), every pair at most once and in either order; `fields` is one number for all bits, or
    one for each weight. `Ising.of_matrix` takes a symmetric matrix.

    Raises:
        UserError: for a coupling that is not a triple, a pair that occurs twice, or a number out of range.
    """

    couplings: Sequence[Coupling]
    fields: float | Sequence[float] = 0.0

    def __post_init__(self) -> None:
        given: Any = self.couplings
        if not isinstance(given, tuple | list):
            raise UserError(
                f"couplings of type {type(given).__name__}: give triples (i, j, strength), such as ((0, 1, 0.5),), or "
                "a matrix to Ising.of_matrix"
            )
        couplings = tuple(coupling_of(one) for one in given)
        pairs = {frozenset(one[:2]) for one in couplings}
        if len(pairs) < len(couplings):
            raise UserError(f"couplings of {len(couplings)} triples name {len(pairs)} pairs; give every pair once")
        object.__setattr__(self, "couplings", couplings)
        object.__setattr__(self, "fields", fields_of(self.fields))

    @classmethod
    def of_matrix(cls, matrix: ArrayLike, fields: float | Sequence[float] = 0.0) -> "Ising":
        """The prior with log p(w) = h·z + zᵀ J z / 2 - log Z, for a symmetric J of shape (n, n) without a diagonal.

        Raises:
            UserError: if the matrix is not symmetric, has a diagonal, or its numbers or the fields are out of range.
        """
        try:
            table = np.asarray(matrix, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise UserError(f"couplings must be a matrix of numbers ({error}); give one row a weight") from error
        if table.ndim != 2 or not np.array_equal(table, table.T) or np.diag(table).any():
            raise UserError(
                f"couplings of shape {table.shape} must be a symmetric matrix with zeros on its diagonal; "
                "give (J + J.T) / 2 without its diagonal, which changes nothing but log Z"
            )
        rows, columns = np.nonzero(np.triu(table))
        return cls(tuple(zip(rows.tolist(), columns.tolist(), table[rows, columns].tolist(), strict=True)), fields)

    def check(self, network: Network | int) -> None:
        n, last = weights_in(network), max((max(one[:2]) for one in self.couplings), default=0)
        if last >= n:
            raise UserError(f"prior couples weight {last} of {n} weights: they are counted from 0 to {n - 1}")
        if isinstance(self.fields, tuple) and len(self.fields) != n:
            raise UserError(f"prior of {len(self.fields)} fields for {n} weights: give one, or one a weight")

    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        """As `Prior.log_probabilities`, in O(2^n) time and the memory of three tables of 2^n doubles."""
        self.check(network)
        n = enumerable_weights_in(network)
        fields, strengths = np.broadcast_to(self.fields, (n,)), np.zeros((n, n))
        for i, j, strength in self.couplings:
            strengths[max(i, j), min(i, j)] = strength
        table = np.zeros(1)
        for k in range(n):
            # The form over k + 1 bits is that over k bits, minus or plus the field and couplings of bit k.
            felt = linear_form(fields[k], strengths[k, :k])
            table = np.stack([table - felt, table + felt], axis=1).reshape(-1)
        table -= table.max()
        return table - np.log(np.exp(table).sum())

    def log_factors(
        self, network: Network | int, places: Int[np.ndarray, "registers size"]
    ) -> Float[np.ndarray, "outcomes registers"]:
        del network, places
        raise dependence_error(self)

    def marginals(self, network: Network | int) -> Marginals:
        return marginals_of_table(np.exp(self.log_probabilities(network)))

    def log_weights(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        """log p(w) + log Z of each row of bits, in nats, float64: for any number of weights.

        Memory is that of a few float64 tables as large as the bits.

        Raises:
            UserError: for what is not rows of bits, or bits that the prior does not fit.
        """
        from scipy.sparse import csr_array

        check_bits("bits", bits)
        n = bits.shape[1]
        self.check(n)
        signs = values_of(bits).T
        pairs = np.array([one[:2] for one in self.couplings], dtype=np.int64).reshape(-1, 2)
        strengths = np.array([one[2] for one in self.couplings], dtype=np.float64)
        felt = csr_array((strengths, tuple(pairs.T)), shape=(n, n)) @ signs
        return np.sum(signs * (np.broadcast_to(self.fields, (n,))[:, None] + felt), axis=0)


def linear_form(constant: float, slopes: Float[np.ndarray, " k"]) -> Float[np.ndarray, " states"]:
    """constant + Σ slope_i z_i of all 2^k sign vectors, in index order."""
    form = np.array([constant])
    for slope in slopes:
        form = np.add.outer(form, [-slope, slope]).reshape(-1)
    return form


def coupling_of(given: Any) -> Coupling:
    """One triple (i, j, strength), checked."""
    if not isinstance(given, tuple | list) or len(given) != 3:
        raise UserError(f"coupling {given!r}: give two weights and a strength, such as (0, 1, 0.5)")
    i, j = (whole_number("a coupled weight", place, 0) for place in given[:2])
    if i == j:
        raise UserError(f"coupling {given!r} is of a weight with itself; use two, or a field")
    return i, j, strength_of("coupling strength", given[2])


def fields_of(given: Any) -> float | tuple[float, ...]:
    plain = given.tolist() if isinstance(given, np.ndarray) else given
    if isinstance(plain, tuple | list):
        return tuple(strength_of("prior field", one) for one in plain)
    return strength_of("prior field", plain)


def strength_of(name: str, given: Any) -> float:
    if not is_number(given) or abs(given) > LARGEST_COUPLING:
        raise UserError(f"{name} {given!r}: give numbers from {-LARGEST_COUPLING:,} to {LARGEST_COUPLING:,}")
    return float(given)
