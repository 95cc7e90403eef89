"""Which options apply to a run. One that would be ignored is refused.

This is looked at twice: with the options alone, where the size of the network may still decide between one register and
many, and once more when the network is known.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from hyperborn.circuits import Circuit
from hyperborn.config.kinds import either
from hyperborn.config.models import Configuration
from hyperborn.config.options import (
    ADAM,
    AUTO,
    CONVOLUTIONAL,
    DRAWN,
    EXACT,
    LAYERED,
    LEARNING,
    MANY,
    OBJECTIVE,
    ONE,
    OPTIONS,
    PARAMETER_SHIFT,
    SHOTS,
    SPSA,
    TABLES,
    Chosen,
    Condition,
    Option,
    TrainedAs,
    WithObjective,
    keys_with,
)
from hyperborn.config.parts import class_of, own_class, part_of
from hyperborn.errors import UserError, is_number
from hyperborn.networks import BinaryConvNet, BinaryMLP
from hyperborn.objectives.divergences import DIVERGENCES, Divergence
from hyperborn.objectives.objectives import OBJECTIVES, SELBO, Objective
from hyperborn.posteriors import Posterior
from hyperborn.printable import shown
from hyperborn.training.estimators import ESTIMATORS, Estimator
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.regime import Regime
from hyperborn.training.regimes import ON_BACKEND, REGIMES, regime_for, regime_of_class

PARTS_OF_OBJECTIVES: Mapping[str, Mapping[str, type[Divergence]]] = {"divergence": DIVERGENCES}
"""Options whose value is the name of a thing with options of its own."""


MATCHED = "beta"
"""The option by which the weight of the SELBO is matched to KL, where it is no number."""

USUAL = {"register": "exact", "registers": "minibatch"}
"""Regimes that train posteriors of each kind where no estimator is named."""


BUILT_IN_NETWORK = [
    key for key in OPTIONS if key in {field.name for kind in (BinaryMLP, BinaryConvNet) for field in fields(kind)}
]
"""Keys of the options that say how the layers of the built-in networks are made."""


TAKEN: Mapping[type[Any], tuple[Condition, ...]] = {
    Objective: (OBJECTIVE,),
    Divergence: (OBJECTIVE,),
    Estimator: (DRAWN, SHOTS, SPSA, PARAMETER_SHIFT),
    Optimizer: (LEARNING,),
    Circuit: (LAYERED,),
}
"""What the options go with that a part of each kind may take."""


def options_of(kind: type[Any]) -> list[str]:
    """Keys of the options that an objective, a divergence, an estimator, an optimizer or a user's own circuit takes.

    They are those of fields of their name.

    A field may have the name of another part's option by chance, as the temperature of `StraightThrough` does.
    """
    keys = next(keys_with(*conditions) for base, conditions in TAKEN.items() if issubclass(kind, base))
    return [field.name for field in fields(kind) if field.name in keys]


def options_of_part(option: str, part: Any) -> list[str]:
    """Keys of the options that a part takes; one that is given as it is takes none."""
    return options_of(class_of(option, part)) if isinstance(part, str) else []


@dataclass(frozen=True)
class TrainingSetup:
    """How a network may be trained: on "register" or "registers", and by which regime."""

    posterior: str
    regime: Regime


def possible_setups(config: Configuration) -> list[TrainingSetup]:
    """Every setup that the options leave open."""
    posteriors = ("register", "registers") if config.posterior == AUTO else (config.posterior,)
    if isinstance(config.posterior, Posterior):
        posteriors = (kind_of_posterior(config.posterior),)
    if config.on_backend:
        return [TrainingSetup(posterior, ON_BACKEND) for posterior in posteriors]
    named = None if config.estimator == AUTO else regime_of_class(class_of("estimator", config.estimator))
    return [TrainingSetup(posterior, named or REGIMES[USUAL[posterior]]) for posterior in posteriors]


def kind_of_posterior(posterior: Posterior) -> str:
    """What the option calls a posterior: "register" or "registers"."""
    usual = regime_for(posterior.ideal).name
    return next(kind for kind, name in USUAL.items() if name == usual)


def setup_of(posterior: Posterior, regime: Regime) -> TrainingSetup:
    """The setup of a run whose posterior is known."""
    return TrainingSetup(kind_of_posterior(posterior), regime)


def check_options(config: Configuration) -> None:
    """Refuse an option that would be ignored whatever the network is.

    Raises:
        UserError: naming the option and what it goes with.
    """
    check_estimator(config)
    check_circuit(config)
    check_posterior(config)
    check_parts(config)
    check_network(config)
    for option, condition in not_met(config, possible_setups(config)):
        needed = words(option, condition)
        raise UserError(
            f"{option.key} goes with {needed} only, which is not chosen; leave {option.key} out or choose {needed}"
        )


def check_used(config: Configuration, posterior: Posterior, regime: Regime) -> None:
    """Refuse an option that would be ignored, where the size of the network decided so.

    Raises:
        UserError: naming the option and what it goes with.
    """
    setup = setup_of(posterior, regime)
    on = next(condition.found for condition in (ONE, MANY) if condition.posterior == setup.posterior)
    by = next(condition.found for condition in (EXACT, DRAWN, SHOTS) if condition.regime == regime.name)
    for option, condition in not_met(config, [setup]):
        needed = condition.found if isinstance(condition, TrainedAs) else words(option, condition)
        raise UserError(
            f"{option.key} goes with {needed} only, and the network of {posterior.n_weights} weights is trained on "
            f"{on} by {by}; leave {option.key} out, or choose another network or --posterior"
        )


def check_estimator(config: Configuration) -> None:
    """Raise a UserError for an estimator that needs a backend where there is none, or the other way round."""
    if config.estimator == AUTO:
        return
    takes_shots = regime_of_class(class_of("estimator", config.estimator)).on_backend
    if takes_shots and not config.on_backend:
        raise UserError(
            f"estimator {name_of(config.estimator)} takes shots from a backend, and none is chosen; give --backend "
            "statevector, or another estimator"
        )
    if config.on_backend and not takes_shots:
        kinds = ", ".join(name for name, kind in ESTIMATORS.items() if REGIMES[kind.regime].on_backend)
        raise UserError(
            f"estimator {name_of(config.estimator)} needs probabilities, and backend {config.backend} gives shots; "
            f"choose {kinds}, or leave backend out"
        )


def check_circuit(config: Configuration) -> None:
    """Raise a UserError for a part of a circuit of ours beside a circuit of one's own."""
    for key in ("ansatz", "depth"):
        if config.circuit is not None and key in config.given:
            raise UserError(
                f"{key} {getattr(config, key)} does not go with circuit {config.circuit}, which lists its own gates; "
                "leave one of them out"
            )


