"""A trained circuit, measured on a backend that it was not trained on."""

import numpy as np

from hyperborn.backends.backend import Backend, connected
from hyperborn.backends.ledger import Ledger
from hyperborn.backends.outcomes import Outcomes
from hyperborn.backends.recorded import Recorded
from hyperborn.errors import UserError
from hyperborn.inference.sampled.reading import Reading
from hyperborn.posteriors import Posterior, Register, Registers
from hyperborn.posteriors.sampled import (
    Mitigation,
    SampledPosterior,
    SampledRegister,
    SampledRegisters,
    batch_of,
    seed_from,
    width_of,
)
from hyperborn.training.measured import CALIBRATION_SHOTS, calibration, readouts_of, whole_networks


def placed_on(posterior: Posterior, backend: Backend, mitigation: Mitigation = "none") -> SampledPosterior:
    """The circuits of a posterior on a backend.

    Raises:
        UserError: for a posterior that is no circuit of one qubit a weight.
    """
    own = posterior.ideal if isinstance(posterior, SampledPosterior) else posterior
    if isinstance(own, Register):
        return SampledRegister(own.circuit, backend, mitigation)
    if isinstance(own, Registers):
        return SampledRegisters(own, backend, mitigation)
    raise UserError(f"{type(own).__name__} is not run on a backend, which takes a Register or Registers")


def outcomes_on(
    posterior: SampledPosterior, params: np.ndarray, shots: int, seed: int, ledger: Ledger | None = None
) -> Outcomes:
    """Networks that trained parameters give on a backend; with a ledger they are paid for once.

    Raises:
        UserError: if the backend refuses, or gives not what was asked for.
    """
    own = ledger or Ledger.in_memory()
    sampler = Recorded(connected(posterior.backend), posterior.backend.label, own)
    turns = posterior.turns(width_of(sampler.connection))
    random = np.random.default_rng(seed)
    name = f"{posterior.backend.label}-{shots}-{seed}"
    readouts = None
    if posterior.mitigation == "readout":
        batch = calibration(turns, seed_from(random), f"readout-{name}-{CALIBRATION_SHOTS}")
        readouts = readouts_of(sampler.sample(batch), len(turns))
    batch = batch_of(turns, params.reshape(1, -1).astype(np.float64), shots, f"evaluate-{name}", seed_from(random))
    counts = sampler.sample(batch)
    outcomes = tuple(
        (Outcomes.of(found) if readouts is None else readouts[place].corrected(found),)
        for place, found in enumerate(counts)
    )
    return whole_networks(Reading(turns, outcomes, 1), random)
