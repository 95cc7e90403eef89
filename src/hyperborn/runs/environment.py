"""What a result depends on beside the run's definition and data: its last bits, and with parts of one's own all."""

import os

import jax

from hyperborn.parts import held_under, source_digest
from hyperborn.records import own_kinds
from hyperborn.training.definition import Definition


def surroundings() -> dict[str, str]:
    """The version of JAX, the device, and the CPUs that this process may use: sums are split among them."""
    # A batch system or `taskset` may allow fewer CPUs than there are.
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"JAX": jax.__version__, "device": jax.devices()[0].device_kind, "CPUs": str(cpus)}


def sources(definition: Definition) -> dict[str, str]:
    """Digests of the sources of a user's own parts, by ``module:Class``."""
    return {kind: source_digest(held_under(kind)) for kind in own_kinds(definition.to_record())}


def changed_surroundings(before: dict[str, str], now: dict[str, str]) -> str:
    """What differs, as text; empty if nothing does."""
    return ", ".join(
        f"{name} {now[name]} instead of {before.get(name)}" for name in now if now[name] != before.get(name)
    )
