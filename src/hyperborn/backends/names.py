"""Backends by their names."""

import hashlib
import itertools
import json
from dataclasses import fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from hyperborn.arguments import check_text
from hyperborn.backends.backend import Backend
from hyperborn.backends.services.ibm import IBMDevice
from hyperborn.backends.services.pennylane import SIMULATORS, PennyLaneDevice
from hyperborn.backends.simulators.aer import METHODS, Aer
from hyperborn.backends.simulators.fake_device import PREFIX as FAKE
from hyperborn.backends.simulators.fake_device import FakeDevice, fake_names
from hyperborn.backends.simulators.statevector import Statevector
from hyperborn.errors import UserError
from hyperborn.parts import part_called
from hyperborn.records import record_of

BACKENDS: tuple[type[Backend], ...] = (Statevector, Aer, FakeDevice, IBMDevice, PennyLaneDevice)
"""The classes of backends, which records name."""

IBM = "ibm_"
PENNYLANE = "pennylane:"
AER = "aer"
OWN = "module:Class for a backend of your own"

SHAPES = (
    "statevector",
    AER,
    *(f"{AER}:{method}" for method in METHODS[1:]),
    "fake_sherbrooke and the other fake devices",
    "ibm_NAME for a device of your IBM Quantum account",
    f"{PENNYLANE}DEVICE",
    *SIMULATORS,
    OWN,
)
"""All names of backends, for messages."""


def backend_named(name: str, **settings: Any) -> Backend:
    """The backend of a name, with settings such as `noise`, `optimization_level` or `twirling`; None means the default.

    Raises:
        UserError: for a name that is no text or unknown (the message gives similar ones and all kinds of names), or a
            setting that the backend does not have.
    """
    check_text("name", name, f"the name of a backend: {', '.join(SHAPES)}")
    given = {key: value for key, value in settings.items() if value is not None}
    kind, known = backend_kind(name)
    takes = [field.name for field in fields(kind) if field.name not in known]  # pyright: ignore[reportArgumentType]
    for key, value in given.items():
        if key not in takes:
            has = f"takes {', '.join(takes)}" if takes else "takes no settings"
            raise UserError(f"{key.replace('_', '-')}={value!r} does not go with the backend {name!r}, which {has}")
    return kind(**known, **given)


def backend_kind(name: str) -> tuple[type[Backend], dict[str, Any]]:
    """The class of the backend of a name, and the settings that the name implies."""
    if name == "statevector":
        return Statevector, {}
    head, colon, rest = name.partition(":")
    if head == AER and (not colon or rest in METHODS):
        return Aer, {"method": rest} if colon else {}
    if name.startswith(FAKE):
        return FakeDevice, {"name": name}
    if name.startswith(IBM) and name != IBM:
        return IBMDevice, {"name": name}
    if name.startswith(PENNYLANE) and name != PENNYLANE:
        return PennyLaneDevice, {"name": name.removeprefix(PENNYLANE)}
    if name in SIMULATORS:
        return PennyLaneDevice, {"name": name}
    if f"{head}:" not in (f"{AER}:", PENNYLANE) and (own := part_called(name, "backend", Backend)):
        return own, {}
    raise UserError(f"there is no backend {name!r}{hint(name)}; choose {', '.join(SHAPES)}")


def hint(name: str) -> str:
    """A hint with similar names; empty if there are none."""
    plain = ["statevector", AER, *(f"{AER}:{method}" for method in METHODS), *SIMULATORS]
    near = get_close_matches(name, [*plain, *installed_fakes()], n=3)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def installed_fakes() -> list[str]:
    try:
        return sorted(fake_names())
    except UserError:
        return []


def identity_of(backend: Backend, ledger: Path | None) -> str:
    """The label, with a digest of the settings if they are not the defaults of that label.

    It keeps counts of backends with different settings apart. A backend that has no record has a number of its own
    in this process, which is enough for a ledger in memory, where `ledger` is None.

    Raises:
        UserError: if it has no record, and the ledger is a file: another process could not tell what its counts are of.
    """
    if type(backend) in BACKENDS and backend == backend_named(backend.label):
        return backend.label
    try:
        record = json.dumps(record_of(backend), sort_keys=True)
    except UserError as error:
        if ledger is None:
            return f"{backend.label}-{process_number(backend)}"
        raise UserError(
            f"the ledger {ledger} cannot keep jobs of the backend {backend.label}: {error}; or leave the ledger out"
        ) from error
    return f"{backend.label}-{hashlib.sha256(record.encode()).hexdigest()[:8]}"


_numbers = itertools.count(1)


@lru_cache(maxsize=128)
def process_number(backend: Backend) -> int:
    """A number that no other backend has in this process; a forgotten backend is given another one."""
    del backend
    return next(_numbers)
