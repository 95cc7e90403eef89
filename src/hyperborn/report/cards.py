"""Data sets, circuits and posteriors as cards for a notebook."""

import numpy as np

from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.drawing import columns, symbols
from hyperborn.circuits.gate import Gate
from hyperborn.data.dataset import SPLITS, Dataset
from hyperborn.data.labels import counted
from hyperborn.posteriors import ExactPosterior, Register, Registers
from hyperborn.posteriors.enumeration import most_probable
from hyperborn.posteriors.posterior import Posterior
from hyperborn.report import notebook
from hyperborn.report.notation import number_text
from hyperborn.report.notebook import BOX, COLOURS, Fact, Number, area, card, escaped, letters, picture, stroke

MOST_CLASSES = 6
"""Classes that are drawn; the last colour is of all others together."""
MOST_NAMES = 8
"""Features, registers or notes that are named."""
MOST_BINS = 24
MOST_LINES, MOST_COLUMNS = 8, 14
"""Qubits and columns of gates that are drawn."""
MOST_LISTED = 20_000
"""Parameters of a circuit up to which its gates are listed to be counted and drawn."""
MOST_NETWORKS = 8
MOST_BITS = 16
"""Bits of a network that are written out; of more, the first."""
MOST_TABLED = 2**20
"""Networks up to which an exact posterior is computed to be shown."""
MOST_MARGINALS = 64


def data_html(data: Dataset) -> str:
    """Sizes, names and notes, and how many examples of each class each split has, or how the numbers spread."""
    preprocessing = data.preprocessing
    task = f"{data.n_classes} classes" if data.n_classes else f"numbers: {preprocessing.target}"
    facts: list[Fact] = [(name, f"{len(data.split(name)):,} examples") for name in SPLITS]
    facts += [("features", f"{data.n_features:,}: {listed(data.features)}"), ("target", task)]
    if data.n_classes:
        facts.append(("classes", listed(data.classes)))
    if data.split_by is not None:
        facts.append(("split by", data.split_by))
    if data.notes:
        facts.append(("notes", f"{len(data.notes)}, see notes: {data.notes[0]}"))
    return card(data.name, facts, [class_counts(data) if data.n_classes else histogram(data)], kind="Dataset")


