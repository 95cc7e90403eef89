"""What a prediction of an exported network takes, counted from its bits as exported C in float32 computes it.

The functions of `export/c/pieces/float32.c` are the authority; here stands how often each of their operations is made.
Reading a raw row and checking it (missing numbers, indexes of categories, features of two values) is not counted: none
of it is arithmetic, and it is the same for any network. Numbers between layers are not counted as read or written.
"""

from typing import NamedTuple

from hyperborn.costs.operations import LOGISTIC, NOTHING, Operations
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.c.plan import LayerPlan, plans_of
from hyperborn.export.c.row import low_parts, row_piece, standardization
from hyperborn.export.layers import Convolution, Layer
from hyperborn.export.model import ExportedModel

NUMBER = 4
"""Bytes of a real number."""
BYTE = 8


class Part(NamedTuple):
    """The operations of a part of a prediction: "features", "layer 1", ..., "predictions"."""

    name: str
    operations: Operations


class Size(NamedTuple):
    """Bytes of constants: weights, and real numbers beside them."""

    weights: int
    numbers: int

    @property
    def total(self) -> int:
        return self.weights + self.numbers


def parts_of(model: ExportedModel) -> tuple[Part, ...]:
    """The operations of a prediction of one row, part by part, over all networks that are averaged."""
    plans, width = plans_of(model)
    scaled, many = bool((model.output_scales != 1).any()), model.n_networks > 1
    if not many and model.noise is None:
        # One factor is the scale over the temperature.
        scaled = float(model.output_scales[0]) / model.calibration != 1
    return (
        Part("features", of_features(model.preprocessing)),
        *(Part(f"layer {plan.number}", of_layer(plan, width)) for plan in plans),
        Part("predictions", of_predictions(model, model.n_networks, scaled=scaled)),
    )


def size_of(model: ExportedModel) -> Size:
    """Bytes of the constant arrays in exported C; rows of bits are filled up to whole words."""
    plans, _ = plans_of(model)
    numbers = numbers_before(model.preprocessing)
    for plan in plans:
        numbers += 0 if plan.offsets is None else plan.offsets.size
        numbers += plan.layer.n_units * (plan.has_gains + plan.layer.shifts)
    if model.n_networks > 1:
        numbers += model.n_networks * (bool((model.output_scales != 1).any()) + (model.noise is not None))
    return Size(sum(int(plan.weights.nbytes) for plan in plans), NUMBER * int(numbers))


def numbers_before(preprocessing: Preprocessing) -> int:
    """Real numbers that turn a raw row into features."""
    columns = 0 if row_piece(preprocessing) == "row_of_numbers" else len(preprocessing.columns)
    return columns + numbers_a_row(preprocessing)


def numbers_a_row(preprocessing: Preprocessing) -> int:
    """As `numbers_before`, without the medians: those that each row needs."""
    components = preprocessing.pca_components
    found = standardization(preprocessing)
    count = 0 if components is None else int(components.size)
    return count if found is None else count + len(found[0]) * (2 + (low_parts(*found) is not None))


def of_features(preprocessing: Preprocessing) -> Operations:
    """Standardising, and principal components."""
    raw, found, components = (
        len(preprocessing.raw_features),
        standardization(preprocessing),
        preprocessing.pca_components,
    )
    operations = Operations(bytes_read=NUMBER * numbers_a_row(preprocessing))
    if found is not None:
        operations += Operations(additions=raw * (1 + (low_parts(*found) is not None)), multiplications=raw)
    if components is not None:
        operations += Operations(additions=int(components.size), multiplications=int(components.size))
    return operations


def of_layer(plan: LayerPlan, width: int) -> Operations:
    """One layer of all networks: its sums, and what becomes of them."""
    layer = plan.layer
    sums = of_sums_of_bits(plan, width) if plan.binary else of_sums(plan)
    packing = layer.n_values_in if plan.binary and plan.number > 1 else 0
    each = Operations(comparisons=packing)
    if plan.offsets is not None:
        each += Operations(additions=layer.n_units, bytes_read=NUMBER * layer.n_units)
    each += of_normalization(layer.n_values) if layer.normalized else NOTHING
    if plan.has_gains:
        each += Operations(multiplications=layer.n_values, bytes_read=NUMBER * layer.n_values)
    if layer.shifts:
        each += Operations(additions=layer.n_values, bytes_read=NUMBER * layer.n_values)
    return sums + (each + of_activation(layer)) * layer.n_networks


