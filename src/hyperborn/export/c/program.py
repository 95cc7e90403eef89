"""What stands beside an exported network in C: a program that reads CSV rows, test vectors, and a Makefile."""

from importlib.resources import files

import numpy as np
from jaxtyping import Float, Int

from hyperborn.data.missing import MISSING, MISSING_NUMBERS
from hyperborn.export.c.arrays import float_literal
from hyperborn.export.c.text import string
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import Rows


def piece_file(name: str) -> str:
    """A file of C, or for make, that is written as it is."""
    return (files("hyperborn.export.c") / "pieces" / name).read_text()


def strings(name: str, texts: list[str], *, ended: bool = False) -> str:
    """An array of strings, ended by a null pointer if asked for."""
    literals = [*map(string, texts), *(["0"] if ended else [])]
    return f"static const char *const {name}[] = {{\n" + ",\n".join(f"    {text}" for text in literals) + "\n};"


def main_source(model: ExportedModel) -> str:
    """The program that reads CSV rows."""
    columns = model.preprocessing.columns
    tables = [strings("column_names", [column.name for column in columns])]
    pointers: list[str] = []
    for place, column in enumerate(columns):
        if column.categories is None:
            pointers.append("0")
        else:
            tables.append(strings(f"categories_{place}", list(column.categories), ended=True))
            pointers.append(f"categories_{place}")
    cells = ",\n".join(f"    {pointer}" for pointer in pointers)
    tables.append(f"static const char *const *const categories[HB_COLUMNS] = {{\n{cells}\n}};")
    tables.append(strings("missing_texts", sorted(MISSING)))
    tables.append(strings("missing_numbers", sorted(MISSING_NUMBERS)))
    tables.append(f"#define DECIMAL '{model.preprocessing.decimal}'")
    head = "/* Reads rows of a CSV file, the names of the columns first, and writes predictions as CSV. */\n"
    head += '#include <ctype.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include "model.h"'
    if model.noise is None:
        tables.append(strings("class_names", list(model.classes)))
    return "\n\n".join([head, *tables, piece_file("main.c").lstrip("\n")])


def vectors_source(
    rows: Rows, values: Float[np.ndarray, "examples values"], answers: Int[np.ndarray, " examples"], tolerance: float
) -> str:
    """Rows, and what is given for them. NaN is a division, for without <math.h> C99 has no constant for it."""
    lines = [
        "/* Raw rows, and what Python predicts for them. */",
        f"#define TEST_ROWS {len(rows)}",
        f"#define TEST_TOLERANCE {float_literal(tolerance)}",
        table("test_rows", "HB_COLUMNS", rows),
        table("test_values", "HB_VALUES", values),
        f"static const int test_answers[TEST_ROWS] = {{{', '.join(map(str, answers.tolist()))}}};",
    ]
    return "\n\n".join(lines) + "\n"


def table(name: str, width: str, values: Float[np.ndarray, "rows cells"]) -> str:
    """A constant array of rows."""
    lines = ["    {" + ", ".join(number(cell) for cell in row) + "}" for row in values.tolist()]
    return f"static const float {name}[TEST_ROWS][{width}] = {{\n" + ",\n".join(lines) + "\n};"


def number(value: float) -> str:
    """A float literal; NaN as 0 / 0."""
    return "0.0f / 0.0f" if np.isnan(value) else float_literal(value)
