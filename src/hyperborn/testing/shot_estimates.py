"""Gradients from shots, and the exact gradient that they estimate."""

from math import inf, pi

import numpy as np
from jaxtyping import Float

from hyperborn.backends.boundary import connected
from hyperborn.backends.conformance.agreement import exact_table
from hyperborn.backends.simulators.statevector import Statevector
from hyperborn.circuits import GateList, parameters
from hyperborn.data.dataset import Split
from hyperborn.energy import energies
from hyperborn.energy.of_network import NetworkEnergies
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import MMD
from hyperborn.objectives.kernels import Hamming
from hyperborn.objectives.objectives import SELBO
from hyperborn.priors import Bernoulli
from hyperborn.testing.finite_differences import finite_differences
from hyperborn.training.shots.estimator import ShotEstimator
from hyperborn.training.shots.posteriors import ShotRegister
from hyperborn.training.shots.readout import measurement_of
from hyperborn.training.shots.subcircuits import batch_of

SHOTS = 50
"""Shots of each circuit."""

THETA = parameters(4)
CIRCUIT = GateList(
    3,
    [
        *(("ry", qubit, THETA[qubit]) for qubit in range(3)),
        ("crx", (0, 2), THETA[3]),
        ("rzz", (0, 1), 2 * THETA[0] - pi / 3),
        *(("ry", qubit, THETA[3] - THETA[qubit] / 2) for qubit in range(3)),
    ],
)
"""A circuit with shared and scaled angles, and a controlled rotation."""

NETWORK = BinaryMLP(2, ())
OBJECTIVE = SELBO(5.0, MMD(Hamming((0.5,))))


def shot_estimates(
    estimator: ShotEstimator, draws: int, seed: int
) -> tuple[Float[np.ndarray, "draws parameters"], Float[np.ndarray, " parameters"]]:
    """Estimates of the gradient of a SELBO by the angles, in nats a radian, and the gradient itself."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(6, 2)) + 0.3
    split, prior = Split(x, (x @ [1.0, 2.0] > 0).astype(np.int64)), Bernoulli(0.3)
    posterior = ShotRegister(CIRCUIT, Statevector())
    estimator.check(posterior, NETWORK)
    params = random.uniform(-2, 2, CIRCUIT.n_parameters)
    measured = estimator.measured(posterior)
    variation = posterior.variation(OBJECTIVE, prior, NETWORK, NetworkEnergies(NETWORK, split))
    designs = [estimator.design(posterior, 0, random) for _ in range(draws)]
    points = np.concatenate([design.points(measured.at(params)) for design in designs])
    subcircuits, connection = measured.measured.subcircuits(None), connected(posterior.backend)
    batch = batch_of(subcircuits, points, SHOTS, "check", seed)
    counts = connection.collect(connection.submit(batch, "check"), batch, inf, lambda _: None).counts
    found, start = [], 0
    for design in designs:
        own = [counts[start : start + design.n_points]]
        measurement = measurement_of(subcircuits, own, None, int(design.centre), None)
        found.append(design.gradient(posterior.groups, variation.differences(measurement, random)))
        start += design.n_points
    return np.stack(found), exact_gradient(split, prior, params)


def exact_gradient(split: Split, prior: Bernoulli, params: np.ndarray) -> Float[np.ndarray, " parameters"]:
    """The gradient by finite differences of plain sums."""
    table, p = energies(NETWORK, split), np.exp(prior.log_probabilities(NETWORK))
    states = np.arange(8)
    distances = np.array([[(one ^ other).bit_count() for other in states.tolist()] for one in states.tolist()])

    def plain(own: np.ndarray) -> float:
        q = exact_table(CIRCUIT, own)
        return float(q @ table + 5.0 * (q - p) @ 0.5**distances @ (q - p))

    return finite_differences(plain, params)
