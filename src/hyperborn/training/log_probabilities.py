"""Log probabilities (nats, float64) of given networks under a result's posterior, its prior and the exact posterior."""

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.bits import LARGEST_ENUMERATED, index_of
from hyperborn.training.definition import Definition

if TYPE_CHECKING:
    from hyperborn.training.result import Result

LogOfNetworks = Float[np.ndarray, " networks"]


def log_q_of(result: "Result", bits: Bits) -> LogOfNetworks:
    """log q(w) of each row of bits; on a backend, under the circuit without its noise."""
    return result.definition.posterior.ideal.log_prob(jnp.asarray(result.angles), bits)


def log_prior_of(definition: Definition, bits: Bits) -> LogOfNetworks | None:
    """log p(w) of each row of bits; None of a prior whose bits depend on each other, where they are too many."""
    prior, n = definition.prior, definition.n_weights
    if prior.independent:
        factors = prior.log_factors(definition.network, np.arange(n)[:, None])
        return np.where(bits == 1, factors[1], factors[0]).sum(axis=1)
    return prior.log_probabilities(definition.network)[index_of(bits)] if n <= LARGEST_ENUMERATED else None


def log_posterior_of(result: "Result", bits: Bits, energies: LogOfNetworks) -> LogOfNetworks | None:
    """log p(w | data) of each row of bits with these energies; None where the log evidence is not known."""
    log_evidence, log_prior = result.numbers.get("log_evidence"), log_prior_of(result.definition, bits)
    return None if log_evidence is None or log_prior is None else log_prior - energies - log_evidence
