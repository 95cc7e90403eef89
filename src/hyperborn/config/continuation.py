"""Going on from a finished run with new data: its posterior is the new run's prior."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hyperborn.config.datasets import Note, loaded
from hyperborn.config.definitions import posterior_of, run_of
from hyperborn.config.models import RunConfig
from hyperborn.data import Dataset, Split
from hyperborn.errors import UserError
from hyperborn.runs.results import load
from hyperborn.training.definition import Definition
from hyperborn.training.regimes import regime_for

SETTLED = (
    *("drop", "classes", "impute", "components", "standardize"),
    *("hidden", "activation", "bias", "values", "scale", "normalization", "prior"),
    *("posterior", "register_size", "grouping"),
)
"""Keys of the configuration that the earlier run settles: a posterior is one over the weights of its own network."""

OF_CIRCUITS = ("ansatz", "depth", "context")
"""Keys that an earlier run of many registers settles, too: its posterior factorises by them."""


def continued(config: RunConfig, run: str, note: Note) -> tuple[Dataset, Definition]:
    """New data, encoded as the earlier run's, and its network again, with its posterior as the prior.

    Args:
        config: the configuration.
        run: folder of the earlier run.
        note: is told of damage that does not matter, and of examples that both runs learn from.

    Raises:
        UserError: an option that the earlier run settles, a run that is not finished, or data that do not fit it.
    """
    refuse(config, SETTLED, f"the data and the network must be encoded as those of {run} were")
    earlier = load(Path(run), report=note)
    # On a backend or not, it is the same circuits.
    network, before = earlier.network, earlier.definition.posterior.ideal
    many = regime_for(before).name == "minibatch"
    if many:
        refuse(config, OF_CIRCUITS, f"the registers are those of {run}")
    data = loaded(config, None, config.seed, earlier.data.preprocessing)
    again = seen_before(data.train, earlier.data.train)
    if again:
        note(f"{again} of {len(data.train)} training examples are among those that {run} learnt from: they count twice")
    posterior = before if many else posterior_of(config, network.n_weights)
    return data, run_of(config, config.objective, data, network, posterior, earlier.as_prior(), config.seed)


def refuse(config: RunConfig, keys: Iterable[str], why: str) -> None:
    """Raise a UserError for the first of the keys that is given."""
    for key in keys:
        if key in config.model_fields_set:
            raise UserError(f"{key} does not go with prior_from: {why}; leave out {key}, or prior_from (--prior-from)")


def seen_before(new: Split, old: Split) -> int:
    """How many of the new examples are among the old ones: same features to the last bit, and same class."""
    new_rows, old_rows = (np.column_stack([split.x, split.y]) for split in (new, old))
    known = {row.tobytes() for row in old_rows}
    return sum(row.tobytes() in known for row in new_rows)
