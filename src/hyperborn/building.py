"""From a configuration to data and the definition of a run."""

from collections.abc import Callable, Sequence
from typing import Any

from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, ProductState
from hyperborn.circuits.pairs import ladder, ring
from hyperborn.config import PARTS, Configuration, options_of
from hyperborn.data import Dataset, Preprocessing, load
from hyperborn.errors import UserError
from hyperborn.inference.objectives import OBJECTIVES, Objective
from hyperborn.networks import BinaryMLP, Network
from hyperborn.posteriors import Autoregressive, Posterior, Register
from hyperborn.posteriors.default import default_depth
from hyperborn.priors import Bernoulli, Prior, Uniform
from hyperborn.training.annealing import Annealing
from hyperborn.training.definition import LARGEST, Definition
from hyperborn.training.optimizers import LBFGS, Adam, Optimizer
from hyperborn.training.plateau import Plateau

COMFORTABLE = 16
"""Most weights that a network chosen automatically has: training then takes seconds."""

AUTO_HIDDEN = 2
"""Hidden units of a network chosen automatically, where they fit."""

Note = Callable[[str], None]


def data_of(config: Configuration, note: Note, *, seed: int | None = None) -> Dataset:
    """The data set; with "auto" components, reduced by PCA if even a linear network would be too large.

    Args:
        config: the configuration.
        note: is told of a reduction.
        seed: of the split; the configuration's if absent.

    Raises:
        UserError: if the data cannot be loaded, or no network of a comfortable size fits its classes.
    """
    components = None if isinstance(config.components, str) else config.components
    data = loaded(config, components, config.seed if seed is None else seed)
    if config.components != "auto" or config.hidden != "auto" or network_of(config, data).n_weights <= COMFORTABLE:
        return data
    kept = next(
        (k for k in range(data.n_features - 1, 0, -1) if mlp(config, k, data.n_classes, ()).n_weights <= COMFORTABLE), 0
    )
    if not kept:
        raise UserError(
            f"{data.n_classes} classes need over {COMFORTABLE} weights even with one feature; choose fewer with "
            "--classes, or say how large the network may be with --hidden and --components"
        )
    note(
        f"{data.n_features} features are too many for one register of {COMFORTABLE} qubits: "
        f"reduced to {kept} by PCA (--components)"
    )
    return loaded(config, kept, config.seed if seed is None else seed)


def loaded(
    config: Configuration, components: int | None, seed: int, preprocessing: Preprocessing | None = None
) -> Dataset:
    return load(
        config.data,
        classes=config.classes,
        target=config.target,
        drop=config.drop or (),
        seed=seed,
        validation=config.validation,
        test=config.test,
        size=config.size,
        noise=config.noise,
        standardize=config.standardize,
        components=components,
        pixels=config.pixels,
        folder=config.folder,
        impute=config.impute,
        preprocessing=preprocessing,
    )


def network_of(config: Configuration, data: Dataset) -> BinaryMLP:
    """The network; "auto" hidden layers are one of two units if that is comfortable, else none."""
    if config.hidden != "auto":
        return mlp(config, data.n_features, data.n_classes, tuple(config.hidden))
    small = mlp(config, data.n_features, data.n_classes, (AUTO_HIDDEN,))
    return small if small.n_weights <= COMFORTABLE else mlp(config, data.n_features, data.n_classes, ())


def mlp(config: Configuration, n_features: int, n_classes: int, hidden: tuple[int, ...]) -> BinaryMLP:
    return BinaryMLP(
        n_features=n_features,
        hidden=hidden,
        n_classes=n_classes,
        activation=config.activation,
        bias=config.bias,
        values=config.values,
        scale=config.scale,
        output_scales=tuple(config.output_scales),
    )


def definition_of(config: Configuration, data: Dataset, objective: str, *, seed: int | None = None) -> Definition:
    """The run that a configuration asks for on the data.

    Raises:
        UserError: if the network is too large for a register, or parts do not fit each other.
    """
    network = network_of(config, data)
    if network.n_weights > LARGEST:
        raise UserError(
            f"{described(config.hidden)} on {data.n_features} features makes {network.n_weights} weights, over the "
            f"limit of {LARGEST} of one register; choose {smaller(config, data)}"
        )
    return run_of(config, objective, network, prior_of(config), config.seed if seed is None else seed)


def run_of(config: Configuration, objective: str, network: Network, prior: Prior, seed: int) -> Definition:
    """The run of a network and a prior with the circuit, the objective and the training of a configuration."""
    return Definition(
        network=network,
        posterior=posterior_of(config, network.n_weights),
        objective=objective_of(config, objective),
        prior=prior,
        optimizer=optimizer_of(config),
        annealing=Annealing(config.annealing) if config.annealing < 1 else None,
        plateau=Plateau(patience=config.patience) if config.patience else None,
        steps=config.steps,
        restarts=config.restarts,
        seed=seed,
        spread=config.spread,
    )


def described(hidden: Sequence[int] | str) -> str:
    return f"--hidden {hidden if isinstance(hidden, str) else ','.join(map(str, hidden)) or 'none'}"


def smaller(config: Configuration, data: Dataset) -> str:
    """Flags that make a network small enough: fewer components if those can, else fewer hidden units as well."""
    sizes = () if config.hidden == "auto" else tuple(config.hidden)
    choices = dict.fromkeys(hidden for hidden in (sizes, (AUTO_HIDDEN,), ()) if sum(hidden) <= sum(sizes))
    for hidden in choices:
        for k in range(data.n_features, 0, -1):
            if mlp(config, k, data.n_classes, hidden).n_weights <= LARGEST:
                less = "" if k == data.n_features else f"--components {k}"
                units = "" if hidden == sizes else described(hidden)
                return " ".join(flags for flags in (units, less) if flags)
    return "fewer classes with --classes"


def posterior_of(config: Configuration, n: int) -> Posterior:
    if config.ansatz == "autoregressive":
        return Autoregressive(n, config.context)
    return Register(circuit_of(config, n))


def circuit_of(config: Configuration, n: int) -> Circuit:
    depth = default_depth(n) if config.depth == "auto" else config.depth
    circuits: dict[str, Callable[[], Circuit]] = {
        "all-pairs": lambda: AllPairs(n, depth),
        "ring": lambda: ChosenPairs(n, ring(n), depth),
        "ladder": lambda: ChosenPairs(n, ladder(n), depth),
        "brickwork": lambda: Brickwork(n, depth),
        "product": lambda: ProductState(n),
    }
    return circuits[config.ansatz]()


def objective_of(config: Configuration, name: str) -> Objective:
    kind = OBJECTIVES[name]
    return kind(**{key: value_of(config, key) for key in options_of(kind)})


def value_of(config: Configuration, key: str) -> Any:
    """What a key says; where it names a thing with options of its own, that thing."""
    value = getattr(config, key)
    if key not in PARTS:
        return value
    kind = PARTS[key][value]
    return kind(**{option: value_of(config, option) for option in options_of(kind)})


def prior_of(config: Configuration) -> Prior:
    return Uniform() if config.prior == 0.5 else Bernoulli(config.prior)


def optimizer_of(config: Configuration) -> Optimizer:
    return LBFGS() if config.optimizer == "lbfgs" else Adam(config.learning_rate)
