"""The energy of a training, from counters of this machine, read by CodeCarbon.

CodeCarbon estimates what it cannot read: from the load and the design power of a processor, and from the number of
memory modules. Such estimates are left out here: only what counters say is counted, of the processor (RAPL and its
likes) and of graphics cards (NVML, AMD SMI).
"""

import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hyperborn.errors import UserError
from hyperborn.packages import imported

JOULES = 3.6e6
"""Of a kilowatt-hour."""
NO_COUNTERS = "no counters"
COUNTED_MODES = ("intel_rapl", "intel_power_gadget", "windows_emi")
"""Ways in which CodeCarbon reads a processor's counters; the others estimate."""
PARTS = {"cpu": "processor", "gpu": "graphics cards"}


@dataclass(frozen=True)
class TrainingEnergy:
    """Energy of a training.

    Attributes:
        joules: by counters, of the whole machine while it trained; None if not measured.
        of: whose counters were read, such as ("processor",).
        why: why nothing was measured; "" if something was.
    """

    joules: float | None
    of: tuple[str, ...] = ()
    why: str = ""

    @property
    def kwh(self) -> float | None:
        """The same in kilowatt-hours."""
        return None if self.joules is None else self.joules / JOULES

    @property
    def text(self) -> str:
        """The energy in words."""
        if self.joules is None:
            return f"not measured: {self.why}"
        return f"{self.joules:,.1f} J ({self.kwh:.3g} kWh) of the {' and '.join(self.of)}, by counters"

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {"joules": self.joules, "kwh": self.kwh, "of": list(self.of), "why": self.why}


def training_energy_from(record: Any) -> TrainingEnergy:
    """The energy that `TrainingEnergy.to_record` wrote.

    Raises:
        TypeError, ValueError: if the record was damaged.
    """
    if not isinstance(record, Mapping):
        raise TypeError(f"its energy is {record!r}")
    joules, of, why = record.get("joules"), record.get("of"), record.get("why")
    is_energy = joules is None or (
        isinstance(joules, int | float) and not isinstance(joules, bool) and math.isfinite(joules) and joules >= 0
    )
    if not is_energy or not isinstance(of, list) or not isinstance(why, str):
        raise ValueError(f"its energy is {dict(record)!r}")
    if any(name not in PARTS.values() for name in of) or (joules is None) == bool(of):
        raise ValueError(f"its energy is {dict(record)!r}")
    return TrainingEnergy(None if joules is None else float(joules), tuple(of), why)


class Meter:
    """Takes the energy between `start` and `stop`, quietly: no files, no log, nothing from the network."""

    def __init__(self) -> None:
        """Find CodeCarbon.

        Raises:
            UserError: if it is not installed or cannot be imported.
        """
        with without_log(), without_warnings():
            self.package = imported("codecarbon", "energy", "--track-energy")
        if not hasattr(self.package, "OfflineEmissionsTracker"):
            raise UserError("--track-energy needs a codecarbon with OfflineEmissionsTracker; update it")
        self.found: TrainingEnergy | None = None

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Measure what happens inside; `found` has it afterwards, also after an exception."""
        with without_log():
            with without_warnings():
                tracker = self._started()
            try:
                yield
            finally:
                with without_warnings():
                    self.found = stopped(tracker)

    def _started(self) -> Any:
        """A tracker that runs; None where CodeCarbon fails, which must not cost the training."""
        try:
            # The country and its carbon are not asked for: only energy is read. Given values win over files and
            # variables of the environment that would make it write or send.
            tracker = self.package.OfflineEmissionsTracker(
                country_iso_code="USA",
                region=None,
                cloud_provider=None,
                cloud_region=None,
                country_2letter_iso_code=None,
                output_methods=[],
                output_handlers=[],
                emissions_endpoint=None,
                electricitymaps_api_token=None,
                force_carbon_intensity_g_co2e_kwh=0.0,
                force_cpu_power=None,
                force_mode_cpu_load=False,
                tracking_mode="machine",
                allow_multiple_runs=True,
                log_level="critical",
            )
            tracker.start()
        except Exception:  # noqa: BLE001 - a package that reads hardware of any kind
            return None
        return tracker


def stopped(tracker: Any) -> TrainingEnergy:
    """What a tracker has counted, once it is stopped."""
    if tracker is None:
        return TrainingEnergy(None, why="CodeCarbon failed")
    try:
        tracker.stop()
        counted = sorted({part for one in tracker._hardware if (part := counted_part(one))})
        if not counted:
            return TrainingEnergy(None, why=NO_COUNTERS)
        data = tracker.final_emissions_data
        joules = JOULES * sum(float(getattr(data, f"{part}_energy")) for part in counted)
    except Exception:  # noqa: BLE001 - see above
        return TrainingEnergy(None, why="CodeCarbon failed")
    if not math.isfinite(joules) or joules <= 0:
        return TrainingEnergy(None, why="its counters stood still")
    return TrainingEnergy(joules, tuple(PARTS[part] for part in counted))


def counted_part(hardware: Any) -> str | None:
    """The energy that hardware is part of, "cpu" or "gpu", if counters are read; None for estimates."""
    name = type(hardware).__name__
    if name == "CPU":
        return "cpu" if getattr(hardware, "_mode", None) in COUNTED_MODES else None
    if name in ("AppleSiliconChip", "Raspberry"):
        part = str(getattr(hardware, "chip_part", "")).lower()
        return part if part in PARTS else None
    return "gpu" if name == "GPU" else None


@contextmanager
def without_log() -> Iterator[None]:
    """Without the log of CodeCarbon, which adds a handler of its own; its threads write there, too."""
    logger = logging.getLogger("codecarbon")
    was = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was


@contextmanager
def without_warnings() -> Iterator[None]:
    """Without warnings of the packages that CodeCarbon looks for hardware with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
