"""From a configuration and data to a network, and whether one register holds it or many do."""

from dataclasses import fields
from typing import NamedTuple

from hyperborn.config.models import Configuration
from hyperborn.config.options import AUTO, DRAWN, MANY, ONE, keys_with
from hyperborn.config.parts import class_of, made
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import BinaryMLP, Network, Regression
from hyperborn.networks.layers import Normalization
from hyperborn.networks.mlp import Scale
from hyperborn.posteriors.default import fits_one_register
from hyperborn.training.regimes import regime_of_class

LARGEST_CHOSEN = 16
"""Most weights that a network for one register has, where it is chosen automatically: training then takes seconds."""

AUTO_HIDDEN = 2
"""Hidden units of a network for one register that is chosen automatically, where they fit."""

AUTO_LAYERS = (64,)
"""Hidden layers of a network for many registers that is chosen automatically."""

REGRESSION_SCALES = (0.125, 0.25, 0.5, 1.0)
"""Output scales of a regression on one register: sums of weights of one size would not be as large as the target."""

WIDE = 8
"""Features from which hidden layers on registers are normalised."""


class Shape(NamedTuple):
    """A network, and whether its weights come from many registers."""

    network: Network
    registers: bool


def network_of(config: Configuration, data: Dataset) -> Network:
    """The network that a configuration asks for on the data."""
    return shape_of(config, data).network


def shape_of(config: Configuration, data: Dataset) -> Shape:
    """The network and its kind of posterior.

    "auto" hidden layers are one of two units, or none, where that is comfortable for one register; otherwise
    `AUTO_LAYERS` on many registers, if one is not asked for.
    """
    check_regression_options(config, data)
    features, classes = data.n_features, data.n_classes
    if config.on_backend:
        # Shots train no real numbers beside the bits, so that networks are the same on many registers.
        hidden = (AUTO_HIDDEN,) if config.hidden == AUTO else tuple(config.hidden)
        small = tiny(config, features, classes, hidden)
        many = config.posterior == "registers" or not keys_with(MANY).isdisjoint(config.given)
        if config.hidden == AUTO and not many and small.n_weights > LARGEST_CHOSEN:
            small = tiny(config, features, classes, ())
        return Shape(small, many)
    if config.hidden != AUTO or config.network is not None:
        hidden = hidden_of(config)
        small = tiny(config, features, classes, hidden)
        registers = on_registers(config, small)
        return Shape(large(config, features, classes, hidden) if registers else small, registers)
    for hidden in ((AUTO_HIDDEN,), ()):
        small = tiny(config, features, classes, hidden)
        if small.n_weights <= LARGEST_CHOSEN and not on_registers(config, small):
            return Shape(small, False)
    linear = tiny(config, features, classes, ())
    if registers_asked_for(config) is False:
        return Shape(linear, False)
    return Shape(large(config, features, classes, AUTO_LAYERS), True)


def hidden_of(config: Configuration) -> tuple[int, ...]:
    """The hidden layers that are asked for; none for "auto"."""
    return () if config.hidden == AUTO else tuple(config.hidden)


def on_registers(config: Configuration, small: Network) -> bool:
    """Whether many registers are asked for, or one would not do for the network."""
    asked = registers_asked_for(config)
    return not fits_one_register(small) if asked is None else asked


def registers_asked_for(config: Configuration) -> bool | None:
    """True for many registers, False for one, None where the size of the network decides.

    An option that goes with one kind of posterior only asks for it by being given.
    """
    if config.posterior != AUTO:
        return config.posterior == "registers"
    many = not keys_with(MANY, DRAWN).isdisjoint(config.given)
    if many or config.scale == "learned" or draws_networks(config.estimator):
        return True
    one = not keys_with(ONE).isdisjoint(config.given)
    inseparable = any(not class_of("objective", name).separable for name in config.chosen_objectives)
    if one or config.optimizer == "lbfgs" or config.estimator == "exact" or inseparable:
        return False
    return None


