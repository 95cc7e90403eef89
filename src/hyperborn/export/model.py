"""What is exported: how raw rows become features, one or several networks, and what becomes of their outputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.from_network import layers_of, noise_of
from hyperborn.export.layers import Layer
from hyperborn.export.rows import Rows, features_of_rows
from hyperborn.networks import Network
from hyperborn.predictive import ClassProbabilities, NormalMixture, Predictions
from hyperborn.predictive.averages import class_probabilities

EXAMPLES_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """Networks whose weights are fixed, from raw rows to calibrated predictions.

    Attributes:
        name: of the data set.
        preprocessing: how raw rows become features.
        layers: of all networks.
        output_scales: what the outputs of each network are multiplied by, (networks,).
        noise: standard deviation of the noise of each network, of the standardised target, (networks,); None for
            classes.
        calibration: temperature of the averaged probabilities, or factor of the standard deviation.
        binary_features: the two values that all features have, where they have only two.
    """

    name: str
    preprocessing: Preprocessing
    layers: tuple[Layer, ...]
    output_scales: Float[np.ndarray, " networks"]
    noise: Float[np.ndarray, " networks"] | None
    calibration: float
    binary_features: tuple[float, float] | None = None

    @property
    def n_networks(self) -> int:
        """Networks whose predictions are averaged."""
        return self.layers[0].n_networks

    @property
    def n_features(self) -> int:
        """Features of an example, after preprocessing."""
        return self.layers[0].n_values_in

    @property
    def n_outputs(self) -> int:
        """Outputs of a network: one for two classes or a number, otherwise one a class."""
        return self.layers[-1].n_units

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; none of a regression."""
        return self.preprocessing.classes

    @property
    def n_weights(self) -> int:
        """Weights of all networks, a bit each."""
        return sum(layer.bits.size + (0 if layer.bias is None else layer.bias.size) for layer in self.layers)

    def outputs(self, x: Examples) -> Float[np.ndarray, "networks examples outputs"]:
        """Logits, or means of the standardised target, from features, float64."""
        found = np.empty((self.n_networks, len(x), self.n_outputs))
        for first in range(0, len(x), EXAMPLES_AT_ONCE):
            layer = x[first : first + EXAMPLES_AT_ONCE]
            for each in self.layers:
                layer = each(layer)
            found[:, first : first + EXAMPLES_AT_ONCE] = layer
        return found * self.output_scales[:, None, None]

    def predictions(self, x: Examples) -> Predictions:
        """Calibrated predictions from features, in the units of the target."""
        outputs = self.outputs(x)
        if self.noise is None:
            averaged = class_probabilities(outputs).mean(axis=1).T
            return ClassProbabilities(averaged).calibrated(self.calibration)
        scaling = self.preprocessing.target_scaling
        assert scaling is not None
        means = outputs[:, :, 0]
        weights = np.full_like(means, 1 / self.n_networks)
        mixture = NormalMixture(weights, means, np.broadcast_to(self.noise[:, None], means.shape))
        return mixture.calibrated(self.calibration).rescaled(scaling.mean, scaling.deviation)

    def predictions_of_rows(self, rows: Rows) -> Predictions:
        """Calibrated predictions of raw rows, as `hyperborn.export.rows` describes them.

        Raises:
            UserError: for a row that cannot be predicted.
        """
        return self.predictions(features_of_rows(self.preprocessing, rows))

    def outputs_of_rows(self, rows: Rows) -> Float[np.ndarray, "networks examples outputs"]:
        """As `outputs`, of raw rows.

        Raises:
            UserError: for a row that cannot be predicted.
        """
        return self.outputs(features_of_rows(self.preprocessing, rows))

    def values_of_rows(self, rows: Rows) -> Float[np.ndarray, "examples values"]:
        """The numbers that exported code gives for raw rows: a probability a class, or mean and standard deviation.

        Raises:
            UserError: for a row that cannot be predicted.
        """
        found = self.predictions_of_rows(rows)
        if isinstance(found, ClassProbabilities):
            return found.probabilities
        assert isinstance(found, NormalMixture)
        return np.stack([found.mean, found.deviation], axis=1)


def exported_model(
    name: str,
    preprocessing: Preprocessing,
    network: Network,
    side: Float[np.ndarray, " m"],
    bits: Bits,
    calibration: float,
    examples: Sequence[np.ndarray],
) -> ExportedModel:
    """The networks of these bits (networks, n), ready for export.

    Args:
        name: of the data set.
        preprocessing: of the data set.
        network: whose weights the bits are.
        side: its side parameters.
        bits: of the networks whose predictions are averaged.
        calibration: of the average.
        examples: features of known examples, part by part, which tell whether features are binary.

    Raises:
        UserError: for a network that cannot be exported.
    """
    layers, scales = layers_of(network, bits, side)
    return ExportedModel(
        name=name,
        preprocessing=preprocessing,
        layers=layers,
        output_scales=scales,
        noise=noise_of(network, bits, side),
        calibration=calibration,
        binary_features=binary_features_of(preprocessing, examples),
    )


def binary_features_of(preprocessing: Preprocessing, parts: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """The only two values that features have, ascending; None where there are more, or one.

    Only of features that are as they were in the table. Where a number is missing, its median may be neither; exported
    code refuses such a row.
    """
    if preprocessing.means is not None or preprocessing.pca_mean is not None:
        return None
    known = [part for part in parts if len(part)]
    low, high = min(float(part.min()) for part in known), max(float(part.max()) for part in known)
    if low == high or not all(((part == low) | (part == high)).all() for part in known):
        return None
    return low, high
