"""Networks as ONNX models, run by onnxruntime beside the reference in float64."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from exported_networks import CASES, Case, mlp, model_of, rows_of
from hyperborn.data.columns import Column
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.onnx_graph import OPSET, onnx_bytes
from hyperborn.export.rows import features_of_rows
from hyperborn.networks import BinaryConvNet, Regression
from hyperborn.networks.layers import TIE

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.fixture(scope="module")
def onnx() -> Any:
    pytest.importorskip("onnxruntime", reason='onnxruntime is not installed: pip install "hyperborn[onnx]"')
    return pytest.importorskip("onnx", reason='onnx is not installed: pip install "hyperborn[onnx]"')


MORE = (
    Case(
        "normalised convolutions side by side",
        BinaryConvNet(64, 4, channels=(3, 5), activation="tanh", stride=1, kernel_size=3),
        "pixels",
        networks=3,
        calibration=1.4,
    ),
    Case("one regression", Regression(mlp(hidden=(6,), scale="learned"), hb.Gaussian(0.25)), calibration=0.6),
    # Logits of hundreds: without logarithms a hot temperature would make nothing of them.
    Case(
        "hot and far apart",
        mlp("far", hidden=(30,), values=(-8.0, 8.0), n_classes=3),
        "far",
        networks=3,
        calibration=100.0,
    ),
)


def session_of(data: bytes) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def inputs_of(session: Any, model: ExportedModel, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Raw rows as the inputs of the graph: text of categories, float32 of numbers."""
    names, columns = [given.name for given in session.get_inputs()], model.preprocessing.columns
    if all(column.categories is None for column in columns):
        return {"features": rows.astype(np.float32)}
    found: dict[str, np.ndarray] = {}
    for place, (name, column) in enumerate(zip(names, columns, strict=True)):
        own = rows[:, place : place + 1]
        if column.categories is None:
            found[name] = own.astype(np.float32)
        else:
            found[name] = np.asarray([*column.categories, "a town nobody knows", ""], dtype=object)[own.astype(int)]
    return found


