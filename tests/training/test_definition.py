import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperborn as hb
from hyperborn.circuits import Brickwork, ProductState
from hyperborn.errors import UserError
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.serialization import definition_from_record

NETWORKS = [
    hb.networks.BinaryMLP(2, hidden=()),
    hb.networks.BinaryMLP(1, hidden=(2,), activation="sign", values=(0, 1), scale="fan_in"),
    hb.networks.BinaryMLP(3, hidden=(1, 1), n_classes=3, activation="tanh", bias=False, values=(-3.5, 1.25)),
]
# Read off here: the type checks of the tests draw random numbers, which strategies may not.
SHAPES = [(network, network.n_weights, [field.name for field in network.fields]) for network in NETWORKS]
SHARES = st.floats(0.01, 0.99)
POSITIVE = st.floats(1e-3, 1e3)


def later(kind: Callable, *arguments: st.SearchStrategy, **named: st.SearchStrategy) -> st.SearchStrategy:
    """A call to be `made` outside of the strategies, for the same reason."""
    return st.builds(partial, st.just(kind), *arguments, **named)


def made(thing: Any) -> Any:
    if not isinstance(thing, partial):
        return thing
    return thing.func(*map(made, thing.args), **{name: made(value) for name, value in thing.keywords.items()})


KERNELS = st.integers(1, 3).flatmap(
    lambda size: later(
        hb.Hamming,
        st.lists(SHARES, min_size=size, max_size=size).map(tuple),
        st.one_of(st.none(), st.lists(POSITIVE, min_size=size, max_size=size).map(tuple)),
    )
)
BANDWIDTHS = st.sampled_from(["operator-weight", "median", "adaptive"])
ALPHAS = st.one_of(st.floats(1e-3, 0.99), st.floats(1.01, 1e3))
OPERATORS = st.sampled_from(["barker", "difference"])
DIVERGENCES = st.one_of(
    later(hb.KL),
    later(hb.MMD, KERNELS),
    later(hb.MMD, bandwidth=BANDWIDTHS),
    later(hb.RenyiDivergence, ALPHAS),
    later(hb.Stein, st.one_of(st.none(), KERNELS), OPERATORS),
    later(hb.Adversarial, st.integers(1, 9), POSITIVE),
)
WEIGHTS = st.one_of(st.just("kl-matched"), POSITIVE)
OBJECTIVES = st.one_of(
    later(hb.MLE),
    later(hb.ELBO, POSITIVE),
    later(hb.SELBO, weight=WEIGHTS, divergence=DIVERGENCES),
    later(hb.Renyi, ALPHAS),
    later(hb.SteinPosterior, WEIGHTS, st.one_of(st.none(), KERNELS), OPERATORS, temperature=POSITIVE),
)
OPTIMIZERS = st.one_of(later(hb.Adam, POSITIVE), later(hb.LBFGS, st.integers(1, 20)))
PLATEAUS = st.one_of(st.none(), later(hb.Plateau, st.integers(1, 500), POSITIVE))


def definitions_on(shape: tuple[hb.networks.BinaryMLP, int, list[str]]) -> st.SearchStrategy:
    network, n, names = shape
    probabilities = st.one_of(
        SHARES,
        st.lists(SHARES, min_size=n, max_size=n).map(tuple),
        st.dictionaries(st.sampled_from(names), SHARES),
    )
    triples = st.tuples(st.integers(0, n - 2), st.just(n - 1), st.floats(-3, 3))
    couplings = st.lists(triples, max_size=3, unique_by=lambda one: one[:2]).map(tuple)
    samples = st.lists(st.text("01", min_size=n, max_size=n), min_size=1, max_size=3).map(tuple)
    angles = st.lists(st.floats(-3, 3, width=32), min_size=2 * n, max_size=2 * n).map(tuple)
    priors = st.one_of(
        later(hb.Uniform),
        later(hb.Bernoulli, probabilities),
        later(hb.Ising, couplings, st.one_of(st.floats(-3, 3), st.lists(SHARES, min_size=n, max_size=n).map(tuple))),
        later(hb.Empirical, samples, st.floats(1e-6, 0.49)),
        later(hb.PreviousPosterior, later(hb.Register, later(Brickwork, st.just(n), depth=st.just(1))), angles, SHARES),
    )
    circuits = st.one_of(later(Brickwork, st.just(n), depth=st.integers(1, 9)), later(ProductState, st.just(n)))
    return later(
        Definition,
        network=st.just(network),
        posterior=later(hb.Register, circuits),
        objective=OBJECTIVES,
        estimator=later(hb.Exact),
        prior=priors,
        optimizer=OPTIMIZERS,
        annealing=st.one_of(st.none(), later(hb.Annealing, st.floats(1e-3, 1), st.floats(1e-3, 1))),
        plateau=PLATEAUS,
        steps=st.integers(1, 10**6),
        batch_size=st.integers(1, 10**6),
        restarts=st.integers(1, 99),
        seed=st.integers(0, 2**32 - 1),
        spread=st.floats(0, 6),
    )


DEFINITIONS = st.sampled_from(SHAPES).flatmap(definitions_on)


def through_json(definition: Definition) -> Any:
    return json.loads(json.dumps(definition.to_record(), allow_nan=False))