def of_sums(plan: LayerPlan) -> Operations:
    """Sums of real inputs: those whose bit is 1 are added, and once all of them; half and middle multiply each sum."""
    layer = plan.layer
    chosen = int(layer.bits.sum(dtype=int)) + (0 if layer.bias is None else int(layer.bias.sum(dtype=int)))
    outputs = layer.n_networks * layer.n_values
    return Operations(
        additions=layer.n_positions * (chosen + layer.n_networks * plan.n_inputs) + 3 * outputs,
        multiplications=2 * outputs,
        bytes_read=layer.n_positions * int(plan.weights.nbytes),
    )


def of_sums_of_bits(plan: LayerPlan, width: int) -> Operations:
    """Sums of inputs that are -1 or 1: words of inputs and weights that are compared, and equal bits counted."""
    layer, over = plan.layer, plan.layer.convolution
    outputs = layer.n_networks * layer.n_values
    if over is None:
        words, bits = -(-plan.n_inputs // width), plan.n_inputs
        read = layer.n_networks * layer.n_units
        # The inputs' own bits are counted once a network.
        counted = read + layer.n_networks
    else:
        words, bits = -(-over.channels // width), over.channels
        read = layer.n_networks * layer.n_units * places_on_maps(over)
        counted = 2 * read
    return Operations(
        additions=outputs,
        multiplications=2 * outputs,
        conversions=2 * outputs,
        xnor_popcounts=counted * words,
        popcounted_bits=counted * bits,
        bytes_read=read * words * width // BYTE,
    )


def places_on_maps(over: Convolution) -> int:
    """Places under the kernel that lie on the maps and not beside them, over all of its positions."""

    def along(positions: int, side: int, before: int) -> int:
        return sum(
            0 <= position * over.stride + place - before < side
            for position in range(positions)
            for place in range(over.kernel)
        )

    return along(over.rows, over.height, over.above) * along(over.columns, over.width, over.before)


def of_normalization(count: int) -> Operations:
    """So many values brought to mean 0 and variance 1."""
    return Operations(additions=3 * count + 1, multiplications=2 * count + 2, inverse_roots=1)


def of_activation(layer: Layer) -> Operations:
    """What follows the sums of one network; signs are taken where they are packed, by the next layer."""
    if layer.activation == "relu":
        return Operations(comparisons=layer.n_values)
    if layer.activation == "sigmoid":
        return LOGISTIC * layer.n_values
    if layer.activation == "tanh":
        return (LOGISTIC + Operations(additions=1, multiplications=2)) * layer.n_values
    return NOTHING


def of_predictions(model: ExportedModel, networks: int, *, scaled: bool) -> Operations:
    """From outputs to calibrated predictions, of so many networks that are averaged.

    Args:
        model: whose classes or target are predicted.
        networks: 1, or how many are averaged.
        scaled: whether outputs are multiplied by a scale.
    """
    if model.noise is not None:
        return of_numbers(networks, scaled=scaled)
    classes, outputs = len(model.classes), model.n_outputs
    scales = Operations(multiplications=outputs if scaled else 0)
    one = scales + (LOGISTIC * 2 if outputs == 1 else of_softmax(classes))
    decision = Operations(comparisons=classes - 1)
    if networks == 1:
        return one + decision
    reading = Operations(bytes_read=NUMBER * scaled)
    averaging = Operations(multiplications=classes)
    if model.calibration != 1:
        averaging += Operations(logarithms=classes, multiplications=2 * classes, comparisons=classes)
        averaging += Operations(additions=2 * classes, exponentials=classes, inverses=1)
    return (one + reading + Operations(additions=classes)) * networks + averaging + decision


def of_softmax(classes: int) -> Operations:
    """Probabilities from a logit a class, of which the largest is taken off first."""
    return Operations(
        comparisons=classes - 1,
        additions=2 * classes,
        multiplications=classes,
        exponentials=classes,
        inverses=1,
    )


def of_numbers(networks: int, *, scaled: bool) -> Operations:
    """Mean and standard deviation in the units of the target."""
    if networks == 1:
        return Operations(additions=1, multiplications=1)
    mean = Operations(additions=1, multiplications=1 + scaled, bytes_read=NUMBER * scaled)
    variance = Operations(additions=3, multiplications=2, bytes_read=NUMBER)
    return (mean + variance) * networks + Operations(additions=1, multiplications=3, inverse_roots=1)