def predicted(data: bytes, model: ExportedModel, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs by name."""
    session = session_of(data)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs_of(session, model, rows)), strict=True))


def near_ties(model: ExportedModel, rows: np.ndarray) -> np.ndarray:
    """Rows in which the sign of some unit is decided by rounding, from the reference."""
    near = np.zeros(len(rows), dtype=bool)
    x = features_of_rows(model.preprocessing, rows)
    for layer in model.layers:
        if layer.activation == "sign":
            z = layer.pre_activations(x)
            near |= (np.abs(z + TIE) < 2e-6).any(axis=(0, 2))
        x = layer(x)
    return near


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.name)
def test_onnxruntime_predicts_the_same(case: Case, onnx: Any) -> None:
    model, rows = model_of(case), rows_of(case)
    data = onnx_bytes(model)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    expected, found = model.values_of_rows(rows), predicted(data, model, rows)
    alone = predicted(data, model, rows[:1])
    if isinstance(case.network, Regression):
        assert list(found) == ["variable", "deviation"]
        assert {(output.shape, output.dtype) for output in found.values()} == {((1000, 1), np.dtype("float32"))}
        np.testing.assert_allclose(np.hstack(list(found.values())), expected, rtol=2e-6)
        np.testing.assert_allclose(np.hstack(list(alone.values())), expected[:1], rtol=2e-6)
        return
    probabilities, clear = found["probabilities"], ~near_ties(model, rows)
    assert (~clear).mean() <= 0.002
    assert clear[0]
    assert (probabilities.shape, probabilities.dtype) == (expected.shape, np.float32)
    np.testing.assert_allclose(probabilities[clear], expected[clear], rtol=0, atol=1e-6)
    np.testing.assert_allclose(alone["probabilities"], expected[:1], rtol=0, atol=1e-6)
    ordered = np.sort(expected, axis=1)
    certain = clear & (ordered[:, -1] - ordered[:, -2] > 2e-6)
    assert certain.mean() > 0.8
    names = np.asarray(model.classes, dtype=object)
    assert found["label"].shape == (1000,)
    np.testing.assert_array_equal(found["label"][certain], names[expected.argmax(axis=1)][certain])
    np.testing.assert_array_equal(found["label"], names[probabilities.argmax(axis=1)])
    assert len(set(found["label"])) > 1


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.name)
def test_graphs_are_of_standard_operators(case: Case, onnx: Any) -> None:
    model = model_of(case)
    data = onnx_bytes(model)
    assert data == onnx_bytes(model_of(case))
    made = onnx.load_from_string(data)
    assert {node.domain for node in made.graph.node} == {""}
    assert [(one.domain, one.version) for one in made.opset_import] == [("", OPSET)]
    assert not made.functions
    assert (made.producer_name, made.producer_version) == ("hyperborn", hb.__version__)
    weights = [each for each in made.graph.initializer if each.data_type == onnx.TensorProto.INT8]
    assert sum(int(np.prod(each.dims)) for each in weights) == model.n_weights
    # Every name occurs once, and every dimension of a batch is free.
    names = [name for node in made.graph.node for name in node.output]
    names += [each.name for each in (*made.graph.initializer, *made.graph.input)]
    assert len(set(names)) == len(names)
    batches = [each.type.tensor_type.shape.dim[0] for each in (*made.graph.input, *made.graph.output)]
    assert {batch.dim_param for batch in batches} == {"batch"}


def table_model(
    columns: tuple[Column, ...], classes: tuple[str, ...] = ("no", "yes"), **settings: Any
) -> ExportedModel:
    """A logistic regression on these columns, with weights of either sign."""
    preprocessing = Preprocessing(columns, "target", classes, **settings)
    network = hb.networks.BinaryMLP(len(preprocessing.features), hidden=(), n_classes=len(classes))
    bits = (np.arange(network.n_weights)[None] % 2).astype(np.uint8)
    return exported_model("table", preprocessing, network, np.zeros(0), bits, 1.0, [np.zeros((1, 2))])


HOSTILE = (
    "quotes \" and '",
    "*/ } ] , ??/",
    "line\nline\r\n",
    "Größe 日本 \N{GRINNING FACE}",
    " ",
    "\t",
    "probabilities",
    "label",
    "a\nb",
    "a_b",
    "end\\",
    "\0zero",
    "\u202eback",
)


def test_hostile_names_of_columns_and_classes_are_kept(onnx: Any) -> None:
    columns = (*map(Column, HOSTILE), Column("town", categories=HOSTILE[:5]))
    model = table_model(columns, HOSTILE)
    data = onnx_bytes(model)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = session_of(data)
    inputs = [given.name for given in session.get_inputs()]
    assert len(set(inputs)) == len(inputs)
    assert all(name.strip() and name.isprintable() for name in inputs)
    assert inputs[:4] == [HOSTILE[0], HOSTILE[1], "line_line", HOSTILE[3]]
    assert inputs[4:10] == ["column", "column_2", "probabilities_2", "label_2", "a_b", "a_b_2"]
    assert [output.name for output in session.get_outputs()] == ["label", "probabilities"]
    properties = session.get_modelmeta().custom_metadata_map
    assert json.loads(properties["columns"]) == [column.name for column in columns]
    assert json.loads(properties["inputs"]) == inputs
    assert json.loads(properties["classes"]) == list(HOSTILE)
    rows = np.random.default_rng(0).standard_normal((300, len(columns))).astype(np.float32).astype(float)
    rows[:, -1] = np.arange(300) % 5
    found, expected = predicted(data, model, rows), model.values_of_rows(rows)
    np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-6)
    assert found["label"].tolist() == [HOSTILE[place] for place in found["probabilities"].argmax(axis=1)]


@pytest.mark.usefixtures("onnx")
def test_every_class_name_comes_out_as_it_is() -> None:
    """Two by two, so that each is the label of some row; half a surrogate pair is written as its escape."""
    for name in (*HOSTILE, "\ud800"):
        model = table_model((Column("x"),), (name, "other"))
        label = predicted(onnx_bytes(model), model, np.asarray([[-9.0], [9.0]]))["label"]
        assert set(label) == {name.encode("utf-8", "backslashreplace").decode(), "other"}


@pytest.mark.usefixtures("onnx")
def test_rows_that_python_refuses_have_no_numbers() -> None:
    columns = (Column("x"), Column("colour", categories=("red", "green")))
    model = table_model(columns, strict=True)
    session = session_of(onnx_bytes(model))
    x = np.asarray([[1], [np.nan], [np.inf], [1], [1], [2]], dtype=np.float32)
    colour = np.asarray([["red"], ["red"], ["red"], ["blue"], [""], ["green"]], dtype=object)
    label, probabilities = session.run(None, {"x": x, "colour": colour})
    assert [bool(one) for one in label] == [True, False, False, False, False, True]
    np.testing.assert_array_equal(np.isnan(probabilities).all(axis=1), label == "")
    expected = model.values_of_rows(np.asarray([[1.0, 0], [2.0, 1]]))
    np.testing.assert_allclose(probabilities[[0, 5]], expected, rtol=0, atol=1e-6)
    for row in ([np.nan, 0.0], [np.inf, 0.0], [1.0, 2.0], [1.0, 3.0]):
        with pytest.raises(hb.UserError, match="is no value of it"):
            model.values_of_rows(np.asarray([row]))
    matrix = table_model((Column("x"), Column("y")))
    label, probabilities = session_of(onnx_bytes(matrix)).run(
        None, {"features": np.asarray([[1, 2], [np.nan, 1], [1, -np.inf]], dtype=np.float32)}
    )
    assert [bool(one) for one in label] == [True, False, False]
    assert np.isnan(probabilities).any(axis=1).tolist() == [False, True, True]


@pytest.mark.usefixtures("onnx")
def test_a_regression_has_no_numbers_for_rows_that_python_refuses() -> None:
    model = model_of(MORE[1])
    rows = rows_of(MORE[1])[:3]
    rows[1, 2] = np.inf
    found = predicted(onnx_bytes(model), model, rows)
    for output in found.values():
        assert np.isnan(output[:, 0]).tolist() == [False, True, False]


@pytest.mark.usefixtures("onnx")
@pytest.mark.parametrize("rare", [False, True])
@pytest.mark.parametrize("missing", [False, True])
def test_unknown_and_missing_categories_are_those_of_python(rare: bool, missing: bool) -> None:
    columns = (
        Column("x", missing=missing),
        Column("town", categories=("north", "south", ""), rare=rare, missing=missing),
        Column("colour", categories=("red",), rare=rare, missing=missing),
    )
    model = table_model(columns, medians=np.asarray([0.7]))
    rows = np.stack(np.meshgrid([0.5, np.nan], [0.0, 1, 2, 3], [0.0, 1, 2]), axis=-1).reshape(-1, 3)
    found = predicted(onnx_bytes(model), model, rows)
    np.testing.assert_allclose(found["probabilities"], model.values_of_rows(rows), rtol=0, atol=1e-6)


@pytest.mark.usefixtures("onnx")
def test_marks_of_missing_numbers_lie_behind_their_numbers() -> None:
    columns = (Column("x", missing=True), Column("y"), Column("z", missing=True))
    model = table_model(columns, ("a", "b", "c"), medians=np.asarray([0.5, 2.0, -1.0]))
    rows = np.asarray([[1.0, 2, 3], [np.nan, 2, 3], [1, np.nan, 3], [1, 2, np.nan], [np.nan] * 3])
    found = predicted(onnx_bytes(model), model, rows)
    np.testing.assert_allclose(found["probabilities"], model.values_of_rows(rows), rtol=0, atol=1e-6)


@pytest.mark.usefixtures("onnx")
def test_a_column_of_dates_is_refused() -> None:
    with pytest.raises(hb.UserError, match="column 'day' is a date"):
        onnx_bytes(table_model((Column("day", parts=("year", "month")),)))


def test_without_onnx_an_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "onnx"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(hb.UserError, match=r'export to ONNX needs onnx; install it with: pip install "hyperborn\[onnx'):
        onnx_bytes(model_of(CASES[0]))


@pytest.mark.usefixtures("onnx")
def test_the_program_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## ONNX\n")[1].split("\n## ")[0]
    (program,) = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    model = model_of(CASES[0])
    (tmp_path / "model.onnx").write_bytes(onnx_bytes(model))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec"), names)
    assert f"opset {OPSET})" in section
    expected = model.values_of_rows(np.zeros((3, 5)))
    np.testing.assert_allclose(names["probabilities"], expected, rtol=0, atol=1e-6)
    assert names["label"].tolist() == [model.classes[place] for place in expected.argmax(axis=1)]
