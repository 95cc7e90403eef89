"""From a configuration to the definition of a run."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.config.applicability import PARTS_OF_OBJECTIVES, check_used, is_weighed, name_of, options_of
from hyperborn.config.models import Configuration, RunConfig
from hyperborn.config.networks import AUTO_HIDDEN, hidden_of, shape_of, sizes_of, tiny
from hyperborn.config.options import AUTO, CONVOLUTIONAL
from hyperborn.config.parts import class_of, made, part_of
from hyperborn.config.posteriors import configured_registers, placed, posterior_of, prior_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Posterior
from hyperborn.printable import shown
from hyperborn.priors import Prior
from hyperborn.training.annealing import Annealing
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.estimators import Estimator
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import Regime
from hyperborn.training.regimes import regime_for, regime_of_class

FEW_UNITS = ((), (1,), (2,), (3,), (4,))
"""Hidden layers among which one is looked for that suits a circuit."""

PASSED = ("steps", "batch_size", "restarts", "spread")
"""Options that are arguments of `definition_with_defaults` as they are."""


def definition_of(config: Configuration, data: Dataset, objective: Any) -> Definition:
    """The run that a configuration asks for on the data.

    Raises:
        UserError: if the network is too large for one register that is asked for, or parts do not fit each other.
    """
    network, registers = shape_of(config, data)
    given = config.posterior if isinstance(config.posterior, Posterior) else None
    if given is None and not registers and not config.on_backend and network.n_weights > LARGEST_ENUMERATED:
        raise UserError(
            f"{network_flag(config)} on {data.n_features} features makes {network.n_weights} weights, over the "
            f"limit of {LARGEST_ENUMERATED} of one register; choose {smaller(config, data)}, or --posterior registers"
        )
    if given is not None:
        posterior = given
    else:
        posterior = configured_registers(config, network) if registers else posterior_of(config, network.n_weights)
    if posterior.n_weights != network.n_weights:
        whose = f"circuit {config.circuit}" if given is None else f"posterior {shown(given)}"
        raise UserError(
            f"the {whose} has {posterior.n_weights} qubits, the network {network.n_weights} weights: "
            f"a qubit is a weight; give a circuit of {network.n_weights} qubits, or choose "
            f"{flags_for(config, data, FEW_UNITS, lambda n: n == posterior.n_weights) or 'another network'}"
        )
    return run_of(config, objective, data, network, posterior, prior_of(config))


def run_of(
    config: Configuration,
    objective: Any,
    data: Dataset,
    network: Network,
    posterior: Posterior,
    prior: Prior,
) -> Definition:
    """The run of a network, a posterior and a prior with the objective and the training of a configuration.

    Where a backend is chosen, the posterior's circuits are run there.
    """
    if isinstance(config, RunConfig) and config.backend is not None:
        posterior = placed(config, posterior)
    estimator = estimator_of(config, posterior)
    regime = regime_of_class(type(estimator))
    check_used(config, posterior, regime)
    return definition_with_defaults(
        network,
        len(data.train),
        posterior=posterior,
        objective=objective_of(config, objective, beta=regime.default_beta(prior)),
        estimator=estimator,
        prior=prior,
        optimizer=optimizer_of(config, regime, estimator),
        seed=config.seed,
        **config.chosen(PASSED),
        **stopping_of(config),
    )


def stopping_of(config: Configuration) -> dict[str, Any]:
    """Annealing and plateau, as arguments of `definition_with_defaults`, where they were given; None for neither."""
    found: dict[str, Any] = {}
    for given in config.chosen(["annealing"]).values():
        if not isinstance(given, float):
            found["annealing"] = part_of("annealing", given, {})
        else:
            found["annealing"] = Annealing(given) if given < 1 else None
    for patience in config.chosen(["patience"]).values():
        found["plateau"] = Plateau(patience) if patience else None
    return found


def network_flag(config: Configuration) -> str:
    return hidden_flag(config.hidden) if config.network is None else f"--network {name_of(config.network)}"


def hidden_flag(hidden: Sequence[int] | str) -> str:
    return f"--hidden {hidden if isinstance(hidden, str) else ','.join(map(str, hidden)) or 'none'}"


def smaller(config: Configuration, data: Dataset) -> str:
    """Flags that make a network small enough: fewer components if those can, else fewer hidden units as well."""
    sizes = hidden_of(config)
    choices = [hidden for hidden in ((AUTO_HIDDEN,), ()) if sum(hidden) <= sum(sizes)]
    found = flags_for(config, data, choices, lambda n: n <= LARGEST_ENUMERATED)
    if found is None and config.network is not None:
        return "another network"
    return found or ("fewer classes with --classes" if data.n_classes else "fewer output scales")


def flags_for(
    config: Configuration, data: Dataset, choices: Iterable[tuple[int, ...]], fits: Callable[[int], bool]
) -> str | None:
    """Flags that make a network of which the number of weights fits, or None if there are none; one's own is kept.

    The first of the hidden layers that can be made to fit are taken, those that are asked for before the choices, and
    of them as many components as possible.
    """
    sizes = hidden_of(config)
    # Components are no image.
    fewest = data.n_features if config.network == CONVOLUTIONAL else 1
    for hidden in dict.fromkeys([sizes, *choices]):
        for k in range(data.n_features, fewest - 1, -1):
            if fits(tiny(config, sizes_of(data, k), hidden).n_weights):
                less = "" if k == data.n_features else f"--components {k}"
                kept = config.network is not None or (hidden == sizes and config.hidden != AUTO)
                units = "" if kept else hidden_flag(hidden)
                return " ".join(flags for flags in (units, less) if flags)
    return None


def estimator_of(config: Configuration, posterior: Posterior) -> Estimator:
    """The estimator with the options that it takes; "auto" is the default of the posterior's way of training."""
    usual = regime_for(posterior).default_estimator()
    if not isinstance(config.estimator, str):
        return config.estimator
    kind = type(usual) if config.estimator == AUTO else class_of("estimator", config.estimator)
    return made(kind, given_options(config, kind))


