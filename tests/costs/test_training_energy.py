"""The energy of a training: by counters, without any, and without CodeCarbon."""

import logging
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest

import hyperborn as hb
import tiny_run
from command_line import QUICK, run
from hyperborn.costs.training_energy import Meter, TrainingEnergy, training_energy_from
from hyperborn.progress import Progress
from hyperborn.runs import session
from runs import plots


class CPU:
    def __init__(self, mode: str) -> None:
        self._mode = mode


class GPU:
    pass


class RAM:
    pass


class AppleSiliconChip:
    chip_part = "GPU"


def installed(monkeypatch: pytest.MonkeyPatch, hardware: list[Any], *, cpu: float = 2e-6, gpu: float = 1e-6) -> dict:
    """A CodeCarbon that has this hardware and counts these kilowatt-hours; gives what it was asked for."""
    asked: dict[str, Any] = {}

    class OfflineEmissionsTracker:
        def __init__(self, **settings: Any) -> None:
            asked.update(settings)
            logging.getLogger("codecarbon").error("said by codecarbon")

        def start(self) -> None:
            self._hardware = hardware

        def stop(self) -> float:
            self.final_emissions_data = types.SimpleNamespace(cpu_energy=cpu, gpu_energy=gpu, ram_energy=5.0)
            return 0.0

    module = types.ModuleType("codecarbon")
    module.__dict__["OfflineEmissionsTracker"] = OfflineEmissionsTracker
    monkeypatch.setitem(sys.modules, "codecarbon", module)
    return asked


def measured() -> TrainingEnergy:
    meter = Meter()
    with meter.measuring():
        pass
    assert meter.found is not None
    return meter.found


