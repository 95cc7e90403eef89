"""What a likelihood says: which labels it takes, and how many nats they cost under a network's outputs.

Enumeration needs one thing more. Where outputs add up over two halves of the weights, every pair of a code of the left
half and one of the right half is a network (`hyperborn.energy.enumeration`). A likelihood turns the outputs of codes
into `terms`, which add up as the outputs do, and the terms of all codes of both halves into the energies of all pairs.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float, Real

from hyperborn._typing import Targets
from hyperborn.likelihoods.squares import check_numbers

Terms = Float[np.ndarray, "terms codes examples"]
"""What codes add to the terms of each example."""
LeftTerms = Float[np.ndarray, "terms left examples"]
RightTerms = Float[np.ndarray, "terms right examples"]
"""Of the codes of either half."""


class Likelihood(ABC):
    """p(label | outputs); a frozen dataclass, whose fields are its record."""

    label_type: ClassVar[type[np.generic]]
    """Type of labels: class indices are np.int64, numbers np.float64."""
    score: ClassVar[str]
    """Name of the metric by which one network is told as training goes."""

    @property
    @abstractmethod
    def n_classes(self) -> int:
        """Number of classes; 0 where labels are numbers."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Outputs of a network for each example."""

    @property
    @abstractmethod
    def n_terms(self) -> int:
        """Terms of each example."""

    @abstractmethod
    def check_labels(self, y: object, examples: int, owner: str) -> None:
        """Check labels: an array (examples,). `owner` says whose they are, such as "a network".

        Raises:
            UserError: for anything else.
        """

    @abstractmethod
    def nll(
        self, outputs: Float[np.ndarray, "networks examples outputs"], y: Targets
    ) -> Float[np.ndarray, "networks examples"]:
        """-log p(y | outputs) of each example (nats), in NumPy."""

    @abstractmethod
    def losses(
        self, outputs: Float[Array, "*networks examples outputs"], y: Real[Array, " examples"]
    ) -> Float[Array, "*networks examples"]:
        """As `nll`, in JAX, in the dtype of the outputs."""

    @abstractmethod
    def terms(self, outputs: Float[np.ndarray, "codes examples outputs"], y: Targets) -> Terms:
        """Terms of codes; those of a network are the sum of its two codes' terms."""

    @abstractmethod
    def pair_energies(self, left: LeftTerms, right: RightTerms, y: Targets) -> Float[np.ndarray, "left right"]:
        """Energy (nats, summed over the examples) of every pair of codes, from the terms of both halves."""


class NumberLikelihood(Likelihood):
    """p(number | outputs): a normal distribution around the first output, in the units of the labels."""

    label_type: ClassVar[type[np.generic]] = np.float64
    score: ClassVar[str] = "rmse"

    @property
    @abstractmethod
    def choices(self) -> tuple["NumberLikelihood", ...]:
        """The likelihoods, of one output each, that the last bits choose from, in index order; itself without bits."""

    @property
    @abstractmethod
    def noise_levels(self) -> tuple[float, ...]:
        """Standard deviations that the choices have, each the same multiple of the one before."""

    @property
    @abstractmethod
    def learns_noise(self) -> bool:
        """Whether a side parameter of the network is the logarithm of the noise."""

    @abstractmethod
    def normals(
        self, outputs: Float[np.ndarray, "networks examples outputs"]
    ) -> tuple[Float[np.ndarray, "networks examples"], Float[np.ndarray, "networks examples"]]:
        """Mean and standard deviation of each example's label under each network."""

    @property
    def n_classes(self) -> int:
        return 0

    @property
    def n_terms(self) -> int:
        return self.n_outputs

    @property
    def noise_bits(self) -> int:
        """Weights that choose the noise."""
        return len(self.choices).bit_length() - 1

    def check_labels(self, y: object, examples: int, owner: str) -> None:
        check_numbers(y, examples, owner)

    def terms(self, outputs: Float[np.ndarray, "codes examples outputs"], y: Targets) -> Terms:
        del y
        return np.moveaxis(outputs, 2, 0)
