"""The source of an exported network in float32."""

from typing import ClassVar, final

from hyperborn.export.c.arrays import float_literal, floats
from hyperborn.export.c.network_source import NetworkSource
from hyperborn.export.c.pieces import INCLUDES, with_what_they_need
from hyperborn.export.c.plan import LayerPlan
from hyperborn.export.c.row import float_standardization, medians_by_column, row_piece, table_constants
from hyperborn.export.c.text import indented
from hyperborn.export.model import ExportedModel
from hyperborn.networks.layers import TIE

FILES = ("words.c", "float32.c", "float32_rows.c")
ACTIVATIONS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "hyperbolic_tangent"}
"""The function of C for each activation: signs are packed, and identity is nothing."""


def float_source(model: ExportedModel) -> str:
    """The source after its first comment.

    Raises:
        UserError: for numbers that float32 cannot hold.
    """
    network = FloatNetwork(model)
    function = network.function()
    predict = predict_function(network)
    definitions = [f"#define RAW {len(model.preprocessing.raw_features)} /* features of a raw row */"]
    definitions += network.definitions()
    if "pack_signs" in network.written.needs:
        definitions.append(f"#define TIE {float_literal(TIE)} /* sums that are less below 0 have the sign of 0 */")
    if "temper" in network.written.needs:
        definitions.append(f"#define INVERSE_TEMPERATURE {float_literal(1 / model.calibration)}")
    parts = [INCLUDES, "\n".join(definitions), *network.written.constants]
    pieces = with_what_they_need(FILES, network.written.needs)
    return "\n\n".join([*parts, pieces, function, predict]) + "\n"


@final
class FloatNetwork(NetworkSource):
    """One network in float32."""

    number: ClassVar[str] = "float"

    def one(self, plan: LayerPlan) -> str:
        del plan
        return "1.0f"

    def coefficients(self, plan: LayerPlan) -> str:
        return f"{float_literal(plan.half)}, {float_literal(plan.middle)}"

    def tie(self, plan: LayerPlan) -> str:
        del plan
        return ""

    def after_sums(self, plan: LayerPlan, name: str) -> list[str]:
        layer, number, written = plan.layer, plan.number, self.written
        lines: list[str] = []
        if plan.offsets is not None:
            written.constants.append(floats(f"offsets_{number}", plan.offsets.ravel()))
            offsets = self.of_network(f"offsets_{number}", layer.n_units)
            lines.append(written.call("add", f"add({name}, 1, {layer.n_units}, {offsets});"))
        if layer.normalized:
            share = float_literal(1 / layer.n_values)
            lines.append(written.call("normalize", f"normalize({name}, {layer.n_values}, {share});"))
        each = f"{name}, {layer.n_positions}, {layer.n_units}"
        if plan.has_gains:
            written.constants.append(floats(f"gains_{number}", layer.gain))
            lines.append(written.call("multiply", f"multiply({each}, gains_{number});"))
        if layer.shifts:
            written.constants.append(floats(f"shifts_{number}", layer.shift))
            lines.append(written.call("add", f"add({each}, shifts_{number});"))
        if layer.activation in ACTIVATIONS:
            call = f"{ACTIVATIONS[layer.activation]}({name}, {layer.n_values});"
            lines.append(written.call(layer.activation, call))
        return lines


def predict_function(network: FloatNetwork) -> str:
    """The definition of ``hb_predict``."""
    model = network.model
    room = max(len(model.preprocessing.raw_features), model.n_features + 1)
    lines, features = feature_lines(network)
    lines += class_lines(network, features) if model.noise is None else number_lines(network, features)
    used = any("place" in line for line in lines)
    head = [f"float x[{room}];", f"int {'place, ' if used else ''}status = read_row(features, x);"]
    head += ["if (status)", "    return status;"]
    what = "probabilities" if model.noise is None else "prediction"
    return f"int hb_predict(const float *features, float *{what})\n{{\n{indented([*head, *lines])}\n}}"