def test_counters_are_added_up(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    asked = installed(monkeypatch, [RAM(), CPU("intel_rapl"), GPU()])
    found = measured()
    assert found.joules == pytest.approx(3e-6 * 3.6e6)
    assert found.of == ("processor", "graphics cards")
    assert found.text == "10.8 J (3e-06 kWh) of the processor and graphics cards, by counters"
    assert training_energy_from(found.to_record()) == found
    # Nothing is written, sent or looked up, whatever a file or the environment says.
    assert asked["output_methods"] == asked["output_handlers"] == []
    assert asked["allow_multiple_runs"] is True
    assert asked["emissions_endpoint"] is asked["electricitymaps_api_token"] is None
    assert not caplog.records


def test_estimates_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in ("cpu_load", "constant"):
        installed(monkeypatch, [RAM(), CPU(mode)])
        assert measured() == TrainingEnergy(None, why="no counters")
    assert measured().text == "not measured: no counters"
    # Of a machine whose graphics cards alone have counters, theirs are counted.
    installed(monkeypatch, [CPU("cpu_load"), GPU()])
    assert measured().joules == pytest.approx(3.6)
    assert measured().of == ("graphics cards",)
    installed(monkeypatch, [CPU("cpu_load"), AppleSiliconChip()])
    assert measured().of == ("graphics cards",)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_counters_that_stand_still_measure_nothing(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    installed(monkeypatch, [CPU("intel_rapl")], cpu=value)
    assert measured() == TrainingEnergy(None, why="its counters stood still")


def test_a_tracker_that_fails_does_not_cost_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("codecarbon")

    def broken(**_: Any) -> None:
        raise RuntimeError("no such hardware")

    module.__dict__["OfflineEmissionsTracker"] = broken
    monkeypatch.setitem(sys.modules, "codecarbon", module)
    assert measured() == TrainingEnergy(None, why="CodeCarbon failed")
    # As the real one does that hides what goes wrong when it is made: nothing is there afterwards.
    module.__dict__["OfflineEmissionsTracker"] = lambda **_: types.SimpleNamespace(start=int, stop=int)
    assert measured() == TrainingEnergy(None, why="CodeCarbon failed")


def test_what_happens_inside_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, [CPU("intel_rapl")])
    meter = Meter()
    with pytest.raises(KeyboardInterrupt), meter.measuring():
        raise KeyboardInterrupt
    assert meter.found is not None
    assert not logging.getLogger("codecarbon").disabled


def test_without_codecarbon_nothing_is_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    monkeypatch.chdir(tmp_path)
    line = run("train", "moons", *QUICK, "--track-energy").refused("--track-energy needs codecarbon")
    assert 'pip install "hyperborn[energy]"' in line
    assert not list(tmp_path.iterdir())
    # An old one has another name for it.
    monkeypatch.setitem(sys.modules, "codecarbon", types.ModuleType("codecarbon"))
    run("train", "moons", *QUICK, "--track-energy").refused("update it")


def test_the_energy_is_kept_with_the_result(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, [CPU("intel_rapl")])
    arguments = (tmp_path / "run", tiny_run.tiny_definition(), tiny_run.tiny_data(), Progress(enabled=False))
    result = session.start(*arguments, plots=plots, meter=Meter())
    assert result.training_energy is not None
    assert result.training_energy.of == ("processor",)
    assert result.training_energy.joules == pytest.approx(7.2)
    again = hb.load(tmp_path / "run")
    assert again.training_energy == result.training_energy
    assert again.summary["training_energy"]["joules"] == pytest.approx(7.2)
    assert "7.2 J" in run("cost", tmp_path / "run", "--no-measure").out
    # A run whose energy was not asked for says nothing of it.
    plain = session.start(tmp_path / "plain", *arguments[1:], plots=plots)
    assert plain.training_energy is None
    assert "training_energy" not in plain.summary
    assert hb.load(tmp_path / "plain").training_energy is None


@pytest.mark.parametrize(
    "record",
    [
        3,
        {},
        {"joules": -1.0, "of": ["processor"], "why": ""},
        {"joules": True, "of": ["processor"], "why": ""},
        {"joules": 1.0, "of": ["moon"], "why": ""},
        {"joules": 1.0, "of": [], "why": ""},
        {"joules": None, "of": ["processor"], "why": ""},
        {"joules": None, "of": [], "why": 3},
    ],
)
def test_a_damaged_record_is_refused(record: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        training_energy_from(record)


COUNTER = 250_000_000
"""Microjoules that the counter of a processor advances by in the test below."""


def test_codecarbon_itself_reads_a_counter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("codecarbon")
    from codecarbon.core.resource_tracker import ResourceTracker
    from codecarbon.external import hardware

    domain = tmp_path / "powercap" / "intel-rapl" / "intel-rapl:0"
    domain.mkdir(parents=True)
    (domain / "name").write_text("package-0\n")
    (domain / "energy_uj").write_text("1000000\n")
    (domain / "max_energy_range_uj").write_text("262143328850\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def found(self: Any) -> None:
        self.set_RAM_tracking()
        rapl = str(tmp_path / "powercap" / "intel-rapl")
        self.tracker._hardware.append(hardware.CPU(".", "intel_rapl", "a processor", 100, rapl_dir=rapl))

    monkeypatch.setattr(ResourceTracker, "set_CPU_GPU_ram_tracking", found)
    meter = Meter()
    with meter.measuring():
        (domain / "energy_uj").write_text(f"{1000000 + COUNTER}\n")
        time.sleep(0.2)
    assert meter.found is not None
    assert meter.found.of == ("processor",)
    assert meter.found.joules == pytest.approx(COUNTER / 1e6, rel=0.01)
    assert not list(Path.cwd().iterdir())
    assert capfd.readouterr() == ("", "")


def test_codecarbon_itself_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("codecarbon")
    monkeypatch.chdir(tmp_path)

    def no_network(*_: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", no_network)
    found = measured()
    # With counters or without, but read as they are meant to be.
    assert found.why in ("", "no counters", "its counters stood still")
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")
