"""What a run found."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Real

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_kind, path_of
from hyperborn.backends.backend import Backend
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.circuits import Circuit
from hyperborn.compilation import check_process
from hyperborn.data.dataset import Dataset
from hyperborn.data.raw_rows import FeatureRanges
from hyperborn.data.user_files import raw_table
from hyperborn.energy import EnergySource, OwnEnergies
from hyperborn.energy.source import without_network
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, fitted
from hyperborn.posteriors import DOUBT, PreviousPosterior, Register, Registers
from hyperborn.predictive import Predictions, own_units, predictions_of_draws, predictions_of_networks, split_scores
from hyperborn.predictive.features import Rows, array_of_features, features_of
from hyperborn.predictive.predictions import decided, probabilities_of, without_classes
from hyperborn.printable import shown
from hyperborn.training.choice import Choice
from hyperborn.training.definition import LARGEST_SEED, Definition
from hyperborn.training.history import TrainingHistory
from hyperborn.training.regime import PosteriorPredictor
from hyperborn.training.regimes import regime_of
from hyperborn.training.shots.evaluation import outcomes_on, place_of
from hyperborn.training.shots.posteriors import Mitigation, on_backend
from hyperborn.training.shots.regime import OutcomesPredictor
from hyperborn.training.summary import summary_of

SECONDS: tuple[str, ...] = ("energies", "compile", "train")
"""What `seconds` of a result hold, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class Result:
    """A trained posterior over networks, with the definition and the data it came from.

    Of energies of one's own it is a posterior over bits: whatever needs a network or labels is refused in one line.

    `params` are those of the best restart: the posterior's, and then the network's side parameters, if it has any.
    `losses` are the final losses of every restart (nats, as training saw them in float32; with `Registers` estimates
    from a few draws and at most 1000 examples), `numbers` what `Problem.numbers` gives, `seconds` the time spent on
    energies, compiling and training. Of a posterior on a backend, `outcomes` are the networks that came out in the end:
    they predict, and no shot is asked for any more.

    `history` has the records of the training; None for a result that an earlier version saved without them.

    `choice` says how the definition was chosen among candidates, where it was.

    After `on`, `measured_on` says where the outcomes are of. Predictions, metrics and the most probable networks are
    theirs; `numbers` and `losses` stay those of the training run, and so does all else.
    """

    definition: Definition
    learnt_from: Dataset | OwnEnergies
    params: np.ndarray = field(repr=False)
    losses: tuple[float, ...]
    steps: int
    numbers: dict[str, float]
    seconds: dict[str, float]
    outcomes: Outcomes | None = field(default=None, repr=False)
    measured_on: str | None = None
    stopped_by_callback: bool = False
    history: TrainingHistory | None = field(default=None, repr=False)
    choice: Choice | None = field(default=None, repr=False)

    @property
    def network(self) -> Network:
        """The network whose weights were inferred.

        Raises:
            UserError: if the run is of energies of one's own.
        """
        if not isinstance(self.definition.network, Network):
            raise without_network(self.learnt_from)
        return self.definition.network

    @property
    def circuit(self) -> Circuit:
        """The circuit whose measured bits are the weights: qubit i is weight i, and its parameters are `angles`.

        Many registers are one wide circuit of gates side by side. `Circuit.to_qiskit` and its like take it elsewhere.

        Raises:
            UserError: if the posterior is no circuit of one qubit a weight.
        """
        posterior = self.definition.posterior.ideal
        if not isinstance(posterior, Register | Registers):
            raise UserError(
                f"{shown(posterior)} is no circuit of one qubit a weight; train hb.Register or hb.Registers for one"
            )
        return posterior.circuit

    @property
    def data(self) -> Dataset:
        """The data set that the network was trained on.

        Raises:
            UserError: if the run is of energies of one's own.
        """
        if not isinstance(self.learnt_from, Dataset):
            raise without_network(self.learnt_from)
        return self.learnt_from

    @cached_property
    def energies(self) -> EnergySource:
        """What was learnt from: a call gives the energy (nats) of rows of bits, with side parameters as learnt."""
        return self.definition.energies(self.learnt_from).at(self.side)

    @property
    def angles(self) -> np.ndarray:
        """Parameters of the posterior (radians), of the shape of the parameters of `circuit` if it has one.

        Raises:
            UserError: in a process that was forked from one that had used JAX, where nothing could be done with them.
        """
        check_process()
        posterior = self.definition.posterior
        return self.params.reshape(-1)[: posterior.n_parameters].reshape(posterior.parameter_shape)

    @property
    def side(self) -> Float[np.ndarray, " m"]:
        """Side parameters of the network, float64; none for most."""
        return self.params.reshape(-1)[self.definition.posterior.n_parameters :].astype(np.float64)

    @cached_property
    def fitted(self) -> Network:
        """The network with its side parameters as they were learnt."""
        return fitted(self.network, self.side)

    @cached_property
    def predictor(self) -> PosteriorPredictor:
        """What predicts, not calibrated: what a backend gave, or else what the way of training has for it."""
        if self.outcomes is not None:
            return OutcomesPredictor(self.outcomes)
        return regime_of(self.definition).predictor(self.definition, self.angles, lambda: self.probabilities)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, " states"]:
        """q(w) of all 2^n networks in index order, float64; on a backend, that of the circuit without its noise.

        Raises:
            UserError: if there are too many.
        """
        posterior = self.definition.posterior
        if posterior.n_weights > LARGEST_ENUMERATED:
            raise UserError(
                f"{posterior.n_weights} weights have too many probabilities to be tabled (the limit is "
                f"{LARGEST_ENUMERATED} weights); take `sample`, `marginals` or `most_probable`"
            )
        return posterior.ideal.distribution(jnp.asarray(self.angles))

    @cached_property
    def marginals(self) -> Float[np.ndarray, " n"]:
        """Probability that each bit is 1, float64; on a backend, among the networks that came out."""
        return self.predictor.marginals()

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
        return self.predictor.predictive(self.fitted, part.x).fitted_calibration(part.y, part.weights)

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
            found = self.predictor.predictive(self.fitted, features)
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
        return split_scores(self.predictions_of_features(part.x, calibrated=calibrated), self.data, part)

    def most_probable(self, k: int = 1) -> Bits:
        """Bits of the k most probable networks, (k, n), most probable first.

        Raises:
            UserError: if there are not so many networks, or for more than one of too many to be enumerated.
        """
        return self.predictor.most_probable(k)

    def sample(self, shots: int, *, seed: int = 0) -> Bits:
        """Bits of networks drawn from the posterior, (shots, n); on a backend, from those that came out.

        Raises:
            UserError: if the number of shots is not positive, or the seed out of range.
        """
        whole_number("shots", shots, 1)
        whole_number("seed", seed, 0, LARGEST_SEED)
        return self.predictor.sample(shots, seed)

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

    def on(
        self,
        backend: Backend,
        shots: int = 1000,
        *,
        seed: int = 0,
        mitigation: Mitigation = "none",
        ledger: Ledger | str | Path | None = None,
    ) -> "Result":
        """This result with predictions by the networks that its circuit gives on a backend, noise and all.

        Its `numbers` stay those of the training run; `measured_on` says so wherever the result is shown.

        Args:
            backend: where the trained circuit is measured once.
            shots: networks that are drawn there.
            seed: of a simulator's shots.
            mitigation: "readout" to correct for qubits that are read wrongly.
            ledger: where jobs are kept, so that the same question is paid for once: a file, as for `hyperborn.fit`, or
                an open ledger, which stays open; in memory if absent.

        Raises:
            UserError: if the posterior is no circuit of one qubit a weight, the ledger is neither a path nor a ledger,
                its file cannot be written, or the backend refuses.
        """
        posterior = on_backend(self.definition.posterior, backend, mitigation)
        whole_number("shots", shots, 1)
        whole_number("seed", seed, 0, LARGEST_SEED)
        outcomes = outcomes_on(posterior, self.angles, shots, seed, ledger)
        return replace(self, outcomes=outcomes, measured_on=place_of(posterior, shots))

    def as_prior(self, doubt: float = DOUBT) -> PreviousPosterior:
        """The trained posterior over weights as the prior of a run on new data; side parameters are learnt anew.

        Of a posterior on a backend it is the circuit without its noise.

        The new data must be new (what this run has learnt from would count twice), and encoded as these were: see the
        argument `preprocessing` of `hyperborn.data.load`.

        Args:
            doubt: share of the prior that is spread over all networks alike; see `PreviousPosterior`.

        Raises:
            UserError: if the doubt does not lie between 0 and 1.
        """
        return PreviousPosterior(self.definition.posterior.ideal, self.angles, doubt)

    @property
    def stopped(self) -> str:
        """What ended the training: "steps", a "plateau" or the "callback"."""
        early = "callback" if self.stopped_by_callback else "plateau"
        return "steps" if self.steps >= self.definition.steps else early

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Everything worth reporting, as JSON can hold it; see `hyperborn.training.summary.summary_of`."""
        return summary_of(self)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder that `hyperborn.load` reads, by `force` in place of a run that is there.

        Raises:
            UserError: if path is no path or force no bool, the folder exists and `force` is false, or it cannot be
                written.
        """
        from hyperborn.runs.results import save

        check_kind("force", force, (bool,), "True or False")
        save(self, path_of("path", path, "a run folder"), force=force)
