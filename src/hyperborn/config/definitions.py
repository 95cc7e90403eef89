"""From a configuration to the definition of a run."""

from collections.abc import Callable, Sequence
from typing import Any

from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, ProductState
from hyperborn.circuits.pairs import ladder_pairs, line_pairs, ring_pairs
from hyperborn.config.backends import placed, shot_estimator_of
from hyperborn.config.kinds import PARTS
from hyperborn.config.models import Configuration, RunConfig
from hyperborn.config.networks import AUTO_HIDDEN, OF_DRAWS, OF_ONE, OF_REGISTERS, on_backend, shape_of, tiny
from hyperborn.config.reading import options_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import OBJECTIVES, Objective
from hyperborn.posteriors import Autoregressive, MultiBasis, Posterior, Register, Registers
from hyperborn.posteriors.default import default_depth
from hyperborn.priors import Bernoulli, Prior, Uniform
from hyperborn.training.annealing import Annealing
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.estimators import ESTIMATORS, Estimator
from hyperborn.training.optimizers import LBFGS, OPTIMIZERS, Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import Regime
from hyperborn.training.regimes import REGIMES, regime_for

DEPTH = 2
"""Layers of each of many registers."""

SHALLOW = 1
"""Layers of a circuit on a backend: from few noisy shots more did not train better."""

OF_EXACT = ("patience", "annealing")
"""Keys that go with exact gradients."""


def definition_of(config: Configuration, data: Dataset, objective: str, *, seed: int | None = None) -> Definition:
    """The run that a configuration asks for on the data.

    Raises:
        UserError: if the network is too large for one register that is asked for, or parts do not fit each other.
    """
    network, registers = shape_of(config, data)
    if not registers and not on_backend(config) and network.n_weights > LARGEST_ENUMERATED:
        raise UserError(
            f"{described(config.hidden)} on {data.n_features} features makes {network.n_weights} weights, over the "
            f"limit of {LARGEST_ENUMERATED} of one register; choose {smaller(config, data)}, or --posterior registers"
        )
    posterior = registers_of(config, network) if registers else posterior_of(config, network.n_weights)
    return run_of(config, objective, data, network, posterior, prior_of(config), config.seed if seed is None else seed)


def run_of(
    config: Configuration,
    objective: str,
    data: Dataset,
    network: Network,
    posterior: Posterior,
    prior: Prior,
    seed: int,
) -> Definition:
    """The run of a network, a posterior and a prior with the objective and the training of a configuration.

    Where a backend is chosen, the posterior's circuits are run there.
    """
    if isinstance(config, RunConfig) and config.backend is not None:
        posterior = placed(config, posterior)
    estimator = estimator_of(config, posterior)
    regime = REGIMES[estimator.regime]
    check_used(config, posterior, regime)
    return definition_with_defaults(
        network,
        len(data.train),
        posterior=posterior,
        objective=objective_of(config, objective, beta=regime.beta),
        estimator=estimator,
        prior=prior,
        optimizer=optimizer_of(config, regime.default_optimizer(estimator)),
        annealing=Annealing(config.annealing) if config.annealing < 1 else None,
        plateau=Plateau(patience=config.patience) if config.patience else None,
        steps=None if config.steps == "auto" else config.steps,
        batch_size=config.batch_size,
        restarts=None if config.restarts == "auto" else config.restarts,
        seed=seed,
        spread=config.spread,
    )


def check_used(config: Configuration, posterior: Posterior, regime: Regime) -> None:
    """Refuse an option that would be ignored, where the size of the network decided so.

    Raises:
        UserError: naming the option and what it goes with.
    """
    if regime.name == "shots":
        return
    many, exact = regime_for(posterior).name == "minibatch", regime.name == "exact"
    unused = {key: "one register" for key in OF_ONE if many}
    unused |= {key: "many registers" for key in OF_REGISTERS if not many}
    unused |= {key: "exact gradients" for key in OF_EXACT if not exact}
    unused |= {key: "drawn networks" for key in OF_DRAWS if exact}
    found = "many registers" if many else "one register"
    for key, owner in unused.items():
        if key in config.model_fields_set:
            raise UserError(
                f"{key} goes with {owner} only, and the network of {posterior.n_weights} weights is trained on {found} "
                f"by {'exact gradients' if exact else 'drawn networks'}; leave {key} out, or choose another network or "
                "--posterior"
            )


