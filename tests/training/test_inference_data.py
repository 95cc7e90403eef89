"""What ArviZ is given of a result, against plain NumPy; and ArviZ's own tools tried on it."""

import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import oracle
import regression_oracle
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.training import inference_data as module
from hyperborn.training.inference_data import dimensions_of, made
from hyperborn.training.result import Result
from own_energies import TABLE

QUICK: dict[str, Any] = {"steps": 20, "restarts": 1, "progress": False}
CONVOLUTION = hb.networks.BinaryConvNet(16, channels=(2,))


@pytest.fixture(scope="module")
def az() -> Any:
    with warnings.catch_warnings():
        # Once a day ArviZ warns that its next version differs.
        warnings.simplefilter("ignore", FutureWarning)
        return pytest.importorskip("arviz", reason='ArviZ is not installed: pip install "hyperborn[arviz]"')


@pytest.fixture(scope="module")
def result(define, data: Dataset) -> Result:
    return hb.fit(define().network, data, posterior=define().posterior, prior=hb.Bernoulli(0.4), **QUICK)


@pytest.fixture(scope="module")
def regression() -> Result:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 2))
    net = Regression(BinaryMLP(2, (), bias=False), hb.Gaussian("learned"))
    data = hb.data.from_arrays(x, 300 + 40 * x[:, 0])
    return hb.fit(net, data, posterior=hb.Registers(net, 2, depth=1), **QUICK)


@pytest.mark.usefixtures("az")
def test_draws_have_their_weights_energies_and_log_likelihoods(result: Result) -> None:
    found = result.to_inference_data(20, chains=3, seed=5)
    bits = result.sample(60, seed=5)
    assert found.groups() == ["posterior", "log_likelihood", "sample_stats", "observed_data", "constant_data"]
    posterior = found.posterior
    assert dict(posterior.sizes) == {"chain": 3, "draw": 20, "feature": 2, "unit1": 2, "unit2": 1}
    assert posterior["W1"].dims == ("chain", "draw", "feature", "unit1")
    assert posterior["feature"].values.tolist() == list(result.data.features)
    weights = np.concatenate([posterior[name].values.reshape(60, -1) for name in ("W1", "b1", "W2", "b2")], axis=1)
    np.testing.assert_array_equal(weights, 2 * bits.astype(int) - 1)
    x, y = result.data.train.x, result.data.train.y
    logs = [oracle.class_log_probabilities(oracle.mlp_logits(row, x, (2,), 1))[np.arange(len(y)), y] for row in bits]
    assert found.log_likelihood["y"].dims == ("chain", "draw", "example")
    np.testing.assert_allclose(found.log_likelihood["y"].values.reshape(60, -1), logs, rtol=1e-10)
    stats = {name: found.sample_stats[name].values.reshape(60) for name in ("energy", "lp", "log_q")}
    np.testing.assert_allclose(stats["energy"], -np.sum(logs, axis=1), rtol=1e-10)
    ones = bits.sum(axis=1)
    log_prior = ones * np.log(0.4) + (9 - ones) * np.log(0.6)
    np.testing.assert_allclose(stats["lp"], log_prior - stats["energy"], rtol=1e-8)
    places = bits @ (1 << np.arange(8, -1, -1))
    np.testing.assert_allclose(stats["log_q"], np.log(result.probabilities[places]), rtol=1e-4)
    np.testing.assert_array_equal(found.observed_data["y"], y)
    np.testing.assert_array_equal(found.constant_data["x"], x)
    assert posterior.attrs["drawn_from"] == "Register"
    assert posterior.attrs["objective"] == "elbo"
    assert posterior.attrs["beta"] == 1.0


