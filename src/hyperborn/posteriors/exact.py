"""The exact posterior over all 2^n networks, which approximations are compared with."""

from functools import cached_property

import numpy as np
from jax import Array
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn._typing import Bits, Examples, RandomKey
from hyperborn.arguments import SUM_TOLERANCE, distribution
from hyperborn.bits import LARGEST_ENUMERATED, bits_of
from hyperborn.data.tables import real_numbers
from hyperborn.errors import UserError, is_number
from hyperborn.networks import Network, check_network
from hyperborn.posteriors import enumeration
from hyperborn.predictive import exact_predictive
from hyperborn.priors import Prior, Uniform
from hyperborn.priors.prior import marginals_of_table


class ExactPosterior:
    """p(w | data) ∝ p(w) exp(-energy(w) / β) of all 2^n networks, float64, in nats.

    At β = 1 this is the Bayesian posterior, otherwise the distribution at which `ELBO(beta)` is lowest. Memory: the
    energies, the prior's table and its own, 8 bytes a network each.

    Args:
        energies: of all networks in index order, as `hyperborn.energies` gives them (nats).
        prior: a prior, or its log probabilities (nats); one by field names has to be given as these,
            ``prior.log_probabilities(network)``.
        beta: weight of the prior, the temperature of the likelihood.

    Raises:
        UserError: if the energies are not finite or not 2^n of them, n at most `bits.LARGEST_ENUMERATED`, or prior or
            beta do not fit.
    """

    def __init__(self, energies: ArrayLike, prior: Prior | ArrayLike = Uniform(), beta: float = 1.0) -> None:
        table = table_of("energies", energies)
        n = table.size.bit_length() - 1
        if table.ndim != 1 or table.size != 2**n or n > LARGEST_ENUMERATED or not np.isfinite(table).all():
            raise UserError(
                f"energies of shape {table.shape}: give finite ones of all 2^n networks, n at most "
                f"{LARGEST_ENUMERATED}, such as hb.energies(network, data.train)"
            )
        if not (is_number(beta) and beta > 0):
            raise UserError(f"beta = {beta!r}: give a positive number")
        log_prior = prior.log_probabilities(n) if isinstance(prior, Prior) else table_of("prior", prior)
        if log_prior.shape != table.shape or not np.isfinite(log_prior).all():
            raise UserError(
                f"a prior of shape {log_prior.shape} for {table.size} energies; give one finite number each"
            )
        if not isinstance(prior, Prior):
            check_normalised(log_prior)
        self.n_weights, self.beta = n, float(beta)
        self.log_prior = log_prior
        self.energies = table if beta == 1 else table / beta

    def __repr__(self) -> str:
        return f"ExactPosterior of {self.n_weights} weights, {2**self.n_weights:,} networks, beta={self.beta:g}"

    def _repr_html_(self) -> str:
        from hyperborn.report.cards import exact_html

        return exact_html(self)

    @cached_property
    def log_evidence(self) -> float:
        """log Z = log Σ_w p(w) exp(-energy(w) / β)."""
        return enumeration.log_evidence(self.energies, self.log_prior)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, " states"]:
        """p(w | data) of all networks in index order."""
        return enumeration.posterior_probabilities(self.energies, self.log_prior)

    @cached_property
    def entropy(self) -> float:
        """-Σ p log p of the posterior."""
        # log p(w | data) = log prior - energy / β - log Z, so no logarithm is needed.
        p = self.probabilities
        return self.log_evidence + float(p @ self.energies) - float(p @ self.log_prior)

    @cached_property
    def marginals(self) -> Float[np.ndarray, " n"]:
        """Probability that each bit is 1."""
        return marginals_of_table(self.probabilities)

    @cached_property
    def correlations(self) -> Float[np.ndarray, "n n"]:
        """Pearson's correlation of every two bits; 0 with a bit that is certain, and 1 on the diagonal."""
        # Bits are replaced by whether they differ from their likelier value: sums of small terms keep the digits of
        # nearly certain bits.
        likelier = (self.marginals > 0.5).astype(np.uint8)
        middle = self.n_weights // 2
        table = self.probabilities.reshape(2**middle, -1)
        rows, columns = (
            (bits_of(np.arange(size), size.bit_length() - 1) ^ mode).astype(np.float64)
            for size, mode in zip(table.shape, (likelier[:middle], likelier[middle:]), strict=True)
        )
        leading, trailing = table.sum(axis=1), table.sum(axis=0)
        across = (rows.T @ table) @ columns
        both = np.block([[(rows.T * leading) @ rows, across], [across.T, (columns.T * trailing) @ columns]])
        departing = np.diag(both)
        covariance = (both - np.outer(departing, departing)) * np.outer(*[1.0 - 2.0 * likelier] * 2)
        deviations = np.sqrt(departing * (1.0 - departing))
        scale = np.outer(deviations, deviations)
        found = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
        np.fill_diagonal(found, 1.0)
        return np.clip(found, -1.0, 1.0)

    def most_probable(self, k: int = 1) -> Bits:
        """Bits of the k most probable networks, (k, n), most probable first.

        Raises:
            UserError: if there are not so many networks.
        """
        return enumeration.most_probable(self.probabilities, k)

    def sample(self, shots: int, *, key: RandomKey) -> Bits:
        """`shots` independent networks as rows of bits (shots, n), in O(2^n + shots n) time.

        Raises:
            UserError: if shots is not positive.
        """
        return bits_of(enumeration.drawn_indices(self.probabilities, shots, key=key), self.n_weights)

    def predictive(self, network: Network, x: Examples) -> Float[np.ndarray, "examples classes"]:
        """Σ_w p(w | data) p(y | x, w) of features x (examples, features).

        Raises:
            UserError: if the network has another number of weights, or the features do not fit it.
        """
        check_network(network)
        if network.n_weights != self.n_weights:
            raise UserError(f"a network of {network.n_weights} weights for a posterior over {self.n_weights}")
        return exact_predictive(network, x, self.probabilities)

    def compared(self, q: Float[np.ndarray | Array, " states"]) -> dict[str, float]:
        """How far a distribution q (2^n,) is from the posterior; keys are those of results.

        ``elbo``, ``log_evidence`` and their difference ``elbo_gap`` (nats), ``total_variation`` from 0 to 1, and
        ``kl_to_posterior`` KL(q ‖ posterior) (nats), which equals the gap and is computed independently.

        Raises:
            UserError: if q has an entry that is negative or not a number, or does not add up to 1.
        """
        q = distribution("q", q, self.n_weights)
        bound = enumeration.elbo(q, self.energies, self.log_prior)
        # Not from the posterior's own table, in which probabilities may underflow.
        own = sum(
            enumeration.sum_of_log_ratios(q[part], self.log_prior[part] - self.energies[part] - self.log_evidence)
            for part in enumeration.table_blocks(len(q))
        )
        return {
            "elbo": bound,
            "log_evidence": self.log_evidence,
            "elbo_gap": self.log_evidence - bound,
            "total_variation": enumeration.total_variation(q, self.probabilities),
            "kl_to_posterior": own,
        }


def table_of(name: str, values: ArrayLike) -> Float[np.ndarray, "..."]:
    """The values as float64.

    Raises:
        UserError: if they are not an array of real numbers.
    """
    try:
        return real_numbers(values)
    except (TypeError, ValueError) as error:
        raise UserError(f"{name} must be an array of numbers ({error}); give one number a network") from error


def check_normalised(log_prior: Float[np.ndarray, " states"]) -> None:
    """Raise a UserError unless these are logarithms of probabilities that add up to 1."""
    total = enumeration.log_evidence(np.zeros_like(log_prior), log_prior)
    if abs(total) > SUM_TOLERANCE:
        raise UserError(
            f"a prior whose probabilities add up to exp({total:.4g}): give log probabilities (nats) of networks, such "
            "as prior.log_probabilities(network)"
        )
