"""What must be chosen beside an option for it to apply, for the tests of the configuration."""

from hyperborn.config import CompareConfig, Configuration, options_of
from hyperborn.config.models import OF_BACKENDS
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES


def company(key: str, kind: type[Configuration]) -> dict[str, str]:
    """The ansatz or the first objective that takes the option, or an objective and the first divergence that does."""
    if key in OF_BACKENDS or key in ("directions", "perturbation"):
        return {"backend": "statevector"}
    if key == "subset":
        return {"backend": "statevector", "estimator": "parameter-shift"}
    if key == "context":
        return {"ansatz": "autoregressive"}
    chosen = "objectives" if kind is CompareConfig else "objective"
    objectives = [name for name, objective in OBJECTIVES.items() if key in options_of(objective)]
    divergences = [name for name, divergence in DIVERGENCES.items() if key in options_of(divergence)]
    if objectives:
        return {chosen: objectives[0]}
    return {chosen: "selbo", "divergence": divergences[0]} if divergences else {}
