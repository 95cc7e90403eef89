"""How a raw row becomes features, in C: the constants of its columns, and the statements that standardise it."""

import numpy as np
from jaxtyping import Float

from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.c.arrays import floats, integers
from hyperborn.export.rows import takes_missing, takes_others

TAKES_MISSING, TAKES_OTHERS, MARKS_MISSING, MARKS_OTHERS = 1, 2, 4, 8
"""What a column may hold, and what it has features for."""


def row_piece(preprocessing: Preprocessing) -> str:
    """The piece that reads a row: of numbers, of numbers that may be missing, or of a table with more than that."""
    if any(column.categories is not None or column.missing for column in preprocessing.columns):
        return "row_of_table"
    return "row_of_numbers" if preprocessing.medians is None else "row_with_medians"


def kinds_of(preprocessing: Preprocessing) -> list[int]:
    """What each column may hold, and what it has features for, as the sum of its bits."""
    return [
        TAKES_MISSING * takes_missing(column, preprocessing)
        + TAKES_OTHERS * (column.categories is not None and takes_others(column, preprocessing))
        + MARKS_MISSING * column.missing
        + MARKS_OTHERS * column.rare
        for column in preprocessing.columns
    ]


def medians_by_column(preprocessing: Preprocessing) -> Float[np.ndarray, " columns"]:
    """The median of each column of numbers; 0 for the others, and where there are no medians."""
    found = np.zeros(len(preprocessing.columns))
    if preprocessing.medians is not None:
        numbers = [place for place, column in enumerate(preprocessing.columns) if column.categories is None]
        found[numbers] = preprocessing.medians
    return found


def table_constants(preprocessing: Preprocessing) -> list[str]:
    """Constants of a table that is more than numbers, but for its medians."""
    counts = [len(column.categories or ()) for column in preprocessing.columns]
    wide = "uint8_t" if max(counts) < 256 else "uint16_t"
    defines = "\n".join(
        f"#define {name} {value}"
        for name, value in (
            ("TAKES_MISSING", TAKES_MISSING),
            ("TAKES_OTHERS", TAKES_OTHERS),
            ("MARKS_MISSING", MARKS_MISSING),
            ("MARKS_OTHERS", MARKS_OTHERS),
        )
    )
    return [
        defines,
        integers("uint8_t", "column_kinds", kinds_of(preprocessing)),
        integers(wide, "column_categories", counts, "Categories of each column; 0 for a number."),
    ]


def standardization(
    preprocessing: Preprocessing,
) -> tuple[Float[np.ndarray, " raw"], Float[np.ndarray, " raw"]] | None:
    """What is taken off each raw feature, and what the rest is multiplied by; None where neither is done.

    The means of the principal components are taken off with the others.
    """
    means, scales = preprocessing.means, preprocessing.scales
    raw = len(preprocessing.raw_features)
    if means is None or scales is None:
        if preprocessing.pca_mean is None:
            return None
        return preprocessing.pca_mean, np.ones(raw)
    if preprocessing.pca_mean is not None:
        means = means + scales * preprocessing.pca_mean
    return means, 1 / scales


NEAR = 1e-6
"""Rounding of a mean, in standard deviations, from which on its next digits are kept beside it."""


def low_parts(means: Float[np.ndarray, " raw"], factors: Float[np.ndarray, " raw"]) -> Float[np.ndarray, " raw"] | None:
    """What float32 loses of the means; None where that is little beside the deviations."""
    with np.errstate(over="ignore"):
        lost = means - means.astype(np.float32).astype(np.float64)
    return lost if np.abs(lost * factors).max() > NEAR else None


def float_standardization(preprocessing: Preprocessing) -> tuple[list[str], str, str] | None:
    """Constants, the piece that standardises in float32, and its call; None where nothing is standardised."""
    found = standardization(preprocessing)
    if found is None:
        return None
    means, factors = found
    lost = low_parts(means, factors)
    constants = [floats("minus_means", -means), floats("factors", factors, "One over each deviation.")]
    if lost is None:
        return constants, "standardize", "standardize(x, minus_means, factors, RAW);"
    constants.insert(1, floats("rests_of_means", -lost, "What float32 loses of them."))
    return constants, "standardize_far", "standardize_far(x, minus_means, rests_of_means, factors, RAW);"
