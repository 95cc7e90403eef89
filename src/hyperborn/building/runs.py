"""From a configuration to the definition of a run."""

from collections.abc import Callable, Sequence
from typing import Any

from hyperborn.building.backends import placed, shot_estimator_of
from hyperborn.building.shapes import AUTO_HIDDEN, OF_DRAWS, OF_ONE, OF_REGISTERS, on_backend, shape_of, tiny
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, ProductState
from hyperborn.circuits.pairs import ladder, line, ring
from hyperborn.config import PARTS, Configuration, RunConfig, options_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.inference.estimators import ESTIMATORS, Estimator, Exact
from hyperborn.inference.estimators.exact import LARGEST
from hyperborn.inference.objectives import OBJECTIVES, Objective
from hyperborn.networks import Network
from hyperborn.posteriors import Autoregressive, MultiBasis, Posterior, Register, Registers, SampledPosterior
from hyperborn.posteriors.default import default_depth
from hyperborn.priors import Bernoulli, Prior, Uniform
from hyperborn.training.annealing import Annealing
from hyperborn.training.defaults import default_estimator, default_optimizer, steps_of
from hyperborn.training.definition import Definition
from hyperborn.training.optimizers import LBFGS, Adam, Gains, Optimizer
from hyperborn.training.plateau import Plateau

DEPTH = 2
"""Layers of each of many registers."""

SHALLOW = 1
"""Layers of a circuit on a backend: from few noisy shots more did not train better."""

OF_EXACT = ("patience", "annealing")
"""Keys that go with exact gradients."""

COLD = 0.03
"""β of the ELBO on many registers: a colder posterior predicts better (docs/registers.md)."""


def definition_of(config: Configuration, data: Dataset, objective: str, *, seed: int | None = None) -> Definition:
    """The run that a configuration asks for on the data.

    Raises:
        UserError: if the network is too large for one register that is asked for, or parts do not fit each other.
    """
    network, registers = shape_of(config, data)
    if not registers and not on_backend(config) and network.n_weights > LARGEST:
        raise UserError(
            f"{described(config.hidden)} on {data.n_features} features makes {network.n_weights} weights, over the "
            f"limit of {LARGEST} of one register; choose {smaller(config, data)}, or --posterior registers"
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
    exact = isinstance(estimator, Exact)
    if not isinstance(posterior, SampledPosterior):
        check_used(config, posterior, estimator)
    steps = steps_of(estimator, len(data.train), config.batch_size)
    return Definition(
        network=network,
        posterior=posterior,
        objective=objective_of(config, objective, beta=COLD if isinstance(posterior, Registers) and not exact else 1.0),
        estimator=estimator,
        prior=prior,
        optimizer=optimizer_of(config, estimator),
        annealing=Annealing(config.annealing) if config.annealing < 1 else None,
        plateau=Plateau(patience=config.patience) if config.patience else None,
        steps=steps if config.steps == "auto" else config.steps,
        batch_size=config.batch_size,
        restarts=(2 if exact else 1) if config.restarts == "auto" else config.restarts,
        seed=seed,
        spread=config.spread,
    )


def check_used(config: Configuration, posterior: Posterior, estimator: Estimator) -> None:
    """Refuse an option that would be ignored, where the size of the network decided so.

    Raises:
        UserError: naming the option and what it goes with.
    """
    many, exact = isinstance(posterior, Registers), isinstance(estimator, Exact)
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


def check_exact(definition: Definition, command: str) -> None:
    """Raise a UserError if what a command compares with, the exact posterior, is not known."""
    if definition.measured:
        raise UserError(f"{command} needs exact gradients, and a backend gives shots; leave backend out, or train")
    if definition.sampled:
        raise UserError(
            f"{command} needs the exact posterior, and a network of {definition.network.n_weights} weights on many "
            "registers has none; choose a smaller network (--hidden, --components) or --posterior register, or take "
            "hyperborn train"
        )


def described(hidden: Sequence[int] | str) -> str:
    return f"--hidden {hidden if isinstance(hidden, str) else ','.join(map(str, hidden)) or 'none'}"


def smaller(config: Configuration, data: Dataset) -> str:
    """Flags that make a network small enough: fewer components if those can, else fewer hidden units as well."""
    sizes = () if config.hidden == "auto" else tuple(config.hidden)
    choices = dict.fromkeys(hidden for hidden in (sizes, (AUTO_HIDDEN,), ()) if sum(hidden) <= sum(sizes))
    for hidden in choices:
        for k in range(data.n_features, 0, -1):
            if tiny(config, k, data.n_classes, hidden).n_weights <= LARGEST:
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
    if isinstance(config, RunConfig) and isinstance(posterior, SampledPosterior):
        return shot_estimator_of(config, posterior)
    kind = type(default_estimator(posterior)) if config.estimator == "auto" else ESTIMATORS[config.estimator]
    return kind() if config.samples == "auto" or kind is Exact else kind(samples=config.samples)  # pyright: ignore[reportCallIssue]


def circuit_of(config: Configuration, n: int) -> Circuit:
    ansatz, depth = config.ansatz, default_depth(n) if config.depth == "auto" else config.depth
    if on_backend(config):
        # Gates of neighbours are what a device does best, and each has its noise.
        ansatz = config.ansatz if "ansatz" in config.model_fields_set else "line"
        depth = SHALLOW if config.depth == "auto" else config.depth
    circuits: dict[str, Callable[[], Circuit]] = {
        "all-pairs": lambda: AllPairs(n, depth),
        "ring": lambda: ChosenPairs(n, ring(n), depth),
        "line": lambda: ChosenPairs(n, line(n), depth),
        "ladder": lambda: ChosenPairs(n, ladder(n), depth),
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


def optimizer_of(config: Configuration, estimator: Estimator) -> Optimizer:
    """The optimizer; "auto" is what suits the estimator, and so is the learning rate of what suits it."""
    usual = default_optimizer(estimator)
    if config.optimizer == "lbfgs":
        return LBFGS()
    kind = {"adam": Adam, "gains": Gains, "auto": type(usual)}[config.optimizer]
    if config.learning_rate != "auto":
        return kind(config.learning_rate)
    return usual if isinstance(usual, kind) else kind()
