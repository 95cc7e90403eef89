"""From a configuration to data, a network and the definition of a run."""

from hyperborn.building.examples import Note, data_of, loaded
from hyperborn.building.runs import check_exact, definition_of, prior_of, run_of
from hyperborn.building.shapes import network_of

__all__ = ["Note", "check_exact", "data_of", "definition_of", "loaded", "network_of", "prior_of", "run_of"]
