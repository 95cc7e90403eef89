"""Networks as arrays, read by the program of docs/export.md."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from exported_networks import CASES, Case, data_of, model_of, rows_of
from hyperborn.data.columns import Column
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.npz import npz_bytes
from hyperborn.networks import Regression

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
SECTION = PAGE.read_text(encoding="utf-8").split("\n## NumPy alone\n")[1].split("\n## ")[0]
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def predict() -> Callable[[Path, np.ndarray], np.ndarray]:
    """The reader of the page."""
    names: dict[str, Any] = {}
    exec(compile(PROGRAM, str(PAGE), "exec"), names)
    return names["predict"]


def arrays_of(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = dict(file)
    return arrays, json.loads(str(arrays["settings"]))


def test_the_program_needs_numpy_alone_and_is_short() -> None:
    assert re.findall(r"^ *(?:import|from) (\w+)", PROGRAM, re.MULTILINE) == ["json", "numpy"]
    assert len([line for line in PROGRAM.splitlines() if line.strip()]) <= 52


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_program_of_the_page_predicts_the_same(
    case: Case, tmp_path: Path, predict: Callable[[Path, np.ndarray], np.ndarray]
) -> None:
    model, rows = model_of(case), rows_of(case)
    path = tmp_path / "model.npz"
    path.write_bytes(npz_bytes(model))
    expected = model.values_of_rows(rows)
    assert np.ptp(expected[:, 0]) > 1e-3
    np.testing.assert_allclose(predict(path, rows), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(predict(path, rows[:1]), expected[:1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bits_and_numbers_come_back(case: Case) -> None:
    model = model_of(case)
    arrays, settings = arrays_of(npz_bytes(model))
    for number, (layer, stored) in enumerate(zip(model.layers, settings["layers"], strict=True), start=1):
        bits = np.unpackbits(arrays[f"bits{number}"], count=layer.bits.size).reshape(stored["shape"])
        np.testing.assert_array_equal(bits, layer.bits)
        assert len(arrays[f"bits{number}"]) == -(-layer.bits.size // 8)
        assert stored["bias"] == (layer.bias is not None) == (f"bias{number}" in arrays)
        if layer.bias is not None:
            bits = np.unpackbits(arrays[f"bias{number}"], count=layer.bias.size).reshape(layer.bias.shape)
            np.testing.assert_array_equal(bits, layer.bias)
        np.testing.assert_array_equal(arrays[f"gain{number}"], layer.gain)
        np.testing.assert_array_equal(arrays[f"shift{number}"], layer.shift)
        same = ("low", "high", "divisor", "normalized", "activation")
        assert {name: stored[name] for name in same} == {name: getattr(layer, name) for name in same}
    preprocessing = model.preprocessing
    for name in ("means", "scales", "pca_mean", "pca_components"):
        if getattr(preprocessing, name) is not None:
            np.testing.assert_array_equal(arrays[name], getattr(preprocessing, name))
    if preprocessing.medians is not None:
        np.testing.assert_array_equal(arrays["medians"][~np.isnan(arrays["medians"])], preprocessing.medians)
    np.testing.assert_array_equal(arrays["output_scales"], model.output_scales)
    assert ("noise" in arrays) == isinstance(case.network, Regression) == (settings["target"] is not None)
    assert (settings["format"], settings["calibration"]) == (1, case.calibration)
    assert settings["classes"] == list(model.classes)
    assert [column["name"] for column in settings["columns"]] == [column.name for column in preprocessing.columns]


def test_the_same_model_gives_the_same_bytes_without_pickles() -> None:
    case = CASES[0]
    data = npz_bytes(model_of(case))
    assert data == npz_bytes(model_of(case))
    assert data != npz_bytes(model_of(case, seed=1))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert all(b"'descr': '|O'" not in archive.read(name) for name in archive.namelist())


def test_the_geometry_of_a_convolution_is_written() -> None:
    case = next(case for case in CASES if case.name == "convolution of signs")
    arrays, settings = arrays_of(npz_bytes(model_of(case)))
    assert [layer["convolution"] for layer in settings["layers"]] == [
        {"image": [8, 8, 1], "kernel": 2, "stride": 1, "padding": [[0, 1], [0, 1]], "positions": [8, 8]},
        {"image": [8, 8, 8], "kernel": 2, "stride": 1, "padding": [[0, 1], [0, 1]], "positions": [8, 8]},
        {"image": [8, 8, 5], "kernel": 2, "stride": 1, "padding": [[0, 1], [0, 1]], "positions": [8, 8]},
        None,
    ]
    assert arrays["places1"][0].tolist() == [0, 1, 8, 9]
    assert arrays["places1"][63].tolist() == [63, -1, -1, -1]
    assert arrays["places2"][9, :9].tolist() == [72, 73, 74, 75, 76, 77, 78, 79, 80]


def model_with(columns: tuple[Column, ...], classes: tuple[str, ...]) -> ExportedModel:
    """A logistic regression on these columns."""
    preprocessing = Preprocessing(columns, "target", classes)
    network = hb.networks.BinaryMLP(len(preprocessing.features), hidden=())
    bits = np.ones((1, network.n_weights), dtype=np.uint8)
    return exported_model("table", preprocessing, network, np.zeros(0), bits, 1.0, [np.zeros((1, 2))])


def test_hostile_names_come_back() -> None:
    names = ('"];*/??/\n', "Größe 日本\u2028", "\ud800 half", "\0")
    model = model_with((Column(names[0]), Column(names[1])), (names[2], names[3]))
    _, settings = arrays_of(npz_bytes(model))
    assert [column["name"] for column in settings["columns"]] == list(names[:2])
    assert settings["classes"] == list(names[2:])


def test_a_column_of_dates_is_refused() -> None:
    model = model_with((Column("day", parts=("year", "month")),), ("no", "yes"))
    with pytest.raises(hb.UserError, match="column 'day' is a date"):
        npz_bytes(model)


def test_columns_say_what_python_takes() -> None:
    case = next(case for case in CASES if case.name == "strict table")
    _, settings = arrays_of(npz_bytes(model_of(case)))
    assert data_of(case).preprocessing.strict
    assert [(column["takes_unknown"], column["takes_missing"]) for column in settings["columns"]] == [
        (False, False)
    ] * 5
