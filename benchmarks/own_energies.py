"""Training on a function of 16 bits beside training on a network of 16 weights with the same energies, in one run.

    python benchmarks/own_energies.py

Each fit, enumeration and compilation included, is timed in a process of its own with an empty cache, in turns.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

import hyperborn as hb

ROUNDS = 5
EXAMPLES = 100
NETWORK = hb.networks.BinaryMLP(3, (3,))


def examples() -> hb.data.Dataset:
    """Two overlapping classes of points in three dimensions."""
    random = np.random.default_rng(0)
    y = np.arange(2 * EXAMPLES) % 2
    return hb.data.from_arrays(random.normal(size=(len(y), 3)) + y[:, None], y, seed=0)


DATA = examples()


def energy(rows: np.ndarray) -> np.ndarray:
    """The network's energies in plain NumPy: weights and bias of three hidden units, then of the output."""
    weights = 2 * rows - 1
    sums = weights[:, :9].reshape(-1, 3, 3).swapaxes(1, 2) @ DATA.train.x.T + weights[:, 9:12, None]
    logits = (weights[:, None, 12:15] @ np.maximum(sums, 0))[:, 0] + weights[:, 15:]
    return np.logaddexp(0, np.where(DATA.train.y == 1, -logits, logits)).sum(axis=1)


def seconds_of(kind: str) -> float:
    """Seconds of one fit in this process."""
    begun = time.perf_counter()
    if kind == "network":
        result = hb.fit(NETWORK, DATA, steps=500, progress=False)
    else:
        result = hb.fit(hb.EnergyFunction(energy, NETWORK.n_weights), steps=500, progress=False)
    spent = time.perf_counter() - begun
    print(f"{spent} {result.numbers['elbo']}")
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", choices=("network", "function"), help="time one fit in this process")
    given = parser.parse_args()
    if given.one:
        seconds_of(given.one)
        return
    error = np.abs(hb.energies(NETWORK, DATA.train) - hb.EnergyFunction(energy, NETWORK.n_weights).table()).max()
    print(f"energies agree to {error:.1e} nats")
    found: dict[str, list[float]] = {"network": [], "function": []}
    elbos = dict.fromkeys(found, "")
    for _ in range(ROUNDS):
        for kind, times in found.items():
            with tempfile.TemporaryDirectory() as cache:
                command = [sys.executable, __file__, "--one", kind]
                own = {**os.environ, "HYPERBORN_CACHE": cache}
                printed = subprocess.run(command, env=own, check=True, capture_output=True, text=True).stdout
            spent, elbos[kind] = printed.split()
            times.append(float(spent))
    network, function = (float(np.median(times)) for times in found.values())
    print(f"median seconds of {ROUNDS} fits in turns: network {network:.2f}, function {function:.2f}")
    print(f"ratio {function / network:.2f}; ELBO (nats) {elbos['network']} and {elbos['function']}")


if __name__ == "__main__":
    main()
