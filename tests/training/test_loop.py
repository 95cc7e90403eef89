import numpy as np

from hyperborn.training.loop import Position, Report
from hyperborn.training.regime import Diagnosis
from hyperborn.training.state import TrainState


def test_the_best_restart_has_the_lowest_loss_and_not_the_lowest_energy() -> None:
    energies, kl = np.array([5.0, 7.0, 6.0]), np.array([9.0, 1.0, 3.0])
    diagnosis = Diagnosis(energies + kl, energies, kl, np.zeros((3, 2), np.uint8))
    report = Report(Position(TrainState(*[np.zeros(3)] * 4), 1, [], True), diagnosis, 0.0, 0.0, True)
    assert report.best == 1
    assert report.elbo == -8.0
