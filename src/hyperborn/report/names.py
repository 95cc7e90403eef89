"""How metrics and objectives are called in pictures and tables."""

from collections.abc import Iterable

from hyperborn.objectives.objectives import OBJECTIVES

EXACT_POSTERIOR = "exact posterior"
"""The name of the row that holds the exact posterior's scores, in every table of objectives."""

METRICS = {
    "accuracy": ("accuracy", "", "higher"),
    "nll": ("NLL", "nats", "lower"),
    "brier": ("Brier score", "", "lower"),
    "ece": ("calibration error", "", "lower"),
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


def exact_last(names: Iterable[str]) -> list[str]:
    """The names in their order, the exact posterior after all others."""
    return sorted(names, key=lambda name: name == EXACT_POSTERIOR)
