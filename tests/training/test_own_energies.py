"""Training on energies of one's own: the same results as of a network, and nothing that needs labels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import oracle
from hyperborn.backends import Limits
from hyperborn.data import Dataset
from hyperborn.energy import OwnEnergies, of_network
from hyperborn.errors import UserError
from hyperborn.training.result import Result
from own_energies import TABLE, N, in_jax, in_numpy
from runs import same

REGISTER = hb.Register(hb.circuits.Brickwork(N, depth=2))
REGISTERS = hb.Registers(N, 2, depth=1)
LIKELY = 0.3
BACKEND = hb.backends.Statevector()
SOURCES = {"table": hb.Energies(TABLE), "numpy": hb.EnergyFunction(in_numpy, N), "jax": hb.EnergyFunction(in_jax, N)}


def fitted(source: OwnEnergies, **settings: Any) -> Result:
    return hb.fit(source, **({"posterior": REGISTER, "steps": 60, "progress": False} | settings))


@pytest.fixture(params=SOURCES.values(), ids=SOURCES)
def source(request: pytest.FixtureRequest) -> OwnEnergies:
    return request.param


@pytest.fixture(scope="module")
def result() -> Result:
    return fitted(SOURCES["table"], prior=hb.Bernoulli(LIKELY))


@pytest.fixture(scope="module")
def registered() -> Result:
    return fitted(SOURCES["table"], posterior=REGISTERS)


def test_a_table_of_a_networks_energies_trains_as_the_network_does(define, data: Dataset) -> None:
    definition = define()
    settings = {"posterior": definition.posterior, "optimizer": definition.optimizer, "annealing": None}
    settings |= {"plateau": None, "steps": 50, "restarts": 4, "spread": 0.1, "progress": False}
    network = hb.fit(definition.network, data, **settings)
    table = hb.fit(hb.Energies(hb.energies(definition.network, data.train)), **settings)
    assert same(network, table)


def test_energies_are_enumerated_once(define, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    tables: list[int] = []

    def counted(network: Any, split: Any, **settings: Any) -> np.ndarray:
        tables.append(network.n_weights)
        return hb.energies(network, split, **settings)

    monkeypatch.setattr(of_network, "energies", counted)
    settings = {"posterior": define().posterior, "steps": 2, "progress": False}
    assert hb.fit(define().network, data, **settings).summary["map"]["energy"] > 0
    assert tables == [9]
    rows: list[int] = []

    def noted(given: np.ndarray) -> np.ndarray:
        rows.append(len(given))
        return given.sum(axis=1)

    energies = hb.EnergyFunction(noted, 9)
    rows.clear()
    with pytest.warns(UserWarning, match="cannot be saved"):
        found = hb.fit(energies, **settings)
    assert found.summary["map"]["energy"] >= 0
    assert rows == [512, 1]


def test_all_kinds_of_energies_train_alike(source: OwnEnergies, result: Result) -> None:
    found = fitted(source, prior=hb.Bernoulli(LIKELY))
    np.testing.assert_allclose(found.params, result.params, rtol=0, atol=1e-4)
    assert found.numbers == pytest.approx(result.numbers, abs=1e-6)


def test_the_numbers_are_those_of_a_plain_enumeration(result: Result) -> None:
    q, p = result.probabilities, objectives_oracle.product_distribution([LIKELY] * N)
    joint = p * np.exp(-TABLE)
    numbers = {
        "expected_energy": q @ TABLE,
        "log_evidence": np.log(joint.sum()),
        "elbo": -(q @ TABLE) - objectives_oracle.divergence_from(q, p),
        "elbo_gap": objectives_oracle.divergence_from(q, joint / joint.sum()),
    }
    assert {name: result.numbers[name] for name in numbers} == pytest.approx(numbers, abs=1e-9)
    assert result.numbers["elbo_gap"] < 1
    rows = oracle.all_bits(N)
    np.testing.assert_allclose(result.marginals, q @ rows, rtol=1e-12)
    order = np.argsort(-q)[:3]
    np.testing.assert_array_equal(result.most_probable(3), rows[order])
    np.testing.assert_array_equal(result.energies(result.most_probable(3)), TABLE[order])
    drawn = result.sample(4000, seed=3)
    error = np.sqrt(result.marginals * (1 - result.marginals) / 4000)
    assert (np.abs(drawn.mean(axis=0) - result.marginals) < 4 * error + 1e-12).all()
    np.testing.assert_array_equal(drawn, result.sample(4000, seed=3))


@pytest.mark.parametrize("objective", [hb.MLE(), hb.SELBO(), hb.Renyi(), hb.SteinPosterior()], ids=lambda it: it.name)
def test_every_objective_goes_down(objective: Any) -> None:
    before, after = (fitted(SOURCES["table"], objective=objective, steps=steps).numbers["loss"] for steps in (1, 100))
    assert after < before - 0.1


def test_one_classical_posterior_and_two_bases_fit_as_well() -> None:
    halves = hb.MultiBasis(hb.circuits.Brickwork(N // 2, depth=2))
    for posterior in (hb.Autoregressive(N), halves, REGISTERS):
        found = fitted(SOURCES["table"], posterior=posterior, estimator=hb.Exact(), steps=5)
        assert found.numbers["elbo"] < np.log(np.mean(np.exp(-TABLE))) == pytest.approx(found.numbers["log_evidence"])


@pytest.mark.parametrize(
    "estimator",
    [hb.FirstOrder(), hb.StraightThrough(), hb.ScoreFunction(), hb.LocalExpectation()],
    ids=lambda it: it.name,
)
def test_registers_learn_from_any_energies(source: OwnEnergies, estimator: Any) -> None:
    found = fitted(source, posterior=REGISTERS, estimator=estimator, steps=150, annealing=None)
    q, numbers = found.probabilities, found.numbers
    exact, error = q @ TABLE, np.sqrt((q @ TABLE**2 - (q @ TABLE) ** 2) / 16)
    # Of 16 draws with seed 0.
    assert abs(numbers["expected_energy"] - exact) < 4 * error
    assert numbers["kl"] == pytest.approx(objectives_oracle.divergence_from(q, np.full(2**N, 2.0**-N)), abs=1e-6)
    np.testing.assert_allclose(found.marginals, q @ oracle.all_bits(N), atol=1e-6)
    # Products reach most of what all distributions could.
    lowest = -np.log(np.mean(np.exp(-TABLE)))
    assert exact + numbers["kl"] < lowest + 0.35 * (TABLE.mean() - lowest)


CONSTANT = 2.0**30
ROUNDED = np.round(TABLE * 2**15) / 2**15
"""So few digits that the constant takes none of them in double precision."""


def rounded(rows: np.ndarray) -> np.ndarray:
    return ROUNDED[(rows @ 2 ** np.arange(N - 1, -1, -1)).astype(int)]


def rounded_and_moved(rows: np.ndarray) -> np.ndarray:
    return rounded(rows) + CONSTANT


@pytest.mark.parametrize("estimator", [hb.FirstOrder(), hb.ScoreFunction()], ids=["first-order", "score-function"])
@pytest.mark.parametrize("kind", ["table", "numpy"])
def test_on_registers_a_constant_of_the_energies_changes_nothing_but_what_is_reported(kind: str, estimator) -> None:
    plain: OwnEnergies = hb.Energies(ROUNDED)
    moved: OwnEnergies = hb.Energies(ROUNDED + CONSTANT)
    if kind == "numpy":
        plain, moved = hb.EnergyFunction(rounded, N), hb.EnergyFunction(rounded_and_moved, N)
    settings = {"posterior": REGISTERS, "estimator": estimator, "steps": 30}
    before, after = (fitted(one, **settings) for one in (plain, moved))
    np.testing.assert_array_equal(before.params, after.params)
    for name, sign in (("loss", 1), ("expected_energy", 1), ("elbo", -1), ("kl", 0), ("standard_error", 0)):
        assert after.numbers[name] == pytest.approx(before.numbers[name] + sign * CONSTANT, rel=0, abs=1e-6)
    np.testing.assert_allclose(after.losses, np.array(before.losses) + CONSTANT, rtol=0, atol=1e-6)
    np.testing.assert_allclose(after.history.losses, before.history.losses + CONSTANT, rtol=0, atol=1e-6)
    np.testing.assert_allclose(after.history.elbo, before.history.elbo - CONSTANT, rtol=0, atol=1e-6)


def test_on_registers_the_objective_is_the_bound_itself_by_default(registered: Result) -> None:
    assert registered.definition.objective == hb.ELBO()
    assert registered.definition.estimator == hb.FirstOrder()
    assert hb.default_posterior(10) == hb.Register(hb.circuits.AllPairs(10, 4))
    assert hb.default_posterior(19) == hb.Registers(19)


@pytest.mark.parametrize(
    "posterior", [hb.ShotRegister(REGISTER.circuit, BACKEND), hb.ShotRegisters(REGISTERS, BACKEND)], ids=["one", "many"]
)
def test_from_shots_with_a_ledger_and_limits(source: OwnEnergies, posterior: Any, tmp_path: Path) -> None:
    settings = {"posterior": posterior, "steps": 4, "ledger": tmp_path / "jobs.sqlite", "seed": 2}
    found = fitted(source, **settings)
    # Nothing is measured twice: no further shot is allowed.
    again = fitted(source, **settings, limits=Limits(max_shots=9 * 1000))
    assert same(found, again)
    weights, rows = found.outcomes.weights, found.outcomes.bits
    np.testing.assert_allclose(found.marginals, weights @ rows, rtol=1e-12)
    energies = TABLE[rows @ 2 ** np.arange(N - 1, -1, -1)]
    if isinstance(posterior, hb.ShotRegister):
        assert found.numbers["expected_energy"] == pytest.approx(weights @ energies, rel=1e-9)
    assert found.summary["map"]["energy"] == pytest.approx(energies[weights.argmax()])
    with pytest.raises(UserError, match="max_shots"):
        fitted(source, posterior=posterior, steps=4, limits=Limits(max_shots=1000))


def test_the_summary_says_what_the_energies_are_and_nothing_of_labels(result: Result) -> None:
    summary = result.summary
    assert (summary["energies"], summary["n_weights"], summary["map"].keys()) == (
        "a table of 2^8",
        8,
        {"bits", "energy"},
    )
    lacking = {"data", "train", "validation", "test", "temperature", "size_in_bytes", "n_side"}
    assert not lacking & summary.keys()
    assert fitted(SOURCES["numpy"], steps=1).summary["energies"] == "own_energies:in_numpy"


QUESTIONS = {
    "network": lambda it: it.network,
    "data": lambda it: it.data,
    "fitted": lambda it: it.fitted,
    "temperature": lambda it: it.temperature,
    "predict_proba": lambda it: it.predict_proba([[1.0]]),
    "predict": lambda it: it.predict([[1.0]]),
    "predict_table": lambda it: it.predict_table({"a": [1.0]}),
    "metrics": lambda it: it.metrics(),
    "network_metrics": lambda it: it.network_metrics(it.most_probable()),
    "network_probabilities": lambda it: it.network_probabilities(it.most_probable(), [[1.0]]),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_what_needs_a_network_or_labels_is_refused_in_one_line(result: Result, ask: Any) -> None:
    with pytest.raises(UserError, match=r"the run is of energies of your own, Energies\(n_bits=8\), without a network"):
        ask(result)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a posterior of other bits": ({"posterior": hb.Registers(5)}, "over 5 weights and the energies take 8; give"),
    "a prior of other bits": ({"prior": hb.Bernoulli([0.5] * 3)}, "prior of 3 probabilities for 8 weights"),
    "a prior of fields": ({"prior": hb.Bernoulli({"W1": 0.2})}, "a prior by field names needs the network itself"),
    "layers": (
        {"posterior": REGISTERS, "estimator": hb.LocalReparameterization()},
        r"local-reparameterization knows the layers of a BinaryMLP .*give hb\.FirstOrder\(\)",
    ),
    "a network's registers": (
        {"posterior": hb.Registers(hb.networks.BinaryMLP(7, hidden=()))},
        "the registers are those of another network",
    ),
    "data": ({"data": hb.data.load("moons", size=20)}, r"data = Dataset\(.*: energies of your own take no data"),
    "a ledger without a backend": ({"ledger": "jobs.sqlite"}, "the run is on no backend"),
}


@pytest.mark.parametrize(("settings", "said"), MISTAKES.values(), ids=MISTAKES)
def test_what_does_not_fit_is_said_before_training(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        fitted(SOURCES["table"], **settings)


def ones(bits: np.ndarray) -> np.ndarray:
    return bits.sum(axis=-1, dtype=float)


OF_MANY_BITS: dict[str, tuple[dict[str, Any], str]] = {
    "one circuit": (
        {"posterior": hb.Register(hb.circuits.ProductState(40))},
        r"^40 bits make 2\^40 rows, over the limit of 24 bits of the estimator exact; give hb\.Registers\(40\) with "
        r"the estimator hb\.FirstOrder\(\), or, on a backend, hb\.ShotRegisters\(hb\.Registers\(40\), backend\) with ",
    ),
    "exact gradients": ({"estimator": hb.Exact()}, r"40 bits make 2\^40 rows, over the limit of 24 bits"),
    "shots of no backend": (
        {"estimator": hb.SPSA()},
        r"Registers has none; give hb\.ShotRegisters\(registers, backend\), or the estimator hb\.FirstOrder\(\)",
    ),
    "draws of one circuit": (
        {"posterior": hb.Register(hb.circuits.ProductState(40)), "estimator": hb.FirstOrder()},
        r"not from Register; give hb\.Registers\(40\), or the estimator hb\.Exact\(\)",
    ),
    "draws of shots": (
        {"posterior": hb.ShotRegister(hb.circuits.ProductState(40), BACKEND), "estimator": hb.FirstOrder()},
        r"not from ShotRegister; give hb\.Registers\(40\), or the estimator hb\.SPSA\(\)",
    ),
    "exact from shots": (
        {"posterior": hb.ShotRegister(hb.circuits.ProductState(40), BACKEND), "estimator": hb.Exact()},
        "the estimator exact needs probabilities, and ShotRegister gives shots",
    ),
    "too wide a circuit": (
        {"posterior": hb.ShotRegister(hb.circuits.ProductState(40), BACKEND)},
        r"which has 26; choose a smaller network \(--hidden, --components\) or fewer bits, many registers "
        r"\(hb\.ShotRegisters, --posterior registers\) or another backend",
    ),
    "a network's registers": (
        {"posterior": hb.Registers(hb.networks.BinaryMLP(39, hidden=()))},
        r"another network; give hb\.Registers\(40\)",
    ),
}


@pytest.mark.parametrize(("settings", "said"), OF_MANY_BITS.values(), ids=OF_MANY_BITS)
def test_what_is_advised_for_many_bits_speaks_of_bits_and_of_parts_that_take_them(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        fitted(hb.EnergyFunction(ones, 40), **({"posterior": hb.Registers(40)} | settings))
    assert "\n" not in str(caught.value)


def test_probabilities_of_many_bits_are_asked_for_otherwise() -> None:
    result = fitted(hb.EnergyFunction(ones, 40), posterior=hb.Registers(40), steps=1)
    with pytest.raises(UserError, match=r"40 weights have too many .*; take `sample`, `marginals` or `most_probable`"):
        _ = result.probabilities


@pytest.mark.usefixtures("unchecked")
def test_a_bare_table_or_function_is_told_what_to_give() -> None:
    for given in (TABLE, in_numpy, 8):
        with pytest.raises(
            UserError,
            match=r"network = .*: give a network, .* or energies of your own, such as hb\.Energies\(table\) "
            r"or hb\.EnergyFunction\(f, n_bits\)$",
        ):
            hb.fit(given)
    with pytest.raises(UserError, match="data = None: give the whole data set"):
        hb.fit(hb.networks.BinaryMLP(2))


def not_everywhere(rows: np.ndarray) -> np.ndarray:
    return np.where(rows[:, 0] < rows[:, 1], np.nan, rows.sum(axis=1))


def equal_neighbours(rows: Any) -> Any:
    return jnp.sum(rows[:, 1:] == rows[:, :-1], axis=1)


def test_an_energy_that_is_not_finite_stops_a_run_on_registers() -> None:
    wild = hb.EnergyFunction(not_everywhere, N)
    with pytest.raises(UserError, match="nan for the bits 01"):
        fitted(wild, posterior=REGISTERS)
    with pytest.raises(
        UserError, match="an energy is NaN or infinite in single precision: give smaller or finite ones"
    ):
        fitted(hb.Energies(TABLE * 1e39), posterior=REGISTERS)


def test_only_estimators_that_follow_derivatives_ask_for_them() -> None:
    stepwise = hb.EnergyFunction(equal_neighbours, N)
    for estimator in (hb.FirstOrder(), hb.StraightThrough()):
        with pytest.raises(
            UserError, match=r"no derivative by its bits; .* or take the estimator hb\.ScoreFunction\(\)"
        ):
            fitted(stepwise, posterior=REGISTERS, estimator=estimator, steps=1)
    fitted(stepwise, posterior=REGISTERS, estimator=hb.ScoreFunction(), steps=1)
    fitted(stepwise, posterior=REGISTERS, estimator=hb.LocalExpectation(), steps=1)


def test_results_are_saved_and_loaded(result: Result, registered: Result, tmp_path: Path) -> None:
    for name, found in (("one", result), ("many", registered), ("function", fitted(SOURCES["jax"], steps=2))):
        found.save(tmp_path / name)
        again = hb.load(tmp_path / name)
        assert same(found, again)
        assert again.summary == found.summary
        np.testing.assert_array_equal(again.marginals, found.marginals)
        np.testing.assert_array_equal(again.sample(5), found.sample(5))
    assert hb.load(tmp_path / "one").energies.table().tobytes() == TABLE.tobytes()


def test_a_run_that_cannot_be_saved_says_so_before_training(tmp_path: Path) -> None:
    said = "<lambda> has no name that it could be found by, so that its run cannot be saved; define"
    with pytest.warns(UserWarning, match=said):
        found = fitted(hb.EnergyFunction(lambda rows: rows.sum(axis=1), N), steps=2)
    with pytest.raises(UserError, match="<lambda> has no name that it could be found by"):
        found.save(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    # Before training, which fails here.
    wild = hb.EnergyFunction(lambda rows: np.where(rows[:, 0] < rows[:, 1], np.nan, rows.sum(axis=1)), N)
    with pytest.warns(UserWarning, match=said), pytest.raises(UserError, match="nan"):
        fitted(wild)


def test_a_trained_posterior_is_a_prior_and_runs_on_a_backend(result: Result) -> None:
    after = fitted(SOURCES["table"], prior=result.as_prior(), steps=2)
    assert after.numbers["log_evidence"] > result.numbers["log_evidence"]
    measured = result.on(BACKEND, 4000, seed=1)
    error = np.sqrt(result.marginals * (1 - result.marginals) / 4000)
    assert (np.abs(measured.marginals - result.marginals) < 4 * error + 1e-12).all()
    assert measured.summary["measured_on"] == "statevector, 4,000 shots"


def test_a_definition_takes_energies_of_as_many_bits(result: Result) -> None:
    definition = result.definition
    assert (definition.network, definition.n_weights, definition.n_side) == (8, 8, 0)
    for wrong in (hb.Energies(TABLE[:128]), hb.data.load("moons", size=20)):
        with pytest.raises(UserError, match="for network = 8: give a data set for a network, and for a number of bits"):
            definition.check(wrong)
    with pytest.raises(UserError, match="network=True must be a whole number"):
        replace(definition, network=True)
