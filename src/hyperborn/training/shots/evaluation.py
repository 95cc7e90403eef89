"""Measurement of a trained circuit on another backend."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from hyperborn.arguments import path_of
from hyperborn.backends.boundary import connected
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.jobs.sampler import LedgerSampler
from hyperborn.backends.names import identity_of
from hyperborn.backends.outcomes import Outcomes
from hyperborn.training.shots.posteriors import ShotPosterior
from hyperborn.training.shots.readout import measurement_of
from hyperborn.training.shots.steps import CALIBRATION_SHOTS, EVALUATION, calibration, joint_outcomes, readouts_of
from hyperborn.training.shots.subcircuits import batch_of, seed_from, width_of

LEDGER = "a file for jobs, or an open Ledger"


def place_of(posterior: ShotPosterior, shots: int) -> str:
    """The source of outcomes in words, such as "aer, 1,000 shots, readout mitigated"."""
    mitigated = ", readout mitigated" if posterior.mitigation == "readout" else ""
    return f"{posterior.backend.label}, {shots:,} shots{mitigated}"


def outcomes_on(
    posterior: ShotPosterior, params: np.ndarray, shots: int, seed: int, ledger: Ledger | str | Path | None = None
) -> Outcomes:
    """Networks measured on a backend at trained parameters; with a ledger they are paid for only once.

    A ledger that is given as its file is closed afterwards, and one that is open stays open.

    Raises:
        UserError: if the backend refuses the job or returns wrong counts, or the ledger is none.
    """
    # The backend is reached and named before a file is made.
    file = ledger.path if isinstance(ledger, Ledger) else None if ledger is None else path_of("ledger", ledger, LEDGER)
    connection, name = connected(posterior.backend), identity_of(posterior.backend, file)
    with ledger_of(ledger) as opened:
        return measured_outcomes(posterior, params, shots, seed, LedgerSampler(connection, name, opened))


def ledger_of(ledger: Ledger | str | Path | None) -> AbstractContextManager[Ledger]:
    """The ledger that a user gives, open: it closes with the context unless it was open before.

    Raises:
        UserError: if it is neither a ledger nor a path, or the file cannot be opened.
    """
    if isinstance(ledger, Ledger):
        return nullcontext(ledger)
    if ledger is None:
        return Ledger.in_memory()
    return Ledger.create_or_open(path_of("ledger", ledger, LEDGER))


def measured_outcomes(
    posterior: ShotPosterior, params: np.ndarray, shots: int, seed: int, sampler: LedgerSampler
) -> Outcomes:
    """Networks that a sampler gives at trained parameters."""
    subcircuits = posterior.subcircuits(width_of(sampler.connection))
    random = np.random.default_rng([seed, EVALUATION])
    name = f"{sampler.backend}-{shots}-{seed}"
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