def draws_networks(name: str) -> bool:
    """Whether an estimator of this name draws networks."""
    return name != AUTO and regime_of_class(class_of("estimator", name)).draws_networks


def tiny(config: Configuration, n_features: int, n_classes: int, hidden: tuple[int, ...]) -> Network:
    """A network for one register; without classes, for a regression."""
    if config.network is not None:
        return own_network(config, n_features, n_classes, noise="bits")
    if n_classes:
        return mlp(config, n_features, n_classes, hidden, bias=True, scale="none", normalization="none")
    scales = tuple(config.output_scales) if "output_scales" in config.given else REGRESSION_SCALES
    # Features and target are standardised, so that a bias of the size of the weights would only be in the way.
    network = mlp(
        config, n_features, 2, hidden, bias=bool(hidden), scale="none", normalization="none", output_scales=scales
    )
    return Regression(network, likelihood_of(config, "bits"))


def large(config: Configuration, n_features: int, n_classes: int, hidden: tuple[int, ...]) -> Network:
    """A network for many registers: what is learnt beside its bits makes the shifts that biases would."""
    if config.network is not None:
        return own_network(config, n_features, n_classes, noise="learned")
    scale = "learned" if config.scale == AUTO else config.scale
    # Layer normalisation leaves nothing of a layer of one unit, and of two features little but their ratio.
    normalization = "layer" if n_features >= WIDE and 1 not in hidden else "none"
    network = mlp(
        config, n_features, n_classes or 2, hidden, bias=scale != "learned", scale=scale, normalization=normalization
    )
    return network if n_classes else Regression(network, likelihood_of(config, "learned"))


def own_network(config: Configuration, n_features: int, n_classes: int, *, noise: str) -> Network:
    """A user's own network for the data, inside of a regression where there are no classes; see `likelihood_of`.

    A class that has no field for the features or the classes is made without them.

    Raises:
        UserError: if it has a field without a default beside these.
    """
    kind = class_of("network", config.network)
    sizes = {"n_features": n_features, "n_classes": n_classes or 2}
    taken = {field.name for field in fields(kind) if field.init}
    network = made(kind, {name: size for name, size in sizes.items() if name in taken})
    return network if n_classes else Regression(network, likelihood_of(config, noise))


def likelihood_of(config: Configuration, noise: str) -> NumberLikelihood:
    """The likelihood of a regression; `noise` is what "auto" stands for."""
    if config.likelihood == "gaussian":
        return Gaussian(noise if config.target_noise == AUTO else config.target_noise)
    if "target_noise" in config.given:
        raise UserError(
            f"target_noise = {config.target_noise} goes with likelihood gaussian only; leave one of them out"
        )
    return made(class_of("likelihood", config.likelihood), {})


def check_regression_options(config: Configuration, data: Dataset) -> None:
    """Raise a UserError for an option of regressions where the target is classes."""
    for key in ("likelihood", "target_noise"):
        if data.n_classes and key in config.given:
            raise UserError(
                f"{key} goes with a regression only, and {data.name} has {data.n_classes} classes; leave {key} out"
            )


def mlp(
    config: Configuration,
    n_features: int,
    n_classes: int,
    hidden: tuple[int, ...],
    *,
    bias: bool,
    scale: Scale,
    normalization: Normalization,
    output_scales: tuple[float, ...] | None = None,
) -> BinaryMLP:
    """The network; bias to normalization are what "auto" stands for, and output scales, if absent, those given."""
    return BinaryMLP(
        n_features=n_features,
        hidden=hidden,
        n_classes=n_classes,
        activation="relu" if config.activation == AUTO else config.activation,
        bias=bias if config.bias == AUTO else config.bias,
        values=config.values,
        scale=scale if config.scale == AUTO else config.scale,
        output_scales=tuple(config.output_scales) if output_scales is None else output_scales,
        normalization=normalization if config.normalization == AUTO else config.normalization,
    )
