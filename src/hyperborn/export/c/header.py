"""The header of an exported network: sizes, names of classes and categories, and what its functions take and give."""

import hashlib
from typing import NamedTuple

from hyperborn import __version__
from hyperborn.data.columns import Column
from hyperborn.export.c.fixed_model import FixedModel
from hyperborn.export.c.text import comment, identifiers
from hyperborn.export.model import ExportedModel
from hyperborn.export.npz import npz_bytes
from hyperborn.export.rows import takes_missing, takes_others

MOST_LISTED = 100
"""Columns or classes that are listed in comments, at most: the pixels of an image need no list."""

ERRORS = (
    ("HB_MISSING", -1, "a number or a category is missing that has to be there"),
    ("HB_INFINITE", -2, "a number is infinite, or over 1e18 in size"),
    ("HB_CATEGORY", -3, "the index of a category is none, or of another category where none is known"),
    ("HB_NOT_BINARY", -4, "a feature is neither of the two numbers that it may be"),
)
"""What is given instead of a class: the name, its number, and why."""


def first_comment(model: ExportedModel, about: str) -> str:
    """What a file begins with."""
    lines = [
        f"{about} Made by hyperborn {__version__} from the data set {comment(model.name)}.",
        f"Digest of the network: {digest_of(model)}. You may use this file as you like.",
    ]
    return "/* " + "\n   ".join(lines) + " */"


def digest_of(model: ExportedModel) -> str:
    """What tells two networks apart: the beginning of a digest of all that is exported."""
    return hashlib.sha256(npz_bytes(model)).hexdigest()[:16]


RESERVED = (
    *(name for name, _, _ in ERRORS),
    *("HB_COLUMNS", "HB_CLASSES", "HB_VALUES", "HB_NETWORKS", "HB_BITS", "HB_NO_VALUE", "HB_NO_FLOAT"),
    *("HB_PREDICTION_BITS", "HB_FIXED_RESULT"),
)
"""Names that no class and no category may have."""


class Identifiers(NamedTuple):
    """Identifiers that all differ: of the classes that are listed, and of each categorical column's categories.

    The last two of a column are of any other category and of none.
    """

    classes: list[str]
    categories: dict[str, list[str]]


def identifiers_of(model: ExportedModel) -> Identifiers:
    """The identifiers of classes and categories."""
    columns = model.preprocessing.columns
    taken = [*RESERVED, *(f"HB_BITS_{place}" for place in range(len(columns)))]
    classes = identifiers(model.classes[:MOST_LISTED], prefix="HB_CLASS_", otherwise="NUMBER", taken=taken)
    taken += classes
    categorical = [column for column in columns if column.categories is not None]
    prefixes = identifiers((column.name for column in categorical), prefix="HB_", otherwise="COLUMN", taken=taken)
    found: dict[str, list[str]] = {}
    for column, prefix in zip(categorical, prefixes, strict=True):
        texts = [*(column.categories or ()), "other", "missing"]
        found[column.name] = identifiers(texts, prefix=f"{prefix}_", otherwise="CATEGORY", taken=taken)
        taken += found[column.name]
    return Identifiers(classes, found)


def header(model: ExportedModel, entry: str) -> str:
    """The header.

    Args:
        model: what is exported.
        entry: declarations of the functions, with comments.
    """
    names = identifiers_of(model)
    parts = [
        first_comment(model, "A trained binary network."),
        "#ifndef HYPERBORN_MODEL_H\n#define HYPERBORN_MODEL_H\n\n#include <stdint.h>",
        "\n".join(sizes(model)),
        columns_comment(model),
        *(
            category_enum(column, names.categories[column.name], model)
            for column in model.preprocessing.columns
            if column.categories is not None
        ),
        classes_comment(model, names.classes),
        "/* Given instead of a class, for a row that cannot be predicted. */\nenum {\n"
        + ",\n".join(f"    {name} = {number} /* {about} */" for name, number, about in ERRORS)
        + "\n};",
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        entry,
        "#ifdef __cplusplus\n}\n#endif\n\n#endif\n",
    ]
    return "\n\n".join(part for part in parts if part)


def sizes(model: ExportedModel) -> list[str]:
    found = [f"#define HB_COLUMNS {len(model.preprocessing.columns)} /* numbers in a row */"]
    if model.noise is None:
        found.append(f"#define HB_CLASSES {len(model.classes)}")
    found.append(f"#define HB_VALUES {len(model.classes) or 2} /* numbers of a prediction */")
    return [*found, f"#define HB_NETWORKS {model.n_networks} /* whose predictions are averaged */"]


