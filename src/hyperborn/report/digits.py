"""Numbers with as many digits as their standard error warrants."""

import math

MISSING = "–"
MOST_PLACES = 3
"""Decimal places of a mean with its error; scores over a handful of seeds warrant no more."""


def estimate_text(mean: float | None, error: float | None) -> str:
    """Such as 0.953 ± 0.012; the mean alone where there is no error, a dash where there is no mean."""
    if mean is None or math.isnan(mean):
        return MISSING
    if error is None or not math.isfinite(error) or not math.isfinite(mean):
        return number_text(mean)
    if error <= 0:
        return f"{number_text(mean)} ± 0" if mean else "0"
    places = min(MOST_PLACES, max(0, decimals(error)))
    return f"{fixed(mean, places)} ± {fixed(error, places)}"


def decimals(error: float) -> int:
    """Decimal places of a number with this positive standard error, after the Particle Data Group's rule.

    Two digits of the error are kept if its first three are 100 to 354, otherwise one; from 950 on it counts as 1000.
    Negative places stand before the point.
    """
    mantissa, exponent = f"{error:.2e}".split("e")
    first, place = round(float(mantissa) * 100), int(exponent)
    if first >= 950:
        first, place = 100, place + 1
    return 1 - place if first < 355 else -place


def number_text(value: float | None) -> str:
    """Three decimal places; one and thousands apart from 1000 on; four significant digits below 0.1."""
    if value is None or math.isnan(value):
        return MISSING
    size = abs(value)
    if value == 0:
        return "0"
    if not math.isfinite(value) or not 1e-4 <= size < 1e9:
        return f"{value:.3g}"
    if size >= 1000:
        return fixed(value, 1)
    return fixed(value, 3 if size >= 0.1 else 3 - math.floor(math.log10(size)))


def fixed(value: float, places: int) -> str:
    """Fixed decimal places, thousands apart; no minus before a zero."""
    text = f"{value:,.{places}f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")
