"""The source of an exported network in fixed point."""

from typing import ClassVar, final

import numpy as np

from hyperborn.export.c.arrays import array, float_literal, integers
from hyperborn.export.c.fixed_model import FixedModel
from hyperborn.export.c.fixed_numbers import LOGARITHMS, POWERS, Scale, Whole
from hyperborn.export.c.fixed_plan import FixedLayer
from hyperborn.export.c.network_source import NetworkSource
from hyperborn.export.c.pieces import INCLUDES, with_what_they_need
from hyperborn.export.c.plan import LayerPlan
from hyperborn.export.c.row import row_piece, table_constants
from hyperborn.export.c.text import indented

FILES = ("words.c", "fixed_point.c", "fixed_point_rows.c")


def fixed_source(fixed: FixedModel) -> str:
    """The source after its first comment.

    Raises:
        UserError: for numbers or layers that fixed point cannot hold.
    """
    network = FixedNetwork(fixed)
    function = network.function()
    predict = predict_function(network)
    definitions = [f"#define RAW {len(fixed.preprocessing.raw_features)} /* features of a raw row */"]
    definitions += network.definitions()
    if "temper" in network.written.needs:
        definitions.append(f"#define INVERSE_TEMPERATURE {arguments(fixed.inverse_temperature)}")
    pieces = with_what_they_need(FILES, network.written.needs)
    pieces = pieces.replace("POWERS", cells(POWERS)).replace("LOGARITHMS", cells(np.append(LOGARITHMS, LOGARITHMS[-1])))
    bits = integers("uint8_t", "hb_bits", fixed.fraction_bits).removeprefix("static ")
    head = f"{INCLUDES}\n\n{bits}"
    return "\n\n".join([head, "\n".join(definitions), *network.written.constants, pieces, function, predict]) + "\n"


def cells(values: Whole) -> str:
    """Numbers of a table, in lines."""
    lines = [", ".join(map(str, values[first : first + 12])) for first in range(0, len(values), 12)]
    return ",\n".join(f"    {line}" for line in lines)


def arguments(scale: Scale) -> str:
    """A scale as two arguments."""
    return f"{scale.multiplier}, {scale.shift}"


@final
class FixedNetwork(NetworkSource):
    """One network in fixed point."""

    number: ClassVar[str] = "int32_t"

    def __init__(self, fixed: FixedModel) -> None:
        NetworkSource.__init__(self, fixed.model)
        self.fixed = fixed

    def layer_of(self, plan: LayerPlan) -> FixedLayer:
        return self.fixed.layers[plan.number - 1]

    def one(self, plan: LayerPlan) -> str:
        return str(self.layer_of(plan).one)

    def coefficients(self, plan: LayerPlan) -> str:
        layer = self.layer_of(plan)
        return f"{arguments(layer.half)}, {arguments(layer.middle)}"

    def tie(self, plan: LayerPlan) -> str:
        return f"{self.fixed.layers[plan.number - 2].tie}, "

    def after_sums(self, plan: LayerPlan, name: str) -> list[str]:
        layer, own, number, written = self.layer_of(plan), plan.layer, plan.number, self.written
        each, lines = f"{name}, {own.n_positions}, {own.n_units}", list[str]()
        if layer.offsets is not None:
            offsets, step = layer.offsets
            written.constants.append(integers("int16_t", f"offsets_{number}", offsets.ravel()))
            where = self.of_network(f"offsets_{number}", own.n_units)
            lines.append(written.call("add", f"add({name}, 1, {own.n_units}, {where}, {step});"))
        if layer.normalization is not None:
            share, drop, epsilon, root, shift = layer.normalization
            constants = f"{arguments(share)}, {drop}, {epsilon.multiplier}u, {epsilon.shift}, {root}u, {shift}"
            lines.append(written.call("normalize", f"normalize({name}, {own.n_values}, {constants});"))
        if layer.gains is not None:
            gains, shift = layer.gains
            written.constants.append(integers("int16_t", f"gains_{number}", gains))
            lines.append(written.call("multiply", f"multiply({each}, gains_{number}, {shift});"))
        if layer.shifts is not None:
            shifts, step = layer.shifts
            written.constants.append(integers("int16_t", f"shifts_{number}", shifts))
            lines.append(written.call("add", f"add({each}, shifts_{number}, {step});"))
        if layer.activation is not None:
            function = "hyperbolic_tangent" if own.activation == "tanh" else own.activation
            last = arguments(layer.activation) if isinstance(layer.activation, Scale) else str(layer.activation)
            lines.append(written.call(own.activation, f"{function}({name}, {own.n_values}, {last});"))
        return lines


