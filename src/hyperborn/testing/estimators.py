"""The contract of estimators: their estimates beside the exact value and gradient."""

from collections.abc import Collection
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.testing.contract import broken, check_class, check_close, check_record
from hyperborn.testing.exact_gradients import exact_estimates
from hyperborn.testing.minibatch_estimates import LEARNED, minibatch_estimates
from hyperborn.testing.shot_estimates import shot_estimates
from hyperborn.training.estimator import Estimator
from hyperborn.training.exact import ExactEstimator
from hyperborn.training.minibatch.estimator import MinibatchEstimator
from hyperborn.training.shots.estimator import ShotEstimator

MOST_ERRORS = 5.0
"""Standard errors within which the mean of unbiased estimates has to be."""

LEAST_COSINE = 0.5
"""Of the angle between the mean of biased estimates of a gradient and the gradient."""

EXACT = 1e-6
"""Largest error of what is not sampled: that of finite differences."""

ROUNDING = 1e-7
"""Smallest standard error that counts, relative to the largest derivative: that of finite differences."""

PARTS = ("value", "gradient", "side")
"""What an estimator may be biased in: E_q[r], its gradient, and that of the side parameters."""


def check_estimator(
    estimator: Estimator,
    *,
    biased: Collection[str] = (),
    deterministic: bool = False,
    network: Network = LEARNED,
    draws: int = 500,
    seed: int = 0,
) -> None:
    """Check an estimator against exact gradients of a small problem.

    - It can be hashed.
    - A `MinibatchEstimator` estimates the value, its gradient by the logarithms of the registers' tables, and that by
      the side parameters, on `Registers` of the network. A `ShotEstimator` estimates the gradient of a SELBO from 50
      shots a circuit, of a circuit with shared and scaled angles and a controlled rotation. An `ExactEstimator` gives
      the ELBO of a circuit, and its JAX gradient agrees with finite differences.
    - The mean of the draws is within 5 standard errors of the exact number, each of them; what is not sampled, within
      1e-6. Of what is `biased`, it only has to point the same way: the cosine of the angle to the exact gradient is at
      least 0.5.
    - The same key gives the same estimate, another key another one, and other numbers compile nothing anew.
    - Its record, as JSON, makes an equal estimator.

    Args:
        estimator: to be checked.
        biased: what is known to be biased, of "value", "gradient" and "side".
        deterministic: whether a `MinibatchEstimator` draws nothing, so that all keys give the same estimate.
        network: of a few weights, for a `MinibatchEstimator`.
        draws: estimates.
        seed: of the problem and of the draws.

    Raises:
        ContractError: if it does not.
        UserError: if `biased` names anything else, or the estimator is of no known kind.
    """
    for part in biased:
        if part not in PARTS:
            raise UserError(f"biased = {part!r}: give some of {', '.join(PARTS)}")
    check_class(estimator, Estimator)
    if isinstance(estimator, ExactEstimator):
        for part, (found, exact) in exact_estimates(estimator, seed).items():
            if part not in biased:
                cause = f"a factor, a sign, or a bias that is known: biased=({part!r}, ...)"
                check_close(estimator, f"the {part} of all probabilities", found, exact, cause, absolute=EXACT)
            elif part != "value":
                check_direction(estimator, f"the {part}", found, exact)
    elif isinstance(estimator, MinibatchEstimator):
        estimates = minibatch_estimates(estimator, network, draws, seed, deterministic=deterministic)
        for part, (found, exact) in estimates.items():
            check_mean(estimator, part, found, exact, biased=part in biased)
    elif isinstance(estimator, ShotEstimator):
        found, exact = shot_estimates(estimator, draws, seed)
        check_mean(estimator, "gradient", found, exact, biased="gradient" in biased)
    else:
        raise UserError(
            f"{type(estimator).__name__} is an estimator of no known kind; follow ExactEstimator, MinibatchEstimator "
            "or ShotEstimator"
        )
    check_record(estimator, "estimator")


def check_mean(
    estimator: Estimator, part: str, found: Float[np.ndarray, "draws numbers"], exact: Any, *, biased: bool
) -> None:
    """Check the mean of draws, a row each."""
    right, mean = np.asarray(exact, np.float64).reshape(-1), found.mean(axis=0)
    if not np.isfinite(found).all():
        raise broken(estimator, f"the {part}", "an estimate is not finite", "a logarithm or a quotient of 0")
    checked = f"the mean of {len(found)} estimates of the {part}"
    if biased:
        if part != "value":
            check_direction(estimator, checked, mean, right)
        return
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found)) + ROUNDING * (1 + np.abs(right).max(initial=0.0))
    ratio = float(mean @ right / (right @ right)) if right.any() else 1.0
    check_close(
        estimator,
        f"{checked}, in standard errors from the exact one",
        (mean - right) / error,
        np.zeros_like(right),
        f"a factor or a sign (its component along the exact one is {ratio:.3f} times that), a baseline with the draw "
        "itself in it, the weights of the examples left out, or a bias that is known: biased=(...)",
        absolute=MOST_ERRORS,
    )


def check_direction(
    estimator: Estimator, checked: str, mean: Float[np.ndarray, " numbers"], right: Float[np.ndarray, " numbers"]
) -> None:
    """Check that a biased gradient points the same way as the exact one."""
    cosine = float(mean @ right / max(np.linalg.norm(mean) * np.linalg.norm(right), 1e-300))
    if right.size and cosine < LEAST_COSINE:
        cause = "a sign, or the derivative of another register's parameters"
        raise broken(estimator, checked, f"the cosine of its angle to the exact one is {cosine:.2f}", cause)
