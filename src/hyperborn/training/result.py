"""What a run found."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.bits import bit_string
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.energy import energy
from hyperborn.errors import UserError
from hyperborn.inference import evidence
from hyperborn.networks import Network
from hyperborn.predictive import exact_predictive, most_probable, posterior_predictive, sampled_predictive, scores
from hyperborn.training.definition import Definition

NUMBERS: tuple[str, ...] = ("loss", "expected_energy", "elbo", "log_evidence", "elbo_gap", "entropy")
SECONDS: tuple[str, ...] = ("energies", "compile", "train")
"""What `numbers` and `seconds` of a result hold, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class Result:
    """A trained posterior over networks, with the definition and the data it came from.

    `params` are the angles of the best restart (radians), `losses` the final loss of every restart (nats), `numbers`
    what `numbers_of` gives, `seconds` the time spent on energies, compiling and training.
    """

    definition: Definition
    data: Dataset
    params: np.ndarray
    losses: tuple[float, ...]
    steps: int
    numbers: dict[str, float]
    seconds: dict[str, float]

    @property
    def network(self) -> Network:
        return self.definition.network

    @cached_property
    def probabilities(self) -> Float[np.ndarray, " states"]:
        """q(w) of all 2^n networks in index order, float64."""
        return self.definition.posterior.distribution(jnp.asarray(self.params))

    def predict_proba(
        self, x: Examples, *, samples: int | None = None, seed: int = 0
    ) -> Float[np.ndarray, "examples classes"]:
        """Posterior predictive probability of each class.

        Args:
            x: preprocessed features (examples, features), as ``data.test.x`` holds them.
            samples: number of networks to draw; the exact sum over all 2^n networks if absent.
            seed: of the draw.

        Raises:
            UserError: if the features do not fit the network, or the number of samples is not positive.
        """
        if samples is None:
            return exact_predictive(self.network, x, self.probabilities)
        if samples < 1:
            raise UserError(f"samples = {samples}: draw at least 1 network, or leave it out for the exact sum")
        indices = np.random.default_rng(seed).choice(len(self.probabilities), size=samples, p=self.probabilities)
        return sampled_predictive(self.network, x, indices)

    def predict(self, x: Examples) -> np.ndarray:
        """Index of the most probable class of every row of preprocessed features."""
        return self.predict_proba(x).argmax(axis=1)

    def metrics(self, split: str = "test") -> dict[str, float]:
        """Accuracy, mean NLL (nats), Brier score and expected calibration error of the posterior predictive.

        Args:
            split: "train", "validation" or "test"; an empty split has no metrics.
        """
        part = self.data.split(split)
        return scores(self.predict_proba(part.x), part.y) if len(part) else {}

    def most_probable(self, k: int = 1) -> Bits:
        """Bits of the k most probable networks, (k, n), most probable first."""
        return most_probable(self.probabilities, k)

    def network_metrics(self, bits: Bits, split: str = "test") -> dict[str, float]:
        """The metrics of one network, given as one row of bits."""
        part = self.data.split(split)
        return scores(self.network_probabilities(bits, part.x), part.y) if len(part) else {}

    def network_probabilities(self, bits: Bits, x: Examples) -> Float[np.ndarray, "examples classes"]:
        """Class probabilities of one network, given as one row of bits."""
        return posterior_predictive(self.network, x, bits)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Everything worth reporting, as JSON can hold it; energies and evidence in nats.

        "map" is the mode of q: the most probable network under the circuit, not under the exact posterior.
        """
        best = self.most_probable(1)
        mode = {
            "bits": bit_string(best[0]),
            "energy": float(energy(self.network, self.data.train, best)[0]),
            "test_accuracy": self.network_metrics(best).get("accuracy"),
        }
        head = {
            "data": self.data.name,
            "n_weights": self.network.n_weights,
            "n_parameters": self.definition.posterior.n_parameters,
            "objective": self.definition.objective.name,
            "steps": self.steps,
            "stopped": "steps" if self.steps >= self.definition.steps else "plateau",
        }
        splits = {name: self.metrics(name) for name in SPLITS}
        tail = {"map": mode, "losses": list(self.losses), "seconds": self.seconds}
        return head | self.numbers | splits | tail

    def save(self, path: str | Path) -> None:
        """Write a run folder that `hyperborn.load` reads.

        Raises:
            UserError: if the folder exists, or cannot be written.
        """
        from hyperborn.training.run_folder import RunFolder, writing

        with writing(Path(path)):
            RunFolder.create(Path(path), self.definition, self.data).finish(self)


def numbers_of(
    q: Float[np.ndarray, " states"],
    loss: float,
    energies: Float[np.ndarray, " states"],
    log_prior: Float[np.ndarray, " states"],
) -> dict[str, float]:
    """Loss, expected energy, ELBO, log evidence, their gap and the entropy of q, in nats.

    The loss is what training saw, in float32 above the lowest energy; the others are computed from q in float64.
    """
    bound, log_z = evidence.elbo(q, energies, log_prior), evidence.log_evidence(energies, log_prior)
    expected = evidence.expected_energy(q, energies)
    return dict(zip(NUMBERS, (loss, expected, bound, log_z, log_z - bound, evidence.entropy(q)), strict=True))
