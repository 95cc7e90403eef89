import pytest

from hyperborn.errors import UserError
from hyperborn.inference.objectives import ELBO, MLE, OBJECTIVES, SELBO

NOT_POSITIVE = [0.0, -1.0, float("inf"), float("nan")]


@pytest.mark.parametrize("beta", NOT_POSITIVE)
def test_beta_is_positive(beta: float) -> None:
    with pytest.raises(UserError, match=rf"beta = {beta}: give a positive number .*MLE"):
        ELBO(beta)


@pytest.mark.parametrize("weight", NOT_POSITIVE)
def test_weight_is_positive(weight: float) -> None:
    with pytest.raises(UserError, match=rf"SELBO weight = {weight}: give a positive number or 'kl-matched'"):
        SELBO(weight)


def test_objectives_are_registered_by_name() -> None:
    assert OBJECTIVES == {"mle": MLE, "elbo": ELBO, "selbo": SELBO}
