"""Priors under which the bits are independent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from hyperborn.errors import UserError, is_number
from hyperborn.networks import Network
from hyperborn.priors.prior import LogProbabilities, Marginals, Prior, enumerable_weights_in, weights_in


def log_product(marginals: Marginals) -> LogProbabilities:
    """log p(w) of independent bits with the given marginals."""
    log_p = np.zeros(1)
    for one in marginals:
        log_p = np.add.outer(log_p, np.log([1.0 - one, one])).reshape(-1)
    return log_p


def log_product_of_registers(
    marginals: Marginals, places: Int[np.ndarray, "registers size"]
) -> Float[np.ndarray, "outcomes registers"]:
    """log p of the outcomes of registers of independent bits with the given marginals."""
    log_p = np.zeros((1, len(places)))
    for one in marginals[places].T:
        log_p = (log_p[:, None] + np.log([1.0 - one, one])[None]).reshape(-1, len(places))
    return log_p


@dataclass(frozen=True)
class Uniform(Prior):
    """Every network equally probable."""

    independent: ClassVar[bool] = True

    def check(self, network: Network | int) -> None:
        pass

    def marginals(self, network: Network | int) -> Marginals:
        return np.full(weights_in(network), 0.5)

    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        n = enumerable_weights_in(network)
        return np.full(2**n, -n * np.log(2.0))

    def log_factors(
        self, network: Network | int, places: Int[np.ndarray, "registers size"]
    ) -> Float[np.ndarray, "outcomes registers"]:
        self.check(network)
        size = places.shape[1]
        return np.full((2**size, len(places)), -size * np.log(2.0))


@dataclass(frozen=True)
class Bernoulli(Prior):
    """Independent bits with given probabilities of being 1.

    `probability` is one number for all bits, a sequence of one a weight, or a mapping from field names (``"W1"``) to
    numbers; fields that are not named keep 1/2.
    """

    independent: ClassVar[bool] = True
    probability: float | Sequence[float] | Mapping[str, float]

    def __post_init__(self) -> None:
        given: Any = self.probability.tolist() if isinstance(self.probability, np.ndarray) else self.probability
        several: Any = list(given.values()) if isinstance(given, Mapping) else given
        numbers: list[Any] = (
            list(several) if isinstance(several, Sequence) and not isinstance(several, str) else [given]
        )
        for number in numbers:
            if not (is_number(number) and 0 < number < 1):
                raise UserError(f"prior probability {number!r}: give numbers strictly between 0 and 1")

    def check(self, network: Network | int) -> None:
        self.marginals(network)

    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        enumerable_weights_in(network)
        return log_product(self.marginals(network))

    def log_factors(
        self, network: Network | int, places: Int[np.ndarray, "registers size"]
    ) -> Float[np.ndarray, "outcomes registers"]:
        return log_product_of_registers(self.marginals(network), places)

    def marginals(self, network: Network | int) -> Marginals:
        n = weights_in(network)
        if not isinstance(self.probability, Mapping):
            given = np.atleast_1d(np.asarray(self.probability, dtype=np.float64))
            if given.shape not in ((1,), (n,)):
                raise UserError(f"prior of {given.size} probabilities for {n} weights: give one, or one a weight")
            return np.broadcast_to(given, (n,)).copy()
        if not isinstance(network, Network):
            raise UserError("a prior by field names needs the network itself, not its number of weights alone")
        known = {field.name: field for field in network.fields}
        marginals = np.full(n, 0.5)
        for name, number in self.probability.items():
            if name not in known:
                raise UserError(f"prior names the field {name!r}; the network has {', '.join(known)}")
            marginals[known[name].start : known[name].stop] = number
        return marginals
