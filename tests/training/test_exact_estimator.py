import pytest

from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.exact import Exact


def test_what_cannot_be_enumerated_is_refused() -> None:
    net = BinaryMLP(12, (2,))
    with pytest.raises(UserError, match=r"29 weights make 2\^29 networks, over the limit of 24 weights") as caught:
        Exact().check(Registers(net), net)
    assert "the estimator hb.FirstOrder()" in str(caught.value)


def test_side_parameters_are_not_learnt_in_silence() -> None:
    net = BinaryMLP(2, (2,), scale="learned")
    with pytest.raises(UserError, match=r"the network has 6 side parameters .* the estimator exact does not learn"):
        Exact().check(Registers(net), net)
    Exact().check(Registers(BinaryMLP(2, (2,))), BinaryMLP(2, (2,)))
