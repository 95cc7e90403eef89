"""The files of an exported network in C, by name."""

import numpy as np

from hyperborn.data.columns import Column
from hyperborn.export.c.float_source import float_source
from hyperborn.export.c.header import first_comment, header
from hyperborn.export.c.program import main_source, piece_file, vectors_source
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import Rows

FLOAT_TOLERANCE = 1e-5
"""Largest difference between a number of a prediction and Python's, for classes."""

FLOAT_ENTRY = """\
/* Predicts a raw row of HB_COLUMNS numbers.
   Gives the index of the most probable class and writes the probability of each, or a negative number from above for a
   row that cannot be predicted. Uses no memory but the stack, and may be called by several threads at once. */
int hb_predict(const float *features, float *probabilities);"""

NUMBER_ENTRY = """\
/* Predicts a raw row of HB_COLUMNS numbers.
   Gives 0 and writes the mean and the standard deviation, or gives a negative number from above for a row that cannot
   be predicted. Uses no memory but the stack, and may be called by several threads at once. */
int hb_predict(const float *features, float *prediction);"""


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
    scaling = model.preprocessing.target_scaling
    tolerance = FLOAT_TOLERANCE if scaling is None else FLOAT_TOLERANCE * max(abs(scaling.mean), scaling.deviation)
    return {
        "model.h": header(model, FLOAT_ENTRY if model.noise is None else NUMBER_ENTRY),
        "model.c": f"{first_comment(model, 'A trained binary network in float32.')}\n{float_source(model)}",
        "main.c": main_source(model),
        "check.c": piece_file("check.c"),
        "test_vectors.h": vectors_source(rows, values, answers, tolerance),
        "Makefile": piece_file("Makefile"),
    }


__all__ = ["Column", "float_files"]
