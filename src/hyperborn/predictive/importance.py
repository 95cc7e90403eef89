"""How much predictions need each column: scores get worse when its values are permuted among the examples.

Permutation importance is Breiman's (Machine Learning 45, 5-32, 2001, section 10), here of any prediction and with
intervals, as the model reliance of Fisher, Rudin and Dominici (arXiv 1801.01489, section 3). With L(i, j) the loss of
example i when its column is that of example j, and d(i, j) = L(i, j) - L(i, i), the importance is the mean of d over
pairs i ≠ j. Each repeat is a permutation without fixed points, and no pair comes twice: with one repeat fewer than
there are examples, all pairs are there.

The interval says how far the mean may be from that over all examples of the population and all permutations. The
differences of two pairs are correlated where they share an example, be it as the one predicted or as the giver of the
value, so that the variance of the mean is (the sum over examples of the squared sum of the residuals of all pairs that
they are in, less the sum of squared residuals, which that counts twice) over the squared number of pairs: the variance
of dyads (Fafchamps and Gubert, Journal of Development Economics 83, 326-350, 2007). Where that is less than the
variance of independent pairs, it is the latter. The network and its training are taken as they are: what training on
other examples would have changed is not in the interval.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from hyperborn._typing import Examples
from hyperborn.data.weights import Weights
from hyperborn.errors import UserError, whole_number

SHARE = 0.95
"""Probability of the intervals."""
ROWS = 2**14
"""Permuted rows that are predicted together, at most; fewer of many features."""
MEMORY = 2**26
"""Bytes of the permuted rows that are held at once, at most."""
LARGEST_SEED = 2**32 - 1
MOST_SHOWN = 20
"""Columns that are written out, the most important ones."""


@dataclass(frozen=True, eq=False)
class FeatureImportance:
    """How much worse predictions are when a column is permuted, for each column of a table.

    Attributes:
        columns: names, in the order of the table; of principal components those of the components.
        split: where the examples are of: "test", "validation" or "train".
        examples: number of examples that were permuted.
        repeats: permutations of each column.
        networks: number of networks whose average predicts.
        measure: "accuracy" or "r2", the score beside the NLL.
        increase: mean increase of the NLL (nats an example), shape (columns,); above 0 where the column is needed.
        increase_error: its standard error, over examples and permutations: see `hyperborn.predictive.importance`.
        drop: by how much the score falls, shape (columns,); NaN where it is not known, of numbers that are all equal.
        drop_error: its standard error.
        network_low, network_high: the middle 95 % of the increases that networks drawn from the posterior have, each
            predicting by itself (nats an example): how far the posterior disagrees about the column.
    """

    columns: tuple[str, ...]
    split: str
    examples: int
    repeats: int
    networks: int
    measure: str
    increase: Float[np.ndarray, " columns"]
    increase_error: Float[np.ndarray, " columns"]
    drop: Float[np.ndarray, " columns"]
    drop_error: Float[np.ndarray, " columns"]
    network_low: Float[np.ndarray, " columns"]
    network_high: Float[np.ndarray, " columns"]

    def __repr__(self) -> str:
        frame = self.to_frame()
        return f"{self.title}\n{frame.head(MOST_SHOWN).to_string(float_format='{:.4f}'.format)}{self._others}"

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        table = frame.head(MOST_SHOWN).to_html(float_format="{:.4f}".format, border=0)
        return f"<p>{self.title}</p>{table}<p>{self._others}</p>"

    @property
    def title(self) -> str:
        """What the numbers are of, in a line."""
        return (
            f"What predictions lose when a column of {self.examples:,} examples of the {self.split} split is permuted, "
            f"{self.repeats} times; NLL in nats an example, 95 % intervals"
        )

    @property
    def _others(self) -> str:
        others = len(self.columns) - MOST_SHOWN
        return f"\nand {others:,} columns of less importance" if others > 0 else ""

    @property
    def reach(self) -> float:
        """Standard errors that a 95 % interval reaches to either side: Student's t of one fewer than the examples."""
        from scipy.special import stdtrit

        return float(stdtrit(self.examples - 1, 0.5 + SHARE / 2))

    @property
    def low(self) -> Float[np.ndarray, " columns"]:
        """Lower ends of the 95 % intervals of the increase (nats an example)."""
        return self.increase - self.reach * self.increase_error

    @property
    def high(self) -> Float[np.ndarray, " columns"]:
        """Upper ends of the 95 % intervals of the increase (nats an example)."""
        return self.increase + self.reach * self.increase_error

    @property
    def order(self) -> Int[np.ndarray, " columns"]:
        """Places of the columns, the most important one first; equals in the order of the table."""
        return np.argsort(-self.increase, kind="stable")

    def to_frame(self) -> Any:
        """A data frame of pandas, a row a column of the table, the most important one first.

        Columns are "nll_increase", its 95 % interval "low" and "high", "accuracy_drop" or "r2_drop" with its own
        interval, and "network_low" and "network_high".
        """
        import pandas

        found = pandas.DataFrame(self.by_name, index=pandas.Index(self.columns, name="column"))
        return found.iloc[self.order]

    @property
    def by_name(self) -> dict[str, Float[np.ndarray, " columns"]]:
        """What `to_frame` and `to_record` have of each column, in the order of the table."""
        score, reach = f"{self.measure}_drop", self.reach * self.drop_error
        return {
            "nll_increase": self.increase,
            "low": self.low,
            "high": self.high,
            score: self.drop,
            f"{score}_low": self.drop - reach,
            f"{score}_high": self.drop + reach,
            "network_low": self.network_low,
            "network_high": self.network_high,
        }

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold: the settings, and as "columns" the rows of `to_frame` with the "name" of each."""
        numbers = {
            name: [float(one) if np.isfinite(one) else None for one in found] for name, found in self.by_name.items()
        }
        rows = [
            {"name": self.columns[place]} | {name: numbers[name][place] for name in numbers} for place in self.order
        ]
        settings = {name: getattr(self, name) for name in ("split", "examples", "repeats", "networks", "measure")}
        return settings | {"columns": rows}


class PairScores(NamedTuple):
    """Scores of examples, permuted or not.

    `nll` (nats) and `fault` are of the average prediction, of shape (rows,); `alone` is the NLL of single networks,
    of shape (networks, rows).
    """

    nll: Float[np.ndarray, " rows"]
    fault: Float[np.ndarray, " rows"]
    alone: Float[np.ndarray, "networks rows"]


class Importance(NamedTuple):
    """Means over pairs and their standard errors, shape (columns,), and the means of single networks."""

    nll: Float[np.ndarray, " columns"]
    nll_error: Float[np.ndarray, " columns"]
    fault: Float[np.ndarray, " columns"]
    fault_error: Float[np.ndarray, " columns"]
    alone: Float[np.ndarray, "columns networks"]


Score = Callable[[Examples, Int[np.ndarray, " rows"]], PairScores]
"""Scores of rows of features, whose labels are those of the examples at these places."""


def permutation_importance(
    x: Examples,
    groups: Sequence[slice],
    score: Score,
    *,
    weights: Weights | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> Importance:
    """Mean increases of losses when the features of a group are permuted together, one group after the other.

    Holds at most `MEMORY` bytes of permuted rows, beside three numbers a pair of examples for some columns at a time.

    Args:
        x: features (examples, features).
        groups: places of each column's features.
        score: what is averaged; it is called with at most `ROWS` rows.
        weights: how often each example counts, as one that is predicted and as one that gives values.
        repeats: permutations; no more are made than there are other examples.
        seed: of the permutations, which are the same for all columns.

    Raises:
        UserError: for fewer than two examples that count, repeats that are not positive, or a seed out of range.
    """
    counted = np.arange(len(x)) if weights is None else np.flatnonzero(weights > 0)
    if len(counted) < 2:
        raise UserError(f"{len(counted)} examples cannot be permuted; give a split with two or more")
    whole_number("repeats", repeats, 1)
    whole_number("seed", seed, 0, LARGEST_SEED)
    givers = givers_of(len(counted), repeats, seed)
    times = np.ones(len(counted)) if weights is None else weights[counted]
    pair_weights = times * times[givers]
    before = in_blocks(score, x[counted], counted)
    own = np.zeros((len(groups), x.shape[1]), dtype=bool)
    for place, group in enumerate(groups):
        own[place, group] = True
    at_once = max(1, ROWS // givers.size)
    parts = [
        of_columns(x[counted], own[first : first + at_once], givers, pair_weights, before, score, counted)
        for first in range(0, len(groups), at_once)
    ]
    return Importance(*(np.concatenate(found) for found in zip(*parts, strict=True)))


def givers_of(examples: int, repeats: int, seed: int) -> Int[np.ndarray, "repeats examples"]:
    """For each repeat, the example that gives each example its values: never itself, and never the same one twice."""
    order = np.random.default_rng(seed).permutation(examples)
    givers = np.empty((min(repeats, examples - 1), examples), np.int64)
    for place, row in enumerate(givers):
        row[order] = np.roll(order, -(place + 1))
    return givers


def in_blocks(score: Score, x: Examples, places: Int[np.ndarray, " rows"]) -> PairScores:
    """Scores of rows as they are."""
    parts = [score(x[block], places[block]) for block in row_blocks(len(x), x.shape[1])]
    return PairScores(*(np.concatenate(found, axis=-1) for found in zip(*parts, strict=True)))


def row_blocks(rows: int, features: int) -> Iterator[slice]:
    # Rows, those of the givers and the features taken from these are held together.
    step = max(1, min(ROWS, MEMORY // (3 * 8 * features)))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def of_columns(
    x: Examples,
    own: Bool[np.ndarray, "columns features"],
    givers: Int[np.ndarray, "repeats examples"],
    weights: Float[np.ndarray, "repeats examples"],
    before: PairScores,
    score: Score,
    places: Int[np.ndarray, " examples"],
) -> Importance:
    """The importance of some columns; `own` says which features are theirs."""
    shape = (len(own), *givers.shape)
    size, alone = int(np.prod(shape)), np.zeros((len(own), len(before.alone)))
    nll, fault = np.empty((2, size))
    for block in row_blocks(size, x.shape[1]):
        column, repeat, example = np.unravel_index(np.arange(block.start, block.stop), shape)
        rows = np.where(own[column], x[givers[repeat, example]], x[example])
        found = score(rows, places[example])
        nll[block] = found.nll - before.nll[example]
        fault[block] = found.fault - before.fault[example]
        counts = weights[repeat, example] * (column == np.arange(len(own))[:, None])
        alone += counts @ (found.alone - before.alone[:, example]).T
    means = [mean_over_pairs(values.reshape(shape), weights, givers) for values in (nll, fault)]
    return Importance(*means[0], *means[1], alone / weights.sum())


def mean_over_pairs(
    values: Float[np.ndarray, "columns repeats examples"],
    weights: Float[np.ndarray, "repeats examples"],
    givers: Int[np.ndarray, "repeats examples"],
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"]]:
    """Weighted means over pairs and their standard errors, as the top of this file has them."""
    total, examples = weights.sum(), values.shape[2]
    mean = (weights * values).sum(axis=(1, 2)) / total
    residuals = weights * (values - mean[:, None, None])
    given = np.take_along_axis(residuals, np.argsort(givers, axis=1)[None], axis=2)
    of_examples = (residuals + given).sum(axis=1)
    independent = (residuals**2).sum(axis=(1, 2))
    variance = examples / (examples - 1) * (of_examples**2).sum(axis=1) - independent
    return mean, np.sqrt(np.maximum(variance, independent)) / total
