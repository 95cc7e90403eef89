"""Ours keep the contract of backends, and planted mistakes fail with a sentence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from batch_counts import counted
from hyperborn.backends import Aer, Backend, Batch, Counts, FakeDevice, Points, Statevector
from hyperborn.backends.backend import Connection
from hyperborn.backends.services.blocking import BlockingConnection
from hyperborn.backends.simulators.aer import Noise
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.backends.simulators.statevector import cost_of
from hyperborn.errors import UserError
from hyperborn.testing import ContractError, check_backend


@pytest.mark.parametrize(
    "backend",
    [Aer(noise=Noise(two_qubit=0.01)), FakeDevice("fake_manila")],
    ids=str,
)
def test_ours_keep_the_contract(backend: Backend) -> None:
    check_backend(backend)


@dataclass(frozen=True)
class Borrowed(Backend):
    """The counts of Aer: right but for what `mistake` says."""

    mistake: str = ""

    @property
    def label(self) -> str:
        return "borrowed"

    @property
    def is_noiseless(self) -> bool:
        return True

    def connect(self) -> Connection:
        inner = Aer().connect()

        def simulate(batch: Batch) -> tuple[Counts, ...]:
            change: Callable[[Points], Points] = {
                "half": lambda points: replace(points, angles=points.angles / 2),
                "sign": lambda points: replace(points, angles=-points.angles),
            }.get(self.mistake, lambda points: points)
            counts = counted(inner, replace(batch, requests=tuple(map(change, batch.requests))))
            if self.mistake == "bits":
                counts = [Counts(np.ascontiguousarray(one.bits[:, ::-1]), one.counts) for one in counts]
            if self.mistake == "points":
                each = [len(request) for request in batch.requests]
                ends = np.cumsum([0, *each])
                counts = [one for low, high in pairwise(ends) for one in counts[low:high][::-1]]
            if self.mistake == "lost":
                counts = counts[1:]
            if self.mistake == "same":
                known: dict[bytes, Counts] = {}
                keys = [angles.tobytes() for request in batch.requests for angles in request.angles]
                counts = [known.setdefault(key, one) for key, one in zip(keys, counts, strict=True)]
            return tuple(counts)

        if self.mistake == "metered":
            return BlockingConnection(simulate, cost_of, label=self.label)
        return InProcessConnection(simulate, cost_of, label=self.label)


def test_a_backend_of_ones_own_keeps_the_contract() -> None:
    check_backend(Borrowed())


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (
            "bits",
            "single circuits: order of qubits: .* seem to come in the order .* weight 0, which is qubit 0, comes first",
        ),
        ("points", "order of points: points seem to come in the order .* return them in the order of the batch"),
        ("half", "single circuits: distributions: .* or a half of an angle"),
        ("same", "batches: independent shots: 4 of 4 points that were twice .* is given the same seed"),
        ("lost", "single circuits: complete: borrowed returned 19 results for the 20 circuits"),
    ],
)
def test_planted_mistakes_fail_with_a_sentence(mistake: str, said: str) -> None:
    with pytest.raises((ContractError, UserError), match=said) as caught:
        check_backend(Borrowed(mistake))
    assert "\n" not in str(caught.value)


def test_shots_that_cost_money_are_not_taken() -> None:
    with pytest.raises(UserError, match="shots of borrowed are paid for: check it with hyperborn backend-test NAME"):
        check_backend(Borrowed("metered"))


def test_the_simulator_keeps_the_contract() -> None:
    check_backend(Statevector())
