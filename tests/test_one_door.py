"""`hyperborn train`, `hyperborn.fit` and the estimators train the same thing, and change nothing else."""

import logging
import warnings
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import jax
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import hyperborn as hb
from command_line import run
from hyperborn.config.options import OPTIONS
from hyperborn.data.tables import Table
from hyperborn.errors import HyperbornWarning, UserError
from hyperborn.fit_arguments import DEFAULTS
from hyperborn.sklearn import HyperbornClassifier, HyperbornRegressor
from hyperborn.sklearn.inputs import in_one_order


@pytest.fixture(scope="module")
def flowers() -> pd.DataFrame:
    """Text, a missing number, and two columns to predict."""
    rng = np.random.default_rng(3)
    kind = np.repeat(["small", "large"], 20)
    petal = np.where(kind == "small", 1.0, 2.0) + rng.normal(size=40)
    frame = pd.DataFrame({"petal": petal, "colour": rng.choice(["red", "blue"], 40), "kind": kind})
    frame.loc[3, "petal"] = np.nan
    frame["height"] = 3 * rng.normal(size=40) + 10
    return frame


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": (4,), "activation": "relu", "beta": 0.1, "register_size": 2, "steps": 40},
        {"hidden": "none", "posterior": "register", "objective": "selbo", "learning_rate": 0.05, "steps": 30},
        {"effort": "quick", "steps": 30, "register_size": 1},
    ],
    ids=["registers", "register", "chosen"],
)
@pytest.mark.parametrize("target", ["kind", "height"])
def test_the_same_is_trained_through_every_door(
    flowers: pd.DataFrame, target: str, options: dict[str, Any], tmp_path: Path
) -> None:
    table = tmp_path / "flowers.csv"
    frame = flowers[["petal", "colour", target]]
    if target == "kind":
        # The order of the rows depends on the labels, too.
        codes = np.unique(frame[target], return_inverse=True)[1]
        places = sorted_places(frame[["petal", "colour"]], codes)
    else:
        places = sorted_places(frame[["petal", "colour"]], frame[target].to_numpy())
    frame = frame.iloc[places].reset_index(drop=True)
    frame.to_csv(table, index=False)

    flags = [part for key, value in options.items() for part in (f"--{key.replace('_', '-')}", text_of(value))]
    splits = ("--test", "0") if "effort" in options else ("--test", "0", "--validation", "0")
    outcome = run("train", table, "--target", target, *splits, *flags, "--seed", 3, "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.errors
    trained = hb.load(tmp_path / "run")

    data = hb.data.load(str(table), target=target, validation=0.0, test=0.0)
    fitted = hb.fit(data, seed=3, **options)

    kind = HyperbornClassifier if target == "kind" else HyperbornRegressor
    shuffled = frame.sample(frac=1, random_state=1)
    model = kind(**options, random_state=3).fit(shuffled[["petal", "colour"]], shuffled[target])

    for other in (fitted, model.result_):
        assert (other.definition.to_record() | {"steps": 0}) == (trained.definition.to_record() | {"steps": 0})
        assert other.params.tobytes() == trained.params.tobytes()
        assert (other.choice is None) == (trained.choice is None)
        assert other.calibration == trained.calibration
    if options.get("effort"):
        assert trained.choice is not None
        assert fitted.choice is not None
        assert fitted.choice.text == trained.choice.text


def sorted_places(features: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
    """Places of the rows in the order of the estimators."""
    examples = in_one_order(Table.of(features), labels, None)
    rows = pd.DataFrame(dict(examples.table.columns)).assign(label=examples.y)
    given = pd.DataFrame(dict(Table.of(features).columns)).assign(label=labels)
    keys = [tuple(map(str, row)) for row in given.to_numpy(object)]
    return np.array([keys.index(tuple(map(str, row))) for row in rows.to_numpy(object)])


def text_of(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_defaults_stand_in_one_place() -> None:
    own = {name: parameter.default for name, parameter in signature(hb.fit).parameters.items()}
    for name, default in DEFAULTS.items():
        assert own[name] == default
    for kind in (HyperbornClassifier, HyperbornRegressor):
        table = kind().get_params()
        for name in ("hidden", "activation", "posterior", "objective", "beta", "optimizer", "learning_rate", "steps"):
            assert table[name] == OPTIONS[name].default
        for name in ("prior", "batch_size", "random_state"):
            assert str(table[name]) == OPTIONS["seed" if name == "random_state" else name].default
        assert table["effort"] == OPTIONS["effort"].default


@pytest.fixture
def moons() -> hb.data.Dataset:
    return hb.data.load("moons", size=60, seed=0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hiden": 3}, "unknown configuration key 'hiden': did you mean 'hidden'?"),
        ({"patience": 3}, "patience is an option of the command line; here it is plateau=hb.Plateau(100)"),
        ({"drop": "a"}, "drop says how data are read and split; give it to hb.data.load"),
        ({"objective": hb.ELBO(0.1), "beta": 0.3}, "beta is said by objective ELBO(beta=0.1) as well"),
        ({"posterior": hb.Register(hb.circuits.ProductState(4)), "depth": 3}, "depth says how a posterior is made"),
        ({"posterior": hb.Register(hb.circuits.ProductState(4)), "hidden": "none"}, "the posterior Register("),
        ({"network": hb.networks.BinaryMLP(2), "hidden": 3}, "hidden says how layers are made, and does not go with"),
        ({"hidden": 2, "ledger": "jobs"}, "ledger = 'jobs': the run is on no backend"),
    ],
    ids=str,
)
def test_a_mistake_is_one_line(moons: hb.data.Dataset, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        hb.fit(**{"data": moons} | given)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_parts_and_options_go_together(moons: hb.data.Dataset) -> None:
    circuit = hb.circuits.AllPairs(3, depth=1)
    result = hb.fit(moons, hidden="none", posterior=hb.Register(circuit), steps=5, plateau=None, annealing=None)
    assert result.circuit == circuit
    assert result.definition.plateau is None
    assert result.definition.annealing is None
    backend = hb.backends.Statevector()
    shots = hb.ShotRegister(hb.circuits.ProductState(3), backend)
    measured = hb.fit(moons, hidden="none", posterior=shots, steps=2, shots=50)
    assert measured.definition.objective.name == "selbo"
    assert measured.definition.estimator.name == "spsa"


def state_of_other_packages() -> list[Any]:
    return [
        dict(jax.config.values),
        np.get_printoptions(),
        np.geterr(),
        dict(mpl.rcParams),
        list(warnings.filters),
        logging.getLogger().level,
        logging.getLogger("hyperborn").handlers,
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - what others use
    ]


@pytest.mark.parametrize(
    "fit",
    [
        lambda data: hb.fit(data, effort="quick", steps=20).summary,
        lambda data: hb.fit(hb.networks.BinaryMLP(2, (1,)), data, steps=20).summary,
        lambda data: HyperbornClassifier(hidden=(2,), steps=20).fit(data.train.x, data.train.y).result_,
    ],
    ids=["chosen", "network", "estimator"],
)
def test_a_fit_changes_nothing_else_and_prints_nothing(
    fit: Callable[[Any], Any], moons: hb.data.Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    before = state_of_other_packages()
    fit(moons)
    assert state_of_other_packages() == before
    assert capfd.readouterr() == ("", "")


def test_what_was_chosen_is_logged(moons: hb.data.Dataset, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "hyperborn"):
        hb.fit(moons, effort="quick", steps=20)
    assert any(record.getMessage().startswith("chosen: ") for record in caplog.records)


def test_every_warning_is_one_of_ours(moons: hb.data.Dataset) -> None:
    class Fast(hb.networks.BinaryMLP):
        """Made here, where no run folder finds it again."""

    with pytest.warns(HyperbornWarning, match="cannot be saved"):
        hb.fit(Fast(2, (1,)), moons, steps=2)
    assert issubclass(hb.HyperbornWarning, UserWarning)


def test_a_start_is_that_of_the_same_posterior(moons: hb.data.Dataset) -> None:
    first = hb.fit(moons, hidden=(3,), posterior="registers", steps=30)
    again = hb.fit(first.network, moons, posterior=first.definition.posterior, steps=1, start=first)
    assert np.abs(again.params - first.params).max() < 0.2
    with pytest.raises(UserError, match="start is a result of Registers"):
        hb.fit(moons, hidden=(2,), posterior="registers", steps=1, start=first)
    exact = hb.fit(hb.networks.BinaryMLP(2, ()), moons, steps=60, optimizer=hb.LBFGS(), annealing=None)
    there = hb.fit(exact.network, moons, steps=1, optimizer=hb.LBFGS(), annealing=None, start=exact)
    assert max(there.losses) <= min(exact.losses) + 1e-3
