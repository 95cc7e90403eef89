"""All ways of training, by name, and which one a run takes."""

from hyperborn.errors import UserError
from hyperborn.posteriors import Posterior
from hyperborn.training.definition import Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.exact import ExactRegime
from hyperborn.training.minibatch.regime import MinibatchRegime
from hyperborn.training.regime import Regime
from hyperborn.training.shots.regime import ShotsRegime

REGIMES: dict[str, Regime] = {regime.name: regime for regime in (ShotsRegime(), MinibatchRegime(), ExactRegime())}
"""The first that takes a posterior trains it, where no estimator is named."""

ON_BACKEND = next(regime for regime in REGIMES.values() if regime.on_backend)
"""The one that serves on a backend where no estimator is named."""


def regime_of(definition: Definition) -> Regime:
    """The way of training of a run."""
    return regime_of_class(type(definition.estimator))


def regime_of_class(estimator: type[Estimator]) -> Regime:
    """The way of training that a class of estimators serves.

    Raises:
        UserError: if a user's own names none, or is not what that one takes.
    """
    regime = REGIMES.get(estimator.regime)
    if regime is None or not issubclass(estimator, regime.estimators):
        bases = " or ".join(own.estimators.__name__ for own in REGIMES.values())
        raise UserError(f"the estimator {estimator.__name__} serves no way of training; make it a {bases}")
    return regime


def regime_for(posterior: Posterior) -> Regime:
    """The way of training that serves a posterior, where no estimator is named."""
    return next(regime for regime in REGIMES.values() if regime.takes(posterior))
