"""Names as people write them: labels as text, numbers in text, lists and nearest names for error messages."""

import difflib
from collections.abc import Iterable

import numpy as np

LARGEST_EXACT = 2**53
"""Whole numbers below this are exact in float64 and are written without a decimal point."""


def label_text(value: object) -> str:
    """One spelling for one label: ``1``, ``1.0`` and ``" 1 "`` all become ``"1"``; other text is only stripped."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        whole = number.is_integer() and abs(number) < LARGEST_EXACT
        return str(int(number)) if whole else repr(number)
    return str(value).strip()


def number_in(text: str) -> float | None:
    """The number a text stands for, or None where it is not one (``1_000`` is not)."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names with commas between them; past the limit only their number is said."""
    every = list(names)
    if len(every) <= limit:
        return ", ".join(every)
    return f"{', '.join(every[:limit])} and {len(every) - limit} more"


def twice(names: Iterable[str]) -> str | None:
    """The first name that was there before; None where all are different."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name (of one or more) most like the given one, upper and lower case alike."""
    folded = {candidate.casefold(): candidate for candidate in known}
    return folded[difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)[0]]


def counted(count: int, thing: str) -> str:
    """``1 example``, ``2 examples``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
