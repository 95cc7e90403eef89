"""What a run found."""

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_kind, path_of
from hyperborn.backends.backend import Backend
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.circuits import Circuit
from hyperborn.compilation import check_process
from hyperborn.costs.training_energy import TrainingEnergy
from hyperborn.data.dataset import Dataset
from hyperborn.energy import EnergySource, OwnEnergies
from hyperborn.energy.source import without_network
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.posteriors import DOUBT, PreviousPosterior, Register, Registers
from hyperborn.predictive import Predictions
from hyperborn.predictive.features import Rows
from hyperborn.predictive.importance import FeatureImportance
from hyperborn.printable import shown
from hyperborn.training.choice import Choice
from hyperborn.training.definition import LARGEST_SEED, Definition
from hyperborn.training.frames import What, frame_of
from hyperborn.training.history import TrainingHistory
from hyperborn.training.importance import MOST_EXAMPLES, importance_in_summary, importance_of
from hyperborn.training.inference_data import inference_data_of
from hyperborn.training.minibatch.side_precision import side_precision
from hyperborn.training.one_network import OneNetwork, one_network_of
from hyperborn.training.regime import PosteriorPredictor
from hyperborn.training.regimes import regime_of
from hyperborn.training.shots.evaluation import outcomes_on, place_of
from hyperborn.training.shots.posteriors import Mitigation, on_backend
from hyperborn.training.shots.regime import OutcomesPredictor
from hyperborn.training.summary import summary_of
from hyperborn.training.trained_model import TrainedModel

