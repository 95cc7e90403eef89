"""Derivatives from circuits with angles shifted by ±π/2."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from hyperborn.circuits.circuit import shared_parameter
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.posteriors import Posterior
from hyperborn.printable import shown
from hyperborn.training.shots.estimator import (
    SHOTS,
    Design,
    ShotEstimator,
    Shots,
    check_measured,
    check_shots,
)
from hyperborn.training.shots.posteriors import ShotPosterior


@final
@dataclass(frozen=True)
class ParameterShift(ShotEstimator):
    """Unbiased: half of the difference of E[r] at an angle plus and minus π/2, with r held fixed at the angle itself.

    Exact for RY, RZ and RZZ, whose generators have the eigenvalues ±1/2 (Schuld et al., arXiv 1811.11184), if every
    gate has its own angle: circuits with shared angles are refused. One more circuit, at the angles themselves, gives
    the first variation r of the SELBO. Registers side by side are independent, and are shifted at the same time, each
    in one of its angles: 2 P + 1 circuits for P angles a register, for any number of registers. With `subset`, each
    step uses that number of random angles, and their derivatives are scaled so that the gradient stays unbiased.

    Raises:
        UserError: if a setting is out of range.
    """

    name: ClassVar[str] = "parameter-shift"
    shots: Shots = SHOTS
    subset: int | None = None

    def __post_init__(self) -> None:
        check_shots(self.shots)
        if self.subset is not None:
            whole_number("subset", self.subset, 1)

    @property
    def schedule(self) -> Shots:
        return self.shots

    @property
    def averaged(self) -> float:
        return 0.0

    def check(self, posterior: Posterior, network: Network | int) -> None:
        check_measured(self.name, posterior, network)
        assert isinstance(posterior, ShotPosterior)
        for circuit in {run.circuit for run in posterior.subcircuits(1)}:
            shared = shared_parameter(circuit)
            if shared is not None:
                raise UserError(
                    f"{shown(circuit)} has more than one gate at angle {shared}, whose derivative would be wrong "
                    f"with the estimator {self.name}; give every gate an angle of its own, or the estimator hb.SPSA()"
                )

    def design(self, posterior: ShotPosterior, step: int, random: np.random.Generator) -> Design:
        del step
        most = max(group.parameters.shape[1] for group in posterior.groups)
        if self.subset is not None and self.subset > most:
            raise UserError(f"subset = {self.subset}: the circuit has {most} angles; give fewer, or none for all")
        chosen = np.arange(most)
        if self.subset is not None:
            chosen = np.sort(random.choice(most, self.subset, replace=False))
        shifts = np.zeros((len(chosen), posterior.n_parameters))
        for group in posterior.groups:
            for pair, angle in enumerate(chosen):
                shifts[pair, group.parameters[:, angle : angle + 1]] = np.pi / 2
        return Design(True, shifts, shifts / np.pi * (most / len(chosen)))