def predict_function(network: FixedNetwork) -> str:
    """The definitions of ``hb_predict_q15`` and, in front of it for rows of floats, ``hb_predict``."""
    fixed, model = network.fixed, network.model
    room = max(len(model.preprocessing.raw_features), model.n_features + 1)
    lines, features = feature_lines(network)
    lines += class_lines(network, features) if model.noise is None else number_lines(network, features)
    used = any("place" in line for line in lines)
    head = [f"int32_t x[{room}];", f"int {'place, ' if used else ''}status = read_row(features, x);"]
    head += ["if (status)", "    return status;"]
    result = "uint16_t *probabilities" if model.noise is None else "int32_t *prediction"
    function = f"int hb_predict_q15(const int32_t *features, {result})\n{{\n{indented([*head, *lines])}\n}}"
    return f"{function}\n\n{float_function(fixed)}"


def feature_lines(network: FixedNetwork) -> tuple[list[str], str]:
    """Statements from the raw row in ``x`` to the inputs of the first layer, and the name of these."""
    fixed, written, preprocessing = network.fixed, network.written, network.model.preprocessing
    piece = row_piece(preprocessing)
    written.needs.add(piece)
    if piece == "row_of_table":
        written.constants += table_constants(preprocessing)
    if piece != "row_of_numbers":
        about = "What a number is taken for that is missing."
        written.constants.append(integers("int32_t", "medians", fixed.medians, about))
    if network.takes_bits:
        for name, values in zip(("lows", "highs"), fixed.binary_values, strict=True):
            written.constants.append(integers("int32_t", name, values))
        words = -(-network.model.n_features // network.width)
        call = written.call("pack_features", "pack_features(x, bits)")
        return [f"word bits[{words}];", f"if ({call})", "    return HB_NOT_BINARY;"], "bits"
    multipliers = [scale.multiplier for scale in fixed.scales]
    kind = "int16_t" if max(map(abs, multipliers)) < 2**15 else "int32_t"
    written.constants += [
        integers("int32_t", "centers", fixed.centers, "Taken off raw features, before they are multiplied."),
        integers(kind, "multipliers", multipliers),
        integers("uint8_t", "shifts", (scale.shift for scale in fixed.scales)),
        integers("int16_t", "remainders", fixed.remainders),
    ]
    lines = [written.call("standardize", "standardize(x);")]
    if fixed.components is None:
        return lines, "x"
    about = "Principal components, one a row."
    written.constants.append(integers("int16_t", "components", fixed.components.ravel(), about))
    count = len(fixed.components)
    call = written.call("project", f"project(x, {count}, {fixed.component_shift}, projected);")
    return [*lines, f"int32_t projected[{count + 1}];", call], "projected"


def class_lines(network: FixedNetwork, features: str) -> list[str]:
    """Statements from features to probabilities, and the most probable class."""
    model, written, count = network.model, network.written, network.model.n_outputs
    written.needs |= {"most_probable", "probabilities_of_two" if count == 1 else "probabilities"}
    scales = network.fixed.logit_scales
    lines = [f"int32_t outputs[{count}];", "uint32_t found[HB_CLASSES];"]
    last = ["for (place = 0; place < HB_CLASSES; place++)", "    probabilities[place] = (uint16_t)found[place];"]
    last.append("return most_probable(found);")
    if not network.many:
        lines += [f"outputs_of({features}, outputs);", f"probabilities_of(outputs, {arguments(scales[0])}, found);"]
        return [*lines, *last]
    scale = scale_of_outputs(network, scales)
    lines += ["uint32_t own[HB_CLASSES];", "int network;"]
    lines += ["for (place = 0; place < HB_CLASSES; place++)", "    found[place] = 0;"]
    lines += [
        "for (network = 0; network < HB_NETWORKS; network++) {",
        f"    outputs_of(network, {features}, outputs);",
        f"    probabilities_of(outputs, {scale}, own);",
        "    for (place = 0; place < HB_CLASSES; place++)",
        "        found[place] += own[place];",
        "}",
        "for (place = 0; place < HB_CLASSES; place++)",
        "    found[place] = (found[place] + HB_NETWORKS / 2) / HB_NETWORKS;",
    ]
    if model.calibration != 1:
        lines.append(written.call("temper", "temper(found);"))
    return [*lines, *last]


def scale_of_outputs(network: FixedNetwork, scales: tuple[Scale, ...]) -> str:
    """The scale of a network's outputs as two arguments: of each network its own, if they differ."""
    if len(set(scales)) == 1:
        return arguments(scales[0])
    about = "What the outputs of each network are multiplied by, and its shift."
    network.written.constants += [
        integers("int32_t", "output_scales", (own.multiplier for own in scales), about),
        integers("uint8_t", "output_shifts", (own.shift for own in scales)),
    ]
    return "output_scales[network], output_shifts[network]"


def number_lines(network: FixedNetwork, features: str) -> list[str]:
    """Statements from features to mean and standard deviation, in the format of predictions."""
    fixed, written = network.fixed, network.written
    constants, scales = fixed.number_constants, fixed.mean_scales
    written.needs |= {"scaled", "bounded"}
    if not network.many:
        return [
            "int32_t output;",
            f"outputs_of({features}, &output);",
            f"output = bounded(scaled(output, {arguments(scales[0])}));",
            f"prediction[0] = {constants.center} + scaled(output, {arguments(constants.step)});",
            f"prediction[1] = {constants.deviation};",
            "return 0;",
        ]
    scale = scale_of_outputs(network, scales)
    written.needs.add("square_root")
    multiplier, shift = constants.root
    return [
        "int32_t means[HB_NETWORKS], mean, apart;",
        "int64_t sum = 0;",
        f"uint64_t square = {constants.variances}u;",
        "int64_t product;",
        "int network, power;",
        "for (network = 0; network < HB_NETWORKS; network++) {",
        f"    outputs_of(network, {features}, means + network);",
        f"    sum += means[network] = bounded(scaled(means[network], {scale}));",
        "}",
        f"mean = scaled((int32_t)(sum >> {constants.drop}), {arguments(constants.share)});",
        "for (network = 0; network < HB_NETWORKS; network++) {",
        "    apart = (means[network] - mean) >> 8;",
        "    square += (uint64_t)((int64_t)apart * apart);",
        "}",
        f"product = (int64_t)square_root(square, &power) * {multiplier};",
        f"power = {shift} - power;",
        "product = (product + ((int64_t)1 << (power - 1))) >> power;",
        f"prediction[0] = {constants.center} + scaled(mean, {arguments(constants.step)});",
        "prediction[1] = product > 536870912 ? 536870912 : (int32_t)product;",
        "return 0;",
    ]


def float_function(fixed: FixedModel) -> str:
    """The definition of ``hb_predict``, which takes and gives floats."""
    is_class = fixed.model.noise is None
    has_categories = any(column.categories is not None for column in fixed.preprocessing.columns)
    steps = array("float", "steps", (float_literal(2.0**bits) for bits in fixed.fraction_bits))
    step = 2.0**-15 if is_class else 2.0**-fixed.prediction_bits
    name, kind = ("probabilities", "uint16_t") if is_class else ("prediction", "int32_t")
    lines = [
        "int32_t whole[HB_COLUMNS];",
        f"{kind} found[HB_VALUES];",
        "int place, status;",
        *(["if (refuses_categories(features))", "    return HB_CATEGORY;"] if has_categories else []),
        "status = whole_row(features, whole);",
        "if (status)",
        "    return status;",
        "status = hb_predict_q15(whole, found);",
        "if (status < 0)",
        "    return status;",
        "for (place = 0; place < HB_VALUES; place++)",
        f"    {name}[place] = {float_literal(step)} * (float)found[place];",
        "return status;",
    ]
    needs = {"row_of_floats", *(["categories_of_floats"] if has_categories else [])}
    function = f"int hb_predict(const float *features, float *{name})\n{{\n{indented(lines)}\n}}"
    return f"#ifndef HB_NO_FLOAT\n{steps}\n\n{with_what_they_need(FILES, needs)}\n\n{function}\n#endif"
