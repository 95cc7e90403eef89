"""PennyLane devices: simulators, and vendors' processors through their plugins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class PennyLaneDevice(Backend):
    """A PennyLane device by its name, with a wire a qubit.

    All points go to the device in one call. PennyLane has no ids of jobs: if the process ends during a job on a
    vendor's processor, its counts cannot be fetched later. The ledger then says which batch it was. The first
    `hyperborn resume` stops there, and the second one sends the batch again.

    Raises:
        UserError: for a name that is no text.
    """

    name: str

    def __post_init__(self) -> None:
        check_text("name", self.name, "the name of a device, such as 'default.qubit'")

    @property
    def label(self) -> str:
        return f"pennylane:{self.name}"

    @property
    def is_noiseless(self) -> bool:
        return self.name in SIMULATORS

    def connect(self) -> Connection:
        pennylane = imported("pennylane", "pennylane", self.label)
        make_device(pennylane, self.name, 1, 0)

        def simulate(batch: Batch) -> tuple[Counts, ...]:
            tapes = [
                # Counts, as the plugin for Amazon Braket does not support samples of several wires.
                pennylane.tape.QuantumScript(operations, [pennylane.counts(wires=range(size))], shots=batch.shots)
                for operations, size in zip(operations_in(batch), batch.sizes, strict=True)
            ]
            # All devices are made before anything is sent, so that a failure here is free.
            devices = {n_wires: make_device(pennylane, self.name, n_wires, batch.seed) for n_wires in set(batch.sizes)}
            results: dict[int, Any] = {}
            for n_wires, device in devices.items():
                places = [place for place, size in enumerate(batch.sizes) if size == n_wires]
                found = pennylane.execute([tapes[place] for place in places], device, diff_method=None)
                results |= dict(zip(places, found, strict=True))
            return tuple(counts_of_strings(results[place], size) for place, size in enumerate(batch.sizes))

        if self.name in SIMULATORS:
            return InProcessConnection(simulate, cost_of, label=self.label)
        return BlockingConnection(simulate, cost_of, label=self.label)


def make_device(pennylane: Any, name: str, n_wires: int, seed: int) -> Any:
    """A PennyLane device, with a seed for its shots if it takes one.

    Raises:
        UserError: if there is no such device (the message lists the installed ones), or it cannot be made.
    """
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
        return pennylane.device(name, wires=n_wires, **({"seed": seed} if takes_seed else {}))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - so does making its device
        raise UserError(
            f"PennyLane cannot make the device {name!r} with {n_wires} wires ({error_text(error)}); see what its "
            "plugin needs"
        ) from None


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
