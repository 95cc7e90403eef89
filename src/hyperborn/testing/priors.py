"""The contract of priors."""

import numpy as np

from hyperborn.bits import bits_of
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Network
from hyperborn.networks.network import n_side_of
from hyperborn.priors import Prior
from hyperborn.priors.prior import weights_in
from hyperborn.testing.contract import broken, check_array, check_class, check_close, check_record, network_of

MOST_WEIGHTS = 12
"""Most weights of a network whose weight vectors are enumerated."""

FIVE_WEIGHTS = BinaryMLP(2, (1,))


def check_prior(prior: Prior, network: Network | int = FIVE_WEIGHTS, *, seed: int = 0) -> None:
    """Check a prior over the weights of a network, of five weights unless one is given, by enumeration.

    - `check` takes the network.
    - `log_probabilities` is a float64 table of all 2^n weight vectors, finite, the same at every call, and its
      exponentials add up to 1.
    - `marginals` are the probabilities, strictly between 0 and 1, that the table gives each bit to be 1.
    - `log_factors` of registers, a random grouping of the weights, are normalised and add up to the table; or they are
      refused with a UserError, unless the prior is `independent`.
    - `of_side_parameters` has a mean and a positive precision for each side parameter of the network, float32.
    - Its record, as JSON, makes an equal prior.

    Raises:
        ContractError: if it does not.
        UserError: if the network has too many weights.
    """
    check_class(prior, Prior, hashable=False)
    n = weights_in(network)
    if n > MOST_WEIGHTS:
        raise UserError(f"the network has {n} weights: check the prior on one of at most {MOST_WEIGHTS}")
    try:
        prior.check(network)
    except UserError as error:
        raise broken(
            prior, f"check of a network of {n} weights", str(error), "give the network it is made for"
        ) from error
    log_p = prior.log_probabilities(network)
    check_array(
        prior,
        f"log_probabilities of {n} weights",
        log_p,
        (2**n,),
        np.float64,
        "a probability of 0, another dtype, or weight vectors left out",
    )
    check_close(
        prior,
        "the sum of its probabilities",
        np.exp(log_p).sum(),
        1.0,
        "the normalisation constant is missing from log_probabilities",
        absolute=1e-12,
    )
    if not np.array_equal(prior.log_probabilities(network), log_p):
        raise broken(prior, "log_probabilities called twice", "gives two tables", "random numbers without a fixed seed")
    marginals, expected = prior.marginals(network), np.exp(log_p) @ bits_of(np.arange(2**n), n)
    cause = "bits counted from the other end: weight 0 is the most significant bit of an index"
    check_array(prior, "marginals", marginals, (n,), np.float64, "a float32 or JAX array")
    check_close(
        prior,
        "marginals beside those of its table",
        marginals,
        expected,
        cause,
        absolute=1e-12,
        name=lambda index: f"that of weight {index[0]}",
    )
    check_factors(prior, network, log_p, np.random.default_rng(seed))
    check_side_parameters(prior, n_side_of(network))
    check_record(prior, "prior")


def check_side_parameters(prior: Prior, n_side: int) -> None:
    """Check the shapes and signs of the prior of side parameters."""
    found = prior.of_side_parameters(n_side)
    cause = "one number for all of them, or another dtype"
    check_array(prior, f"the means of {n_side} side parameters", found.mean, (n_side,), np.float32, cause)
    check_array(prior, f"the precisions of {n_side} side parameters", found.precision, (n_side,), np.float32, cause)
    if not (np.asarray(found.precision) > 0).all():
        raise broken(prior, "the precisions of side parameters", "are not all above 0", "variances or their logarithms")


def check_factors(prior: Prior, network: Network | int, log_p: np.ndarray, random: np.random.Generator) -> None:
    """Check the factors of registers against the table."""
    n = weights_in(network)
    order = random.permutation(n)
    pairs, single = order[: n // 2 * 2].reshape(-1, 2), order[n // 2 * 2 :].reshape(-1, 1)
    total = np.zeros(2**n)
    bits = bits_of(np.arange(2**n), n).astype(np.int64)
    for places in (group for group in (pairs, single) if group.size):
        checked = f"log_factors of the registers {places.tolist()}"
        try:
            factors = prior.log_factors(network, places)
        except UserError as error:
            if prior.independent:
                cause = "a prior with independent = True has factors for any registers"
                raise broken(prior, checked, f"are refused ({error})", cause) from error
            return
        size = places.shape[1]
        check_array(prior, checked, factors, (2**size, len(places)), np.float64, "outcomes are rows, registers columns")
        check_close(
            prior,
            f"{checked}, their sums",
            np.exp(factors).sum(axis=0),
            np.ones(len(places)),
            "outcomes left out of a register",
            absolute=1e-12,
        )
        for register, own in enumerate(places):
            total += factors[bits[:, own] @ (1 << np.arange(size)[::-1]), register]
    check_close(
        prior,
        "the product of the registers' factors beside its table",
        total,
        log_p,
        "the first weight of a register is not its most significant bit; or raise a UserError where registers are not "
        "independent",
        absolute=1e-11,
        relative=1e-11,
        name=network_of,
    )
