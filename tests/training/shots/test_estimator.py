"""What all estimators from shots share."""

import pytest

import hyperborn as hb
from hyperborn.backends import Statevector
from hyperborn.circuits import AllPairs
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Register, Registers
from hyperborn.training.estimators import ESTIMATORS, SPSA, ParameterShift, ShotEstimator
from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters

TRIED: list[ShotEstimator] = [ParameterShift(), SPSA()]
every_estimator = pytest.mark.parametrize("estimator", TRIED, ids=lambda estimator: estimator.name)
NETWORK = BinaryMLP(2, (2,))


def test_every_estimator_from_shots_is_tried() -> None:
    from_shots = {kind for kind in ESTIMATORS.values() if issubclass(kind, ShotEstimator)}
    assert {type(estimator) for estimator in TRIED} == from_shots


@pytest.mark.parametrize("kind", [ParameterShift, SPSA])
def test_shots_are_constant_or_grow_in_equal_ratios(kind: type[ShotEstimator]) -> None:
    constant, growing, falling = (kind(shots=shots) for shots in (300, (100, 1600), (1600, 100)))
    assert [constant.shots_at(step, 5) for step in range(5)] == [300] * 5
    assert [growing.shots_at(step, 5) for step in range(5)] == [100, 200, 400, 800, 1600]
    assert [falling.shots_at(step, 5) for step in range(5)] == [1600, 800, 400, 200, 100]
    assert growing.shots_at(0, 1) == 100
    assert (constant.most_shots, growing.most_shots, falling.most_shots) == (300, 1600, 1600)


def test_angles_are_averaged_with_spsa_alone() -> None:
    assert (ParameterShift().averaged, SPSA().averaged, SPSA(average=0.5).averaged) == (0.0, 0.25, 0.5)


@every_estimator
def test_posteriors_on_a_backend_are_taken(estimator: ShotEstimator) -> None:
    backend = Statevector()
    estimator.check(ShotRegister(AllPairs(9, 1), backend), NETWORK)
    estimator.check(ShotRegisters(Registers(NETWORK), backend), NETWORK)


@every_estimator
def test_other_posteriors_are_refused(estimator: ShotEstimator) -> None:
    for posterior, remedy in (
        (Register(AllPairs(9, 1)), "hb.ShotRegister(circuit, backend), or the estimator hb.Exact()"),
        (Registers(NETWORK), "hb.ShotRegisters(registers, backend), or the estimator hb.FirstOrder()"),
    ):
        name = type(posterior).__name__
        with pytest.raises(
            UserError, match=f"the estimator {estimator.name} takes shots from a backend, and {name} has none"
        ) as caught:
            estimator.check(posterior, NETWORK)
        assert remedy in str(caught.value)
        assert "\n" not in str(caught.value)


@every_estimator
def test_side_parameters_are_refused(estimator: ShotEstimator) -> None:
    learned = BinaryMLP(2, (2,), scale="learned")
    posterior = ShotRegister(AllPairs(learned.n_weights, 1), Statevector())
    with pytest.raises(UserError, match=r"side parameters \(scale or noise 'learned'\), which shots do not train"):
        estimator.check(posterior, learned)


@pytest.mark.parametrize("estimator", [hb.Exact(), hb.FirstOrder()], ids=["exact", "first-order"])
def test_a_posterior_on_a_backend_takes_no_other_estimator(estimator) -> None:
    with pytest.raises(UserError) as caught:
        estimator.check(ShotRegister(AllPairs(9, 1), Statevector()), NETWORK)
    assert "ShotRegister" in str(caught.value)
