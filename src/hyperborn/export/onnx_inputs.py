"""The inputs of an ONNX graph, and how they become features there.

All of it is done in float64, so that numbers far from zero keep their differences when their mean is taken away.
"""

import numpy as np

from hyperborn.data.columns import Column, imputed_features
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.onnx_nodes import Graph
from hyperborn.export.rows import LARGEST_RAW, takes_missing, takes_others

MATRIX = "features"
"""The only input, where all columns are numbers."""


def features_of_inputs(graph: Graph, preprocessing: Preprocessing) -> tuple[list[str], str, str]:
    """Make the inputs, and of them the features.

    Returns:
        the names of the inputs, the features (batch, features) in float32, and which rows Python refuses, (batch, 1)
        bool.
    """
    if all(column.categories is None for column in preprocessing.columns):
        inputs, raw, refused = matrix_of_numbers(graph, preprocessing)
    else:
        inputs, raw, refused = columns_of_all_kinds(graph, preprocessing)
    if preprocessing.means is not None and preprocessing.scales is not None:
        raw = graph.node("Sub", raw, graph.constant("means", preprocessing.means))
        raw = graph.node("Div", raw, graph.constant("scales", preprocessing.scales))
    if preprocessing.pca_mean is not None and preprocessing.pca_components is not None:
        raw = graph.node("Sub", raw, graph.constant("component_mean", preprocessing.pca_mean))
        raw = graph.node("MatMul", raw, graph.constant("components", preprocessing.pca_components.T))
    return inputs, graph.cast(raw, "FLOAT"), refused


def matrix_of_numbers(graph: Graph, preprocessing: Preprocessing) -> tuple[list[str], str, str]:
    """One input with a number a column; NaN is a missing one."""
    columns = preprocessing.columns
    given = graph.input(MATRIX, "FLOAT", len(columns))
    absent = graph.node("IsNaN", given)
    refused = too_large(graph, given)
    if preprocessing.medians is None:
        refused = graph.node("Or", refused, absent)
    raw = graph.cast(given, "DOUBLE")
    if preprocessing.medians is not None:
        raw = graph.node("Where", absent, graph.constant("medians", preprocessing.medians), raw)
    if any(column.missing for column in columns):
        # Behind the numbers all marks, of which those that are features are picked, each behind its number.
        order = [
            place
            for column, number in zip(columns, range(len(columns)), strict=True)
            for place in (number, *((len(columns) + number,) if column.missing else ()))
        ]
        both = graph.node("Concat", raw, graph.cast(absent, "DOUBLE"), axis=1)
        raw = graph.node("Gather", both, graph.constant("order", np.asarray(order)), axis=1)
    return [given], raw, any_of(graph, refused)


def columns_of_all_kinds(graph: Graph, preprocessing: Preprocessing) -> tuple[list[str], str, str]:
    """An input a column: float32 (batch, 1) of numbers, text (batch, 1) of categories."""
    imputed, medians = imputed_features(preprocessing.columns).tolist(), preprocessing.medians
    inputs: list[str] = []
    blocks: list[str] = []
    refused: list[str] = []
    # All inputs come before any other value, so that columns keep their names as far as possible.
    for column in preprocessing.columns:
        kind = "FLOAT" if column.categories is None else "STRING"
        inputs.append(graph.input(clean_name(column.name), kind, 1))
    place = 0
    for column, given in zip(preprocessing.columns, inputs, strict=True):
        if column.categories is None:
            median = None if medians is None else medians[[imputed.index(place)]]
            own, faulty = features_of_number(graph, column, given, median)
        else:
            own, faulty = features_of_category(graph, column, given, preprocessing)
        blocks += own
        refused += faulty
        place += len(column.features)
    return inputs, graph.node("Concat", *blocks, axis=1), any_of(graph, graph.node("Concat", *refused, axis=1))


def features_of_number(
    graph: Graph, column: Column, given: str, median: np.ndarray | None
) -> tuple[list[str], list[str]]:
    """Features of one column of numbers, and the rows that are refused for it."""
    absent = graph.node("IsNaN", given)
    refused = [too_large(graph, given)]
    number = graph.cast(given, "DOUBLE")
    if median is None:
        refused.append(absent)
    else:
        number = graph.node("Where", absent, graph.constant("median", median), number)
    return [number, *([graph.cast(absent, "DOUBLE")] if column.missing else [])], refused


def features_of_category(
    graph: Graph, column: Column, given: str, preprocessing: Preprocessing
) -> tuple[list[str], list[str]]:
    """Features of one column of categories, and the rows that are refused for it."""
    assert column.categories is not None
    categories = graph.texts("categories", column.categories, (1, len(column.categories)))
    chosen = graph.cast(graph.node("Equal", given, categories), "DOUBLE")
    known = graph.reduced("ReduceSum", chosen, 1, keep=True)
    unlisted = graph.node("Sub", graph.constant("one", np.ones((1, 1))), known)
    # Where the empty text is a category, it is no missing value.
    empty = graph.cast(graph.node("Equal", given, graph.texts("nothing", [""], (1, 1))), "DOUBLE")
    absent = graph.node("Mul", empty, unlisted)
    other = graph.node("Sub", unlisted, absent)
    blocks, refused = [chosen], []
    if column.rare:
        # A value that is missing counts as rare, unless it has a feature of its own.
        blocks.append(other if column.missing else unlisted)
    if column.missing:
        blocks.append(absent)
    if not takes_missing(column, preprocessing):
        refused.append(graph.cast(absent, "BOOL"))
    if not takes_others(column, preprocessing):
        refused.append(graph.cast(other, "BOOL"))
    return blocks, refused


def any_of(graph: Graph, flags: str) -> str:
    """Whether any of (batch, columns) is true, (batch, 1)."""
    return graph.cast(graph.reduced("ReduceMax", graph.cast(flags, "FLOAT"), 1, keep=True), "BOOL")


def clean_name(name: str) -> str:
    """A column's name as an input has it: on one line, of characters that can be seen, and not empty."""
    return "".join(letter if letter.isprintable() else "_" for letter in name.strip()).strip() or "column"


def too_large(graph: Graph, values: str) -> str:
    """Where numbers are over `LARGEST_RAW` in size, infinite ones among them; a number that is missing is not."""
    return graph.with_number("Greater", graph.node("Abs", values), LARGEST_RAW)
