from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hyperborn.circuits import Brickwork
from hyperborn.posteriors import Register


@pytest.fixture(scope="module")
def published(reference: Path) -> dict[str, np.ndarray]:
    """Ten trained circuits and all mean energies: code of arXiv 2301.08292 (see the reference's README)."""
    runs = np.load(reference / "qhn_runs.npz")
    energy = np.load(reference / "qhn_mnist01_energy.npy")
    # Their qubit j drives weight 16 - j; ours is qubit j, weight j. So the energies' axes are turned round.
    by_qubit = energy.reshape((2,) * 17).transpose(range(16, -1, -1)).reshape(-1)
    return {"params": np.stack([runs["ry"], runs["rz"]], axis=2), "loss": runs["loss"], "energy": by_qubit}


@pytest.mark.parametrize("double", [False, True])
def test_published_circuits_have_their_published_losses(published: dict[str, np.ndarray], double: bool) -> None:
    register = Register(Brickwork(17, depth=4))
    assert published["params"].shape == (10, *register.circuit.parameter_shape)
    with jax.enable_x64(double):
        losses = [register.distribution(jnp.asarray(params)) @ published["energy"] for params in published["params"]]
    # They were found 3e-11 apart in single precision and 1e-11 in double: single is enough for four layers.
    np.testing.assert_allclose(losses, published["loss"], rtol=0, atol=1e-10 if double else 1e-9)
    np.testing.assert_allclose(losses[0], 0.32685313519762, rtol=0, atol=1e-9)
