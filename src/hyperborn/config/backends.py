"""From a configuration to a posterior on a backend, and how it is trained from shots."""

from hyperborn.backends import Backend, Noise, backend_named
from hyperborn.config.models import RunConfig
from hyperborn.errors import UserError
from hyperborn.posteriors import Posterior
from hyperborn.training.estimators import ESTIMATORS, SPSA, Estimator, ParameterShift
from hyperborn.training.shots.posteriors import ShotPosterior, on_backend

UNPLACED = ("multi-basis", "autoregressive")
"""Posteriors that are no circuit of one qubit a weight."""


def backend_of(config: RunConfig) -> Backend:
    """The backend that a configuration names, with its noise and its options.

    Raises:
        UserError: if there is none of that name, or an option does not go with it.
    """
    assert config.backend is not None, "it is asked for where there is one"
    noise = Noise(*config.gate_error, config.readout_error)
    return backend_named(
        config.backend,
        noise=None if noise == Noise() else noise,
        optimization_level=config.optimization_level if "optimization_level" in config.model_fields_set else None,
        dynamical_decoupling=None if config.dynamical_decoupling == "none" else config.dynamical_decoupling,
        twirling=config.twirling or None,
    )


def placed(config: RunConfig, posterior: Posterior) -> ShotPosterior:
    """A posterior whose circuits are run on the configuration's backend.

    Raises:
        UserError: for a posterior that is no circuit of one qubit a weight.
    """
    if config.ansatz in UNPLACED and config.posterior != "registers":
        raise UserError(
            f"ansatz {config.ansatz} is not run on a backend, which takes circuits of one qubit a weight; choose "
            "line, ring, ladder, brickwork, all-pairs or product"
        )
    return on_backend(posterior, backend_of(config), config.mitigation)


def shot_estimator_of(config: RunConfig) -> Estimator:
    """The estimator of a posterior on a backend; "auto" is SPSA.

    Raises:
        UserError: for an estimator that needs more than shots.
    """
    shots = config.shots[0] if len(config.shots) == 1 else (config.shots[0], config.shots[1])
    if config.estimator in ("auto", SPSA.name):
        return SPSA(shots, config.directions, config.perturbation)
    if config.estimator == ParameterShift.name:
        return ParameterShift(shots, config.subset)
    kinds = ", ".join(name for name, kind in ESTIMATORS.items() if kind.regime == "shots")
    raise UserError(
        f"estimator {config.estimator} needs probabilities, and backend {config.backend} gives shots; "
        f"choose {kinds}, or leave backend out"
    )
