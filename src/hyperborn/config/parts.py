"""Parts of a run by the names that options give them: ours, and a user's own (`hyperborn.parts`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hyperborn.circuits import Circuit
from hyperborn.config.options import ANSATZES, AUTO, CONVOLUTIONAL
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian, NumberLikelihood, SquaredError
from hyperborn.networks import BinaryConvNet, Network
from hyperborn.objectives.divergences import DIVERGENCES, Divergence
from hyperborn.objectives.objectives import OBJECTIVES, Objective
from hyperborn.parts import name_of_class, part_called
from hyperborn.printable import shown
from hyperborn.priors import Prior
from hyperborn.training.annealing import AnnealingSchedule
from hyperborn.training.estimators import ESTIMATORS, Estimator
from hyperborn.training.optimizers import OPTIMIZERS, Optimizer


@dataclass(frozen=True)
class NamedParts:
    """What an option may name: classes of ours, words that are no class, or a user's own class that follows `base`."""

    classes: Mapping[str, type[Any]]
    base: type[Any]
    others: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All but the user's own."""
        return (*self.classes, *self.others)


PARTS: Mapping[str, NamedParts] = {
    "objective": NamedParts(OBJECTIVES, Objective),
    "divergence": NamedParts(DIVERGENCES, Divergence),
    "estimator": NamedParts(ESTIMATORS, Estimator, (AUTO,)),
    "optimizer": NamedParts(OPTIMIZERS, Optimizer, (AUTO,)),
    "ansatz": NamedParts({}, Circuit, ANSATZES),
    "likelihood": NamedParts({"gaussian": Gaussian, "squared_error": SquaredError}, NumberLikelihood),
    # Perceptrons are given by numbers (--hidden and its like).
    "network": NamedParts({CONVOLUTIONAL: BinaryConvNet}, Network),
    # Ours are given by numbers.
    "prior": NamedParts({}, Prior),
    "annealing": NamedParts({}, AnnealingSchedule),
}
"""By the key of the option."""


def checked_name(option: str, name: str) -> str:
    """The name of a part: one of the words as it is, a user's own as ``module:Class``.

    Raises:
        ValueError: if it is neither.
        UserError: if a user's own part is named whose module is not imported, or that is of another kind.
    """
    if name in PARTS[option].words:
        return name
    own = part_called(name, option, PARTS[option].base)
    if own is None:
        raise ValueError(f"no {option}")
    return name_of_class(own)


def own_class(option: str, name: str) -> type[Any] | None:
    """The class of a user's own part; None for one of ours, and for "auto"."""
    return None if name in PARTS[option].words else part_called(name, option, PARTS[option].base)


def class_of(option: str, name: str) -> type[Any]:
    """The class of a part, ours or a user's own, by a name that `checked_name` has accepted."""
    own = own_class(option, name)
    return PARTS[option].classes[name] if own is None else own


def made(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """A part with the options that were given.

    Raises:
        UserError: if a user's own has a field without a default that no option sets.
    """
    try:
        return kind(**given)
    except TypeError as error:
        raise UserError(
            f"{shown(kind)} cannot be made from options ({error}); give each of its fields a default"
        ) from error
