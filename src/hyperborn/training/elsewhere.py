"""A trained circuit, measured on a backend that it was not trained on."""

import numpy as np

from hyperborn.backends.backend import Backend, connected
from hyperborn.backends.ledger import Ledger
from hyperborn.backends.names import identity_of
from hyperborn.backends.outcomes import Outcomes
from hyperborn.backends.recorded import Recorded
from hyperborn.errors import UserError
from hyperborn.inference.sampled.reading_out import reading_of
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
from hyperborn.training.measured import CALIBRATION_SHOTS, ELSEWHERE, calibration, readouts_of, whole_networks


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
    own, name = ledger or Ledger.in_memory(), identity_of(posterior.backend)
    sampler = Recorded(connected(posterior.backend), name, own)
    turns = posterior.turns(width_of(sampler.connection))
    random = np.random.default_rng([seed, ELSEWHERE])
    name = f"{name}-{shots}-{seed}"
    readouts = None
    if posterior.mitigation == "readout":
        batch = calibration(turns, seed_from(random), f"readout-{name}-{CALIBRATION_SHOTS}")
        readouts = readouts_of(sampler.sample(batch), len(turns))
    batch = batch_of(turns, params.reshape(1, -1).astype(np.float64), shots, f"evaluate-{name}", seed_from(random))
    counts = sampler.sample(batch)
    return whole_networks(reading_of(posterior, turns, [[found] for found in counts], readouts, 1), random)
