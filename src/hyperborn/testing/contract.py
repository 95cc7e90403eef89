"""What a broken contract says, and what all parts have in common: a class, a hash, a record."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Shaped

from hyperborn.arguments import check_kind
from hyperborn.errors import UserError
from hyperborn.printable import printable, shown
from hyperborn.records import record_of, thing_of
from hyperborn.training.serialization import SLOTS


class ContractError(AssertionError):
    """A part does not keep the contract of its class: one line that says what, where, and the usual cause."""


def broken(part: Any, checked: str, found: str, cause: str) -> ContractError:
    """The error of a part: what was checked, what was found, and what usually is the cause."""
    line = " ".join(printable(f"{shown(part)}: {checked}: {found}. The usual cause: {cause}.").split())
    return ContractError(line)


def place_of(index: tuple[int, ...]) -> str:
    """An entry of an array by its index."""
    return f"entry {', '.join(map(str, index))}" if index else "it"


def network_of(index: tuple[int, ...]) -> str:
    """A network of 2^n by the last index, as text such as "network 13"."""
    return f"network {index[-1]}"


def check_close(
    part: Any,
    checked: str,
    found: Any,
    expected: Any,
    cause: str,
    *,
    absolute: float,
    relative: float = 0.0,
    name: Callable[[tuple[int, ...]], str] = place_of,
) -> None:
    """Compare arrays entry by entry.

    Raises:
        ContractError: with the entry that is farthest off, called by its `name`.
    """
    own, right = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if own.shape != right.shape:
        raise broken(part, checked, f"the shape is {own.shape}, not {right.shape}", cause)
    with np.errstate(invalid="ignore"):
        excess = np.abs(own - right) / (absolute + relative * np.abs(right))
    # A NaN is farther off than any number.
    excess = np.where(np.isfinite(own), excess, np.inf)
    if excess.size and excess.max() > 1:
        index = tuple(int(place) for place in np.unravel_index(excess.argmax(), own.shape))
        raise broken(part, checked, f"{name(index)} is {own[index]:.8g}, not {right[index]:.8g}", cause)


def check_array(part: Any, what: str, found: Any, shape: tuple[int, ...], dtype: Any, cause: str) -> None:
    """Check the shape and dtype of an array, and that all its numbers are finite.

    Raises:
        ContractError: if they are others.
    """
    own = np.asarray(found)
    if own.shape != shape or own.dtype != dtype:
        raise broken(part, what, f"{own.dtype} of shape {own.shape}, not {np.dtype(dtype)} of shape {shape}", cause)
    strange: Shaped[np.ndarray, "some axes"] = np.argwhere(~np.isfinite(own))
    if len(strange):
        index = tuple(int(place) for place in strange[0])
        raise broken(part, what, f"{place_of(index)} is {own[index]}, and has to be finite", cause)


def check_class(part: Any, kind: type, *, hashable: bool = True) -> None:
    """Check that a part is of its abstract class, has what this declares, and can be hashed unless it need not be.

    Raises:
        ContractError: if not.
    """
    frozen = "the class is no @dataclass(frozen=True), or a field is a list, a dict or an array"
    try:
        check_kind("part", part, (kind,), f"an instance of a class that follows {kind.__name__}", hashable=hashable)
        hashes = {hash(part), hash(part)} if hashable else set[int]()
    except UserError as error:
        raise broken(part, f"its class and hash, as of any {kind.__name__}", str(error), frozen) from error
    if len(hashes) > 1:
        raise broken(part, "its hash", "two calls give two numbers", frozen)


def check_record(part: Any, slot: str) -> None:
    """Check that a run folder can hold a part: its record, as JSON, makes an equal part.

    Raises:
        ContractError: if not.
    """
    checked = f"its record as a run's {slot}"
    cause = "a field that is no number, text or tuple of them, or __post_init__ stores it in another form than it reads"
    slots = {**SLOTS, slot: tuple(dict.fromkeys((*SLOTS[slot], type(part))))}
    try:
        record = json.loads(json.dumps(record_of(part), allow_nan=False))
        again = thing_of(record, slots, slot)
    except (TypeError, ValueError) as error:
        raise broken(part, checked, str(error), cause) from error
    if again != part:
        raise broken(part, checked, f"comes back as {shown(again)}, which is not equal to it", cause)
