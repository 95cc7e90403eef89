from pathlib import Path

import numpy as np

from hyperborn.data import load
from hyperborn.energy import energies
from hyperborn.networks import BinaryMLP


def test_all_energies_of_the_published_task(reference: Path) -> None:
    """Digits 0 against 1 on 4 × 4 pixels, 17 bits: code of arXiv 2301.08292 (see the reference's README)."""
    folder = reference / "mnist"
    data = load("mnist", folder=folder, classes=(0, 1), pixels=4, standardize=False, validation=0.0)
    net = BinaryMLP(16, (), values=(-3, 1))
    mean = energies(net, data.train, cache=False) / len(data.train.y)
    published = np.load(reference / "qhn_mnist01_energy.npy")
    assert len(data.train.y) == 12_665
    np.testing.assert_allclose(mean, published, rtol=0, atol=1e-7)
    assert mean.argmin() == 83097
    np.testing.assert_allclose(mean.min(), 0.3268526932079997, rtol=0, atol=1e-7)
    np.testing.assert_allclose(mean.max(), 2.5435372, rtol=0, atol=1e-7)
    np.testing.assert_allclose(mean.mean(), 1.3915929, rtol=0, atol=1e-7)
    best = net(np.array([[int(bit) for bit in "10100010010011001"]], dtype=np.uint8), data.test.x)[0, :, 0]
    assert len(data.test.y) == 2115
    assert round(float(np.mean((best > 0) == data.test.y)), 4) == 0.9002