def check_posterior(config: Configuration) -> None:
    """Raise a UserError for an option that says how a posterior is made, beside one that is given as it is."""
    if not isinstance(config.posterior, Posterior):
        return
    of_posteriors = keys_with(ONE, MANY, LAYERED, TABLES) | {"backend", "mitigation"}
    for key in OPTIONS:
        if key in of_posteriors and key in config.given:
            raise UserError(
                f"{key} says how a posterior is made, and does not go with {shown(config.posterior)}; leave one of "
                "them out"
            )


def check_parts(config: Configuration) -> None:
    """Raise a UserError for an option that a part which is given as it is says already."""
    for option in ("objective", "estimator", "optimizer"):
        part = getattr(config, option, "")
        if isinstance(part, str):
            continue
        for key in options_of(type(part)):
            if key in config.given:
                raise UserError(f"{key} is said by {option} {shown(part)} as well; leave one of them out")


def name_of(part: Any) -> str:
    """A part as a message has it."""
    return part if isinstance(part, str) else shown(part)


def check_network(config: Configuration) -> None:
    """Raise a UserError for an option that says how layers are made, beside a network that does not take it."""
    for key in unused_by_network(config, config.network):
        if config.network is None:
            raise UserError(
                f"{key} goes with network {CONVOLUTIONAL} only, which is not chosen; leave {key} out or choose "
                f"network {CONVOLUTIONAL} (--network {CONVOLUTIONAL})"
            )
        raise UserError(
            f"{key} says how layers are made, and does not go with network {name_of(config.network)}; leave one of "
            "them out"
        )


def unused_by_network(config: Configuration, network: Any) -> list[str]:
    """Keys that are given and say how layers are made, though a network does not take them.

    The network is named as the option names it; None is a multilayer perceptron, with which "auto" may be given for
    what it does not take. A user's own takes none.
    """
    given = config.given if network is not None else config.chosen(BUILT_IN_NETWORK)
    if network is not None and own_class("network", network) is not None:
        taken = set[str]()
    else:
        taken = {field.name for field in fields(BinaryMLP if network is None else class_of("network", network))}
    return [key for key in BUILT_IN_NETWORK if key in given and key not in taken]


