import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.backends import (
    BACKENDS,
    Aer,
    Backend,
    Connection,
    FakeDevice,
    IBMDevice,
    Ledger,
    Noise,
    PennyLaneDevice,
    Statevector,
    backend_named,
)
from hyperborn.backends.names import identity_of
from hyperborn.errors import UserError
from hyperborn.records import record_of, thing_of

FILE = Path("jobs.sqlite")

NAMED = {
    "statevector": Statevector(),
    "aer": Aer(),
    "aer:matrix_product_state": Aer("matrix_product_state"),
    "fake_manila": FakeDevice("fake_manila"),
    "ibm_somewhere": IBMDevice("ibm_somewhere"),
    "pennylane:vendor.qpu": PennyLaneDevice("vendor.qpu"),
    "lightning.qubit": PennyLaneDevice("lightning.qubit"),
}


@pytest.mark.parametrize("name", NAMED)
def test_names(name: str) -> None:
    assert backend_named(name, noise=None, twirling=None) == NAMED[name]


def test_simulators_without_noise_are_noiseless() -> None:
    noiseless = {name for name, backend in NAMED.items() if backend.is_noiseless}
    assert noiseless == {"statevector", "aer", "aer:matrix_product_state", "lightning.qubit"}
    assert not Aer(noise=Noise(readout=0.1)).is_noiseless


def test_settings_go_where_they_belong() -> None:
    assert backend_named("aer", noise=Noise(readout=0.1)) == Aer(noise=Noise(readout=0.1))
    assert backend_named("ibm_x", twirling=True, dynamical_decoupling="XY4") == IBMDevice("ibm_x", 3, "XY4", True)
    with pytest.raises(UserError, match="optimization-level=1 does not go with the backend 'aer:statevector'"):
        backend_named("aer:statevector", optimization_level=1)
    with pytest.raises(UserError, match="twirling=True does not go with the backend 'statevector', which takes no"):
        backend_named("statevector", twirling=True)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("statvector", "did you mean statevector"),
        ("lightning.qubits", "did you mean lightning.qubit"),
        ("sherbrooke", "did you mean fake_sherbrooke"),
        ("aer:exact", "choose statevector, aer, aer:statevector"),
        ("", "choose statevector"),
        ("ibm_", "ibm_NAME for a device of your IBM Quantum account"),
    ],
)
def test_unknown_names_say_which_there_are(name: str, near: str) -> None:
    with pytest.raises(UserError, match=f"there is no backend {name!r}.*{re.escape(near)}"):
        backend_named(name)


@pytest.mark.parametrize("backend", [*NAMED.values(), Aer(noise=Noise(0.1, 0.2, 0.3))], ids=str)
def test_records_come_back(backend: Backend) -> None:
    slots = {"backend": BACKENDS, "noise": (Noise,)}
    assert thing_of(record_of(backend), slots, "backend") == backend


def test_what_was_measured_under_other_settings_has_another_name() -> None:
    plain = [identity_of(backend, None) for backend in NAMED.values()]
    assert plain == [backend.label for backend in NAMED.values()]
    others = [
        Aer(noise=Noise(readout=0.1)),
        Aer(noise=Noise(readout=0.2)),
        FakeDevice("fake_manila", optimization_level=1),
        IBMDevice("ibm_somewhere", dynamical_decoupling="XY4"),
        IBMDevice("ibm_somewhere", twirling=True),
    ]
    names = [identity_of(backend, None) for backend in others]
    assert len({*names, *plain}) == len(names) + len(plain)
    assert all(name.startswith(backend.label) for name, backend in zip(names, others, strict=True))
    assert identity_of(Aer(noise=Noise(readout=0.1)), FILE) == names[0]


@dataclass(frozen=True)
class Unnamed(Backend):
    """It has no record, for it holds a function."""

    change: Callable[[int], int]
    label = "unnamed"

    def connect(self) -> Connection:
        return Statevector().connect()


def test_a_backend_without_a_record_has_a_name_in_this_process_only() -> None:
    one, other = Unnamed(lambda bits: bits), Unnamed(lambda bits: 1 - bits)
    names = [identity_of(backend, None) for backend in (one, other, one)]
    assert names[0] == names[2] != names[1]
    assert all(name.startswith("unnamed-") for name in names)
    with pytest.raises(
        UserError, match=r"^the ledger jobs.sqlite cannot keep jobs of .* unnamed: change of .*function"
    ):
        identity_of(one, FILE)


def test_a_backend_without_a_record_is_trained_and_measured_on_but_for_a_ledger_in_a_file(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Local(Unnamed):
        """It has no record, for nobody finds its class again."""

    energies = hb.Energies(np.arange(4.0))
    file = tmp_path / "jobs.sqlite"
    for backend in (Local(abs), Unnamed(lambda bits: bits)):
        posterior = hb.ShotRegister(hb.circuits.ProductState(2), backend)
        fitted = {"posterior": posterior, "steps": 2, "estimator": hb.SPSA(20), "progress": False}
        with pytest.warns(UserWarning, match="the run cannot be saved"):
            result = hb.fit(energies, **fitted)
        assert result.steps == 2
        for ledger in (None, Ledger.in_memory()):
            assert result.on(backend, 20, ledger=ledger).outcomes is not None
        refusal = f"the ledger {file} cannot keep jobs of the backend unnamed"
        with pytest.raises(UserError, match=refusal), pytest.warns(UserWarning, match="cannot be saved"):
            hb.fit(energies, **fitted, ledger=file)
        with pytest.raises(UserError, match=refusal):
            result.on(backend, 20, ledger=file)
        assert not file.exists()
