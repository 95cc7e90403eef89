from collections.abc import Mapping, Sequence
from itertools import product
from math import log

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.priors import Bernoulli, Prior, Uniform

# Fields W1 (2), b1 (1), W2 (1), b2 (1): five weights.
NETWORK = BinaryMLP(2, (1,))

CASES: list[tuple[Prior, list[float]]] = [
    (Uniform(), [0.5] * 5),
    (Bernoulli(0.3), [0.3] * 5),
    (Bernoulli((0.1, 0.2, 0.3, 0.4, 0.9)), [0.1, 0.2, 0.3, 0.4, 0.9]),
    (Bernoulli({"W1": 0.2, "b2": 0.9}), [0.2, 0.2, 0.5, 0.5, 0.9]),
    (Bernoulli({}), [0.5] * 5),
]


@pytest.mark.parametrize(("prior", "marginals"), CASES, ids=str)
def test_log_probabilities_are_sums_over_bits(prior: Prior, marginals: list[float]) -> None:
    assert prior.marginals(NETWORK).tolist() == marginals
    expected = [
        sum(log(one if bit else 1 - one) for bit, one in zip(row, marginals, strict=True))
        for row in product([0, 1], repeat=5)
    ]
    log_p = prior.log_probabilities(NETWORK)
    assert log_p.dtype == np.float64
    np.testing.assert_allclose(log_p, expected, rtol=1e-13)
    np.testing.assert_allclose(np.exp(log_p).sum(), 1, rtol=1e-13)


@pytest.mark.parametrize(
    "probability", [0.0, 1.0, -0.1, 1.5, float("nan"), (0.5, 1.0, 0.5, 0.5, 0.5), {"W1": 0.5, "b1": 0.0}]
)
def test_probabilities_lie_between_0_and_1(probability: float | Sequence[float] | Mapping[str, float]) -> None:
    with pytest.raises(UserError, match=r"prior probability .* strictly between 0 and 1"):
        Bernoulli(probability)


@pytest.mark.parametrize("probability", [(0.2, 0.3), (0.5,) * 6, ()])
def test_a_sequence_has_one_number_a_weight(probability: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match=f"prior of {len(probability)} probabilities for 5 weights"):
        Bernoulli(probability).marginals(NETWORK)


def test_fields_must_be_the_networks() -> None:
    with pytest.raises(UserError, match="prior names the field 'W3'; the network has W1, b1, W2, b2"):
        Bernoulli({"W3": 0.2}).marginals(NETWORK)
