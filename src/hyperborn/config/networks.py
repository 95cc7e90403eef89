"""From a configuration and data to a network, and whether one register holds it or many do."""

from dataclasses import fields
from math import prod
from typing import Any, NamedTuple

from hyperborn.config.applicability import BUILT_IN_NETWORK, kind_of_posterior
from hyperborn.config.models import Configuration
from hyperborn.config.options import AUTO, CONVOLUTIONAL, DRAWN, MANY, ONE, keys_with
from hyperborn.config.parts import class_of, made, part_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network, Regression
from hyperborn.networks.layers import Normalization
from hyperborn.networks.mlp import Scale
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.default import fits_one_register
from hyperborn.training.estimators import Exact
from hyperborn.training.optimizers import LBFGS
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


KERNEL_SIZE = 3
LARGEST_LAST_MAP = 8
"""Pixels of a side of a convolutional network's kernels, and of its last maps at most."""

CHANNELS = (16, 8)
"""Channels of a first convolution, of which the others have twice as many."""

MOST_PRODUCTS = 100_000
"""Products of weights with inputs an example up to which a convolutional network has the more channels: 8 x 8 and
16 x 16 pixels have them, and 28 x 28 do not, which would take four times as long."""


class Shape(NamedTuple):
    """A network, and whether its weights come from many registers."""

    network: Network
    registers: bool


class Sizes(NamedTuple):
    """What data say of the sizes of a network; without classes it is one for a regression."""

    n_features: int
    n_classes: int
    image_shape: tuple[int, int] | None = None
    """(height, width) where features are pixels."""


def sizes_of(data: Dataset, components: int | None = None) -> Sizes:
    """The sizes of a network for the data, perhaps reduced to so many components."""
    if components is None or components == data.n_features:
        return Sizes(data.n_features, data.n_classes, data.image_shape)
    return Sizes(components, data.n_classes)


def network_of(config: Configuration, data: Dataset) -> Network:
    """The network that a configuration asks for on the data."""
    return shape_of(config, data).network


def shape_of(config: Configuration, data: Dataset) -> Shape:
    """The network and its kind of posterior.

    "auto" hidden layers are one of two units, or none, where that is comfortable for one register; otherwise
    `AUTO_LAYERS` on many registers, if one is not asked for.
    """
    check_regression_options(config, data)
    sizes = sizes_of(data)
    if config.network == CONVOLUTIONAL:
        check_images(config, data)
    if config.on_backend:
        # Shots train no real numbers beside the bits, so that networks are the same on many registers.
        hidden = (AUTO_HIDDEN,) if config.hidden == AUTO else tuple(config.hidden)
        small = tiny(config, sizes, hidden)
        many = (
            registers_asked_for(config) if isinstance(config.posterior, Posterior) else config.posterior == "registers"
        )
        many = many or not keys_with(MANY).isdisjoint(config.given)
        if config.hidden == AUTO and not many and small.n_weights > LARGEST_CHOSEN:
            small = tiny(config, sizes, ())
        return Shape(small, many)
    if config.hidden != AUTO or config.network is not None:
        hidden = hidden_of(config)
        small = tiny(config, sizes, hidden)
        registers = on_registers(config, small)
        return Shape(large(config, sizes, hidden) if registers else small, registers)
    for hidden in ((AUTO_HIDDEN,), ()):
        small = tiny(config, sizes, hidden)
        if small.n_weights <= LARGEST_CHOSEN and not on_registers(config, small):
            return Shape(small, False)
    linear = tiny(config, sizes, ())
    if registers_asked_for(config) is False:
        return Shape(linear, False)
    return Shape(large(config, sizes, AUTO_LAYERS), True)


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
    if (kind := kind_asked_for(config)) != AUTO:
        return kind == "registers"
    many = not keys_with(MANY, DRAWN).isdisjoint(config.given)
    if many or config.scale == "learned" or draws_networks(config.estimator):
        return True
    one = not keys_with(ONE).isdisjoint(config.given)
    inseparable = any(not class_of("objective", name).separable for name in config.chosen_objectives)
    by_lines = config.optimizer == "lbfgs" or isinstance(config.optimizer, LBFGS)
    exact = config.estimator == "exact" or isinstance(config.estimator, Exact)
    if one or by_lines or exact or inseparable:
        return False
    return None


def kind_asked_for(config: Configuration) -> str:
    """The kind of posterior that the option names, or that it is given: "register", "registers" or "auto"."""
    return kind_of_posterior(config.posterior) if isinstance(config.posterior, Posterior) else config.posterior


def draws_networks(estimator: Any) -> bool:
    """Whether an estimator, by name or as it is, draws networks."""
    return estimator != AUTO and regime_of_class(class_of("estimator", estimator)).draws_networks


