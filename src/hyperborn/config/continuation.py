"""Going on from a finished run with new data: its posterior is the new run's prior."""

from pathlib import Path

import numpy as np

from hyperborn.config.applicability import refuse_settled
from hyperborn.config.datasets import Note, loaded
from hyperborn.config.definitions import run_of
from hyperborn.config.models import RunConfig
from hyperborn.config.options import ANY_RUN, REGISTERS, settled_by
from hyperborn.config.posteriors import posterior_of
from hyperborn.data import Dataset, Split
from hyperborn.runs.results import load
from hyperborn.training.definition import Definition
from hyperborn.training.regimes import regime_for


def continued(config: RunConfig, run: str, note: Note) -> tuple[Dataset, Definition]:
    """New data, encoded as the earlier run's, and its network again, with its posterior as the prior.

    Args:
        config: the configuration.
        run: folder of the earlier run.
        note: is told of damage that does not matter, and of examples that both runs learn from.

    Raises:
        UserError: an option that the earlier run settles, a run that is not finished, or data that do not fit it.
    """
    refuse_settled(config, settled_by(ANY_RUN), f"the data and the network must be encoded as those of {run} were")
    earlier = load(Path(run), report=note)
    # On a backend or not, it is the same circuits.
    network, before = earlier.network, earlier.definition.posterior.ideal
    many = regime_for(before).draws_networks
    if many:
        refuse_settled(config, settled_by(REGISTERS), f"the registers are those of {run}")
    data = loaded(config, None, earlier.data.preprocessing)
    for line in data.notes:
        note(line)
    again = seen_before(data.train, earlier.data.train)
    if again:
        note(f"{again} of {len(data.train)} training examples are among those that {run} learnt from: they count twice")
    posterior = before if many else posterior_of(config, network.n_weights)
    return data, run_of(config, config.objective, data, network, posterior, earlier.as_prior())


def seen_before(new: Split, old: Split) -> int:
    """How many of the new examples are among the old ones: same features to the last bit, and same class."""
    new_rows, old_rows = (np.column_stack([split.x, split.y]) for split in (new, old))
    known = {row.tobytes() for row in old_rows}
    return sum(row.tobytes() in known for row in new_rows)
