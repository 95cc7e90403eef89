"""The pairs that docs/elbo-gap.md chooses by the energy."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import oracle
from hyperborn.errors import UserError

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "elbo_gap"
strongest = runpy.run_path(str(EXPERIMENT / "couplings.py"))["strongest"]


def test_strongest_pairs_are_those_of_the_largest_couplings() -> None:
    signs = 2.0 * oracle.all_bits(5) - 1
    noise = np.random.default_rng(0).normal(size=5)
    energies = 3 * signs[:, 0] * signs[:, 3] - 2 * signs[:, 1] * signs[:, 2] + 0.5 * signs[:, 2] * signs[:, 4]
    energies += 10 * signs @ noise + 7 * signs[:, 0] * signs[:, 1] * signs[:, 4]
    assert strongest(energies, 2) == ((0, 3), (1, 2))
    assert strongest(energies, 3) == ((0, 3), (1, 2), (2, 4))
    with pytest.raises(UserError, match="n_pairs=11 must be a whole number from 0 to 10"):
        strongest(energies, 11)
