"""A result as data frames of pandas: its metrics, its predictions, its networks."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from hyperborn._typing import Bits
from hyperborn.bits import distinct_rows
from hyperborn.data.dataset import SPLITS
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.networks.layers import check_one_of
from hyperborn.predictive import NormalMixture, Predictions
from hyperborn.predictive.example_scores import nll_of_examples
from hyperborn.predictive.features import Rows
from hyperborn.predictive.predictions import probabilities_of
from hyperborn.training.log_probabilities import log_posterior_of, log_q_of
from hyperborn.training.regimes import regime_of

if TYPE_CHECKING:
    import pandas

    from hyperborn.training.result import Result

What: TypeAlias = Literal["metrics", "predictions", "networks"]
COUNT = 10
"""Networks of a frame, where no number is given."""
TAKEN = {"metrics": (), "predictions": ("split", "table"), "networks": ("count", "seed")}
"""Which arguments go with which frame."""


def frame_of(
    result: "Result",
    what: What = "metrics",
    *,
    split: str | None = None,
    table: Rows | str | Path | None = None,
    count: int | None = None,
    seed: int | None = None,
) -> "pandas.DataFrame":
    """What `Result.to_frame` gives; see there."""
    check_one_of("what", what, get_args(What))
    given = {"split": split, "table": table, "count": count, "seed": seed}
    for name in given:
        if given[name] is not None and name not in TAKEN[what]:
            owner = next(one for one, names in TAKEN.items() if name in names)
            raise UserError(f"{name} goes with to_frame({owner!r}), and {what!r} was asked for; leave it out")
    if what == "metrics":
        return frame_of_metrics(result)
    return (
        frame_of_predictions(result, split, table) if what == "predictions" else frame_of_networks(result, count, seed)
    )


def frame_of_metrics(result: "Result") -> "pandas.DataFrame":
    """One row a split and a way to predict, with its scores."""
    import pandas

    summary, rows = result.summary, []
    # Raises where there is no network.
    splits = [name for name in SPLITS if len(result.data.split(name))]
    for name in splits:
        every: dict[str, Any] = {
            "average": summary[name],
            "one_network": summary.get("one_network", {}).get(name),
            "linear": summary["linear"].get(name),
            "constant": summary["constant"].get(name),
        }
        rows += [{"split": name, "predictions": which, **scores} for which, scores in every.items() if scores]
    return pandas.DataFrame(rows)


def frame_of_predictions(result: "Result", split: str | None, table: Rows | str | Path | None) -> "pandas.DataFrame":
    """One row an example of a split, or of a table without labels."""
    import pandas

    if table is not None:
        if split is not None:
            raise UserError(f"split={split!r} names a part of the run's own data, and a table was given; leave one out")
        return pandas.DataFrame(columns_of_predictions(result, result.predictions_of_table(table)))
    part = result.data.split("test" if split is None else split)
    found, labels = result.predictions_of_features(part.x), result.data.preprocessing.own_labels(part.y)
    names = np.array(result.data.classes, dtype=object)
    columns = {"true": names[part.y] if result.data.n_classes else labels}
    columns |= columns_of_predictions(result, found) | {"nll": nll_of_examples(found, labels)}
    return pandas.DataFrame(columns | ({} if part.weights is None else {"weight": part.weights}))


def columns_of_predictions(result: "Result", found: Predictions) -> dict[str, Any]:
    """The columns that `hyperborn predict` writes, by the names that they have in its JSON."""
    if isinstance(found, NormalMixture):
        columns = {"mean": found.mean, "standard_deviation": found.deviation}
        for share in found.shares:
            columns[f"low_{100 * share:.0f}"], columns[f"high_{100 * share:.0f}"] = found.interval(share)
        return columns
    classes, probabilities = result.data.classes, probabilities_of(found)
    decided = {"prediction": np.array(classes, dtype=object)[found.best]}
    return decided | {f"probability_{name}": probabilities[:, place] for place, name in enumerate(classes)}


def frame_of_networks(result: "Result", count: int | None, seed: int | None) -> "pandas.DataFrame":
    """One row a network: energy, probabilities and bits."""
    import pandas

    bits = networks_of(result, count, seed)
    energies, log_q = result.energies(bits), log_q_of(result, bits)
    columns = {"energy": energies, "log_q": log_q, "q": np.exp(log_q)}
    if (log_posterior := log_posterior_of(result, bits, energies)) is not None:
        columns["posterior"] = np.exp(log_posterior)
    if result.outcomes is not None:
        # Of shots, how often a network came out.
        both = distinct_rows(np.concatenate([result.outcomes.bits, bits])).places
        shares = np.zeros(both.max() + 1)
        shares[both[: len(result.outcomes.bits)]] = result.outcomes.weights
        columns["share"] = shares[both[len(result.outcomes.bits) :]]
    names = names_of_weights(result.definition.network)
    return pandas.concat([pandas.DataFrame(columns), pandas.DataFrame(bits, columns=names)], axis=1)


def networks_of(result: "Result", count: int | None, seed: int | None) -> Bits:
    """Most probable networks; or drawn ones with a seed, and beside the most probable one of registers.

    Raises:
        UserError: if the count is not positive, there are not so many networks, or the seed is out of range.
    """
    wanted = COUNT if count is None else whole_number("count", count, 1)
    if seed is None and (regime_of(result.definition).enumerates or result.outcomes is not None):
        known = 2**result.definition.n_weights if result.outcomes is None else len(result.outcomes.bits)
        return result.most_probable(min(COUNT, known) if count is None else wanted)
    drawn = result.sample(wanted, seed=seed or 0)
    drawn = drawn[np.argsort(-log_q_of(result, drawn), kind="stable")]
    # Of registers no second most probable network is known.
    return drawn if seed is not None else np.concatenate([result.most_probable(1), drawn[: wanted - 1]])


def names_of_weights(network: Network | int) -> list[str]:
    """A name for each weight, such as "W1[0, 2]"; bits of energies of one's own are "bit[0]" and so on."""
    if isinstance(network, int):
        return [f"bit[{place}]" for place in range(network)]
    return [
        f"{field.name}[{', '.join(map(str, place))}]" for field in network.fields for place in np.ndindex(*field.shape)
    ]
