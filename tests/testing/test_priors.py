"""Planted mistakes fail the contract of priors with a sentence; that ours keep it is in tests/priors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.priors import Prior, SidePrior
from hyperborn.priors.prior import weights_in
from hyperborn.testing import ContractError, check_prior
from hyperborn.testing.priors import FIVE_WEIGHTS

LEARNED = BinaryMLP(2, (1,), scale="learned")


@dataclass(frozen=True)
class Tilted(Prior):
    """Independent bits, bit i is 1 with probability (i + 1) / (n + 2): right but for what `mistake` says."""

    mistake: str = ""
    independent = True

    def bits(self, network: Any) -> hb.Bernoulli:
        n = weights_in(network)
        return hb.Bernoulli(tuple((place + 1) / (n + 2) for place in range(n)))

    def check(self, network: Any) -> None:
        weights_in(network)
        if self.mistake == "check":
            raise UserError("no network fits; give another one")

    def log_probabilities(self, network: Any) -> Any:
        log_p = self.bits(network).log_probabilities(network)
        if self.mistake == "zero":
            log_p = np.where(np.arange(len(log_p)) == 3, -np.inf, log_p)
        if self.mistake == "random":
            log_p = log_p + 1e-14 * np.random.default_rng().normal(size=log_p.shape)
        return {"single": log_p.astype(np.float32), "normalisation": log_p + 0.1}.get(self.mistake, log_p)

    def log_factors(self, network: Any, places: Any) -> Any:
        if self.mistake == "refused":
            raise UserError("registers are not known; give another prior")
        own = places[:, ::-1] if self.mistake == "register" else places
        factors = self.bits(network).log_factors(network, own)
        return factors + 0.1 if self.mistake == "factors" else factors

    def of_side_parameters(self, n_side: int) -> SidePrior:
        usual = SidePrior.standard(n_side)
        if self.mistake == "one precision":
            return SidePrior(usual.mean, np.ones(1, np.float32))
        return SidePrior(usual.mean, -usual.precision) if self.mistake == "logarithms" else usual

    def marginals(self, network: Any) -> Any:
        found = self.bits(network).marginals(network)
        return found[::-1] if self.mistake == "reversed" else found


def test_a_prior_of_ones_own_keeps_the_contract() -> None:
    check_prior(Tilted())
    check_prior(Tilted(), 4, seed=1)
    check_prior(Tilted(), LEARNED)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("check", "check of a network of 5 weights: no network fits"),
        ("zero", "log_probabilities of 5 weights: entry 3 is -inf, and has to be finite. .* a probability of 0"),
        ("single", r"float32 of shape \(32,\), not float64"),
        ("normalisation", "the sum of its probabilities: it is 1.1051709, not 1. .* normalisation constant is missing"),
        ("random", "log_probabilities called twice: gives two tables"),
        ("reversed", "marginals beside those of its table: that of weight .* weight 0 is the most significant bit"),
        ("register", "the product of the registers' factors beside its table: network .* its most significant bit"),
        ("factors", "log_factors of the registers .*, their sums: entry 0 is 1.105"),
        ("one precision", r"the precisions of 4 side parameters: float32 of shape \(1,\), not float32 of shape \(4,\)"),
        ("logarithms", "the precisions of side parameters: are not all above 0. .* variances or their logarithms"),
        ("refused", r"are refused \(registers are not known; .*\). .* independent = True has factors for any"),
    ],
)
def test_planted_mistakes_fail_with_a_sentence(mistake: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        check_prior(Tilted(mistake), LEARNED if said.startswith("the precisions") else FIVE_WEIGHTS)
    assert "\n" not in str(caught.value)


def test_many_weights_are_refused() -> None:
    with pytest.raises(UserError, match="the network has 13 weights: check the prior on one of at most 12"):
        check_prior(Tilted(), 13)
