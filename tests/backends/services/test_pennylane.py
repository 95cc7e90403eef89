import json
import traceback
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from batch_counts import counted
from circuit_oracle import probabilities, with_angles
from hyperborn.backends import Batch, PennyLaneDevice, Points, Preparations
from hyperborn.backends.names import identity_of
from hyperborn.circuits import AllPairs, Brickwork
from hyperborn.errors import UserError
from hyperborn.records import record_of, thing_of
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


def test_options_go_to_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    import pennylane

    made: list[dict[str, object]] = []
    make = pennylane.device

    def noted(name: str, **settings: object) -> object:
        made.append(settings)
        return make(name, **settings)

    monkeypatch.setattr(pennylane, "device", noted)
    backend = PennyLaneDevice("lightning.qubit", c_dtype="complex64")
    circuit = AllPairs(2, 1)
    angles = np.random.default_rng(0).uniform(-2, 2, (1, circuit.n_parameters))
    (found,) = counted(backend.connect(), Batch("test", (Points(circuit, angles),), 5000, 3))
    exact = probabilities(with_angles(circuit.gates(), angles[0]), 2)
    # 4 counts at |z| < 5, seeded.
    assert np.abs(deviations(table_of(found), exact)).max() < 5
    assert made[-1]["wires"] == 2
    assert {settings["c_dtype"] for settings in made} == {np.dtype("complex64")}


def test_options_are_hashable_recorded_and_part_of_the_name_of_what_was_measured() -> None:
    slots = {"backend": (PennyLaneDevice,)}
    plain, single = PennyLaneDevice("lightning.qubit"), PennyLaneDevice("lightning.qubit", c_dtype="complex64")
    assert record_of(plain) == {"kind": "PennyLaneDevice", "name": "lightning.qubit"}
    assert thing_of(record_of(plain), slots, "backend") == plain == PennyLaneDevice("lightning.qubit", ())
    again = thing_of(json.loads(json.dumps(record_of(single))), slots, "backend")
    assert again == single
    assert hash(again) == hash(single) != hash(plain)
    assert single == PennyLaneDevice("lightning.qubit", {"c_dtype": "complex64"})
    assert PennyLaneDevice("a", x=1, b=(2, "c")).options == (("b", (2, "c")), ("x", 1))
    assert single.label == plain.label == "pennylane:lightning.qubit"
    assert identity_of(plain, None) == plain.label
    assert identity_of(single, None).startswith("pennylane:lightning.qubit-")
    assert plain.is_noiseless
    assert single.is_noiseless
    assert not PennyLaneDevice("default.mixed", readout_prob=0.1).is_noiseless


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        (
            "lightning.qubit",
            {"nonsense": 3},
            r"1 wires, nonsense=3 \(TypeError: .*unexpected keyword argument 'nonsense'",
        ),
        (
            "lightning.qubit",
            {"c_dtype": "complex65"},
            r"c_dtype='complex65' \(TypeError: data type 'complex65' not under",
        ),
        ("lightning.qubit", {"c_dtype": "int8"}, r"c_dtype='int8' \(TypeError: Unsupported complex type: int8\); see"),
        ("default.qubit", {"max_workers": "many"}, r"max_workers='many' \(.*\); see what its plugin needs"),
    ],
    ids=str,
)
def test_wrong_options_are_one_line_from_pennylane(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=rf"PennyLane cannot make the device '{name}' with .*{said}") as caught:
        PennyLaneDevice(name, **options).connect()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wires": 3}, "wires=3 of the device 'default.qubit' is decided by the job; leave it out"),
        (
            {"c_dtype": np.complex64},
            "c_dtype=<class 'numpy.complex64'> of the device .* give a number, a text, or a tuple",
        ),
        ({"x": [1]}, r"x=\[1\] of the device"),
    ],
    ids=str,
)
def test_options_are_checked(options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        PennyLaneDevice("default.qubit", **options)


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
