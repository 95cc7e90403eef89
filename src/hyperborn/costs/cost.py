"""What a prediction costs, beside one of a network of the same shape whose weights are real numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from hyperborn.costs.counting import Part, Size, parts_of, size_of
from hyperborn.costs.energies import Energies
from hyperborn.costs.full_precision import multiplications_by_weights, parts_in_float32, size_in_float32
from hyperborn.costs.operations import NOTHING, Operations
from hyperborn.costs.timing import Times, times_of
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import Rows
from hyperborn.printable import printable

KINDS = {
    "additions": "additions",
    "multiplications": "multiplications",
    "comparisons": "comparisons",
    "conversions": "conversions to real numbers",
    "xnor_popcounts": "XNOR-popcounts of words",
    "popcounted_bits": "bits in these words",
    "exponentials": "exponentials",
    "logarithms": "logarithms",
    "inverses": "inverses",
    "inverse_roots": "inverse roots",
    "bytes_read": "bytes of constants read",
}
"""Operations in words, by the field of `Operations`."""
UNITS = ((1e-3, "pJ"), (1.0, "nJ"), (1e3, "µJ"), (1e6, "mJ"), (1e9, "J"))
TIMES = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
PUBLISHED = Energies()
NOT_COUNTED = "energies are estimates of arithmetic and of reading weights alone; a board takes far more"


@dataclass(frozen=True, eq=False)
class Cost:
    """What a prediction of one row takes, from raw row to calibrated prediction, as exported C in float32 computes it.

    Attributes:
        name: of the data set.
        networks: whose predictions are averaged.
        parts: operations of standardising, of each layer, and of what becomes of the outputs.
        size: bytes of the constants, of all networks.
        float32_parts: the same of one network of the same shape whose weights are real numbers.
        float32_size: bytes of its constants.
        float32_by_weights: its multiplications by weights, of which binary networks have none.
        energies: what an operation takes.
        times: measured on this machine; None if not measured.
    """

    name: str
    networks: int
    parts: tuple[Part, ...]
    size: Size
    float32_parts: tuple[Part, ...]
    float32_size: Size
    float32_by_weights: int
    energies: Energies
    times: Times | None = None

    @property
    def operations(self) -> Operations:
        """All operations of a prediction."""
        return sum((part.operations for part in self.parts), NOTHING)

    @property
    def float32_operations(self) -> Operations:
        """All operations of the network in float32."""
        return sum((part.operations for part in self.float32_parts), NOTHING)

    @property
    def energy(self) -> float:
        """Estimated energy of a prediction, in nanojoules."""
        return self.energies.total(self.operations)

    @property
    def float32_energy(self) -> float:
        """That of the network in float32, in nanojoules."""
        return self.energies.total(self.float32_operations)

    @property
    def title(self) -> str:
        """What the numbers are of, in a line."""
        networks = "one network" if self.networks == 1 else f"an average of {self.networks:,} networks"
        return f"What a prediction costs: {printable(self.name)}, {networks}"

    def rows(self) -> list[tuple[str, str, str]]:
        """Lines of a table: what, of these networks, and of one network in float32."""
        own, other = self.operations, self.float32_operations
        found = [
            ("bytes of weights", f"{self.size.weights:,}", f"{self.float32_size.weights:,}"),
            ("bytes of other numbers", f"{self.size.numbers:,}", f"{self.float32_size.numbers:,}"),
        ]
        counts = {name: (getattr(own, name), getattr(other, name)) for name in KINDS}
        found += [(KINDS[name], f"{one:,}", f"{two:,}") for name, (one, two) in counts.items() if one or two]
        by_weights = ("  of them by weights", "0", f"{self.float32_by_weights:,}")
        found.insert(next(place for place, row in enumerate(found) if row[0] == "multiplications") + 1, by_weights)
        return [*found, ("estimated energy", energy_text(self.energy), energy_text(self.float32_energy))]

    def lines(self) -> list[str]:
        """Sentences below the table: where energies are from, and what was measured."""
        found = [f"energies an operation: {self.energies.source}; {NOT_COUNTED}"]
        if self.times is None:
            return [*found, "time: not measured"]
        times = self.times
        row, batch = time_text(times.row), time_text(times.batch)
        found.append(
            f"time on {printable(times.processor)}: {row} for one row in NumPy, {batch} a row of {times.batch_size:,}"
        )
        in_c = f"not measured: {times.without_c}" if times.c is None else f"{time_text(times.c)} for one row"
        return [*found, f"time in exported C: {in_c}"]

    def __repr__(self) -> str:
        return "\n".join([self.title, *aligned([("", "this", "float32"), *self.rows()]), *self.lines()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{cell}</th>" for cell in ("", "this", "float32"))
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in self.rows()
        )
        below = "".join(f"<p>{escape(line)}</p>" for line in self.lines())
        return f"<p>{escape(self.title)}</p><table><tr>{head}</tr>{body}</table>{below}"

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it: operations in all and part by part, bytes, energies (nJ) and times (s)."""
        own = side_of(self.parts, self.size, self.energies, 0)
        other = side_of(self.float32_parts, self.float32_size, self.energies, self.float32_by_weights)
        times = None if self.times is None else self.times.to_record()
        return {
            "networks": self.networks,
            **own,
            "float32": other,
            "energies": self.energies.to_record(),
            "times": times,
        }

    def to_summary(self) -> dict[str, Any]:
        """As `to_record`, without parts, kinds of energy and times."""
        record = self.to_record()
        for side in (record, record["float32"]):
            del side["parts"], side["energy_by_kind_pj"]
        del record["times"]
        return record | {"energies": self.energies.source}


def side_of(parts: Sequence[Part], size: Size, energies: Energies, by_weights: int) -> dict[str, Any]:
    """One side of the comparison, as JSON can hold it."""
    operations = sum((part.operations for part in parts), NOTHING)
    return {
        "operations": operations.to_record(),
        "multiplications_by_weights": by_weights,
        "weight_bytes": size.weights,
        "number_bytes": size.numbers,
        "energy_nj": energies.total(operations),
        "energy_by_kind_pj": energies.of(operations),
        "parts": [{"part": part.name, **part.operations.to_record()} for part in parts],
    }


def cost_of(model: ExportedModel, energies: Energies = PUBLISHED, rows: Rows | None = None) -> Cost:
    """What a prediction of an exported network costs.

    Args:
        model: one or several networks.
        energies: what an operation takes.
        rows: raw rows to measure the time with; None not to measure it.
    """
    return Cost(
        name=model.name,
        networks=model.n_networks,
        parts=parts_of(model),
        size=size_of(model),
        float32_parts=parts_in_float32(model),
        float32_size=size_in_float32(model),
        float32_by_weights=multiplications_by_weights(model),
        energies=energies,
        times=None if rows is None else times_of(model, rows),
    )


def energy_text(nanojoules: float) -> str:
    """An energy with two or three digits."""
    return with_unit(nanojoules, UNITS)


def time_text(seconds: float) -> str:
    """A time with two or three digits."""
    return with_unit(seconds, TIMES)


def with_unit(value: float, units: Sequence[tuple[float, str]]) -> str:
    """A number in the largest unit of which it is at least one; two digits, and all of a whole number."""
    size, unit = next(((size, unit) for size, unit in reversed(units) if value >= size), units[0])
    number = value / size
    return f"{number:.1f} {unit}" if number < 10 else f"{number:,.0f} {unit}"


def aligned(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Rows of text, names to the left and numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return [f"{name:<{widths[0]}}  {own:>{widths[1]}}  {other:>{widths[2]}}" for name, own, other in rows]
