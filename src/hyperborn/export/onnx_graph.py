"""Trained networks as an ONNX model: raw rows in, calibrated predictions out, as converters of scikit-learn name them.

| input | type | shape | when |
|---|---|---|---|
| `features` | float32 | (batch, columns) | all columns are numbers |
| a name for each column | float32 | (batch, 1) | of numbers, where some column is categories |
| | text | (batch, 1) | of categories |

| output | type | shape | of |
|---|---|---|---|
| `label` | text | (batch,) | classes: the most probable one |
| `probabilities` | float32 | (batch, classes) | classes |
| `variable` | float32 | (batch, 1) | a number: its mean |
| `deviation` | float32 | (batch, 1) | a number: its standard deviation |

NaN is a missing number and the empty text a missing category. Other text is compared letter by letter: what is no
category is what an unknown one is in Python, and other spellings of a number or a truth value are unknown here.

A graph cannot raise an error. Where Python refuses a row (an infinite number; a missing one without medians; in strict
preprocessing an unknown or missing category), its probabilities, mean and deviation are NaN and its label is empty.
"""

import json
from typing import Any

import numpy as np

from hyperborn.export.model import ExportedModel
from hyperborn.export.onnx_inputs import features_of_inputs
from hyperborn.export.onnx_layers import outputs_of_layers
from hyperborn.export.onnx_nodes import Graph
from hyperborn.export.rows import check_columns
from hyperborn.predictive.temperature import LEAST

OPSET = 28
"""The newest of onnx 1.23 and the newest that onnxruntime 1.32 takes as released; it refuses 29.

1.32 has kernels of this version for every operator used here, of which it changed Cast and ReduceLogSumExp. The
version of the file format (IR) follows from it: 14, the newest that onnxruntime 1.32 reads.
"""

OUTPUTS = ("label", "probabilities", "variable", "deviation")


def onnx_bytes(model: ExportedModel) -> bytes:
    """The model in the format ONNX; equal models give equal bytes.

    Its properties hold the version of hyperborn and, as JSON, the columns, the inputs in the same order, and the
    classes.

    Raises:
        UserError: if onnx is not installed, or for a column that is a date.
    """
    check_columns(model.preprocessing)
    graph = Graph(reserved=OUTPUTS)
    inputs, features, refused = features_of_inputs(graph, model.preprocessing)
    outputs = outputs_of_layers(graph, model.layers, features)
    if (model.output_scales != 1).any():
        scales = model.output_scales.astype(np.float32)
        scales = scales if model.n_networks == 1 else scales[:, None, None]
        outputs = graph.node("Mul", outputs, graph.constant("output_scales", scales))
    if model.noise is None:
        give_classes(graph, model, outputs, refused)
    else:
        give_number(graph, model, model.noise, outputs, refused)
    return as_bytes(graph, model, inputs)


def give_classes(graph: Graph, model: ExportedModel, logits: str, refused: str) -> None:
    """Label and probabilities, of logits (networks, batch, outputs) or (batch, outputs)."""
    several = model.n_networks > 1
    if model.n_outputs == 1:
        # The logit of the first of two classes is 0.
        pads = graph.constant("pads", np.asarray([0] * several + [0, 1] + [0] * several + [0, 0]))
        logits = graph.node("Pad", logits, pads)
    if model.calibration == 1:
        probabilities = graph.node("Softmax", logits, axis=-1)
        if several:
            probabilities = graph.reduced("ReduceMean", probabilities, 0, keep=False)
    else:
        # Of logarithms, for in float32 a probability below 1e-38 is 0, and hot temperatures make much of it.
        logs = graph.node("LogSoftmax", logits, axis=-1)
        if several:
            logs = graph.reduced("ReduceLogSumExp", logs, 0, keep=False)
            logs = graph.with_number("Sub", logs, float(np.log(model.n_networks)))
        logs = graph.with_number("Div", graph.with_number("Max", logs, float(np.log(LEAST))), model.calibration)
        probabilities = graph.node("Softmax", logs, axis=-1)
    best = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
    classes = graph.texts("classes", model.classes, (len(model.classes),))
    label = graph.node("Gather", classes, best, axis=0)
    row_refused = graph.reshaped(refused, (-1,))
    label = graph.node("Where", row_refused, graph.texts("no_label", [""], (1,)), label)
    graph.output(label, "label", "STRING")
    graph.output(nan_where(graph, refused, probabilities), "probabilities", "FLOAT", len(model.classes))


def give_number(graph: Graph, model: ExportedModel, noise: np.ndarray, means: str, refused: str) -> None:
    """Mean and standard deviation, of means of the standardised target, (networks, batch, 1) or (batch, 1)."""
    scaling = model.preprocessing.target_scaling
    assert scaling is not None
    # Calibration leaves the mean as it is and multiplies the deviation.
    unit, noise_variance = scaling.deviation, float((noise**2).mean())
    mean = means
    if model.n_networks > 1:
        mean = graph.reduced("ReduceMean", means, 0, keep=False)
        apart = graph.node("Sub", means, mean)
        variance = graph.reduced("ReduceMean", graph.node("Mul", apart, apart), 0, keep=False)
        deviation = graph.node("Sqrt", graph.with_number("Add", variance, noise_variance))
    else:
        # All rows have the same deviation, which takes its shape from the mean.
        nothing = graph.node("Sub", mean, mean)
        deviation = graph.with_number("Add", nothing, float(np.sqrt(noise_variance)))
    deviation = graph.with_number("Mul", deviation, model.calibration * unit)
    mean = graph.with_number("Add", graph.with_number("Mul", mean, unit), scaling.mean)
    graph.output(nan_where(graph, refused, mean), "variable", "FLOAT", 1)
    graph.output(nan_where(graph, refused, deviation), "deviation", "FLOAT", 1)


def nan_where(graph: Graph, refused: str, value: str) -> str:
    """The value (batch, width), NaN in the rows that are refused."""
    return graph.node("Where", refused, graph.constant("nan", np.asarray(np.nan, dtype=np.float32)), value)


def as_bytes(graph: Graph, model: ExportedModel, inputs: list[str]) -> bytes:
    """The finished graph with its properties."""
    from hyperborn import __version__

    made = graph.helper.make_graph(graph.nodes, "hyperborn", graph.inputs, graph.outputs, graph.constants)
    opsets = [graph.helper.make_opsetid("", OPSET)]
    version = graph.helper.find_min_ir_version_for(opsets)
    whole = graph.helper.make_model(
        made, opset_imports=opsets, ir_version=version, producer_name="hyperborn", producer_version=__version__
    )
    columns = [column.name for column in model.preprocessing.columns]
    properties: dict[str, Any] = {"data": model.name, "target": model.preprocessing.target, "columns": columns}
    properties |= {"inputs": inputs, "classes": model.classes}
    # JSON in ASCII: names may hold what UTF-8 cannot.
    texts = {"hyperborn": __version__, **{name: json.dumps(value) for name, value in properties.items()}}
    graph.helper.set_model_props(whole, texts)
    return whole.SerializeToString(deterministic=True)