def described(hidden: Sequence[int] | str) -> str:
    return f"--hidden {hidden if isinstance(hidden, str) else ','.join(map(str, hidden)) or 'none'}"


def smaller(config: Configuration, data: Dataset) -> str:
    """Flags that make a network small enough: fewer components if those can, else fewer hidden units as well."""
    sizes = () if config.hidden == "auto" else tuple(config.hidden)
    choices = dict.fromkeys(hidden for hidden in (sizes, (AUTO_HIDDEN,), ()) if sum(hidden) <= sum(sizes))
    for hidden in choices:
        for k in range(data.n_features, 0, -1):
            if tiny(config, k, data.n_classes, hidden).n_weights <= LARGEST_ENUMERATED:
                less = "" if k == data.n_features else f"--components {k}"
                units = "" if hidden == sizes else described(hidden)
                return " ".join(flags for flags in (units, less) if flags)
    return "fewer classes with --classes"


def posterior_of(config: Configuration, n: int) -> Posterior:
    """One register, or its classical rival.

    Raises:
        UserError: if two weights a qubit are asked for, and the weights are odd.
    """
    if config.ansatz == "autoregressive":
        return Autoregressive(n, config.context)
    if config.ansatz == "multi-basis":
        if n % 2:
            raise UserError(
                f"ansatz multi-basis holds two weights a qubit, and the network has {n}; choose another size"
            )
        return MultiBasis(AllPairs(n // 2, default_depth(n // 2) if config.depth == "auto" else config.depth))
    return Register(circuit_of(config, n))


def registers_of(config: Configuration, network: Network) -> Registers:
    """Many registers of the network's weights."""
    depth = DEPTH if config.depth == "auto" else config.depth
    return Registers(network, config.register_size, depth, config.grouping)


def estimator_of(config: Configuration, posterior: Posterior) -> Estimator:
    """The estimator; "auto" is the default of the posterior."""
    if isinstance(config, RunConfig) and config.backend is not None:
        return shot_estimator_of(config)
    usual = type(regime_for(posterior).default_estimator())
    kind = usual if config.estimator == "auto" else ESTIMATORS[config.estimator]
    return kind() if config.samples == "auto" or kind.regime != "minibatch" else kind(samples=config.samples)  # pyright: ignore[reportCallIssue]


def circuit_of(config: Configuration, n: int) -> Circuit:
    ansatz, depth = config.ansatz, default_depth(n) if config.depth == "auto" else config.depth
    if on_backend(config):
        # Gates of neighbours are what a device does best, and each has its noise.
        ansatz = config.ansatz if "ansatz" in config.model_fields_set else "line"
        depth = SHALLOW if config.depth == "auto" else config.depth
    circuits: dict[str, Callable[[], Circuit]] = {
        "all-pairs": lambda: AllPairs(n, depth),
        "ring": lambda: ChosenPairs(n, ring_pairs(n), depth),
        "line": lambda: ChosenPairs(n, line_pairs(n), depth),
        "ladder": lambda: ChosenPairs(n, ladder_pairs(n), depth),
        "brickwork": lambda: Brickwork(n, depth),
        "product": lambda: ProductState(n),
    }
    return circuits[ansatz]()


def objective_of(config: Configuration, name: str, *, beta: float) -> Objective:
    """The objective, with the beta that "auto" stands for."""
    kind = OBJECTIVES[name]
    options = {key: value_of(config, key) for key in options_of(kind)}
    return kind(**{key: beta if value == "auto" else value for key, value in options.items()})


def value_of(config: Configuration, key: str) -> Any:
    """What a key says; where it names a thing with options of its own, that thing."""
    value = getattr(config, key)
    if key not in PARTS:
        return value
    kind = PARTS[key][value]
    return kind(**{option: value_of(config, option) for option in options_of(kind)})


def prior_of(config: Configuration) -> Prior:
    return Uniform() if config.prior == 0.5 else Bernoulli(config.prior)


def optimizer_of(config: Configuration, usual: Optimizer) -> Optimizer:
    """The optimizer; "auto" is the usual one of the estimator, and so is the learning rate of that one."""
    if config.optimizer == LBFGS.name:
        return LBFGS()
    kind = type(usual) if config.optimizer == "auto" else OPTIMIZERS[config.optimizer]
    if config.learning_rate != "auto":
        return kind(config.learning_rate)  # pyright: ignore[reportCallIssue]
    return usual if isinstance(usual, kind) else kind()
