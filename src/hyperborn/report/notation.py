"""How pictures and tables write metrics, objectives, and numbers with as many digits as their error warrants."""

import math
from collections.abc import Iterable

from hyperborn.objectives.objectives import OBJECTIVES

EXACT_POSTERIOR = "exact posterior"
"""The name of the row that holds the exact posterior's scores, in every table of objectives."""

LOGISTIC, LINEAR = "logistic regression", "linear regression"
COMMONEST, AVERAGE = "always the commonest class", "always the mean"
SIMPLE = (LOGISTIC, LINEAR, COMMONEST, AVERAGE)
"""The names of the rows that hold simpler predictions' scores, of classes and of numbers."""

METRICS = {
    "accuracy": ("accuracy", "", "higher"),
    "nll": ("NLL", "nats", "lower"),
    "brier": ("Brier score", "", "lower"),
    "ece": ("calibration error", "", "lower"),
    "auc": ("AUC", "", "higher"),
    "rmse": ("root mean squared error", "", "lower"),
    "mae": ("mean absolute error", "", "lower"),
    "r2": ("R²", "", "higher"),
    "coverage_50": ("coverage of 50 % intervals", "", ""),
    "coverage_90": ("coverage of 90 % intervals", "", ""),
    "nll_at_1": ("NLL at temperature 1", "nats", "lower"),
    "brier_at_1": ("Brier score at temperature 1", "", "lower"),
    "ece_at_1": ("calibration error at temperature 1", "", "lower"),
    "elbo": ("ELBO", "nats", "higher"),
    "elbo_gap": ("ELBO gap", "nats", "lower"),
    "optimum_gap": ("loss above its own optimum", "nats", "lower"),
    "gap": ("ELBO gap", "nats", "lower"),
    "total_variation": ("total variation from the exact posterior", "", "lower"),
    "kl_to_posterior": ("KL to the exact posterior", "nats", "lower"),
    "posterior_entropy": ("entropy of the exact posterior", "nats", ""),
    "loss": ("loss", "nats", "lower"),
    "expected_energy": ("expected energy", "nats", "lower"),
    "standard_error": ("its standard error", "nats", ""),
    "kl": ("KL to the prior", "nats", ""),
    "entropy": ("entropy", "nats", ""),
    "log_evidence": ("log evidence", "nats", ""),
    "excess_energy": ("expected energy above the lowest", "nats", "lower"),
    "map_accuracy": ("accuracy of the most probable network", "", "higher"),
    "map_rmse": ("root mean squared error of the most probable network", "", "lower"),
}
"""Name, unit and better direction of a metric. NLL is of an example; other nats are of the whole training data."""


def metric_name(key: str) -> str:
    """Name of a metric with its unit."""
    name, unit, _ = METRICS.get(key, (key.replace("_", " "), "", ""))
    return f"{name} ({unit})" if unit else name


def metric_title(key: str) -> str:
    """Name of a metric as the title of its panel."""
    name = metric_name(key)
    return name[:1].upper() + name[1:]


def better(key: str) -> str:
    """ "higher", "lower", or "" where neither is better or it is not known."""
    return METRICS.get(key, ("", "", ""))[2]


def objective_name(key: str) -> str:
    """Name of an objective, which is that of its class."""
    return OBJECTIVES[key.lower()].__name__ if key.lower() in OBJECTIVES else key


def in_sections(names: Iterable[str]) -> list[str]:
    """The names in their order, but the exact posterior after all that is trained, and simpler predictions last."""
    return sorted(names, key=section)


def section(name: str) -> int:
    """Which part of a table a row stands in: what is trained, the exact posterior, simpler predictions."""
    return 1 if name == EXACT_POSTERIOR else 2 if name in SIMPLE else 0


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


def signed_text(value: float, places: int) -> str:
    """Fixed decimal places with a sign, as pictures write a minus; no sign where all these digits are zero."""
    text = fixed(value, places)
    return text.replace("-", "−") if value < 0 or not text.strip("0.") else f"+{text}"
