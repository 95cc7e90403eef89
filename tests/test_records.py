import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from hyperborn.circuits import Brickwork, ProductState
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import MMD
from hyperborn.objectives.kernels import Hamming
from hyperborn.objectives.objectives import ELBO, MLE, SELBO
from hyperborn.posteriors import Register, Registers
from hyperborn.priors import Bernoulli, Uniform
from hyperborn.records import Slots, record_of, thing_of

SLOTS: Slots = {
    "posterior": (Register, Registers),
    "circuit": (Brickwork, ProductState),
    "objective": (MLE, ELBO, SELBO),
    "divergence": (MMD,),
    "kernel": (Hamming,),
    "prior": (Uniform, Bernoulli),
    "network": (BinaryMLP,),
}
THINGS: list[tuple[str, Any]] = [
    ("objective", MLE()),
    ("objective", ELBO(0.5)),
    ("objective", SELBO()),
    ("objective", SELBO(2.5, MMD(Hamming((0.25, 0.5))))),
    ("objective", SELBO(divergence=MMD(Hamming((0.25, 0.5), (1.0, 3.0))))),
    ("objective", SELBO(divergence=MMD(bandwidth="adaptive"))),
    ("prior", Uniform()),
    ("prior", Bernoulli(0.3)),
    ("prior", Bernoulli((0.25, 0.5, 0.75))),
    ("prior", Bernoulli({"W1": 0.2, "b1": 0.7})),
    ("posterior", Register(Brickwork(5, depth=3))),
    ("posterior", Register(ProductState(2))),
    ("posterior", Registers(9, 3)),
    ("posterior", Registers(BinaryMLP(2, (3,)), grouping=((0, 2), (1,), tuple(range(3, 13))))),
    ("network", BinaryMLP(3, (2, 1), activation="sign", bias=False, values=(-3, 1))),
]


@pytest.mark.parametrize(("slot", "thing"), THINGS, ids=str)
def test_json_gives_the_thing_back(slot: str, thing: Any) -> None:
    text = json.dumps(record_of(thing), allow_nan=False)
    assert thing_of(json.loads(text), SLOTS, slot) == thing


def test_a_record_is_readable() -> None:
    assert record_of(Register(Brickwork(5, depth=3))) == {
        "kind": "Register",
        "circuit": {"kind": "Brickwork", "n_qubits": 5, "depth": 3},
    }
    assert record_of(SELBO(2.5, MMD(Hamming((0.25, 0.5))))) == {
        "kind": "SELBO",
        "weight": 2.5,
        "divergence": {
            "kind": "MMD",
            "kernel": {"kind": "Hamming", "kappas": [0.25, 0.5], "weights": None},
            "bandwidth": "operator-weight",
        },
    }


@dataclass(frozen=True)
class Odd:
    given: Any
    found: int = field(init=False, default=3)


def test_fields_that_are_not_given_are_not_recorded() -> None:
    assert record_of(Odd(1)) == {"kind": "Odd", "given": 1}


def test_arrays_are_recorded_as_lists() -> None:
    record = record_of(Odd({"one": np.array([[0.5, 1.0]]), "two": (np.int64(3), np.float64(0.25))}))
    assert json.loads(json.dumps(record)) == {"kind": "Odd", "given": {"one": [[0.5, 1.0]], "two": [3, 0.25]}}


@pytest.mark.parametrize(
    "record",
    [None, [], "ELBO", {}, {"beta": 1.0}, {"kind": "Elbo", "beta": 1.0}, {"kind": ["ELBO"]}, {"kind": "Uniform"}],
    ids=str,
)
def test_kinds_that_the_slot_does_not_take_are_refused(record: Any) -> None:
    with pytest.raises(UserError, match=r"^the objective .* is not one of MLE, ELBO, SELBO; was .*edited by hand"):
        thing_of(record, SLOTS, "objective")


def test_nested_records_are_checked_for_their_own_slot() -> None:
    with pytest.raises(UserError, match=r"^the circuit .* is not one of Brickwork, ProductState"):
        thing_of({"kind": "Register", "circuit": {"kind": "ELBO", "beta": 1.0}}, SLOTS, "posterior")
    with pytest.raises(UserError, match=r"^the circuit True is not one of Brickwork, ProductState"):
        thing_of({"kind": "Register", "circuit": True}, SLOTS, "posterior")


def test_a_number_in_place_of_a_thing_is_left_to_the_kind() -> None:
    with pytest.raises(UserError, match="3"):
        thing_of({"kind": "Register", "circuit": 3}, SLOTS, "posterior")


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"kind": "ProductState", "n_qubits": 3, "depth": 2}, "lacks or does not know 'depth'"),
        ({"kind": "Brickwork", "n_qubits": 3}, "lacks or does not know 'depth'"),
        ({"kind": "Brickwork", "n_qubits": "three", "depth": 2}, "cannot have n_qubits = 'three'"),
        ({"kind": "Brickwork", "n_qubits": 3, "depth": 2.5}, r"cannot have depth = 2\.5"),
        ({"kind": "Brickwork", "n_qubits": True, "depth": 2}, "cannot have n_qubits = True"),
        ({"kind": "Brickwork", "n_qubits": None, "depth": 2}, "cannot have n_qubits = None"),
    ],
    ids=str,
)
def test_fields_that_do_not_fit_are_refused(record: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=rf"^the circuit .* {named}.*edited by hand") as caught:
        thing_of(record, SLOTS, "circuit")
    assert "\n" not in str(caught.value)


@dataclass(frozen=True)
class Whole:
    text: Any

    def __post_init__(self) -> None:
        int(self.text)


def test_values_that_make_no_sense_are_refused_by_the_thing() -> None:
    with pytest.raises(UserError, match="beta = -1"):
        thing_of({"kind": "ELBO", "beta": -1.0}, SLOTS, "objective")
    with pytest.raises(UserError, match=r"^the number .*does not fit Whole: invalid literal"):
        thing_of({"kind": "Whole", "text": "three"}, {"number": (Whole,)}, "number")