def feature_lines(network: FloatNetwork) -> tuple[list[str], str]:
    """Statements from the raw row in ``x`` to the inputs of the first layer, and the name of these."""
    model, written = network.model, network.written
    preprocessing = model.preprocessing
    piece = row_piece(preprocessing)
    written.needs.add(piece)
    if piece == "row_of_table":
        written.constants += table_constants(preprocessing)
    if piece != "row_of_numbers":
        about = "What a number is taken for that is missing."
        written.constants.append(floats("medians", medians_by_column(preprocessing), about))
    lines: list[str] = []
    if (standardizing := float_standardization(preprocessing)) is not None:
        constants, piece, call = standardizing
        written.constants += constants
        lines.append(written.call(piece, call))
    if preprocessing.pca_components is not None:
        components = preprocessing.pca_components
        written.constants.append(floats("components", components.ravel(), "Principal components, one a row."))
        call = f"project(x, {len(components)}, projected);"
        return [*lines, f"float projected[{len(components) + 1}];", written.call("project", call)], "projected"
    if network.takes_bits:
        assert model.binary_features is not None
        low, high = map(float_literal, model.binary_features)
        call = written.call("pack_features", f"pack_features(x, {low}, {high}, bits)")
        words = -(-model.n_features // network.width)
        return [*lines, f"word bits[{words}];", f"if ({call})", "    return HB_NOT_BINARY;"], "bits"
    return lines, "x"


def class_lines(network: FloatNetwork, features: str) -> list[str]:
    """Statements from features to probabilities, and the most probable class."""
    model, written, count = network.model, network.written, network.model.n_outputs
    written.needs |= {"most_probable", "probabilities_of_two" if count == 1 else "probabilities"}
    scales = model.output_scales
    if not network.many:
        lines = [f"float outputs[{count}];", f"outputs_of({features}, outputs);"]
        factor = float(scales[0]) / model.calibration
        if factor != 1:
            lines.append("/* the scale of the outputs, over the temperature */")
            lines += scaled("outputs", count, float_literal(factor))
        return [*lines, "probabilities_of(outputs, probabilities);", "return most_probable(probabilities);"]
    inner = [f"outputs_of(network, {features}, outputs);"]
    if (scales != 1).any():
        written.constants.append(floats("output_scales", scales, "What the outputs of each network are multiplied by."))
        inner += scaled("outputs", count, "output_scales[network]")
    inner += ["probabilities_of(outputs, own);"]
    inner += ["for (place = 0; place < HB_CLASSES; place++)", "    probabilities[place] += own[place];"]
    lines = [f"float outputs[{count}], own[HB_CLASSES];", "int network;"]
    lines += ["for (place = 0; place < HB_CLASSES; place++)", "    probabilities[place] = 0.0f;"]
    lines += ["for (network = 0; network < HB_NETWORKS; network++) {", *(f"    {line}" for line in inner), "}"]
    lines += scaled("probabilities", len(model.classes), float_literal(1 / model.n_networks))
    if model.calibration != 1:
        lines.append(written.call("temper", "temper(probabilities);"))
    return [*lines, "return most_probable(probabilities);"]


def scaled(name: str, count: int, factor: str) -> list[str]:
    """Statements that multiply an array by a number."""
    if count == 1:
        return [f"{name}[0] *= {factor};"]
    return [f"for (place = 0; place < {count}; place++)", f"    {name}[place] *= {factor};"]


def number_lines(network: FloatNetwork, features: str) -> list[str]:
    """Statements from features to mean and standard deviation, in the units of the target."""
    model, written = network.model, network.written
    scaling = model.preprocessing.target_scaling
    assert scaling is not None
    assert model.noise is not None
    middle, scales = float_literal(scaling.mean), model.output_scales
    if not network.many:
        noise = float_literal(model.calibration * float(model.noise[0]) * scaling.deviation)
        factor = float_literal(float(scales[0]) * scaling.deviation)
        return [
            "float output;",
            f"outputs_of({features}, &output);",
            f"prediction[0] = {middle} + {factor} * output;",
            f"prediction[1] = {noise};",
            "return 0;",
        ]
    written.needs.add("inverse_root")
    written.constants.append(floats("variances", model.noise**2, "Of the noise of each network."))
    rescaling: list[str] = []
    if (scales != 1).any():
        written.constants.append(floats("output_scales", scales, "What the outputs of each network are multiplied by."))
        rescaling = ["    means[network] *= output_scales[network];"]
    share = float_literal(1 / model.n_networks)
    return [
        "float means[HB_NETWORKS], mean = 0.0f, square = 0.0f, apart;",
        "int network;",
        "for (network = 0; network < HB_NETWORKS; network++) {",
        f"    outputs_of(network, {features}, means + network);",
        *rescaling,
        f"    mean += {share} * means[network];",
        "}",
        "for (network = 0; network < HB_NETWORKS; network++) {",
        "    apart = means[network] + negative(mean);",
        f"    square += {share} * (variances[network] + apart * apart);",
        "}",
        f"prediction[0] = {middle} + {float_literal(scaling.deviation)} * mean;",
        f"prediction[1] = {float_literal(model.calibration * scaling.deviation)} * square * inverse_root(square);",
        "return 0;",
    ]
