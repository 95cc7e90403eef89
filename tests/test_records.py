import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hyperborn.circuits import Brickwork, ProductState
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import KL, MMD, Divergence
from hyperborn.objectives.kernels import Hamming
from hyperborn.objectives.objectives import ELBO, MLE, SELBO
from hyperborn.posteriors import Register, Registers
from hyperborn.priors import Bernoulli, Uniform
from hyperborn.records import Slots, lost_in_record, own_kinds, record_of, thing_of

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
    assert record_of(Odd(1)) == {"kind": f"{__name__}:Odd", "given": 1}


def test_arrays_are_recorded_as_lists() -> None:
    record = record_of(Odd({"one": np.array([[0.5, 1.0]]), "two": (np.int64(3), np.float64(0.25))}))
    given = {"one": [[0.5, 1.0]], "two": [3, 0.25]}
    assert json.loads(json.dumps(record)) == {"kind": f"{__name__}:Odd", "given": given}


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


@dataclass(frozen=True)
class Mixed(Divergence):
    """A divergence of one's own that holds numbers, ours, and another of one's own."""

    name = "mixed"
    parts: tuple[Divergence, ...] = ()
    kernel: str = "rbf"
    shares: Any = None

    bind = matched_weight = lambda *_: None


class Outer:
    @dataclass(frozen=True)
    class Inner(Mixed):
        name = "inner"


class Bare(Divergence):
    """No dataclass by itself; its parent is one without fields."""

    name = "bare"
    bind = matched_weight = lambda *_: None


@dataclass(frozen=True)
class Abstract(Divergence):
    name = "abstract"


OWN_SLOTS: Slots = {**SLOTS, "divergence": (MMD, KL, Divergence)}
OWN = [
    Mixed(),
    Mixed((KL(), MMD(Hamming((0.25,))), Outer.Inner(shares=0.5)), "laplace", {"a": (1, (2.5, None)), "b": "text"}),
    Mixed(shares={"kind": "rbf", "width": {"kind": ""}}),
    Outer.Inner(),
    Bare(),
]


@pytest.mark.parametrize("part", OWN, ids=lambda it: type(it).__qualname__)
def test_a_part_of_ones_own_comes_back_by_its_module_and_class(part: Divergence) -> None:
    record = json.loads(json.dumps(record_of(SELBO(divergence=part)), allow_nan=False))
    kind = f"{__name__}:{type(part).__qualname__}"
    assert record["divergence"]["kind"] == kind
    assert next(own_kinds(record)) == kind
    found = thing_of(record, {**OWN_SLOTS, "objective": (SELBO,)}, "objective")
    assert found == SELBO(divergence=part)
    assert type(found.divergence) is type(part)
    assert list(own_kinds(record_of(SELBO()))) == []


