"""A trained posterior as the prior of a run on new data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn._typing import Parameters
from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.errors import UserError, is_number
from hyperborn.networks import Network
from hyperborn.posteriors.posterior import ExplicitPosterior
from hyperborn.posteriors.registers import Registers
from hyperborn.printable import shown
from hyperborn.priors.prior import LogProbabilities, Marginals, Prior, marginals_of_table, weights_in
from hyperborn.priors.side_parameters import SidePrior
from hyperborn.records import ADDED

DOUBT = 0.01
"""Default weight of the uniform distribution in the prior."""
MOST_SHOWN = 8
"""Parameters that `repr` writes."""


@dataclass(frozen=True)
class PreviousPosterior(Prior):
    """p(w) = (1 - doubt) q(w) + doubt / 2^n, with q a trained posterior; for `Registers` a product over them.

    A circuit approximates the exact posterior, and may give almost no probability to networks that fit the new data.
    The doubt keeps p positive everywhere: -log p of a network that q rules out is at most -log(doubt) nats (4.6 at
    0.01) more than under the uniform prior, and that of any other at most -log(1 - doubt) (0.01) more than under q.
    Each of several `Registers` has its own doubt, p(w) = Π_b ((1 - doubt) q_b(w_b) + doubt / 2^k), and these bounds
    hold for each register.

    `params` are the posterior's parameters, flat, in single precision as they were trained (an array is taken and
    flattened). The prior that q itself was trained with is not used again, as it is part of q.

    Side parameters of the network, real numbers beside its bits, have independent normal distributions: `side` are
    their means, and `side_precision` one over their variances (`Result.as_prior` finds them, by the curvature of what
    was learnt). A run starts from the means. Without them every side parameter is standard normal.

    Raises:
        UserError: for what is not a posterior, one that is too large for a table, parameters that do not fit, side
            parameters without as many positive precisions, or a doubt that is not between 0 and 1.
    """

    posterior: ExplicitPosterior
    params: Sequence[float] | np.ndarray
    doubt: float = DOUBT
    side: Sequence[float] | np.ndarray = field(default=(), metadata=ADDED)
    side_precision: Sequence[float] | np.ndarray = field(default=(), metadata=ADDED)

    def __post_init__(self) -> None:
        if not isinstance(self.posterior, ExplicitPosterior):
            raise UserError(f"posterior = {self.posterior!r}: give a posterior, such as that of an earlier result")
        n = self.posterior.n_weights
        if n > LARGEST_ENUMERATED and not isinstance(self.posterior, Registers):
            raise UserError(
                f"prior from a posterior over {n} weights: it has too many probabilities to be tabled (the limit is "
                f"{LARGEST_ENUMERATED} weights); give that of Registers"
            )
        params = flat(self.params) or ()
        wrong = [number for number in params if not is_number(number)]
        if wrong or len(params) != self.posterior.n_parameters:
            found = f"{wrong[0]!r} among them" if wrong else f"{len(params)} of them"
            raise UserError(f"params: {found}; give the {self.posterior.n_parameters} numbers of the posterior, flat")
        if not is_number(self.doubt) or not 0 < self.doubt < 1:
            raise UserError(f"doubt = {self.doubt!r}: give a number strictly between 0 and 1, such as {DOUBT}")
        object.__setattr__(self, "params", params)
        for name in ("side", "side_precision"):
            numbers = flat(getattr(self, name))
            if numbers is None or not all(map(is_number, numbers)):
                raise UserError(f"{name} = {shown(getattr(self, name))}: give a number for each side parameter, flat")
            object.__setattr__(self, name, numbers)
        if len(self.side) != len(self.side_precision) or min(self.side_precision, default=1.0) <= 0:
            raise UserError(
                f"side_precision: {len(self.side_precision)} numbers, the least {min(self.side_precision, default=0)}, "
                f"for {len(self.side)} side parameters; give each one a positive precision"
            )

    def __repr__(self) -> str:
        side = f", side={few(self.side)}, side_precision={few(self.side_precision)}" if self.side else ""
        return f"PreviousPosterior(posterior={self.posterior!r}, params={few(self.params)}, doubt={self.doubt!r}{side})"

    def check(self, network: Network | int) -> None:
        own, n = self.posterior.n_weights, weights_in(network)
        if own != n:
            raise UserError(f"prior from a posterior over {own} weights for {n} weights: use the same network again")
        if self.side and isinstance(network, Network):
            self.of_side_parameters(network.n_side)

    def of_side_parameters(self, n_side: int) -> SidePrior:
        if not self.side:
            return SidePrior.standard(n_side)
        if len(self.side) != n_side:
            raise UserError(
                f"prior from a network with {len(self.side)} side parameters for one with {n_side}: use the same "
                "network again"
            )
        return SidePrior(np.asarray(self.side, np.float32), np.asarray(self.side_precision, np.float32))

    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        self.check(network)
        return np.log(self.probabilities())

    def log_factors(
        self, network: Network | int, places: Int[np.ndarray, "registers size"]
    ) -> Float[np.ndarray, "outcomes registers"]:
        """As `Prior.log_factors`, of the same registers again."""
        self.check(network)
        if isinstance(self.posterior, Registers):
            for group, q in zip(self.posterior.groups, self.posterior.distributions(self._angles), strict=True):
                if np.array_equal(group.places, places):
                    return np.log(self.doubted(q))
        raise UserError(
            f"prior from a posterior of {type(self.posterior).__name__}: its registers are not those of this run; give "
            "the same register size and grouping again"
        )

    def marginals(self, network: Network | int) -> Marginals:
        self.check(network)
        if isinstance(self.posterior, Registers):
            # Not from all 2^n networks, which may be too many.
            return (1.0 - self.doubt) * self.posterior.marginals(self._angles) + self.doubt / 2
        return marginals_of_table(self.probabilities())

    def probabilities(self) -> Float[np.ndarray, " states"]:
        """p(w) of all 2^n networks in index order, float64."""
        if isinstance(self.posterior, Registers):
            return self.posterior.joint([self.doubted(q) for q in self.posterior.distributions(self._angles)])
        return self.doubted(self.posterior.distribution(self._angles))

    def doubted(self, q: Float[np.ndarray, "outcomes ..."]) -> Float[np.ndarray, "outcomes ..."]:
        """Probabilities of all outcomes with the doubt spread over them."""
        return (1.0 - self.doubt) * q + self.doubt / len(q)

    @property
    def _angles(self) -> Parameters:
        return jnp.asarray(np.asarray(self.params, dtype=np.float32).reshape(self.posterior.parameter_shape))


def flat(given: Any) -> tuple[Any, ...] | None:
    """An array, a list or a tuple as a flat tuple; None of anything else."""
    found = given.ravel().tolist() if isinstance(given, np.ndarray | Array) else given
    return tuple(found) if isinstance(found, tuple | list) else None


def few(numbers: Any) -> str:
    """Numbers as `repr` writes them, or how many there are."""
    return repr(numbers) if len(numbers) <= MOST_SHOWN else f"<{len(numbers):,} numbers>"
