"""A prior from sample networks: those that were good on earlier data, and their neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from hyperborn._typing import Bits
from hyperborn.bits import bit_string, index_of
from hyperborn.errors import UserError, is_number
from hyperborn.networks import Network
from hyperborn.priors.prior import (
    LogProbabilities,
    Marginals,
    Prior,
    dependence_error,
    enumerable_weights_in,
    weights_in,
)

LEAST_FLIP = 1e-6
"""With it the smallest probability of 24 bits, 1e-144, is still a normal number in double precision."""


@dataclass(frozen=True)
class Empirical(Prior):
    """One of the samples at random, with every bit flipped independently with probability `flip`.

    p(w) = Σ_samples flip^d (1 - flip)^(n - d) / S, with d the Hamming distance of w from a sample: the kernel density
    estimate of Aitchison & Aitken (1976). No network has less than flip^n. Samples are texts of bits, weight 0 first,
    such as ``("0110", "0111")``; `Empirical.of_bits` takes an array.

    Raises:
        UserError: for samples that are not bits or have different lengths, or a flip out of range.
    """

    samples: Sequence[str]
    flip: float

    def __post_init__(self) -> None:
        samples: Any = tuple(self.samples) if isinstance(self.samples, tuple | list) else ()
        if not samples:
            raise UserError(f"samples = {self.samples!r}: give one or more texts of bits, such as ('0110', '0111')")
        for sample in samples:
            if not isinstance(sample, str) or not sample or sample.strip("01"):
                raise UserError(f"sample {sample!r}: give a text of bits, such as '0110'")
            if len(sample) != len(samples[0]):
                raise UserError(f"sample {sample!r} has {len(sample)} bits, the first {len(samples[0])}; give as many")
        if not is_number(self.flip) or not LEAST_FLIP <= self.flip < 0.5:
            raise UserError(f"flip = {self.flip!r}: give a probability from {LEAST_FLIP:g} on and below 1/2")
        object.__setattr__(self, "samples", samples)

    @classmethod
    def of_bits(cls, bits: ArrayLike, flip: float) -> "Empirical":
        """The prior from samples as rows of an array of bits, shape (samples, n).

        Raises:
            UserError: if it is no such array, or the flip is out of range.
        """
        rows = np.asarray(bits)
        if rows.ndim != 2 or not np.isin(rows, (0, 1)).all():
            raise UserError(f"samples of shape {rows.shape} and type {rows.dtype}: give rows of bits, each 0 or 1")
        return cls(tuple(bit_string(row) for row in rows.astype(np.uint8)), flip)

    def check(self, network: Network | int) -> None:
        own, n = len(self.samples[0]), weights_in(network)
        if own != n:
            raise UserError(f"prior from samples of {own} bits for {n} weights: give samples of one bit a weight")

    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        """As `Prior.log_probabilities`, in O(samples + n 2^n) time and the memory of three tables of 2^n."""
        self.check(network)
        n = enumerable_weights_in(network)
        p = np.bincount(index_of(self.bits), minlength=2**n) / len(self.samples)
        # A 2 × 2 stochastic matrix for each bit. All terms are positive, so every logarithm is accurate to double
        # precision; a Walsh transform subtracts large terms, which loses the digits of the rarest networks.
        for place in range(n):
            pairs = p.reshape(2**place, 2, -1)
            low, high = pairs[:, 0].copy(), pairs[:, 1].copy()
            pairs[:, 0] = (1.0 - self.flip) * low + self.flip * high
            pairs[:, 1] = self.flip * low + (1.0 - self.flip) * high
        return np.log(p)

    def log_factors(
        self, network: Network | int, places: Int[np.ndarray, "registers size"]
    ) -> Float[np.ndarray, "outcomes registers"]:
        del network, places
        raise dependence_error(self)

    def marginals(self, network: Network | int) -> Marginals:
        self.check(network)
        return self.flip + (1.0 - 2.0 * self.flip) * self.bits.mean(axis=0, dtype=np.float64)

    @property
    def bits(self) -> Bits:
        """The samples as rows of bits, shape (samples, n)."""
        text = np.frombuffer("".join(self.samples).encode(), dtype=np.uint8)
        return text.reshape(len(self.samples), -1) - np.uint8(ord("0"))
