"""Networks from the records that `Network.describe` writes."""

from typing import Any

from hyperborn.errors import UserError
from hyperborn.networks.mlp import BinaryMLP
from hyperborn.networks.network import Network

KINDS: dict[str, type[BinaryMLP]] = {"BinaryMLP": BinaryMLP}


def network_from_record(record: dict[str, Any]) -> Network:
    """The network that a record describes.

    Raises:
        UserError: for an unknown kind, a missing or unknown entry, or a value that makes no network.
    """
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"network kind {kind!r} is unknown; choose one of {', '.join(KINDS)}")
    arguments = {name: value for name, value in record.items() if name != "kind"}
    # A record is complete, so that a later change of a default cannot change a saved network.
    expected = KINDS[kind].__dataclass_fields__.keys()
    for name in expected - arguments.keys():
        raise UserError(f"the record of a {kind} lacks {name!r}; it was not written by hyperborn or was edited")
    for name in arguments.keys() - expected:
        raise UserError(f"the record of a {kind} holds {name!r}, which it does not know; remove it")
    return KINDS[kind](**arguments)
