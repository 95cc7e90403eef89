"""What may be trained: each candidate is a set of values of a configuration, beside those that the user gave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hyperborn.config.applicability import unused_by_network
from hyperborn.config.definitions import definition_of
from hyperborn.config.models import RunConfig
from hyperborn.config.networks import LARGEST_CHOSEN
from hyperborn.config.options import CONVOLUTIONAL
from hyperborn.config.parts import own_class
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import BinaryConvNet
from hyperborn.posteriors import Posterior
from hyperborn.training.definition import Definition

UNIT_NAMES = {"identity": "linear"}
"""What units of an activation are called, where that is another word."""

ONE_REGISTER = {"posterior": "register"}
ACTIVATIONS = ("relu", "identity", "tanh")
"""Of hidden units: relu predicts better where classes are far from linear, identity where they are linear."""
BETAS = (0.03, 0.1)
"""Weights of KL. With 0.01 and 0.3 beside them, the choice fell on those by chance more often than they were better:
of 18 tables 12 instead of 16 were within 0.02 of the test NLL of logistic regression."""


@dataclass(frozen=True)
class Candidate:
    """A configuration with the values of a candidate, `settings`, and its name in words."""

    name: str
    settings: Mapping[str, Any]
    config: RunConfig

    @property
    def has_steps(self) -> bool:
        """Whether the number of steps was given."""
        return "steps" in self.config.given

    @property
    def simplicity(self) -> tuple[float, ...]:
        """See `simplicity`."""
        return simplicity(self)

    def definition(self, data: Dataset) -> Definition:
        """The run that it is on the data."""
        return definition_of(self.config, data, self.config.objective)


def units(hidden: list[int], activation: str, beta: float, register_size: int = 1) -> dict[str, Any]:
    """Values that make a network with these hidden layers on many registers."""
    return {
        "posterior": "registers",
        "hidden": hidden,
        "activation": activation,
        "register_size": register_size,
        "beta": beta,
    }


def without_units(beta: float) -> dict[str, Any]:
    """Values that make a network without hidden units on many registers: few rows may say no more than that."""
    return {"posterior": "registers", "hidden": [], "register_size": 1, "beta": beta}


def convolution(beta: float, **more: Any) -> dict[str, Any]:
    """Values that make a convolutional network on many registers, for images."""
    return {"posterior": "registers", "network": CONVOLUTIONAL, "register_size": 1, "beta": beta, **more}


def quick() -> Iterator[dict[str, Any]]:
    for beta in BETAS:
        yield convolution(beta)
        yield units([64], "tanh", beta)
    yield units([64], "identity", BETAS[0])


def normal() -> Iterator[dict[str, Any]]:
    for beta in BETAS:
        yield convolution(beta)
        for activation in ACTIVATIONS:
            yield units([64], activation, beta)
    yield without_units(0.1)
    yield dict(ONE_REGISTER)


def thorough() -> Iterator[dict[str, Any]]:
    yield from normal()
    yield convolution(0.03, channels=[16, 32])
    for beta in (0.01, 0.3):
        for activation in ACTIVATIONS:
            yield units([64], activation, beta)
    for beta in BETAS:
        yield units([64], "sigmoid", beta)
        yield units([256], "relu", beta)
        yield units([64, 64], "relu", beta)
    yield units([64], "relu", 0.03, register_size=4)


LISTS = {"quick": quick, "normal": normal, "thorough": thorough}
"""Values of candidates, the most promising first, by effort; those that are for images are left out elsewhere."""

SOFT = {"normalization": "none"}
"""Values that units have on registers unless the user gave another: normalised, linear units would not be linear, and a
layer of 64 units predicted no better."""

OF_UNITS = ("hidden", "activation", "normalization")
"""Options of hidden units."""

STANDING = {
    "backend": "a backend runs one circuit",
    "prior_from": "the earlier run settles it",
    "circuit": "the circuit is given",
}
"""Options without a default that leave nothing to choose, and why."""


def settled(config: RunConfig) -> str | None:
    """Why nothing is chosen, whatever the data are; None where something may be."""
    for key, why in STANDING.items():
        if getattr(config, key) is not None:
            return why
    if config.network is not None and own_class("network", config.network) is not None:
        return "the network is given"
    if config.objective != "elbo":
        return "only elbo has a choice"
    if isinstance(config.posterior, Posterior):
        return "the posterior is given"
    if config.posterior == "register":
        return "one register is asked for"
    if not isinstance(config.estimator, str):
        return "the estimator is given"
    if sum(agrees(config, settings) for settings in LISTS[config.effort]()) < 2:
        return "the options that are given settle what is trained"
    return None


def agrees(config: RunConfig, settings: Mapping[str, Any]) -> bool:
    """Whether a candidate has the values that the user gave, and its network takes all of them."""
    network = settings.get("network")
    if config.network not in (None, network) or unused_by_network(config, network):
        return False
    # Without hidden units one register is what is asked for, where it holds the network.
    if settings.get("hidden") == [] and not config.given.isdisjoint(OF_UNITS):
        return False
    given = config.chosen(settings)
    return all(settings[key] == value for key, value in given.items())


def candidates_of(config: RunConfig, data: Dataset) -> list[Candidate]:
    """The candidates of the configuration's effort that agree with it and can be trained on the data, in order."""
    found: dict[str, Candidate] = {}
    for settings in LISTS[config.effort]():
        if not agrees(config, settings):
            continue
        if "network" in settings and data.image_shape is None:
            continue
        of_units = "activation" in settings
        full = settings | ({key: value for key, value in SOFT.items() if key not in config.given} if of_units else {})
        own = config.model_copy(update=full)
        try:
            definition = definition_of(own, data, own.objective)
        except UserError:
            continue
        many = settings["posterior"] == "registers"
        if many or definition.n_weights <= LARGEST_CHOSEN or config.chosen(["hidden"]):
            name = name_of(settings, definition)
            # Channels that a candidate names may be those of the images' size anyway.
            found.setdefault(name, Candidate(name, full, own))
    return list(found.values())