def refuse_settled(config: Configuration, keys: Iterable[str], why: str) -> None:
    """Raise a UserError for the first of the keys that is given, though an earlier run settles it."""
    for key in keys:
        if key in config.given:
            raise UserError(f"{key} does not go with prior_from: {why}; leave out {key}, or prior_from (--prior-from)")


def not_met(config: Configuration, setups: Sequence[TrainingSetup]) -> Iterator[tuple[Option, Condition]]:
    """Options that are given though a condition of theirs holds in none of the setups, and that condition."""
    for key, option in OPTIONS.items():
        if key in config.given:
            for condition in option.applies_to:
                if not any(holds(option, condition, config, setup) for setup in setups):
                    yield option, condition


def holds(option: Option, condition: Condition, config: Configuration, setup: TrainingSetup) -> bool:
    """Whether an option's condition holds for a configuration whose network is trained in this setup."""
    match condition:
        case TrainedAs():
            return condition.posterior in (None, setup.posterior) and condition.regime in (None, setup.regime.name)
        case Chosen():
            choice = choice_of(condition.key, config, setup.regime)
            if own_class(condition.key, choice) is None:
                return choice in condition.values
            return own_takes(choice, option, condition)
        case WithObjective():
            return any(takes(config, name, option, condition) for name in config.chosen_objectives)


def choice_of(key: str, config: Configuration, regime: Regime) -> Any:
    """The value of an option in a way of training, which says what "auto" is: of estimator and optimizer."""
    value = getattr(config, key)
    if value != AUTO:
        return value
    usual = regime.default_estimator()
    if key == "estimator":
        return usual.name
    named = usual if config.estimator == AUTO else part_of("estimator", config.estimator, {})
    return regime.default_optimizer(named).name


def own_takes(own: Any, option: Option, condition: Chosen) -> bool:
    """Whether an option goes with a user's own part: it has a field of that name, or energies may rise with it.

    It is named by its class, or given as it is.
    """
    if condition == ADAM:
        return (class_of(condition.key, own) if isinstance(own, str) else own).follows_changing_loss
    return option.key in options_of_part(condition.key, own)


def takes(config: Configuration, objective: Any, option: Option, condition: WithObjective) -> bool:
    """Whether an objective is of a condition's kind, with the divergence that is chosen."""
    if condition.kind == "separable":
        return class_of("objective", objective).separable
    own = options_of_part("objective", objective)
    if option.key == MATCHED and is_weighed(config, objective):
        return False
    parts = (options_of_part(part, getattr(config, part)) for part in PARTS_OF_OBJECTIVES if part in own)
    return option.key in own or any(option.key in taken for taken in parts)


def is_weighed(config: Configuration, objective: Any) -> bool:
    """Whether an objective has a weight that is a number, beside which it takes no β that a weight is matched to."""
    return issubclass(class_of("objective", objective), SELBO) and is_number(config.chosen(["weight"]).get("weight"))


def given_for(config: Configuration, objective: str) -> set[str]:
    """Keys that are given and used by a run with one of the objectives: without the options of the others alone."""
    return {
        key
        for key in config.given
        if key not in OPTIONS
        or all(
            takes(config, objective, OPTIONS[key], condition)
            for condition in OPTIONS[key].applies_to
            if isinstance(condition, WithObjective)
        )
    }


def words(option: Option, condition: Condition) -> str:
    """What is to be chosen for a condition to hold, for an error message."""
    match condition:
        case TrainedAs():
            return condition.words
        case Chosen():
            return either(f"{condition.key} {value}" if condition.with_key else value for value in condition.values)
        case WithObjective("separable"):
            return either(name for name, kind in OBJECTIVES.items() if kind.separable)
        case WithObjective():
            return either(takers_of(option.key))


def takers_of(key: str) -> list[str]:
    """Objectives that have a field of this name, and objectives with a divergence that has one."""
    takers = [
        f"{name} with weight kl-matched" if key == MATCHED and issubclass(kind, SELBO) else name
        for name, kind in OBJECTIVES.items()
        if key in options_of(kind)
    ]
    for part, kinds in PARTS_OF_OBJECTIVES.items():
        owners = either(name for name, kind in OBJECTIVES.items() if part in options_of(kind))
        takers += [f"{owners} with {part} {name}" for name, kind in kinds.items() if key in options_of(kind)]
    return takers
