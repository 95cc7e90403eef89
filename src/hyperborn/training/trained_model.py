"""A trained model asked for predictions and for what they are worth."""

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Real

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_kind, path_of
from hyperborn.costs import Cost, Energies
from hyperborn.data.dataset import Dataset
from hyperborn.data.raw_rows import FeatureRanges
from hyperborn.data.user_files import raw_table
from hyperborn.errors import whole_number
from hyperborn.export.model import ExportedModel
from hyperborn.networks import Network, fitted
from hyperborn.predictive import Predictions, own_units, predictions_of_draws, predictions_of_networks, split_scores
from hyperborn.predictive.features import Rows, array_of_features, features_of
from hyperborn.predictive.predictions import decided, probabilities_of, without_classes
from hyperborn.training import exports
from hyperborn.training.choice import Choice
from hyperborn.training.exports import Export, Numbers
from hyperborn.training.one_network import OneNetwork


class TrainedModel(ABC):
    """Predictions of rows, and scores of them, from a posterior over networks; `Result` is one.

    `choice` says how the definition was chosen among candidates, where it was.
    """

    choice: Choice | None

    @property
    @abstractmethod
    def network(self) -> Network:
        """The network whose weights were inferred."""

    @property
    @abstractmethod
    def data(self) -> Dataset:
        """The data set that the network was trained on."""

    @property
    @abstractmethod
    def side(self) -> Float[np.ndarray, " m"]:
        """Side parameters of the network, float64; none for most."""

    @abstractmethod
    def predictive(self, x: Examples) -> Predictions:
        """Predictive distributions of features by the posterior, not calibrated, in the units of training."""

    @abstractmethod
    def sample(self, shots: int, *, seed: int = 0) -> Bits:
        """Bits of networks drawn from the posterior, (shots, n)."""

    @property
    @abstractmethod
    def one_network(self) -> OneNetwork:
        """The network that stands for the posterior: see `hyperborn.training.one_network`."""

    @cached_property
    def fitted(self) -> Network:
        """The network with its side parameters as they were learnt."""
        return fitted(self.network, self.side)

    @cached_property
    def calibration(self) -> float:
        """What predictions are recalibrated with, as the choice has it, or else the validation split; 1 without both.

        The temperature of classes (`fitted_temperature`), and of numbers a factor of the standard deviation. Where
        training weighs the classes (class_weight="balanced", say), probabilities are those of the weighted classes, at
        this temperature as at any other.
        """
        if self.choice is not None:
            return self.choice.calibration
        part = self.data.validation
        return self.predictive(part.x).fitted_calibration(part.y, part.weights)

    @property
    def temperature(self) -> float:
        """The calibration of classes.

        Raises:
            UserError: of a regression, which has none: see `calibration`.
        """
        if not self.network.n_classes:
            raise without_classes("calibration, a factor of its deviations")
        return self.calibration

    @cached_property
    def scored(self) -> dict[tuple[str, bool], dict[str, float]]:
        """What `metrics` has found, by split and whether calibrated: of many examples, predictions take their time."""
        return {}

    @cached_property
    def feature_ranges(self) -> FeatureRanges:
        """What tells features from raw rows."""
        return FeatureRanges(self.data)

    def predictions(
        self, x: Rows, *, samples: int | None = None, seed: int = 0, calibrated: bool = True
    ) -> Predictions:
        """Predictive distributions: probabilities of classes, or numbers in the units of the target.

        Those of numbers are a `NormalMixture`, with ``mean``, ``deviation``, ``interval(0.9)`` and ``log_density(y)``.

        Args:
            x: preprocessed features (examples, features), as ``data.test.x`` holds them, or raw rows with the names of
                their columns, as in a data frame. Raw rows in an array are for `predictions_of_table`; here they are
                refused where they can be told from features (`hyperborn.data.raw_rows`).
            samples: number of networks to draw; if absent the exact sum over all 2^n networks, for `Registers`
                the same 32 networks each time, and on a backend all shots of the result.
            seed: of the draw.
            calibrated: False for the posterior's own predictions.

        Raises:
            UserError: if x is no table of numbers that fits the network, or looks like raw rows, or the number of
                samples is not positive.
        """
        features = features_of(self.network, x, self.feature_ranges)
        return self.predictions_of_features(features, samples=samples, seed=seed, calibrated=calibrated)

    def predictions_of_features(
        self, x: Examples, *, samples: int | None = None, seed: int = 0, calibrated: bool = True
    ) -> Predictions:
        """As `predictions`, for features that are known to be preprocessed, however far from those trained on."""
        calibration, features = self.calibration if calibrated else 1.0, array_of_features(self.network, x)
        if samples is None:
            found = self.predictive(features)
        else:
            shots = whole_number("samples", samples, 1, why="; leave it out for the exact sum")
            found = predictions_of_draws(self.fitted, features, self.sample(shots, seed=seed))
        return own_units(found.calibrated(calibration), self.data)

    def predict_proba(
        self, x: Rows, *, samples: int | None = None, seed: int = 0, calibrated: bool = True
    ) -> Float[np.ndarray, "examples classes"]:
        """Probability of each class, at the temperature that suits validation; arguments are those of `predictions`.

        Raises:
            UserError: as `predictions`, and of a regression.
        """
        return probabilities_of(self.predictions(x, samples=samples, seed=seed, calibrated=calibrated))

    def predict_table(
        self, table: Rows | str | Path, *, samples: int | None = None, seed: int = 0, calibrated: bool = True
    ) -> Float[np.ndarray, "examples classes"]:
        """Probability of each class for raw rows; arguments are those of `predictions_of_table`.

        Raises:
            UserError: as `predictions_of_table`, and of a regression.
        """
        return probabilities_of(self.predictions_of_table(table, samples=samples, seed=seed, calibrated=calibrated))

    def predictions_of_table(
        self, table: Rows | str | Path, *, samples: int | None = None, seed: int = 0, calibrated: bool = True
    ) -> Predictions:
        """Predictive distributions for raw rows.

        Args:
            table: a CSV or Parquet file, ``{"column": values, ...}`` or a data frame (pandas, Polars, PyArrow) with the
                columns that the run was trained on (others are ignored), or rows (examples, columns) in the order of
                ``data.preprocessing.columns``, which is that of `hb.data.from_arrays`.
            samples: as for `predictions`, and so are seed and calibrated.

        Raises:
            UserError: if the file cannot be read, or its columns do not fit.
        """
        features = self.data.preprocessing.transform(raw_table(table, self.data.preprocessing))
        return self.predictions_of_features(features, samples=samples, seed=seed, calibrated=calibrated)

    def predict(self, x: Rows, threshold: int | float | None = None) -> Real[np.ndarray, " examples"]:
        """For every row, as `predictions` takes them, the index of the most probable class, or the mean of a number.

        With a threshold from 0 to 1, of two classes it is the second where its probability is at least that.

        Raises:
            UserError: as `predictions`, or for a threshold that is out of range or with anything but two classes.
        """
        return decided(self.predictions(x), threshold)

    def metrics(self, split: str = "test", *, calibrated: bool = True) -> dict[str, float]:
        """Accuracy, mean NLL (nats), Brier score, calibration error and area under the ROC of the posterior predictive.

        Of a regression those of `NormalMixture.scores`, in the units of the target. Those of "validation" are the
        better for the calibration that was chosen there. Examples with weights count that often.

        Args:
            split: "train", "validation" or "test"; an empty split has no metrics.
            calibrated: as for `predictions`.

        Raises:
            UserError: for another split.
        """
        part = self.data.split(split)
        if not len(part):
            return {}
        key = (split, bool(calibrated))
        if key not in self.scored:
            predicted = self.predictions_of_features(part.x, calibrated=calibrated)
            self.scored[key] = split_scores(predicted, self.data, part)
        return dict(self.scored[key])

    def network_metrics(self, bits: Bits, split: str = "test") -> dict[str, float]:
        """The metrics of one network, given as one row of bits."""
        part = self.data.split(split)
        found = own_units(predictions_of_networks(self.fitted, part.x, bits), self.data)
        return split_scores(found, self.data, part) if len(part) else {}

    def network_predictions(self, bits: Bits, x: Rows) -> Predictions:
        """Predictive distributions of one network, given as one row of bits, not calibrated; x as for `predictions`."""
        features = features_of(self.network, x, self.feature_ranges)
        return own_units(predictions_of_networks(self.fitted, features, bits), self.data)

    def network_probabilities(self, bits: Bits, x: Rows) -> Float[np.ndarray, "examples classes"]:
        """Class probabilities of one network, given as one row of bits."""
        return probabilities_of(self.network_predictions(bits, x))

    def exported(self, networks: int = 1, *, seed: int = 0) -> ExportedModel:
        """The networks as exports write them, which computes in NumPy what they compute.

        Args:
            networks: 1 for the chosen network (`one_network`); or how many are drawn, whose predictions are averaged.
            seed: of the draws.

        Raises:
            UserError: for a network or a column that cannot be exported, or numbers out of range.
        """
        return exports.exported_of(self, networks, seed)

    def cost(self, networks: int = 1, *, energies: Energies | None = None, measure: bool = True) -> Cost:
        """What a prediction costs: operations, bytes, estimated energy and time, beside a network in float32.

        Args:
            networks: as for `exported`.
            energies: energy of each kind of operation (pJ); the published ones of `hyperborn.costs.energies` if absent.
            measure: whether to measure times on this machine, in NumPy and in exported C, which takes a second or two.

        Raises:
            UserError: as `exported`, or if an argument is of another type.
        """
        check_kind("measure", measure, (bool,), "True or False")
        if energies is not None:
            check_kind("energies", energies, (Energies,), "hb.costs.Energies")
        return exports.cost_of_model(self, networks, energies, measure)

    def export_c(
        self,
        folder: str | Path,
        *,
        numbers: Numbers = "float32",
        networks: int = 1,
        seed: int = 0,
        force: bool = False,
    ) -> Export:
        """Write a library in C99 with nothing beside the standard headers: see docs/export.md.

        Args:
            folder: for model.h, model.c, main.c (reads CSV rows), check.c, test_vectors.h and a Makefile.
            numbers: "float32", or "q15" for whole numbers alone, for cores without a floating-point unit.
            networks: as for `exported`, and so is seed.
            seed: of the draws.
            force: whether to write into a folder that is not empty; files of other names stay.

        Raises:
            UserError: as `exported`; for numbers that float32 or fixed point cannot hold; if the folder is not empty
                and `force` is false, or cannot be written.
        """
        where, forced = export_place("folder", folder, force)
        return exports.export_c(self, where, numbers=numbers, networks=networks, seed=seed, force=forced)

    def export_onnx(self, path: str | Path, *, networks: int = 1, seed: int = 0, force: bool = False) -> Export:
        """Write an ONNX model from raw rows to label and probabilities (pip install "hyperborn[onnx]").

        Args:
            path: of the file, such as model.onnx.
            networks: as for `exported`, and so is seed.
            seed: of the draws.
            force: whether to replace a file that is there.

        Raises:
            UserError: as `exported`; if onnx is not installed, the file exists and `force` is false, or it cannot be
                written.
        """
        where, forced = export_place("path", path, force)
        return exports.export_onnx(self, where, networks=networks, seed=seed, force=forced)

    def export_npz(self, path: str | Path, *, networks: int = 1, seed: int = 0, force: bool = False) -> Export:
        """Write packed bits and real numbers as NumPy arrays, with their shapes as JSON; arguments as `export_onnx`.

        Raises:
            UserError: as `exported`; if the file exists and `force` is false, or it cannot be written.
        """
        where, forced = export_place("path", path, force)
        return exports.export_npz(self, where, networks=networks, seed=seed, force=forced)


def export_place(name: str, path: object, force: object) -> tuple[Path, bool]:
    """A checked path and whether to write over what is there.

    Raises:
        UserError: if one is of another type.
    """
    check_kind("force", force, (bool,), "True or False")
    return path_of(name, path, "a folder" if name == "folder" else "a file"), force is True
