"""What must be chosen beside an option for it to apply, for the tests of the configuration."""

from hyperborn.config import CompareConfig, Configuration, options_of
from hyperborn.config.options import OPTIONS, PARAMETER_SHIFT, SHOTS, SPSA, TABLES
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES


def conditions_of(key: str, kind: type[Configuration]) -> dict[str, str]:
    """The ansatz or the first objective that takes the option, or an objective and the first divergence that does."""
    applies_to = OPTIONS[key].applies_to if key in OPTIONS else ()
    if SHOTS in applies_to or SPSA in applies_to:
        return {"backend": "statevector"}
    if PARAMETER_SHIFT in applies_to:
        return {"backend": "statevector", "estimator": "parameter-shift"}
    if TABLES in applies_to:
        return {"ansatz": "autoregressive"}
    chosen = "objectives" if kind is CompareConfig else "objective"
    objectives = [name for name, objective in OBJECTIVES.items() if key in options_of(objective)]
    divergences = [name for name, divergence in DIVERGENCES.items() if key in options_of(divergence)]
    if objectives:
        return {chosen: objectives[0]}
    return {chosen: "selbo", "divergence": divergences[0]} if divergences else {}
