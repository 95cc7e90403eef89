"""What a run found."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_kind, path_of
from hyperborn.backends.backend import Backend
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import LARGEST_ENUMERATED, bit_string
from hyperborn.compilation import check_process
from hyperborn.data.columns import LARGEST_NUMBER, raw_table
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.data.tables import Table, real_numbers
from hyperborn.energy import EnergySource, OwnEnergies
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, fitted
from hyperborn.posteriors import DOUBT, PreviousPosterior
from hyperborn.predictive import fitted_temperature, posterior_predictive, predictive_of_draws, scores, tempered
from hyperborn.printable import shown
from hyperborn.training.definition import LARGEST_SEED, Definition
from hyperborn.training.history import TrainingHistory
from hyperborn.training.regime import PosteriorPredictor
from hyperborn.training.regimes import regime_of
from hyperborn.training.shots.evaluation import outcomes_on, place_of
from hyperborn.training.shots.posteriors import Mitigation, on_backend
from hyperborn.training.shots.regime import OutcomesPredictor

SECONDS: tuple[str, ...] = ("energies", "compile", "train")
"""What `seconds` of a result hold, in the order in which they are shown."""

LONGEST = 64
"""Bits up to which the most probable network is written out in a summary."""


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
        """Parameters of the posterior.

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
        """What predicts, at temperature 1: what a backend gave, or else what the way of training has for it."""
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
                f"{LARGEST_ENUMERATED} weights); take the networks that came out, `outcomes`, or `predict_proba`"
            )
        return posterior.ideal.distribution(jnp.asarray(self.angles))

    @cached_property
    def marginals(self) -> Float[np.ndarray, " n"]:
        """Probability that each bit is 1, float64; on a backend, among the networks that came out."""
        return self.predictor.marginals()

    @cached_property
    def temperature(self) -> float:
        """What predictions are recalibrated with: `fitted_temperature` of the validation split; 1 where it is empty."""
        part = self.data.validation
        return fitted_temperature(self.predictor.predictive(self.fitted, part.x), part.y)

    def predict_proba(
        self, x: ArrayLike, *, samples: int | None = None, seed: int = 0, calibrated: bool = True
    ) -> Float[np.ndarray, "examples classes"]:
        """Posterior predictive probability of each class, at the temperature that suits the validation split.

        Args:
            x: preprocessed features (examples, features), as ``data.test.x`` holds them; for raw ones see
                `predict_table`.
            samples: number of networks to draw; if absent the exact sum over all 2^n networks, for `Registers`
                the same 32 networks each time, and on a backend all shots of the result.
            seed: of the draw.
            calibrated: False for the posterior's own probabilities, at temperature 1.

        Raises:
            UserError: if x is no table of numbers that fits the network, or the number of samples is not positive.
        """
        features = features_of(self.network, x)
        temperature = self.temperature if calibrated else 1.0
        if samples is None:
            return tempered(self.predictor.predictive(self.fitted, features), temperature)
        shots = whole_number("samples", samples, 1, why="; leave it out for the exact sum")
        drawn = self.sample(shots, seed=seed)
        return tempered(predictive_of_draws(self.fitted, features, drawn), temperature)

    def predict_table(
        self,
        table: Table | str | Path | Mapping[str, ArrayLike] | ArrayLike,
        *,
        samples: int | None = None,
        seed: int = 0,
        calibrated: bool = True,
    ) -> Float[np.ndarray, "examples classes"]:
        """Posterior predictive probability of each class for raw rows, as `hyperborn predict` gives it.

        Args:
            table: a CSV or Parquet file, ``{"column": values, ...}`` or a data frame (pandas, Polars, PyArrow) with the
                columns that the run was trained on (others are ignored), or rows (examples, columns) in the order of
                ``data.preprocessing.columns``, which is that of `hb.data.from_arrays`.
            samples: as for `predict_proba`.
            seed: as for `predict_proba`.
            calibrated: as for `predict_proba`.

        Raises:
            UserError: if the file cannot be read, or its columns do not fit.
        """
        raw = raw_table(table, self.data.preprocessing.columns)
        features = self.data.preprocessing.transform(raw)
        return self.predict_proba(features, samples=samples, seed=seed, calibrated=calibrated)

    def predict(self, x: ArrayLike) -> Int[np.ndarray, " examples"]:
        """Index of the most probable class of every row of preprocessed features."""
        return self.predict_proba(x).argmax(axis=1)

    def metrics(self, split: str = "test", *, calibrated: bool = True) -> dict[str, float]:
        """Accuracy, mean NLL (nats), Brier score and expected calibration error of the posterior predictive.

        Those of "validation" are the better for the temperature that was chosen there.

        Args:
            split: "train", "validation" or "test"; an empty split has no metrics.
            calibrated: as for `predict_proba`.

        Raises:
            UserError: for another split.
        """
        part = self.data.split(split)
        return scores(self.predict_proba(part.x, calibrated=calibrated), part.y) if len(part) else {}

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
        return scores(self.network_probabilities(bits, part.x), part.y) if len(part) else {}

    def network_probabilities(self, bits: Bits, x: ArrayLike) -> Float[np.ndarray, "examples classes"]:
        """Class probabilities of one network, given as one row of bits."""
        return posterior_predictive(self.fitted, features_of(self.network, x), bits)

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
        """Everything worth reporting, as JSON can hold it; energies and evidence in nats.

        "map" is the mode of q: the most probable network under q, not under the exact posterior.
        """
        best = self.most_probable(1)
        mode = {
            "bits": bit_string(best[0]) if self.definition.n_weights <= LONGEST else None,
            "energy": float(self.energies(best)[0]),
        }
        predicts = isinstance(self.learnt_from, Dataset)
        if predicts:
            mode["test_accuracy"] = self.network_metrics(best).get("accuracy")
        head = {
            "n_parameters": self.definition.posterior.n_parameters,
            "posterior": type(self.definition.posterior).__name__,
            "objective": self.definition.objective.name,
            "estimator": self.definition.estimator.name,
            "backend": regime_of(self.definition).label(self.definition),
            "steps": self.steps,
            "stopped": self.stopped,
        }
        scored = {name: self.metrics(name) for name in SPLITS} | {"temperature": self.temperature} if predicts else {}
        tail = {"map": mode, "losses": list(self.losses), "seconds": self.seconds}
        place = {} if self.measured_on is None else {"measured_on": self.measured_on}
        return self._subject | head | place | self.numbers | scored | tail

    @property
    def _subject(self) -> dict[str, Any]:
        """What the bits are of, for the summary."""
        if isinstance(self.learnt_from, OwnEnergies):
            return {"energies": self.learnt_from.label, "n_weights": self.definition.n_weights}
        return {
            "data": self.data.name,
            "n_weights": self.network.n_weights,
            "n_side": self.network.n_side,
            "size_in_bytes": self.network.size_in_bytes,
        }

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder that `hyperborn.load` reads, by `force` in place of a run that is there.

        Raises:
            UserError: if path is no path or force no bool, the folder exists and `force` is false, or it cannot be
                written.
        """
        from hyperborn.runs.results import save

        check_kind("force", force, (bool,), "True or False")
        save(self, path_of("path", path, "a run folder"), force=force)


def without_network(energies: Any) -> UserError:
    """The error for a question about a network or its data where there is none."""
    return UserError(
        f"the run is of energies of your own, {shown(energies)}, without a network, data or labels; ask for marginals, "
        "most_probable, sample, probabilities, energies or numbers"
    )


def features_of(network: Network, x: ArrayLike) -> Examples:
    """Whatever a caller takes for features as a float64 table that fits the network.

    Raises:
        UserError: if x is no table of finite numbers with as many columns as the network has features.
    """
    remedy = f"give numbers of shape (examples, {network.n_features}), as data.test.x holds them"
    try:
        table = real_numbers(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"x is no table of numbers ({error}); {remedy}") from error
    if table.ndim != 2:
        raise UserError(f"x has shape {table.shape}; {remedy}")
    network.check_features(table)
    large = np.argwhere(np.abs(table) > LARGEST_NUMBER)
    if len(large):
        row, column = large[0]
        raise UserError(
            f"x[{row}, {column}] = {table[row, column]:.6g}: give numbers up to {LARGEST_NUMBER:g} either way"
        )
    return table
