import traceback
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from batch_counts import counted
from circuit_oracle import probabilities, with_angles
from hyperborn.backends import Batch, PennyLaneDevice, Points, Preparations
from hyperborn.circuits import AllPairs, Brickwork
from hyperborn.errors import UserError
from noise_oracle import deviations, table_of


@pytest.mark.parametrize("name", ["default.qubit", "lightning.qubit"])
def test_a_batch_of_several_circuits_in_order(name: str) -> None:
    first, second = AllPairs(3, 1), Brickwork(4, 2)
    random = np.random.default_rng(3)
    angles = [random.uniform(0.3, 1.4, (points, circuit.n_parameters)) for points, circuit in ((3, first), (2, second))]
    requests = (
        Points(first, angles[0]),
        Preparations(first, np.array([[1, 0, 0]], np.uint8)),
        Points(second, angles[1]),
    )
    batch = Batch("test", requests, 5000, 9)
    found = counted(PennyLaneDevice(name).connect(), batch)
    exact = [probabilities(with_angles(first.gates(), point), 3) for point in angles[0]]
    exact += [np.eye(8)[0b100]]
    exact += [probabilities(with_angles(second.gates(), point), 4) for point in angles[1]]
    for counts, table in zip(found, exact, strict=True):
        # 64 counts at |z| < 5, seeded.
        assert np.abs(deviations(table_of(counts), table)).max() < 5
    again = counted(PennyLaneDevice(name).connect(), batch)
    assert [table_of(one).tolist() for one in again] == [table_of(one).tolist() for one in found]


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"PennyLane knows no device 'vendor.qpu'; .* default.qubit"):
        PennyLaneDevice("vendor.qpu").connect()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("raise RuntimeError('built for another version')", "RuntimeError: built for another version"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    import pennylane

    (tmp_path / "vendor_plugin.py").write_text(line)
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("vendor.qpu", "vendor_plugin:Device", "pennylane.plugins")
    monkeypatch.setitem(pennylane.plugin_devices, "vendor.qpu", entry)
    message = rf"^PennyLane's plugin for 'vendor.qpu' cannot be imported \({said}\); install vendor_plugin again"
    with pytest.raises(UserError, match=message):
        PennyLaneDevice("vendor.qpu").connect()


def test_a_device_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pennylane

    (tmp_path / "vendor_qpu.py").write_text(
        "class Device:\n    def __init__(self, **_):\n        raise KeyError('account')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(
        pennylane.plugin_devices, "vendor.qpu", EntryPoint("vendor.qpu", "vendor_qpu:Device", "pennylane.plugins")
    )
    with pytest.raises(
        UserError, match=r"cannot make the device 'vendor.qpu' with 1 wires \(KeyError: 'account'\); see"
    ):
        PennyLaneDevice("vendor.qpu").connect()


@pytest.mark.parametrize("content", ["{}", "class Device:\n    def __init__(self, **_):\n        {}"])
def test_what_a_plugin_says_as_it_fails_is_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    import pennylane

    module = f"vendor_{len(content)}"
    (tmp_path / f"{module}.py").write_text(content.format("raise RuntimeError('token=abc-123')"))
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("vendor.qpu", f"{module}:Device", "pennylane.plugins")
    monkeypatch.setitem(pennylane.plugin_devices, "vendor.qpu", entry)
    with pytest.raises(UserError, match=r"vendor.qpu.* .RuntimeError: token=\[withheld\]") as raised:
        PennyLaneDevice("vendor.qpu").connect()
    assert (raised.value.__cause__, raised.value.__suppress_context__) == (None, True)
    assert "token=abc-123" not in "".join(traceback.format_exception(raised.value))
