"""Counts against exported C that counts while it runs, and by hand."""

import re
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from counted_c import CAN_COUNT, counted
from exported_networks import CASES, Case, model_of, rows_of
from hyperborn.costs.counting import parts_of, size_of
from hyperborn.costs.full_precision import multiplications_by_weights, parts_in_float32, size_in_float32
from hyperborn.costs.operations import LOGISTIC, NOTHING, Operations
from hyperborn.export.c.float_source import float_source
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.networks import BinaryMLP


def total(parts: tuple) -> Operations:
    return sum((part.operations for part in parts), NOTHING)


@pytest.mark.skipif(not CAN_COUNT, reason="needs gcc for x86-64")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_counts_are_those_of_exported_c(case: Case, tmp_path: Path) -> None:
    model = model_of(case)
    found = counted(model, rows_of(case)[:20], tmp_path)
    operations = total(parts_of(model))
    expected = operations.elementary
    values = sum(layer.n_values * layer.n_networks for layer in model.layers if layer.activation == "tanh")
    # The compiler doubles a number by adding it to itself: twice for each hyperbolic tangent.
    assert found["additions"] == expected.additions + 2 * values
    # Half of all logarithms take a multiplication less, and so do logistic functions of what is not negative.
    fewest = expected.multiplications - operations.logarithms - found["logistic"]
    assert fewest <= found["multiplications"] + 2 * values <= expected.multiplications
    assert found["divisions"] == 0
    assert found["ones"] == operations.xnor_popcounts
    for name in ("exponential", "logarithm", "inverse_root"):
        assert found[name] == getattr(operations, f"{name}s"), name
    # Logarithms have an inverse inside.
    assert found["inverse"] == operations.inverses + operations.logarithms
    if all(column.categories is None for column in model.preprocessing.columns):
        # Indexes of categories are converted and compared where a row is read, which is not counted.
        assert found["conversions"] == expected.conversions
        # Rectifiers test a bit of their own accord.
        relus = sum(layer.n_values * layer.n_networks for layer in model.layers if layer.activation == "relu")
        assert found["less"] + found["logistic"] + relus == expected.comparisons


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sizes_are_those_of_the_arrays_of_exported_c(case: Case) -> None:
    model = model_of(case)
    arrays = re.findall(r"static const (\w+) (\w+)\[(\d+)\]", float_source(model))
    weights = sum(int(count) * int(kind[4:-2]) // 8 for kind, name, count in arrays if name.startswith("weights"))
    numbers = sum(4 * int(count) for kind, _, count in arrays if kind == "float")
    assert weights > 0
    assert tuple(size_of(model)) == (weights, numbers)


def small(network: BinaryMLP, bits: np.ndarray, x: np.ndarray, **settings: object) -> ExportedModel:
    """One network on raw features."""
    y = np.arange(len(x)) % max(network.n_classes, 2)
    data = hb.data.from_arrays(x, y, standardize=False, **settings)
    side = np.zeros(network.n_side)
    return exported_model("small", data.preprocessing, network, side, bits, 1.0, [data.train.x])


REAL = np.random.default_rng(0).standard_normal((40, 3))


def test_real_inputs_by_hand() -> None:
    network = BinaryMLP(3, hidden=(2,), n_classes=2)
    # Weights of layer 1 (3 to 2), its biases, layer 2 (2 to 1), its bias: six ones in all.
    bits = np.asarray([[1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1]], dtype=np.uint8)
    parts = {part.name: part.operations for part in parts_of(small(network, bits, REAL))}
    assert parts["features"] == NOTHING
    # All four inputs are added up, and the four whose bit is 1; each unit adds three times and multiplies twice.
    assert parts["layer 1"] == Operations(additions=4 + 4 + 6, multiplications=4, comparisons=2, bytes_read=2)
    assert parts["layer 2"] == Operations(additions=3 + 2 + 3, multiplications=2, bytes_read=1)
    # Two logistic functions, and which is larger.
    assert parts["predictions"] == LOGISTIC * 2 + Operations(comparisons=1)


def test_binary_inputs_by_hand() -> None:
    network = BinaryMLP(40, hidden=(32,), n_classes=3, activation="sign", bias=False)
    bits = np.random.default_rng(1).integers(0, 2, (1, network.n_weights)).astype(np.uint8)
    x = np.random.default_rng(2).integers(0, 2, (60, 40)).astype(float)
    parts = {part.name: part.operations for part in parts_of(small(network, bits, x))}
    one, two = parts["layer 1"], parts["layer 2"]
    # Words of 16 bits: 40 inputs fill two and a half, 32 would add more than a quarter.
    assert one.xnor_popcounts == 3 * (32 + 1)
    assert one.popcounted_bits == 40 * (32 + 1)
    # Features are 0 and 1, and not -1 and 1: each unit adds what its sum lacks.
    assert (one.additions, one.multiplications, one.conversions) == (32 + 32, 64, 64)
    assert one.bytes_read == 32 * 3 * 2 + 4 * 32
    assert two.xnor_popcounts == 2 * (3 + 1)
    assert (two.additions, two.multiplications, two.conversions, two.comparisons) == (3, 6, 6, 32)


def test_the_network_in_float32_by_hand() -> None:
    network = BinaryMLP(3, hidden=(2,), n_classes=2)
    model = small(network, np.ones((1, network.n_weights), dtype=np.uint8), REAL)
    parts = {part.name: part.operations for part in parts_in_float32(model)}
    assert parts["layer 1"] == Operations(additions=8, multiplications=6, comparisons=2, bytes_read=32)
    assert parts["layer 2"] == Operations(additions=3, multiplications=2, bytes_read=12)
    # The medians of three columns are beside the weights.
    assert tuple(size_in_float32(model)) == (4 * 11, 4 * 3)
    assert multiplications_by_weights(model) == 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_network_in_float32_has_a_multiplication_a_weight(case: Case) -> None:
    model = model_of(case)
    layers = [part.operations for part in parts_in_float32(model) if part.name.startswith("layer")]
    by_weights = sum(layer.n_inputs * layer.n_units * layer.n_positions for layer in model.layers)
    assert multiplications_by_weights(model) == by_weights
    assert sum(layer.multiplications for layer in layers) >= by_weights
    # Of one network, whatever is averaged.
    assert size_in_float32(model).weights >= 4 * sum(layer.n_inputs * layer.n_units for layer in model.layers)


def test_an_average_costs_as_much_as_its_networks() -> None:
    one = Case("one", BinaryMLP(5, hidden=(8,), n_classes=3))
    four = Case("four", BinaryMLP(5, hidden=(8,), n_classes=3), networks=4)
    model = model_of(four)
    layers = {part.name: part.operations for part in parts_of(model)}
    singles = {part.name: part.operations for part in parts_of(model_of(one))}
    assert layers["features"] == singles["features"]
    assert layers["layer 1"].multiplications == 4 * singles["layer 1"].multiplications
    assert layers["predictions"].exponentials == 4 * singles["predictions"].exponentials
    assert size_of(model).weights == 4 * size_of(model_of(one)).weights