def columns_comment(model: ExportedModel) -> str:
    """What each number of a row is."""
    columns = model.preprocessing.columns
    if len(columns) > MOST_LISTED:
        first, last = comment(columns[0].name), comment(columns[-1].name)
        return f"/* A row holds {len(columns)} columns, from {first} to {last}. */"
    lines = ["A row holds, in this order:"]
    for place, column in enumerate(columns):
        missing = takes_missing(column, model.preprocessing)
        if column.categories is None:
            kind = "a number, or NaN where it is missing" if missing else "a number"
        else:
            kind = "the index of a category"
        lines.append(f"  {place}  {comment(column.name)}: {kind}")
    return "/* " + "\n   ".join(lines) + " */"


def category_enum(column: Column, names: list[str], model: ExportedModel) -> str:
    """The indices of a column's categories."""
    known = takes_others(column, model.preprocessing)
    others = "any other, which count as rare" if column.rare else "any other" if known else "any other: refused"
    absent = "no value" if takes_missing(column, model.preprocessing) else "no value: refused"
    about = [*(comment(category) for category in column.categories or ()), others, absent]
    lines = [f"    {name} = {place} /* {text} */" for place, (name, text) in enumerate(zip(names, about, strict=True))]
    body = ",\n".join(lines)
    return f"/* Column {comment(column.name)}. */\nenum {{\n{body}\n}};"


def classes_comment(model: ExportedModel, names: list[str]) -> str:
    """What each probability, or number of a prediction, is."""
    if model.noise is not None:
        target = comment(model.preprocessing.target)
        return f"/* A prediction is the mean and the standard deviation of {target}. */"
    about = f"Classes of {comment(model.preprocessing.target)}, in the order of their probabilities."
    cells = enumerate(zip(names, model.classes, strict=False))
    body = ",\n".join(f"    {own} = {place} /* {comment(name)} */" for place, (own, name) in cells)
    return f"/* {about} */\nenum {{\n{body}\n}};"


def float_entry(model: ExportedModel, *, guarded: bool = False) -> str:
    """The declaration of the function of floats; where numbers are fixed, it can be left out."""
    if model.noise is None:
        name, gives = "probabilities", "the index of the most probable class and writes the probability of each"
    else:
        name, gives = "prediction", "0 and writes the mean and the standard deviation"
    found = (
        "/* Predicts a raw row of HB_COLUMNS numbers.\n"
        f"   Gives {gives}, or gives a\n   negative number from above for a row that cannot be predicted.\n"
        "   Needs no memory but the stack; several threads may call it at once. */\n"
        f"int hb_predict(const float *features, float *{name});"
    )
    if not guarded:
        return found
    about = "/* The same from and to floats; it is left out where HB_NO_FLOAT is defined. */"
    return f"{about}\n#ifndef HB_NO_FLOAT\n{found}\n#endif"


def fixed_entry(fixed: FixedModel) -> str:
    """The declaration of the function of whole numbers, and the fraction bits of each column."""
    model = fixed.model
    columns = [
        f"#define HB_BITS_{place} {bits}"
        + (f" /* {comment(column.name)} */" if len(fixed.fraction_bits) <= MOST_LISTED else "")
        for place, (column, bits) in enumerate(zip(model.preprocessing.columns, fixed.fraction_bits, strict=True))
    ]
    if len(set(fixed.fraction_bits)) == 1:
        columns = [f"#define HB_BITS {fixed.fraction_bits[0]} /* of all columns */"]
    about = (
        "/* A number of a row is given times 2 to the power of its column's bits, rounded: a whole number of at most\n"
        "   2^30 in size, larger ones are cut off; such as (int32_t)(value * (1L << hb_bits[column])). The index of a\n"
        "   category is given as it is. */\n"
    )
    missing = "#define HB_NO_VALUE INT32_MIN /* for a number that is missing */\n"
    if model.noise is None:
        gives = "the index of the most probable class and writes 32768 times the probability of each"
        kind, result = "uint16_t", "uint16_t *probabilities"
    else:
        columns.append(f"#define HB_PREDICTION_BITS {fixed.prediction_bits}")
        gives = "0 and writes the mean and the standard deviation, times 2 to the power of HB_PREDICTION_BITS"
        kind, result = "int32_t", "int32_t *prediction"
    columns.append(f"#define HB_FIXED_RESULT {kind}")
    columns.append("extern const uint8_t hb_bits[HB_COLUMNS]; /* the bits of each column */")
    return (
        about + missing + "\n".join(columns) + "\n\n/* Predicts a row in whole numbers alone.\n"
        f"   Gives {gives},\n   or gives a negative number from above for a row that cannot be predicted.\n"
        "   Needs no memory but the stack; several threads may call it at once. */\n"
        f"int hb_predict_q15(const int32_t *features, {result});"
    )
