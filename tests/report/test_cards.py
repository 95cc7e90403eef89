"""Cards of data sets, circuits and posteriors: what they say, and that they stay small."""

from xml.etree import ElementTree

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.circuits import Angle, GateList
from hyperborn.circuits.product_state import SideBySide
from hyperborn.networks import BinaryMLP

MOST = 12_000
"""Characters of a card."""
HOSTILE = ("<script>alert('1')</script>", "\"quotes' & more", "$1_$", "long " * 80)


def parsed(thing: object) -> ElementTree.Element:
    html = thing._repr_html_()  # type: ignore[attr-defined]
    assert len(html) < MOST
    return ElementTree.fromstring(html)


def facts(root: ElementTree.Element) -> dict[str, str]:
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    return dict(rows)


def elements(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == tag]


def texts(root: ElementTree.Element) -> list[str]:
    return [str(element.text) for element in elements(root, "text")]


def test_a_data_set_shows_its_splits_and_how_many_of_each_class_they_have() -> None:
    root = parsed(hb.data.load("iris"))
    found = facts(root)
    assert (found["train"], found["validation"], found["test"]) == ("90 examples", "30 examples", "30 examples")
    assert found["features"].startswith("4: sepal length (cm), ")
    assert found["classes"] == "setosa, versicolor, virginica"
    titles = [element.text for element in elements(root, "title")]
    assert titles == [f"{name}: {count}" for count in (30, 10, 10) for name in ("setosa", "versicolor", "virginica")]


def test_of_many_classes_the_last_area_is_of_all_others() -> None:
    root = parsed(hb.data.load("digits"))
    train = [element.text for element in elements(root, "title")][:7]
    assert train[-1] == f"4 others: {1079 - sum(int(str(text).split(': ')[1]) for text in train[:-1])}"
    assert facts(root)["classes"] == "0, 1, 2, 3, 4, 5, 6, 7, and 2 more"


def test_a_regression_shows_how_its_numbers_spread() -> None:
    generator = np.random.default_rng(0)
    data = hb.data.from_arrays(generator.normal(size=(40, 2)), generator.uniform(5, 7, size=40))
    root = parsed(data)
    assert facts(root)["target"] == "numbers: target"
    low, high = (float(text) for text in texts(root))
    own = data.preprocessing.own_labels(data.train.y)
    assert (low, high) == (pytest.approx(own.min(), abs=1e-3), pytest.approx(own.max(), abs=1e-3))


def test_names_of_a_users_file_are_text() -> None:
    pandas = pytest.importorskip("pandas")
    generator = np.random.default_rng(0)
    frame = pandas.DataFrame(generator.normal(size=(80, 4)), columns=HOSTILE)
    data = hb.data.from_arrays(frame, np.array(HOSTILE)[np.arange(80) % 4])
    assert len(repr(data)) < 1000
    root = parsed(data)
    assert elements(root, "script") == []
    assert "<script>alert('1')</scr…" in facts(root)["features"]


def test_many_features_and_classes_make_no_large_text() -> None:
    x = np.random.default_rng(0).normal(size=(4000, 2))
    data = hb.data.from_arrays(x, np.array([f"class {place}" for place in np.arange(4000) % 800]))
    assert len(repr(data)) < 200
    assert facts(parsed(data))["target"] == "800 classes"
    wide = hb.data.from_arrays(np.random.default_rng(0).normal(size=(20, 10_000)), np.arange(20) % 2)
    assert facts(parsed(wide))["features"].endswith("and 9,992 more")


def test_a_circuit_shows_its_gates() -> None:
    gates = [("h", 0), ("cx", (0, 1)), ("ccx", (0, 1, 3)), ("swap", (1, 3)), ("rz", 0, Angle(0.3)), ("crx", (3, 0), 0)]
    root = parsed(GateList(4, gates))
    assert facts(root) == {"qubits": "4", "parameters": "1", "gates": "6"}
    assert [text for text in texts(root) if not text.startswith("q")] == ["H", "RZ", "RX"]
    # Dots of controls: one of cx, two of ccx, one of crx; and a ring for each ⊕.
    assert len(elements(root, "circle")) == 1 + 2 + 1 + 2


def test_what_is_left_out_of_a_drawing_is_said() -> None:
    root = parsed(hb.circuits.AllPairs(13, depth=8))
    assert facts(root)["gates"] == str(len(hb.circuits.AllPairs(13, depth=8).gates()))
    assert texts(root)[-1].startswith("5 qubits more, ")
    large = parsed(hb.circuits.ProductState(100_000))
    assert facts(large) == {"qubits": "100,000", "parameters": "100,000"}
    assert elements(large, "svg") == []


def test_registers_of_many_weights_have_a_small_card_and_a_short_text() -> None:
    root = parsed(hb.Registers(100_000, 4))
    assert facts(root)["registers"] == "25,000 of 4 qubits"
    given = hb.Registers(3000, 3, grouping=tuple((place, place + 1, place + 2) for place in range(0, 3000, 3)))
    assert repr(given).endswith("grouping=<1,000 registers>, seed=0)")
    assert facts(parsed(given))["grouping"] == "given"
    few = hb.Registers(3, 2, grouping=((0, 2), (1,)))
    assert eval(repr(few), {"Registers": hb.Registers}) == few
    assert "BinaryMLP" in repr(hb.Registers(BinaryMLP(2, ())))


def test_texts_of_circuits_and_priors_of_many_parts_are_short() -> None:
    parts = (hb.circuits.ProductState(2),)
    assert eval(repr(SideBySide(parts)), {"SideBySide": SideBySide, "ProductState": hb.circuits.ProductState})
    assert repr(SideBySide(parts * 1000)) == "SideBySide of 1,000 circuits, 2,000 qubits and 2,000 parameters"
    registers = hb.Registers(100, 1)
    prior = hb.PreviousPosterior(registers, np.zeros(100))
    assert "params=<100 numbers>" in repr(prior)


@pytest.mark.parametrize(
    "posterior",
    [hb.Register(hb.circuits.Brickwork(4, depth=1)), hb.Autoregressive(5), hb.MultiBasis(hb.circuits.Brickwork(2))],
)
def test_every_posterior_has_a_card(posterior: object) -> None:
    found = facts(parsed(posterior))
    assert found["weights"] == str(posterior.n_weights)  # type: ignore[attr-defined]
    assert found["parameters"] == str(posterior.n_parameters)  # type: ignore[attr-defined]


def test_an_exact_posterior_shows_its_most_probable_networks_and_marginals() -> None:
    exact = hb.ExactPosterior(np.array([0.0, 3.0, 1.0, 9.0]))
    assert repr(exact) == "ExactPosterior of 2 weights, 4 networks, beta=1"
    root = parsed(exact)
    p = np.exp(-np.array([0.0, 3.0, 1.0, 9.0]))
    p /= p.sum()
    assert facts(root)["log evidence"] == f"{np.log(np.exp(-np.array([0.0, 3, 1, 9])).mean()):.3f} nats"
    assert texts(root)[:4] == ["00", f"{100 * p[0]:.3g} %", "10", f"{100 * p[2]:.3g} %"]
    heights = [float(element.attrib["height"]) for element in elements(root, "rect")][4:]
    np.testing.assert_allclose(heights, 70 * np.array([p[2] + p[3], p[1] + p[3]]), atol=0.051)
    large = hb.ExactPosterior(np.zeros(2**21))
    assert elements(parsed(large), "svg") == []
    assert "probabilities" not in vars(large)
