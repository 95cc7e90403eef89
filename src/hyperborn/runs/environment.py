"""What the last bits of a result depend on, beside the run's definition and data."""

import os

import jax


def surroundings() -> dict[str, str]:
    """The version of JAX, the device, and the CPUs that this process may use: sums are split among them."""
    # A batch system or `taskset` may allow fewer CPUs than there are.
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"JAX": jax.__version__, "device": jax.devices()[0].device_kind, "CPUs": str(cpus)}


def difference(before: dict[str, str], now: dict[str, str]) -> str:
    """What differs, as text; empty if nothing does."""
    return ", ".join(
        f"{name} {now[name]} instead of {before.get(name)}" for name in now if now[name] != before.get(name)
    )