SECONDS: tuple[str, ...] = ("energies", "compile", "train")
"""What `seconds` of a result hold, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class Result(TrainedModel):
    """A trained posterior over networks, with the definition and the data it came from.

    Of energies of one's own it is a posterior over bits: whatever needs a network or labels is refused in one line.

    `params` are those of the best restart: the posterior's, and then the network's side parameters, if it has any.
    `losses` are the final losses of every restart (nats, as training saw them in float32; with `Registers` estimates
    from a few draws and at most 1000 examples), `numbers` what `Problem.numbers` gives, `seconds` the time spent on
    energies, compiling and training. Of a posterior on a backend, `outcomes` are the networks that came out in the end:
    they predict, and no shot is asked for any more.

    `history` has the records of the training; None for a result that an earlier version saved without them.

    `choice` says how the definition was chosen among candidates, where it was.

    `training_energy` is what counters of the machine say that the training took, where that was asked for.

    `trained_here` says that this process has trained it, so that the programs which predict are compiled.

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
    training_energy: TrainingEnergy | None = field(default=None, repr=False)
    trained_here: bool = field(default=False, repr=False)

    def __repr__(self) -> str:
        from hyperborn.report.result_card import result_text

        return result_text(self)

    def _repr_html_(self) -> str:
        from hyperborn.report.result_card import result_html

        return result_html(self)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the fields, without what was computed from them, some of which holds functions."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

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
    def predictor(self) -> PosteriorPredictor:
        """What predicts, not calibrated: what a backend gave, or else what the way of training has for it."""
        if self.outcomes is not None:
            return OutcomesPredictor(self.outcomes)
        return regime_of(self.definition).predictor(self.definition, self.angles, lambda: self.probabilities)

    def predictive(self, x: Examples) -> Predictions:
        """Predictive distributions of features by the posterior, not calibrated, in the units of training."""
        return self.predictor.predictive(self.fitted, x)

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
        """What was learnt as the prior of a run on new data: the posterior over weights, and the side parameters.

        Of a posterior on a backend it is the circuit without its noise. Side parameters become normal distributions
        around what they are, each as sharp as the data said (`hyperborn.training.minibatch.side_precision`).

        The new data must be new (what this run has learnt from would count twice), and encoded as these were: see the
        argument `preprocessing` of `hyperborn.data.load`.

        Args:
            doubt: share of the prior that is spread over all networks alike; see `PreviousPosterior`.

        Raises:
            UserError: if the doubt does not lie between 0 and 1.
        """
        prior = PreviousPosterior(self.definition.posterior.ideal, self.angles, doubt)
        if not self.definition.n_side:
            return prior
        energies = self.definition.energies(self.learnt_from)
        precision = side_precision(self.definition, energies, self.params.reshape(-1))
        return replace(prior, side=self.side, side_precision=precision)

    @cached_property
    def one_network(self) -> OneNetwork:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The network that predicts most as the average does, of the most probable one and 256 draws: `OneNetwork`."""
        return one_network_of(self)

    @property
    def stopped(self) -> str:
        """What ended the training: "steps", a "plateau" or the "callback"."""
        early = "callback" if self.stopped_by_callback else "plateau"
        return "steps" if self.steps >= self.definition.steps else early

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Everything worth reporting, as JSON can hold it; see `hyperborn.training.summary.summary_of`."""
        return summary_of(self)

    @cached_property
    def summary_importance(self) -> FeatureImportance | None:
        """The importance of columns that summary and pictures have; see `feature_importance` for more exact numbers.

        Of at most 300 examples, permuted 3 times, under at most 64 networks, so that it takes a second or two at most;
        None of images, of more than 50 columns, and of networks that are too large for that.
        """
        return importance_in_summary(self)

    def feature_importance(
        self,
        split: str | None = None,
        *,
        repeats: int = 5,
        seed: int = 0,
        examples: int = MOST_EXAMPLES,
        samples: int | None = None,
    ) -> FeatureImportance:
        """How much worse the calibrated predictions are when a column's values are permuted among the examples.

        All features of a column of the table are permuted together; of principal components each is a column. The
        intervals of 95 % are over examples and permutations, with the network as it is; beside them stands how far
        networks of the posterior disagree (`hyperborn.predictive.importance`). Columns that say the same share their
        importance: each seems to matter less than both do.

        Args:
            split: "train", "validation" or "test"; the test split if absent, or validation or training where that is
                empty.
            repeats: permutations of each column; no pair of examples comes twice.
            seed: of the permutations, of the networks that are drawn, and of the examples.
            examples: most examples that are permuted; of a larger split they are drawn.
            samples: number of networks to draw, as for `predictions`: fewer than all 2^n are quicker.

        Raises:
            UserError: for another split, fewer than two examples, numbers that are no whole ones in range, or if the
                run is of energies of one's own.
        """
        return importance_of(self, split=split, repeats=repeats, seed=seed, examples=examples, samples=samples)

    def to_frame(
        self,
        what: What = "metrics",
        *,
        split: str | None = None,
        table: Rows | str | Path | None = None,
        count: int | None = None,
        seed: int | None = None,
    ) -> Any:
        """A data frame of pandas.

        Args:
            what: "metrics": one row a split and a way to predict it ("average", "one_network" on the test split alone,
                "linear", "constant"), with the scores of `metrics`.

                "predictions": one row an example: the class decided for and a probability a class, or of a regression
                mean, standard deviation and the bounds of 50 and 90 % intervals, in the units of the target. Of a
                split also the true label, its NLL (nats) and its weight.

                "networks": one row a network: its energy (nats), log q and q, its exact posterior probability where
                that is known, its share of the shots on a backend, and its bits by weight. Most probable first.
            split: of the predictions, "test" if absent.
            table: raw rows to predict instead, as `predictions_of_table` takes them.
            count: number of networks, 10 if absent.
            seed: to draw the networks instead of taking the most probable ones. Of `Registers` only the first is known
                without a seed, and the others are drawn.

        Raises:
            UserError: for another frame, an argument that goes with another one, or as the methods of these names.
        """
        return frame_of(self, what, split=split, table=table, count=count, seed=seed)

    def to_inference_data(
        self,
        draws: int = 1000,
        *,
        chains: int = 2,
        seed: int = 0,
        log_likelihood: bool = True,
        exact: bool = False,
    ) -> Any:
        """Networks drawn from the posterior as an `arviz.InferenceData` (pip install "hyperborn[arviz]").

        - posterior: the weights by field of the network, or the bits of energies of one's own.
        - sample_stats: "energy" and "log_q" (nats) of each draw, and "lp", log prior less energy.
        - log_likelihood: "y" of each training example (nats; of numbers in the units of the target), times its weight.
        - observed_data, constant_data: labels, features, weights of the examples, and side parameters, which are not
          drawn.

        Draws are independent of each other, those of several chains, too: there is no autocorrelation, and R̂ says
        nothing of how good q is. What `arviz.loo` estimates is of q, and holds as far as q is the posterior at β = 1
        (its attribute "beta" has the β that was trained with, which is 0.03 on many registers by default).

        Args:
            draws: networks of each chain.
            chains: groups of draws.
            seed: of the draws.
            log_likelihood: False to leave the log likelihood out, which is draws times examples.
            exact: whether to draw from the exact posterior, where all networks were enumerated.

        Raises:
            UserError: if ArviZ is not installed, numbers are out of range, the exact posterior is not known, or there
                are more than 10^8 weights or log likelihoods.
        """
        return inference_data_of(self, draws, chains=chains, seed=seed, log_likelihood=log_likelihood, exact=exact)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder that `hyperborn.load` reads, by `force` in place of a run that is there.

        Raises:
            UserError: if path is no path or force no bool, the folder exists and `force` is false, or it cannot be
                written.
        """
        from hyperborn.runs.results import save

        check_kind("force", force, (bool,), "True or False")
        save(self, path_of("path", path, "a run folder"), force=force)