def listed(names: tuple[str, ...]) -> str:
    """The first names, and how many there are beside them."""
    kept = [name if len(name) <= notebook.SHORT else f"{name[: notebook.SHORT - 1]}…" for name in names[:MOST_NAMES]]
    more = [f"and {len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*kept, *more])


def class_counts(data: Dataset) -> str:
    """A bar a split: the share of each class in it."""
    width, step, left = 210.0, 20.0, 62.0
    names = list(data.classes[:MOST_CLASSES])
    others = data.n_classes - len(names)
    names += [f"{others:,} others"] if others else []
    shapes: list[str] = []
    for place, split in enumerate(SPLITS):
        y = data.split(split).y
        counts = np.bincount(y, minlength=data.n_classes)
        shown = [*counts[:MOST_CLASSES], counts[MOST_CLASSES:].sum()][: len(names)]
        shapes.append(letters(0, place * step + 13, split))
        x = left
        for name, count, colour in zip(names, shown, COLOURS, strict=False):
            share = width * int(count) / max(len(y), 1)
            if count:
                shapes.append(area(x, place * step + 3, max(share - 1, 0.5), step - 6, colour, f"{name}: {count:,}"))
            x += share
    below = len(SPLITS) * step + 4
    for place, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        x, y = left + 105 * (place % 2), below + 16 * (place // 2)
        short = name if len(name) <= 14 else f"{name[:13]}…"
        shapes += [area(x, y + 2, 9, 9, colour), letters(x + 13, y + 10, short)]
    height = below + 16 * ((len(names) + 1) // 2)
    return picture(left + width, height, "examples of each class in each split", shapes)


def histogram(data: Dataset) -> str:
    """How often numbers of the training split are how large, in the units of the target."""
    numbers = data.preprocessing.own_labels(data.train.y)
    bins = int(np.clip(np.sqrt(len(numbers)), 4, MOST_BINS))
    low, high = float(numbers.min()), float(numbers.max())
    counts = np.histogram(numbers, bins, (low, high) if low < high else (low - 0.5, high + 0.5))[0]
    label = "training numbers, from the lowest to the highest"
    return notebook.columns([float(count) for count in counts], label, number_text(low), number_text(high))


def circuit_html(circuit: Circuit) -> str:
    """Sizes, and the first gates on the first qubits."""
    facts = [("qubits", f"{circuit.n_qubits:,}"), ("parameters", f"{circuit.n_parameters:,}")]
    if circuit.n_parameters > MOST_LISTED:
        return card(type(circuit).__name__, facts, kind="circuit")
    gates = circuit.gates()
    facts.append(("gates", f"{len(gates):,}"))
    return card(type(circuit).__name__, facts, [gates_picture(gates, circuit.n_qubits)], kind="circuit")


def gates_picture(gates: tuple[Gate, ...], n_qubits: int) -> str:
    """Gates on lines, time to the right, without their angles, which `Circuit.draw` writes."""
    lines = min(n_qubits, MOST_LINES)
    drawn = [gate for gate in gates if max(gate.qubits) < lines]
    found = columns(drawn)
    step, row, left = 34.0, 24.0, 26.0
    width = left + step * max(min(len(found), MOST_COLUMNS), 1) + 8
    shapes = [letters(0, row * qubit + 16, f"q{qubit}", pale=True) for qubit in range(lines)]
    shapes += [stroke([(left, row * qubit + 12), (width, row * qubit + 12)], opacity="0.5") for qubit in range(lines)]
    for place, column in enumerate(found[:MOST_COLUMNS]):
        for gate in column:
            shapes += gate_shapes(gate, left + step * (place + 0.5), row)
    left_out = [f"{n_qubits - lines:,} qubits more"] if n_qubits > lines else []
    left_out += [f"{len(found) - MOST_COLUMNS:,} columns more"] if len(found) > MOST_COLUMNS else []
    height = row * lines + (16 if left_out else 0)
    if left_out:
        shapes.append(letters(left, row * lines + 12, ", ".join(left_out), pale=True, longest=notebook.LONGEST))
    return picture(max(width, 230.0), height, f"gates of {n_qubits} qubits", shapes)


def gate_shapes(gate: Gate, x: Number, row: Number) -> list[str]:
    """A gate about x: boxes with a name, dots of controls, and a line between its qubits."""
    ends = [(x, row * min(gate.qubits) + 12), (x, row * max(gate.qubits) + 12)]
    shapes = [stroke(ends)] if len(gate.qubits) > 1 else []
    for qubit, symbol in zip(gate.qubits, symbols(gate), strict=True):
        y, name = row * qubit + 12, symbol.partition("(")[0]
        if name == "●":
            shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="3.5"/>')
        elif name == "⊕":
            shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="6" fill="none" stroke="currentColor"/>')
            shapes += [stroke([(x - 6, y), (x + 6, y)]), stroke([(x, y - 6), (x, y + 6)])]
        elif name == "╳":
            shapes += [stroke([(x - 4, y - 4), (x + 4, y + 4)]), stroke([(x - 4, y + 4), (x + 4, y - 4)])]
        else:
            # The box has a colour of its own, so that its line does not run through the name.
            shapes.append(area(x - 14, y - 9, 28, 18, BOX))
            shapes.append(f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle" fill="white">{escaped(name, 5)}</text>')
    return shapes


def posterior_html(posterior: Posterior) -> str:
    """Sizes, and the circuit of one register or of the first of many; parameters, and so outcomes, it has none."""
    facts = [("weights", f"{posterior.n_weights:,}"), ("parameters", f"{posterior.n_parameters:,}")]
    pictures: list[str] = []
    # Of a backend's posterior the circuits are those without noise.
    ideal = posterior.ideal
    circuit = ideal.circuit if isinstance(ideal, Register) else None
    if isinstance(ideal, Registers):
        sizes = [(len(group.places), group.size) for group in ideal.groups]
        facts.append(("registers", ", ".join(f"{count:,} of {counted(size, 'qubit')}" for count, size in sizes)))
        facts.append(("grouping", ideal.grouping if isinstance(ideal.grouping, str) else "given"))
        circuit = ideal.groups[0].circuit
    if circuit is not None:
        facts.append(("circuit", repr(circuit)))
        if circuit.n_parameters <= MOST_LISTED:
            pictures.append(gates_picture(circuit.gates(), circuit.n_qubits))
    return card(type(posterior).__name__, facts, pictures, kind="posterior")


def exact_html(posterior: ExactPosterior) -> str:
    """Evidence and entropy, the most probable networks, and the probability of a 1 in each bit."""
    n = posterior.n_weights
    facts = [("weights", f"{n}"), ("networks", f"{2**n:,}"), ("beta", f"{posterior.beta:g}")]
    if 2**n > MOST_TABLED:
        return card("ExactPosterior", facts, kind="posterior")
    facts += [
        ("log evidence", f"{number_text(posterior.log_evidence)} nats"),
        ("entropy", f"{number_text(posterior.entropy)} nats"),
    ]
    probabilities = posterior.probabilities
    bits = most_probable(probabilities, min(MOST_NETWORKS, len(probabilities)))
    heights = np.sort(probabilities)[::-1][: len(bits)]
    rows = [(bits_text(own), float(height), f"{100 * height:.3g} %") for own, height in zip(bits, heights, strict=True)]
    marginals = [float(value) for value in posterior.marginals[:MOST_MARGINALS]]
    last = f"of bit {len(marginals) - 1}"
    pictures = [
        notebook.bars(rows, "probability of the most probable networks"),
        notebook.columns(marginals, "probability of a 1 in each bit", "P(1) of bit 0", last, top=1.0),
    ]
    return card("ExactPosterior", facts, pictures, kind="posterior")


def bits_text(bits: np.ndarray) -> str:
    text = "".join(str(int(bit)) for bit in bits[:MOST_BITS])
    return text if len(bits) <= MOST_BITS else f"{text}…"
