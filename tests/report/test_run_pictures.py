"""What the plots of a run are given."""

import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.report import plots
from hyperborn.report import run_pictures as pictures


def test_networks_are_shown_with_their_exact_posterior_under_a_prior_of_couplings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = hb.data.load("gaussian", size=24)
    network = hb.networks.BinaryMLP(2, hidden=())
    prior = hb.Ising(((0, 1, 1.5), (1, 2, -0.5)), 0.25)
    posterior = hb.Register(hb.circuits.Brickwork(3, depth=1))
    result = hb.fit(network, data, prior=prior, posterior=posterior, steps=3, progress=False)
    shown = []
    monkeypatch.setattr(plots, "top_networks", lambda *given: shown.append(given) or b"")
    pictures.drawn(result, [{"step": 0, "loss": 1.0, "losses": [1.0], "elbo": -1.0}])
    bits, q, exact, _ = shown[0]
    signs = np.where(oracle.all_bits(3) == 1, 1.0, -1.0)
    weights = 1.5 * signs[:, 0] * signs[:, 1] - 0.5 * signs[:, 1] * signs[:, 2] + 0.25 * signs.sum(axis=1)
    x, y = data.train.x, data.train.y
    joint = np.exp(weights - [oracle.nll(oracle.mlp_logits(row, x, (), 1), y) for row in oracle.all_bits(3)])
    places = bits @ [4, 2, 1]
    np.testing.assert_allclose(exact, (joint / joint.sum())[places], rtol=1e-10)
    np.testing.assert_array_equal(q, result.probabilities[places])
