from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.backends import Aer, FakeDevice, Statevector
from hyperborn.backends.backend import Cost, JobFailed, TransientError
from hyperborn.backends.jobs.budget import duration
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.circuits import AllPairs, ChosenPairs, GateList, ProductState
from hyperborn.circuits.pairs import line_pairs
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Register, Registers
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.estimators import SPSA, ParameterShift
from hyperborn.training.regimes import regime_of
from hyperborn.training.shots.forecast import device_seconds, forecast_of
from hyperborn.training.shots.posteriors import ShotPosterior, ShotRegister, ShotRegisters

NETWORK = BinaryMLP(2, (1,))


def defined(posterior: ShotPosterior, **parts: object) -> Definition:
    usual = {"network": NETWORK, "posterior": posterior, "objective": hb.MLE(), "estimator": SPSA(100), "steps": 10}
    return definition_with_defaults(examples=40, **(usual | parts))


def test_spsa_takes_a_job_a_step_one_before_and_one_after() -> None:
    found = forecast_of(defined(ShotRegister(ChosenPairs(5, line_pairs(5), 1), Statevector())))
    # A look at the start, 10 steps of 2 circuits, and the result of 1,000 shots.
    assert (found.jobs, found.circuits, found.shots) == (12, 1 + 20 + 1, 100 + 2000 + 1000)
    assert (found.backend, found.qubits, found.subcircuits, found.two_qubit_gates) == ("statevector", 5, 1, 4)
    assert found.seconds is not None
    assert 0 < found.seconds < 60
    assert found.text.startswith("statevector: 12 jobs, 22 circuits, 3,100 shots, about ")


def test_restarts_share_jobs_and_directions_multiply_circuits() -> None:
    estimator = SPSA(3000, directions=4)
    found = forecast_of(defined(ShotRegister(ProductState(5), Statevector()), estimator=estimator, restarts=3))
    assert (found.jobs, found.circuits, found.shots) == (13, 3 + 10 * 3 * 8 + 1 + 3, 3000 * (3 + 240 + 1 + 3))


def test_parameter_shift_takes_two_circuits_an_angle_and_one() -> None:
    posterior = ShotRegister(ProductState(5), Statevector())
    found = forecast_of(defined(posterior, estimator=ParameterShift((100, 400)), steps=3))
    # 100, 200 and 400 shots.
    assert (found.circuits, found.shots) == (1 + 3 * 11 + 1, 100 + 11 * 700 + 1000)
    # The look at which restart ended best has the shots of the last step.
    both = forecast_of(defined(posterior, estimator=ParameterShift((100, 400)), steps=3, restarts=2))
    assert (both.jobs, both.shots) == (6, 2 * (100 + 11 * 700) + 1000 + 2 * 400)
    some = forecast_of(defined(posterior, estimator=ParameterShift(100, subset=2), steps=3))
    assert some.circuits == 1 + 3 * 5 + 1


def test_parameter_shift_takes_two_circuits_a_gate_that_shares_an_angle_and_four_a_controlled_rotation() -> None:
    circuit = GateList(5, [*(("ry", qubit, 0) for qubit in range(5)), ("crx", (0, 1), 1)])
    posterior = ShotRegister(circuit, Statevector())
    found = forecast_of(defined(posterior, estimator=ParameterShift(100), steps=3))
    points = 1 + 2 * 5 + 4
    assert (found.circuits, found.shots) == (1 + 3 * points + 1, 100 * (1 + 3 * points) + 1000)
    assert forecast_of(defined(posterior, estimator=SPSA(100), steps=3)).circuits == 1 + 3 * 2 + 1


def test_mitigation_calibrates_in_a_job_of_its_own() -> None:
    found = forecast_of(defined(ShotRegister(ProductState(5), Aer(), "readout")))
    assert (found.jobs, found.circuits, found.shots) == (13, 24, 3100 + 2 * 10_000)


def test_registers_that_do_not_fit_side_by_side_are_run_in_turn() -> None:
    network = BinaryMLP(5, (3,))
    registers = Registers(network, 3, depth=1)
    found = forecast_of(defined(ShotRegisters(registers, Statevector()), network=network))
    widths = [subcircuit.circuit.n_qubits for subcircuit in ShotRegisters(registers, Statevector()).subcircuits(12)]
    assert sum(widths) == network.n_weights == 22
    assert (found.subcircuits, found.qubits) == (2, max(widths))
    assert (found.jobs, found.circuits, found.shots) == (12, 2 * 22, 2 * 3100)


@pytest.mark.parametrize("posterior", ["register", "registers"])
def test_a_circuit_too_wide_for_the_device_is_one_line(posterior: str) -> None:
    network, device = BinaryMLP(2, (2,)), FakeDevice("fake_manila")
    on = {
        "register": ShotRegister(AllPairs(9, 1), device),
        "registers": ShotRegisters(Registers(9, 6, depth=1), device),
    }[posterior]
    with pytest.raises(UserError, match=r"a circuit of . qubits is too wide for fake_manila, which has 5; choose a sm"):
        forecast_of(defined(on, network=network))


def test_without_a_backend_there_is_nothing_to_estimate() -> None:
    definition = definition_with_defaults(NETWORK, 40, posterior=Register(ProductState(5)))
    assert regime_of(definition).forecast(definition) is None


def test_devices_are_priced_by_their_slowest_circuit() -> None:
    costs = [Cost(5, 2, 1e-4), Cost(9, 4, 3e-4), Cost(1, 0)]
    assert device_seconds(costs, 1000) == pytest.approx(1000 * 3e-4)
    assert device_seconds([Cost(5, 2)], 1000) is None


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.0123, 40.0, 179.0, 7200.0)] == ["0.012 s", "40 s", "3 min", "120 min"]


def test_nothing_of_a_forecast_changes_the_run() -> None:
    """The same draws of directions and shots follow, estimate or not."""
    definition = defined(ShotRegister(ProductState(5), Statevector()), steps=2)
    data = hb.data.load("moons", size=40)
    settings = {"objective": hb.MLE(), "posterior": definition.posterior, "estimator": SPSA(100), "steps": 2}
    first = hb.fit(NETWORK, data, **settings, progress=False)
    forecast_of(definition)
    np.testing.assert_array_equal(hb.fit(NETWORK, data, **settings, progress=False).params, first.params)


@pytest.mark.parametrize("error", [JobFailed("no kernel"), TransientError("no kernel"), KeyError("no kernel")])
def test_a_trial_run_that_fails_is_one_line(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(InProcessConnection, "submit", fail)
    with pytest.raises(UserError, match=r"^the backend failed a trial run: .*no kernel.*; choose another one$"):
        forecast_of(defined(ShotRegister(ProductState(5), Statevector())))