def test_a_record_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a module by its name, nor what a module would import when it is asked for something absent."""
    (tmp_path / "a_gift.py").write_text("raise SystemError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        UserError, match=r"the divergence 'a_gift:Mine' is not known here; import a_gift first, or give"
    ):
        thing_of({"kind": "a_gift:Mine"}, OWN_SLOTS, "divergence")
    lazy = ModuleType("lazy")
    lazy.__getattr__ = lambda name: sys.exit(name)  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    with pytest.raises(UserError, match=r"the divergence 'lazy:Mine' is not known here: lazy has no class Mine; check"):
        thing_of({"kind": "lazy:Mine"}, OWN_SLOTS, "divergence")


FORGED = {
    "another base": (
        "hyperborn.priors.product:Uniform",
        "cannot be the divergence; make it a dataclass that implements",
    ),
    "no part at all": ("subprocess:Popen", "cannot be the divergence"),
    "abstract": (f"{__name__}:Abstract", "cannot be the divergence"),
    "a function": ("os:system", "os has no class system; check the name"),
    "no class of that name": (f"{__name__}:Elsewhere.Inner", "has no class Elsewhere.Inner; check the name"),
    "nothing": (":", "is not known here"),
    "a script": ("__main__:Elsewhere", "__main__ has no class Elsewhere; define it first, as the program that made it"),
}


@pytest.mark.parametrize(("kind", "said"), FORGED.values(), ids=FORGED)
def test_what_cannot_be_the_part_is_refused(kind: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        thing_of({"kind": kind, "args": "ls"}, OWN_SLOTS, "divergence")
    assert said in str(caught.value)
    # Nor inside of a part that is one's own, and not at all where a slot takes none of one's own.
    with pytest.raises(UserError):
        thing_of({**record_of(Mixed()), "shares": [{"kind": kind, "args": "ls"}]}, OWN_SLOTS, "divergence")
    with pytest.raises(UserError, match="is not one of MMD; was the file edited by hand"):
        thing_of({"kind": kind}, SLOTS, "divergence")


def test_a_class_that_has_changed_since_is_named() -> None:
    record = {**record_of(Mixed()), "order": 3}
    with pytest.raises(UserError, match=r"the divergence .* lacks or does not know 'order'; take the module as it was"):
        thing_of(record, OWN_SLOTS, "divergence")


def test_what_no_record_can_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Local(Mixed):
        pass

    with pytest.raises(
        UserError, match=r"^the class Local is defined inside a function, where nobody finds it again; d"
    ):
        record_of(Local())
    mixed = f"{__name__}:Mixed"
    for value in (lambda it: it, [1, (lambda it: it,)], {"a": lambda it: it}):
        with pytest.raises(
            UserError, match=rf"^shares of {mixed} is the function .*<lambda>, and a run folder holds num"
        ):
            record_of(Mixed(shares=value))
    with pytest.raises(UserError, match=rf"^shares of {mixed} has the key 1, and keys in a run folder are texts"):
        record_of(Mixed(shares=[{1: 0.25}]))
    with pytest.raises(
        UserError, match=rf"^shares of {mixed} is \{{1\}}, and a run folder holds numbers, texts and tup"
    ):
        record_of(Mixed(shares={1}))
    with pytest.raises(UserError, match=rf"^shares of {mixed} is the function Mixed, and a run folder holds"):
        record_of(Mixed(shares=Mixed))
    with pytest.raises(UserError, match=r"test_records:Plain is no dataclass; put @dataclass\(frozen=True\) above"):
        record_of(Plain())
    before = Mixed()
    monkeypatch.setattr(sys.modules[__name__], "Mixed", Outer.Inner)
    with pytest.raises(UserError, match=rf"^{mixed} is another class by now; make the part of that class"):
        record_of(before)


@dataclass(frozen=True)
class Coloured(Mixed):
    name = "coloured"
    kind: str = "red"


@dataclass(frozen=True)
class Replaced(Mixed):
    name = "replaced"
    substitute: float = 0.5


@dataclass(frozen=True)
class Kept(Mixed):
    """What is no argument is in no record."""

    name = "kept"
    kind: str = field(init=False, default="red")


@pytest.mark.parametrize(("part", "key"), [(Coloured(), "kind"), (Replaced(), "substitute")])
def test_a_field_with_the_name_of_a_key_of_records_is_refused(part: Divergence, key: str) -> None:
    said = rf"^{__name__}:{type(part).__name__} has a field called {key}, which is a key of records themselves; rename"
    for thing in (part, SELBO(divergence=part), Mixed(shares=[part])):
        with pytest.raises(UserError, match=said):
            record_of(thing)
    record = record_of(Kept())
    assert record["kind"] == f"{__name__}:Kept"
    assert thing_of(record, OWN_SLOTS, "divergence") == Kept()


class Plain:
    pass


def test_a_difference_is_named_and_tuples_are_lists() -> None:
    before = Mixed((KL(), MMD(Hamming((0.25,)))), shares={"a": [1, np.array([2.5, 3.0])]})
    assert lost_in_record(before, Mixed(before.parts, shares={"a": (1, (2.5, 3))}), "it") is None
    others = {
        "kernel of Mixed": Mixed(before.parts, "laplace", before.shares),
        "parts of Mixed": Mixed((KL(), KL()), shares=before.shares),
        "shares of Mixed": Mixed(before.parts, shares={"a": (1, (2.5, 4.0))}),
        "it": KL(),
    }
    for place, after in others.items():
        assert (lost_in_record(before, after, "it") or "").startswith(f"{place} comes back from its record as ")