@pytest.mark.usefixtures("az")
def test_of_numbers_it_is_a_density_in_the_units_of_the_target(regression: Result) -> None:
    found, data = regression.to_inference_data(5, chains=1), regression.data
    scaling = data.preprocessing.target_scaling
    assert scaling is not None
    noise = float(np.exp(found.constant_data["side_noise"].values.item()))
    weights = found.posterior["W1"].values.reshape(5, 2)
    y = scaling.restored(data.train.y)
    np.testing.assert_allclose(found.observed_data["y"], y)
    for own, values in zip(found.log_likelihood["y"].values[0], weights, strict=True):
        mean = scaling.mean + scaling.deviation * (data.train.x @ values)
        density = regression_oracle.normal_density(mean, np.full(len(y), scaling.deviation * noise), y)
        np.testing.assert_allclose(own, np.log(density), rtol=1e-6)


@pytest.mark.usefixtures("az")
def test_an_example_with_a_weight_counts_that_often(result: Result) -> None:
    weights = np.arange(len(result.data.train)) % 3.0
    weighted = replace(result, learnt_from=replace(result.data, train=result.data.train.weighted("weights", weights)))
    found, plain = (one.to_inference_data(4) for one in (weighted, result))
    np.testing.assert_allclose(found.log_likelihood["y"], weights * plain.log_likelihood["y"])
    np.testing.assert_allclose(found.sample_stats["energy"], -found.log_likelihood["y"].sum("example"))
    np.testing.assert_array_equal(found.constant_data["weight"], weights)


@pytest.mark.usefixtures("az")
def test_draws_of_the_exact_posterior_are_of_it(result: Result) -> None:
    found = result.to_inference_data(4000, chains=1, exact=True, log_likelihood=False)
    every = oracle.all_bits(9)
    x, y = result.data.train.x, result.data.train.y
    energies = np.array([oracle.nll(oracle.mlp_logits(row, x, (2,), 1), y) for row in every])
    ones = every.sum(axis=1)
    joint = 0.4**ones * 0.6 ** (9 - ones) * np.exp(energies.min() - energies)
    p = joint / joint.sum()
    mean = p @ energies
    error = np.sqrt(p @ (energies - mean) ** 2 / 4000)
    assert abs(float(found.sample_stats["energy"].mean()) - mean) < 5 * error
    assert found.posterior.attrs["drawn_from"] == "exact posterior"
    assert "log_likelihood" not in found.groups()


def test_az_loo_summary_and_plot_trace_take_it(result: Result, az: Any) -> None:
    """With equal draws of the exact posterior, loo is near what leaving each example out by enumeration gives."""
    found = result.to_inference_data(2000, exact=True)
    with warnings.catch_warnings():
        # Of a few networks the ratios have no tail to which a Pareto distribution could be fitted.
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        loo = az.loo(found)
    every = oracle.all_bits(9)
    x, y = result.data.train.x, result.data.train.y
    logs = np.stack(
        [oracle.class_log_probabilities(oracle.mlp_logits(row, x, (2,), 1))[np.arange(len(y)), y] for row in every]
    )
    ones = every.sum(axis=1)
    log_joint = (ones * np.log(0.4) + (9 - ones) * np.log(0.6) + logs.sum(axis=1))[:, None]
    without = log_joint - logs
    shares = np.exp(without - without.max(axis=0))
    exact = np.log((shares * np.exp(logs)).sum(axis=0) / shares.sum(axis=0)).sum()
    assert loo.elpd_loo == pytest.approx(exact, abs=0.3)
    assert loo.n_samples == 4000
    with warnings.catch_warnings():
        # ArviZ divides by the variance of weights that are certain, and asks Matplotlib for what is deprecated there.
        warnings.simplefilter("ignore")
        table = az.summary(found)
        import matplotlib

        matplotlib.use("agg")
        axes = az.plot_trace(found, var_names=["W1", "b2"], compact=True)
    assert axes.shape == (2, 2)
    weights = found.posterior["W1"].values.astype(float)
    assert table.loc["W1[" + result.data.features[0] + ", 0]", "mean"] == pytest.approx(
        weights[:, :, 0, 0].mean(), abs=6e-4
    )
    # Draws that are independent are worth about their number.
    assert 0.7 * 4000 < table["ess_bulk"].min() <= table["ess_bulk"].max() < 1.3 * 4000


