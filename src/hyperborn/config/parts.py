"""Parts of a run as options give them: by name, ours or a user's own (`hyperborn.parts`), or in Python as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optax import GradientTransformation

from hyperborn.circuits import Circuit
from hyperborn.config.options import ANSATZES, AUTO, CONVOLUTIONAL
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian, NumberLikelihood, SquaredError
from hyperborn.networks import BinaryConvNet, Network
from hyperborn.objectives.divergences import DIVERGENCES, Divergence
from hyperborn.objectives.objectives import OBJECTIVES, Objective
from hyperborn.parts import name_of_class, part_called
from hyperborn.posteriors import Posterior
from hyperborn.printable import shown
from hyperborn.priors import Prior
from hyperborn.training.annealing import AnnealingSchedule
from hyperborn.training.estimators import ESTIMATORS, Estimator
from hyperborn.training.optimizers import OPTIMIZERS, Optimizer, as_optimizer


@dataclass(frozen=True)
class NamedParts:
    """What an option may name: classes of ours, words that are no class, or a user's own class that follows `base`.

    In Python it may also be a part that follows `base`, as it is. Without `own`, no class of a user's own is named.
    """

    classes: Mapping[str, type[Any]]
    base: type[Any]
    others: tuple[str, ...] = ()
    own: bool = True

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
    "posterior": NamedParts({}, Posterior, ("register", "registers", AUTO), own=False),
}
"""By the key of the option."""


def checked_part(option: str, part: Any) -> Any:
    """The name of a part, one of the words as it is and a user's own as ``module:Class``; or the part itself.

    Raises:
        ValueError: if it is none of these.
        UserError: if a user's own part is named whose module is not imported, or that is of another kind.
    """
    if isinstance(part, GradientTransformation) and option == "optimizer":
        return as_optimizer(part)
    if isinstance(part, PARTS[option].base):
        return part
    if not isinstance(part, str):
        raise ValueError(f"no {option}")
    if part in PARTS[option].words:
        return part
    own = part_called(part, option, PARTS[option].base) if PARTS[option].own else None
    if own is None:
        raise ValueError(f"no {option}")
    return name_of_class(own)


def own_class(option: str, part: Any) -> type[Any] | None:
    """The class of a user's own part, and of one that is given as it is; None for the words of an option."""
    if not isinstance(part, str):
        return type(part)
    return None if part in PARTS[option].words else part_called(part, option, PARTS[option].base)


def class_of(option: str, part: Any) -> type[Any]:
    """The class of a part that `checked_part` has accepted."""
    own = own_class(option, part)
    return PARTS[option].classes[part] if own is None else own


def part_of(option: str, part: Any, given: Mapping[str, Any]) -> Any:
    """A part as it is, or by its name with the options that were given.

    Raises:
        UserError: as `made`.
    """
    return made(class_of(option, part), given) if isinstance(part, str) else part


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