def name_of(settings: Mapping[str, Any], definition: Definition) -> str:
    """A candidate in words."""
    if settings["posterior"] == "register":
        return f"one register of {definition.n_weights} weights"
    if isinstance(network := definition.network, BinaryConvNet):
        return f"convolutions of {'-'.join(map(str, network.channels))} channels, β = {settings['beta']:g}"
    if not settings["hidden"]:
        return f"no hidden units, β = {settings['beta']:g}"
    activation = settings["activation"]
    layers = "-".join(map(str, settings["hidden"]))
    size = settings["register_size"]
    registers = "" if size == 1 else f" on registers of {size} qubits"
    return f"{layers} {UNIT_NAMES.get(activation, activation)} units{registers}, β = {settings['beta']:g}"


def simplicity(candidate: Candidate) -> tuple[float, ...]:
    """Smallest for the candidate that is taken among those that predict equally well: few units, large β, linear ones.

    Convolutions come after units. One register is last: what is scored of it is the exact posterior, which its circuit
    comes near.
    """
    settings = candidate.settings
    if settings["posterior"] == "register":
        return (2.0,)
    if "network" in settings:
        return (1.0, float(sum(settings.get("channels", ()))), -settings["beta"])
    linear = settings.get("activation", "identity") == "identity"
    return (0.0, float(sum(settings["hidden"])), float(settings["register_size"]), -settings["beta"], float(not linear))


def unneeded(config: RunConfig) -> str | None:
    """The first option that is about a choice though nothing is chosen."""
    return next((key for key in ("effort", "refit") if key in config.given), None)


def check_needed(config: RunConfig, why: str) -> None:
    """Raise a UserError for an option that would be ignored because nothing is chosen.

    Args:
        config: the configuration.
        why: nothing is chosen.
    """
    if (key := unneeded(config)) is not None:
        raise UserError(f"{key} goes with a choice among candidates, and here {why}; leave {key} out")
