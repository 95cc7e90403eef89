"""A result as a few lines and as a card: cheap, true, and with the scores that are known."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.predictive import ClassProbabilities
from hyperborn.report import result_card
from hyperborn.report.result_card import curves, result_text
from hyperborn.training.result import Result

NETWORK = BinaryMLP(2, hidden=())
POSTERIOR = hb.Register(hb.circuits.Brickwork(3, depth=1))


@pytest.fixture(scope="module")
def result() -> Result:
    data = hb.data.load("gaussian", size=24)

    return hb.fit(NETWORK, data, posterior=POSTERIOR, steps=3, restarts=2, progress=False)


def test_a_result_is_a_few_lines_with_its_scores(result: Result) -> None:
    metrics, numbers = result.metrics("test"), result.numbers
    lines = repr(result).splitlines()
    assert lines[0] == "Result: BinaryMLP: 3 weights in {-1, 1}, 2 features, 2 classes"
    assert [line.split()[0] for line in lines[1:]] == ["data", "posterior", "objective", "steps", "ELBO", "test"]
    assert "gaussian: 14 train, 5 validation, 5 test" in lines[1]
    assert "Register(circuit=Brickwork(n_qubits=3, depth=1)), 6 parameters" in lines[2]
    assert lines[4].endswith("3, best of 2 restarts")
    assert f"{numbers['elbo']:.3f} nats, {numbers['elbo_gap']:.3f} below the log evidence" in lines[5]
    assert f"accuracy {metrics['accuracy']:.3f}, NLL {metrics['nll']:.3f} nats" in lines[6]
    assert max(map(len, lines)) < 130


def test_of_a_loaded_result_nothing_is_predicted_until_it_is_asked_for(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result.save(tmp_path / "run")
    loaded = hb.load(tmp_path / "run")
    assert (result.trained_here, loaded.trained_here) == (True, False)
    monkeypatch.setattr(result_card, "MOST_WORK", 0)
    for one in (loaded, replace(result)):
        assert repr(one).splitlines()[-1].split(maxsplit=1)[1] == "not scored yet: metrics()"
        assert "probabilities" not in vars(one)
        _ = one._repr_html_()
        one.metrics("validation")
        assert "not scored yet" in repr(one)
        one.metrics("test")
        assert repr(one) == repr(result)


def test_metrics_are_found_once_and_what_is_given_can_be_changed(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = replace(result)
    first = fresh.metrics("test")
    first["nll"] = 0.0
    monkeypatch.setattr(ClassProbabilities, "scores", lambda *_: pytest.fail("scored again"))
    assert fresh.metrics("test") == result.metrics("test") != first


def test_a_text_is_had_where_predictions_are_refused(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise UserError("forked")

    monkeypatch.setattr(Result, "predictive", refused)
    assert "not scored yet" in repr(replace(result))


def test_the_card_says_the_same_and_draws_the_training(result: Result) -> None:
    html = result._repr_html_()
    assert len(html) < 6000
    root = ElementTree.fromstring(html)
    for line in repr(result).splitlines()[1:]:
        assert line.split(maxsplit=1)[1] in "".join(root.itertext())
    dashed = [one for one in root.iter() if one.get("stroke-dasharray")]
    assert len(dashed) == 1
    without = replace(result, history=None)
    assert "<svg" not in without._repr_html_()


def test_registers_and_measured_results_have_texts_and_cards(result: Result) -> None:
    registers = hb.fit(NETWORK, result.data, posterior=hb.Registers(NETWORK, 2, depth=1), steps=3, progress=False)
    assert "  posterior  Registers(register_size=2, depth=1, grouping='neuron', seed=0), " in repr(registers)
    ElementTree.fromstring(registers._repr_html_())
    measured = result.on(hb.backends.Statevector(), shots=50)
    assert measured.scored == {}
    assert "measured on" in repr(measured)
    ElementTree.fromstring(measured._repr_html_())


def test_a_curve_goes_where_its_values_are() -> None:
    steps = np.arange(0, 101, 10)
    values = np.linspace(-20.0, -10.0, 11)
    root = ElementTree.fromstring(curves("ELBO (nats)", steps, [values], -8.0))
    lines = [one for one in root.iter() if one.tag.endswith("polyline")]
    points = np.array([[float(part) for part in one.split(",")] for one in lines[-1].attrib["points"].split()])
    # Values from step 10 on, -19 to -8, fill the height of 120 from 16 on; the first lies below.
    np.testing.assert_allclose(points[:, 0], 2.6 * steps, atol=0.051)
    np.testing.assert_allclose(points[:, 1], 16 + 120 * (-8 - values) / 11, atol=0.051)
    assert [float(part) for part in lines[1].attrib["points"].replace(",", " ").split()] == [0, 16, 260, 16]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, 0.0])
def test_any_number_can_be_drawn(value: float) -> None:
    steps = np.arange(1000)
    losses = np.full((1000, 20), value)
    html = curves("loss (nats)", steps, list(losses.T[:5]), None)
    assert "nan" not in html
    ElementTree.fromstring(html)
    assert len(html) < 12_000


def test_names_are_on_one_line(result: Result) -> None:
    named = replace(result, learnt_from=replace(result.data, name="two\nlines\x1b[31m<b>"))
    assert r"two lines\x1b[31m<b>: " in result_text(named)
    assert "&lt;b&gt;" in named._repr_html_()


def test_a_posterior_over_bits_has_a_text_and_a_card_without_data() -> None:
    bits = hb.fit(hb.Energies(np.arange(8.0)), posterior=POSTERIOR, steps=3, progress=False)
    lines = repr(bits).splitlines()
    assert lines[0].startswith("Result: 3 bits of ")
    assert [line.split()[0] for line in lines[1:]] == ["posterior", "objective", "steps", "ELBO"]
    ElementTree.fromstring(bits._repr_html_())