@pytest.mark.usefixtures("az")
def test_energies_of_ones_own_have_bits_and_what_is_known_of_them() -> None:
    own = hb.fit(hb.Energies(TABLE), posterior=hb.Register(hb.circuits.Brickwork(8, depth=1)), **QUICK)
    found = own.to_inference_data(10)
    assert found.groups() == ["posterior", "sample_stats"]
    bits = found.posterior["bits"].values.reshape(20, 8)
    np.testing.assert_array_equal(bits, own.sample(20))
    np.testing.assert_allclose(found.sample_stats["energy"].values.ravel(), TABLE[bits @ (1 << np.arange(7, -1, -1))])


def test_dimensions_of_layers_are_shared_and_others_are_their_own() -> None:
    dims, coords = dimensions_of(BinaryMLP(5, hidden=(3, 2), output_scales=(1.0, 2.0)))
    assert dims == {
        "W1": ["feature", "unit1"], "b1": ["unit1"], "W2": ["unit1", "unit2"], "b2": ["unit2"],
        "W3": ["unit2", "unit3"], "b3": ["unit3"], "scale": ["scale_0"],
    }  # fmt: skip
    assert {name: len(values) for name, values in coords.items()} == {
        "feature": 5, "unit1": 3, "unit2": 2, "unit3": 1, "scale_0": 1,
    }  # fmt: skip
    dims, coords = dimensions_of(CONVOLUTION)
    for field in CONVOLUTION.fields:
        assert tuple(len(coords[dim]) for dim in dims[field.name]) == field.shape


@pytest.mark.usefixtures("az")
def test_weights_of_other_values_are_numbers(data: Dataset) -> None:
    net = BinaryMLP(2, hidden=(), values=(-0.5, 0.25))
    result = hb.fit(net, data, posterior=hb.Register(hb.circuits.Brickwork(3, depth=1)), **QUICK)
    found = result.to_inference_data(50, log_likelihood=False)
    assert set(np.unique(found.posterior["W1"].values)) <= {-0.5, 0.25}


@pytest.mark.parametrize(
    ("limit", "given", "said"),
    [
        (100, {"draws": 50}, "100 draws in all times 9 are over the limit of 100 numbers; ask for at most 11 draws in"),
        (500, {"draws": 20}, "40 draws in all times 24 .* at most 20 draws .* training examples; or log_likelihood=F"),
        (500, {"draws": 0}, "draws=0 must be"),
        (500, {"chains": 0}, "chains=0 must be"),
    ],
)
@pytest.mark.usefixtures("az")
def test_too_many_numbers_are_refused_before_they_are_made(
    result: Result, monkeypatch: pytest.MonkeyPatch, limit: int, given: dict[str, int], said: str
) -> None:
    monkeypatch.setattr(module, "MOST_NUMBERS", limit)
    with pytest.raises(UserError, match=said) as raised:
        result.to_inference_data(**given)  # pyright: ignore[reportArgumentType]
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("az")
def test_where_the_exact_posterior_is_not_known_it_is_not_drawn(regression: Result) -> None:
    with pytest.raises(UserError, match="on many registers is not known"):
        regression.to_inference_data(exact=True)


def test_without_arviz_the_command_to_install_it_is_said(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "arviz", None)
    with pytest.raises(UserError, match=r'Result.to_inference_data needs arviz.*pip install.*"hyperborn\[arviz\]"'):
        result.to_inference_data()


def test_arviz_1_is_given_groups_by_name() -> None:
    """As its documentation has it; it needs Python 3.12, and is not tried here."""
    given: list[Any] = []

    def from_dict(groups: dict[str, Any], **others: Any) -> str:
        given.append((groups, others))
        return "tree"

    groups = {"posterior": {"W1": np.zeros((1, 2))}}
    arviz = SimpleNamespace(__version__="1.0.0", from_dict=from_dict)
    assert made(arviz, groups, {"W1": []}, {}, {"beta": 1.0}) == "tree"
    assert given == [(groups, {"dims": {"W1": []}, "coords": {}, "attrs": {"posterior": {"beta": 1.0}}})]
