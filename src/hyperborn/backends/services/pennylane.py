"""PennyLane devices: simulators, and vendors' processors through their plugins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np

from hyperborn.arguments import check_text
from hyperborn.backends.backend import Backend, Connection
from hyperborn.backends.batch import Batch, Counts, Points
from hyperborn.backends.services.blocking import BlockingConnection
from hyperborn.backends.simulators.in_process import InProcessConnection
from hyperborn.backends.simulators.statevector import cost_of
from hyperborn.backends.translation import pennylane_operations, pennylane_preparation
from hyperborn.errors import UserError
from hyperborn.packages import imported
from hyperborn.printable import shown
from hyperborn.records import ADDED
from hyperborn.redaction import error_text

SIMULATORS = (
    "default.qubit",
    "default.mixed",
    "lightning.qubit",
    "lightning.gpu",
    "lightning.kokkos",
    "braket.local.qubit",
)
"""Free devices, which also have their own names; all other devices are assumed to cost money."""


OURS = ("wires", "shots", "seed")
"""Arguments of devices that batches decide."""

NOISY = "readout_prob"
"""The option of a simulator that makes it noisy, that of default.mixed."""


@dataclass(frozen=True, init=False)
class PennyLaneDevice(Backend):
    """A PennyLane device by its name, with a wire a qubit, and PennyLane's own options of this device.

    ``PennyLaneDevice("lightning.qubit", c_dtype="complex64")`` halves the memory. Options are numbers, texts, None, or
    tuples of them; NumPy's types are given by their names, to options whose name ends in "dtype". They are kept as
    pairs, sorted by their names.

    All points go to the device in one call. PennyLane has no ids of jobs: if the process ends during a job on a
    vendor's processor, its counts cannot be fetched later. The ledger then says which batch it was. The first
    `hyperborn resume` stops there, and the second one sends the batch again.

    Raises:
        UserError: for a name that is no text, or an option that a record cannot hold or that batches decide.
    """

    name: str
    options: tuple[tuple[str, Any], ...] = field(default=(), metadata=ADDED)

    def __init__(self, name: str, options: Mapping[str, Any] | tuple[tuple[str, Any], ...] = (), **more: Any) -> None:
        check_text("name", name, "the name of a device, such as 'default.qubit'")
        given = {**dict(options), **more}
        for key, value in given.items():
            if key in OURS:
                raise UserError(f"{key}={shown(value)} of the device {name!r} is decided by the job; leave it out")
            if not is_plain(value):
                raise UserError(
                    f"{key}={shown(value)} of the device {name!r}: give a number, a text, or a tuple of them"
                )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "options", tuple(sorted(given.items())))

    @property
    def label(self) -> str:
        return f"pennylane:{self.name}"

    @property
    def is_noiseless(self) -> bool:
        return self.name in SIMULATORS and NOISY not in dict(self.options)

    def connect(self) -> Connection:
        pennylane = imported("pennylane", "pennylane", self.label)
        make_device(pennylane, self, 1, 0)

        def simulate(batch: Batch) -> tuple[Counts, ...]:
            tapes = [
                # Counts, as the plugin for Amazon Braket does not support samples of several wires.
                pennylane.tape.QuantumScript(operations, [pennylane.counts(wires=range(size))], shots=batch.shots)
                for operations, size in zip(operations_in(batch), batch.sizes, strict=True)
            ]
            # All devices are made before anything is sent, so that a failure here is free.
            devices = {n_wires: make_device(pennylane, self, n_wires, batch.seed) for n_wires in set(batch.sizes)}
            results: dict[int, Any] = {}
            for n_wires, device in devices.items():
                places = [place for place, size in enumerate(batch.sizes) if size == n_wires]
                found = pennylane.execute([tapes[place] for place in places], device, diff_method=None)
                results |= dict(zip(places, found, strict=True))
            return tuple(counts_of_strings(results[place], size) for place, size in enumerate(batch.sizes))

        if self.name in SIMULATORS:
            return InProcessConnection(simulate, cost_of, label=self.label)
        return BlockingConnection(simulate, cost_of, label=self.label)


def is_plain(value: Any) -> bool:
    """Whether a record can hold the value of an option, which can be hashed."""
    return (
        value is None
        or isinstance(value, bool | int | float | str)
        or (isinstance(value, tuple) and all(map(is_plain, value)))
    )


def make_device(pennylane: Any, backend: PennyLaneDevice, n_wires: int, seed: int) -> Any:
    """A PennyLane device, with a seed for its shots if it takes one.

    Raises:
        UserError: if there is no such device (the message lists the installed ones), or it cannot be made.
    """
    name = backend.name
    if name not in pennylane.plugin_devices:
        known = ", ".join(sorted(set(pennylane.plugin_devices)))
        raise UserError(f"PennyLane knows no device {name!r}; install its plugin, or choose one of {known}")
    entry = pennylane.plugin_devices[name]
    try:
        takes_seed = "seed" in signature(entry.load().__init__).parameters
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the import of a plugin runs foreign code
        package = getattr(getattr(entry, "dist", None), "name", None) or entry.value.partition(":")[0]
        raise UserError(
            f"PennyLane's plugin for {name!r} cannot be imported ({error_text(error)}); install {package} again, or "
            "what it needs"
        ) from None
    try:
        options = {key: np.dtype(value) if key.endswith("dtype") else value for key, value in backend.options}
        device = pennylane.device(name, wires=n_wires, **options, **({"seed": seed} if takes_seed else {}))
        if options and name in SIMULATORS:
            # Some say only at their first circuit what is wrong with an option.
            empty = pennylane.tape.QuantumScript([], [pennylane.counts(wires=[0])], shots=1)
            pennylane.execute([empty], device, diff_method=None)
        return device
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - so does making its device
        raise UserError(
            f"PennyLane cannot make the device {name!r} with {n_wires} wires{options_text(backend)} "
            f"({error_text(error)}); see what its plugin needs"
        ) from None


def options_text(backend: PennyLaneDevice) -> str:
    """The options of a device for a message; empty if there are none."""
    return "".join(f", {key}={shown(value)}" for key, value in backend.options)


def operations_in(batch: Batch) -> Iterator[list[Any]]:
    """The operations of every point, in order."""
    for request in batch.requests:
        if isinstance(request, Points):
            yield from (pennylane_operations(request.circuit, angles) for angles in request.angles)
        else:
            yield from map(pennylane_preparation, request.bits)


def counts_of_strings(words: Mapping[str, Any], n: int) -> Counts:
    """Counts of a mapping of strings of bits, wire 0 first, to how often each occurred."""
    bits = np.frombuffer("".join(words).encode(), np.uint8).reshape(len(words), n) - ord("0")
    return Counts(bits, np.array([int(count) for count in words.values()]))