def objective_of(config: Configuration, objective: Any, *, beta: float) -> Objective:
    """The objective as it is, or by name with the options that it takes, and the beta that "auto" stands for."""
    if not isinstance(objective, str):
        return objective
    kind = class_of("objective", objective)
    given = given_options(config, kind)
    if is_weighed(config, objective):
        # Of several objectives, beta is meant for another: alone it is refused.
        given.pop("beta", None)
        return made(kind, given)
    usual = {"beta": beta} if "beta" in options_of(kind) else {}
    return made(kind, {**usual, **given})


def optimizer_of(config: Configuration, regime: Regime, estimator: Estimator) -> Optimizer:
    """The optimizer with the options that it takes; "auto" and its learning rate are those of the way of training."""
    if not isinstance(config.optimizer, str):
        return config.optimizer
    usual = type(regime.default_optimizer(estimator))
    kind = usual if config.optimizer == AUTO else class_of("optimizer", config.optimizer)
    rate = {"learning_rate": regime.learning_rates[kind]} if kind in regime.learning_rates else {}
    return made(kind, {**rate, **given_options(config, kind)})


def given_options(config: Configuration, kind: type[Any]) -> dict[str, Any]:
    """Arguments for what takes options by fields of their name; what was not given keeps the default of the class."""
    keys = options_of(kind)
    found = config.chosen(keys)
    if "shots" in found:
        found["shots"] = found["shots"][0] if len(found["shots"]) == 1 else tuple(found["shots"])
    for key in PARTS_OF_OBJECTIVES.keys() & set(keys):
        part = getattr(config, key)
        found[key] = part_of(key, part, given_options(config, class_of(key, part)) if isinstance(part, str) else {})
    return found