def tiny(config: Configuration, sizes: Sizes, hidden: tuple[int, ...]) -> Network:
    """A network for one register."""
    if config.network is not None:
        return named_network(config, sizes, noise="bits")
    features, classes = sizes.n_features, sizes.n_classes
    if classes:
        return mlp(config, features, classes, hidden, bias=True, scale="none", normalization="none")
    scales = tuple(config.output_scales) if "output_scales" in config.given else REGRESSION_SCALES
    # Features and target are standardised, so that a bias of the size of the weights would only be in the way.
    network = mlp(
        config, features, 2, hidden, bias=bool(hidden), scale="none", normalization="none", output_scales=scales
    )
    return Regression(network, likelihood_of(config, "bits"))


def large(config: Configuration, sizes: Sizes, hidden: tuple[int, ...]) -> Network:
    """A network for many registers: what is learnt beside its bits makes the shifts that biases would."""
    if config.network is not None:
        return named_network(config, sizes, noise="learned")
    features, classes = sizes.n_features, sizes.n_classes
    scale = "learned" if config.scale == AUTO else config.scale
    # Layer normalisation leaves nothing of a layer of one unit, and of two features little but their ratio.
    normalization = "layer" if features >= WIDE and 1 not in hidden else "none"
    network = mlp(
        config, features, classes or 2, hidden, bias=scale != "learned", scale=scale, normalization=normalization
    )
    return network if classes else Regression(network, likelihood_of(config, "learned"))


def named_network(config: Configuration, sizes: Sizes, *, noise: str) -> Network:
    """A network of a named class for the data, inside of a regression where there are no classes; see `likelihood_of`.

    A class that has no field for the features, the classes or the shape of images is made without them. Ours is made
    with the options that are fields of it, too.

    Raises:
        UserError: if it has a field without a default beside these.
    """
    if isinstance(config.network, Network):
        return config.network
    kind = class_of("network", config.network)
    taken = {field.name for field in fields(kind) if field.init}
    given = sizes._asdict() | {"n_classes": sizes.n_classes or 2}
    if config.network == CONVOLUTIONAL and sizes.image_shape is not None:
        given |= convolutional(config, sizes.image_shape, sizes.n_classes)
    given |= config.chosen(BUILT_IN_NETWORK)
    network = made(kind, {name: value for name, value in given.items() if name in taken})
    return network if sizes.n_classes else Regression(network, likelihood_of(config, noise))


def convolutional(config: Configuration, image_shape: tuple[int, int], n_classes: int) -> dict[str, Any]:
    """Arguments of a convolutional network for images; "auto" channels are the most that few enough products allow."""
    if config.channels != AUTO:
        return {"channels": tuple(config.channels), "kernel_size": KERNEL_SIZE}
    count = convolutions_of(image_shape)
    found: dict[str, Any] = {}
    for first in CHANNELS:
        found = {"channels": (first, *[2 * first] * (count - 1)), "kernel_size": KERNEL_SIZE}
        network = BinaryConvNet(prod(image_shape), n_classes, image_shape=image_shape, **found)
        if network.products_per_example <= MOST_PRODUCTS:
            break
    return found


def convolutions_of(image_shape: tuple[int, int]) -> int:
    """How many convolutions, that each halve both sides: two or more, until maps are small or their kernel is larger.

    None for images that are smaller than a kernel.
    """
    (height, width), count = image_shape, 0
    while min(height, width) >= KERNEL_SIZE and (count < 2 or max(height, width) > LARGEST_LAST_MAP):
        height, width, count = -(-height // 2), -(-width // 2), count + 1
    return count


def check_images(config: Configuration, data: Dataset) -> None:
    """Raise a UserError where a convolutional network cannot be made for the data."""
    if data.image_shape is None:
        reduced = data.preprocessing.pca_components is not None
        why, remedy = ("was reduced to components", "leave components out") if reduced else ("has none", "leave it out")
        raise UserError(f"network {config.network} is for images, and {data.name} {why}; {remedy}")
    if not convolutions_of(data.image_shape):
        height, width = data.image_shape
        raise UserError(
            f"network {config.network} takes images of {KERNEL_SIZE} x {KERNEL_SIZE} pixels or more, and those of "
            f"{data.name} have {height} x {width}; leave it out, or give larger images"
        )


def likelihood_of(config: Configuration, noise: str) -> NumberLikelihood:
    """The likelihood of a regression; `noise` is what "auto" stands for."""
    if config.likelihood == "gaussian":
        return Gaussian(noise if config.target_noise == AUTO else config.target_noise)
    if "target_noise" in config.given:
        raise UserError(
            f"target_noise = {config.target_noise} goes with likelihood gaussian only; leave one of them out"
        )
    return part_of("likelihood", config.likelihood, {})


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
