"""Energies of all 2^16 networks: of a regression beside those of the same classifiers, in one run."""

import time

import numpy as np

import hyperborn as hb
from hyperborn.data import Split
from hyperborn.networks import BinaryMLP, Network, Regression

REPEATS = 5
SHAPES = {"three hidden units of 3 features": (3, (3,)), "no hidden layer, 15 features": (15, ())}


def seconds(network: Network, split: Split) -> float:
    """The shortest of some times."""
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        hb.energies(network, split, cache=False)
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    random = np.random.default_rng(0)
    for name, (features, hidden) in SHAPES.items():
        network = BinaryMLP(features, hidden)
        for examples in (150, 2000):
            x = random.normal(size=(examples, features))
            classes = seconds(network, Split(x, random.integers(0, 2, examples)))
            numbers = seconds(Regression(network, hb.Gaussian(0.3)), Split(x, random.normal(size=examples)))
            print(
                f"{name}, {examples} examples: classes {1e3 * classes:.1f} ms, numbers {1e3 * numbers:.1f} ms, "
                f"ratio {numbers / classes:.2f}"
            )


if __name__ == "__main__":
    main()