@given(DEFINITIONS)
def test_a_definition_comes_back_from_its_record(call: partial) -> None:
    definition = made(call)
    assert definition_from_record(through_json(definition)) == definition


def test_lists_and_arrays_come_back_as_tuples(define) -> None:
    listed = define(prior=hb.Bernoulli([0.25] * 9), steps=np.int64(7))
    assert definition_from_record(through_json(listed)) == define(prior=hb.Bernoulli((0.25,) * 9), steps=7)


def places(record: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a record, but for its root."""
    if path:
        yield path
    for key, value in record.items() if isinstance(record, dict) else enumerate(record if type(record) is list else []):
        yield from places(value, (*path, key))


STRANGE = st.sampled_from([None, "x", -1, 0, 2.5, True, [], {}, [1], {"kind": "Adam"}, {"kind": ["x"]}, 10**9])


@given(DEFINITIONS, st.data())
def test_a_changed_record_is_refused_or_says_what_it_is_read_as(call: partial, data: st.DataObject) -> None:
    record = through_json(made(call))
    *way, last = data.draw(st.sampled_from(list(places(record))))
    inner = record
    for key in way:
        inner = inner[key]
    inner[last] = data.draw(STRANGE)
    with suppress(UserError):
        assert through_json(definition_from_record(copy.deepcopy(record))) == record


@given(DEFINITIONS, st.data())
def test_a_record_that_lacks_something_or_holds_more_is_refused(call: partial, data: st.DataObject) -> None:
    for more in (False, True):
        record = through_json(made(call))
        inner = data.draw(st.sampled_from([record, *(value for value in record.values() if isinstance(value, dict))]))
        if more:
            inner["more"] = 1
        else:
            del inner[data.draw(st.sampled_from(sorted(inner)))]
        with pytest.raises(UserError):
            definition_from_record(record)


def test_values_of_a_wrong_kind_are_named(define) -> None:
    record = through_json(define(prior=hb.Bernoulli((0.5,) * 9)))
    record["prior"]["probability"][3] = []
    with pytest.raises(UserError, match=r"prior probability \(\): give numbers strictly between"):
        definition_from_record(record)


@pytest.mark.parametrize("record", [None, [], "text", 3, {}])
def test_what_is_no_record_at_all_is_refused(record: Any) -> None:
    with pytest.raises(UserError, match="the definition of a run must hold"):
        definition_from_record(record)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"steps": 0}, "steps=0 must be a whole number of at least 1"),
        ({"restarts": -2}, "restarts=-2 must be a whole number of at least 1"),
        ({"seed": -1}, "seed=-1 must be a whole number from 0 to 4,294,967,295"),
        ({"seed": 2**32}, "seed=4294967296 must be"),
        ({"spread": -0.1}, r"spread = -0\.1: give a number of radians"),
        ({"spread": float("nan")}, "spread = nan: give"),
        ({"spread": 1e300}, r"spread = 1e\+300: give a number of radians from 0 to 6\.2832"),
        ({"spread": float("inf")}, "spread = inf: give"),
        ({"posterior": hb.Register(Brickwork(8, depth=2))}, "the posterior is over 8 weights and the network has 9"),
        ({"prior": hb.Bernoulli((0.5, 0.5))}, "prior of 2 probabilities for 9 weights"),
        ({"prior": hb.Ising(((0, 9, 0.5),))}, "prior couples weight 9 of 9 weights"),
        ({"prior": hb.Empirical(("01",), 0.1)}, "prior from samples of 2 bits for 9 weights"),
        ({"prior": hb.Bernoulli({"W9": 0.5})}, "prior names the field 'W9'; the network has W1, b1, W2, b2"),
    ],
)
def test_parts_that_make_no_run_are_refused(define, parts: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        define(**parts)


def test_a_register_too_large_to_enumerate_is_refused_before_anything_starts(define) -> None:
    network = hb.networks.BinaryMLP(11, hidden=(2,))
    with pytest.raises(UserError, match=r"27 weights make 2\^27 networks, over the limit of 24 .*fewer hidden units"):
        define(network=network, posterior=hb.Register(Brickwork(27, depth=1)))


def test_optimizers_refuse_settings_that_move_nothing() -> None:
    for rate in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UserError, match="give a positive number"):
            hb.Adam(rate)
    with pytest.raises(UserError, match="memory=0 must be a whole number of at least 1"):
        hb.LBFGS(0)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (hb.Adam, "fast", "learning_rate = 'fast': give a positive number"),
        (hb.LBFGS, 2.5, "memory=2.5 must be a whole number of at least 1"),
        (hb.Plateau, "long", "patience='long' must be a whole number of at least 1"),
    ],
)
def test_settings_that_are_no_numbers_are_named(kind: Callable, given: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        kind(given)


def test_gains_are_for_gradients_from_shots() -> None:
    network = hb.networks.BinaryMLP(2, hidden=())
    with pytest.raises(UserError, match=r"gains is for gradients from shots; give hb\.Adam"):
        definition_with_defaults(
            network, 40, posterior=hb.Register(ProductState(network.n_weights)), optimizer=hb.Gains()
        )


def test_a_definition_repeats_no_default() -> None:
    """They stand in `defaults`, and differ between the ways of training."""
    given = [field for field in fields(Definition) if field.default is MISSING and field.default_factory is MISSING]
    assert given == list(fields(Definition))
