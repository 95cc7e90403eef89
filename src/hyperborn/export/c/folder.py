"""The files of an exported network in C, by name."""

import numpy as np

from hyperborn._typing import Examples
from hyperborn.export.c.fixed_model import FixedModel
from hyperborn.export.c.fixed_source import fixed_source
from hyperborn.export.c.float_source import float_source
from hyperborn.export.c.header import first_comment, fixed_entry, float_entry, header
from hyperborn.export.c.program import main_source, piece_file, vectors_source
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import Rows

FLOAT_TOLERANCE = 1e-5
"""Largest difference between a probability in float32 and Python's; larger for logits of more than a hundred, of which
float32 has seven digits."""
EXACT = 1e-6
"""Largest difference between numbers in fixed point and those that were computed for them, which are the same."""


def float_files(model: ExportedModel, rows: Rows) -> dict[str, str]:
    """The files of a network in float32.

    Args:
        model: what is exported.
        rows: raw rows that become test vectors.

    Raises:
        UserError: for numbers that float32 cannot hold.
    """
    values = model.values_of_rows(rows)
    answers = values.argmax(axis=1) if model.noise is None else np.zeros(len(rows), dtype=np.int64)
    source = f"{first_comment(model, 'A trained binary network in float32.')}\n{float_source(model)}"
    vectors = vectors_source(rows, values, answers, FLOAT_TOLERANCE * size_of_numbers(model, rows))
    return {"model.h": header(model, float_entry(model)), "model.c": source} | files_beside(model, vectors)


def fixed_files(model: ExportedModel, rows: Rows, examples: Examples) -> dict[str, str]:
    """The files of a network in fixed point.

    Args:
        model: what is exported.
        rows: raw rows that become test vectors.
        examples: features of training examples, whose numbers set the formats.

    Raises:
        UserError: for numbers or layers that fixed point cannot hold.
    """
    fixed = FixedModel(model, examples)
    values, answers = fixed.answers(rows)
    source = f"{first_comment(model, 'A trained binary network in fixed point.')}\n{fixed_source(fixed)}"
    tolerance = EXACT * max(1.0, float(np.abs(values).max(initial=0.0)))
    entry = f"{fixed_entry(fixed)}\n\n{float_entry(model, guarded=True)}"
    vectors = vectors_source(rows, values, answers, tolerance)
    return {"model.h": header(model, entry), "model.c": source} | files_beside(model, vectors)


def files_beside(model: ExportedModel, vectors: str) -> dict[str, str]:
    """What stands beside a network, whatever numbers it computes with."""
    return {
        "main.c": main_source(model),
        "check.c": piece_file("check.c"),
        "test_vectors.h": vectors,
        "Makefile": piece_file("Makefile"),
        "cortex_m.c": piece_file("cortex_m.c"),
        "cortex_m.ld": piece_file("cortex_m.ld"),
    }


def size_of_numbers(model: ExportedModel, rows: Rows) -> float:
    """By how much the numbers that predictions are made of are larger than those that float32 has five digits of."""
    scaling = model.preprocessing.target_scaling
    if scaling is not None:
        return max(abs(scaling.mean), scaling.deviation)
    logits = np.abs(model.outputs_of_rows(rows)).max(initial=0.0) / model.calibration
    return max(1.0, float(logits) / 100)
