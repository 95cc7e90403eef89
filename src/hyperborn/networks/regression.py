"""Networks whose output is a number with noise."""

import math
from dataclasses import dataclass
from typing import Any, final

from hyperborn.arguments import check_kind
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks.layers import log_of_choice
from hyperborn.networks.network import Field, Network, check_network


@final
@dataclass(frozen=True)
class Regression(Network):
    """A network of one output, taken as the mean of a number: ``Regression(BinaryMLP(4, hidden=(2,)), Gaussian(0.3))``.

    The network may be any with one output, which one of two classes is. With ``Gaussian("bits")`` the weights have one
    more field, "noise", in the end, whose m bits choose one of 2^m noise levels; with ``Gaussian("learned")`` the side
    parameters have one more, "noise", the logarithm of the standard deviation. Both make log σ the second output.

    Raises:
        UserError: for what is no network of one output, or no likelihood of numbers.
    """

    network: Network
    likelihood: NumberLikelihood = Gaussian()  # pyright: ignore[reportIncompatibleMethodOverride]

    def __post_init__(self) -> None:
        check_network(self.network)
        remedy = "a likelihood of numbers, such as hb.Gaussian(0.3) or hb.SquaredError()"
        check_kind("likelihood", self.likelihood, (NumberLikelihood,), remedy)
        if self.network.n_outputs != 1 or not self.network.n_classes:
            raise UserError(
                f"a regression has one output, and the network {self.network.n_outputs}; leave n_classes out of it"
                if self.network.n_classes
                else "the network is a regression already; give the network inside it"
            )
        object.__setattr__(self, "n_features", self.network.n_features)
        object.__setattr__(self, "n_classes", 0)
        object.__setattr__(self, "values", self.network.values)

    @property
    def fields(self) -> tuple[Field, ...]:
        start, bits = self.network.n_weights, self.likelihood.noise_bits
        return (*self.network.fields, *([Field("noise", (bits,), start, start + bits)] if bits else []))

    @property
    def side_fields(self) -> tuple[Field, ...]:
        start, own = self.network.n_side, self.likelihood.learns_noise
        return (*self.network.side_fields, *([Field("noise", (1,), start, start + 1)] if own else []))

    @property
    def additive(self) -> tuple[tuple[int, ...], ...]:
        # log σ is not a sum over weights; the choices, each with a noise of its own, have the structure.
        fixed = self.likelihood.n_outputs == 1
        return self.network.additive if fixed else (tuple(range(self.n_weights)),)

    @property
    def choices(self) -> tuple["Regression", ...]:
        return tuple(Regression(net, noise) for net in self.network.choices for noise in self.likelihood.choices)

    @property
    def working_floats(self) -> int:
        return self.network.working_floats + 2 * self.n_outputs

    @property
    def products_per_example(self) -> int:
        return self.network.products_per_example

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        own = None if side is None or not self.network.n_side else side[..., : self.network.n_side]
        return self.with_noise(self.network.forward(weights[..., : self.network.n_weights], x, own), weights, side)

    def with_noise(self, means: Any, weights: Any, side: Any = None) -> Any:
        """Outputs from means (..., examples, 1), and from weights or side parameters where these have the noise."""
        if self.likelihood.n_outputs == 1:
            return means
        module = means.__array_namespace__()
        if self.likelihood.learns_noise:
            log_noise = module.zeros_like(means[..., :1, :]) if side is None else side[..., self.network.n_side :]
        else:
            levels = self.likelihood.noise_levels
            chosen = log_of_choice(weights[..., self["noise"]], self.values, levels)
            log_noise = (math.log(levels[0]) + chosen)[..., None, None]
        return module.concatenate([means, module.broadcast_to(log_noise, means.shape)], axis=-1)
