"""Measurement of a trained circuit on another backend."""

import numpy as np

from hyperborn.backends.backend import connected
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.jobs.sampler import LedgerSampler
from hyperborn.backends.names import identity_of
from hyperborn.backends.outcomes import Outcomes
from hyperborn.training.shots.posteriors import ShotPosterior
from hyperborn.training.shots.readout import measurement_of
from hyperborn.training.shots.steps import CALIBRATION_SHOTS, EVALUATION, calibration, joint_outcomes, readouts_of
from hyperborn.training.shots.subcircuits import batch_of, seed_from, width_of


def place_of(posterior: ShotPosterior, shots: int) -> str:
    """The source of outcomes in words, such as "aer, 1,000 shots, readout mitigated"."""
    mitigated = ", readout mitigated" if posterior.mitigation == "readout" else ""
    return f"{posterior.backend.label}, {shots:,} shots{mitigated}"


def outcomes_on(
    posterior: ShotPosterior, params: np.ndarray, shots: int, seed: int, ledger: Ledger | None = None
) -> Outcomes:
    """Networks measured on a backend at trained parameters; with a ledger they are paid for only once.

    Raises:
        UserError: if the backend refuses the job or returns wrong counts.
    """
    own, name = ledger or Ledger.in_memory(), identity_of(posterior.backend)
    sampler = LedgerSampler(connected(posterior.backend), name, own)
    subcircuits = posterior.subcircuits(width_of(sampler.connection))
    random = np.random.default_rng([seed, EVALUATION])
    name = f"{name}-{shots}-{seed}"
    readouts = None
    if posterior.mitigation == "readout":
        batch = calibration(subcircuits, seed_from(random), f"readout-{name}-{CALIBRATION_SHOTS}")
        readouts = readouts_of(sampler.sample(batch), len(subcircuits))
    batch = batch_of(
        subcircuits, params.reshape(1, -1).astype(np.float64), shots, f"evaluate-{name}", seed_from(random)
    )
    counts = sampler.sample(batch)
    return joint_outcomes(
        measurement_of(subcircuits, [[found] for found in counts], readouts, 1, posterior.register_subcircuits), random
    )
