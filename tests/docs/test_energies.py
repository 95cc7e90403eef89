"""The blocks of docs/energies.md run as they stand, each section by itself."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "energies.md"
SECTIONS = {
    section.partition("\n")[0]: re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
}


def names_after(title: str) -> dict[str, Any]:
    """The names after a section, which is run as a module: its functions can be found again."""
    module = ModuleType("energies_page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        for block in SECTIONS[title]:
            exec(compile(block, f"{PAGE}, {title}", "exec"), vars(module))
    return vars(module)


def test_every_section_has_a_test() -> None:
    assert list(SECTIONS) == ["MaxCut", "An Ising model", "A Bayesian network"]


# Five seconds are those of Qiskit and Aer: it compiles twelve qubits for the device, and simulates 51 noisy circuits.
def test_max_cut_is_solved_exactly_and_found_by_a_noisy_device() -> None:
    names = names_after("MaxCut")
    cut, edges = names["cut"], names["edges"].tolist()
    strings = [[(index >> place) & 1 for place in range(12)] for index in range(4096)]
    cuts = [sum(row[i] != row[j] for i, j in edges) for row in strings]
    assert (max(cuts), cuts.count(16)) == (16, 4)
    outcomes = names["measured"].outcomes
    assert cut(outcomes.bits).max() == 16
    # Without training the mean is 9, with a standard error of 0.07 for a thousand shots.
    assert cut(outcomes.bits) @ outcomes.weights > 11


def test_the_partition_function_of_the_ring_is_that_of_its_transfer_matrices() -> None:
    names = names_after("An Ising model")
    spins = np.array([-1.0, 1.0])
    product = np.eye(2)
    for coupling in names["couplings"]:
        product = product @ np.exp(coupling * np.outer(spins, spins) + 0.15 * np.add.outer(spins, spins))
    assert names["log_partition"] == pytest.approx(np.log(np.trace(product)), abs=1e-9)


def test_the_printed_distances_are_those_that_come_out(capsys: pytest.CaptureFixture[str]) -> None:
    names = names_after("A Bayesian network")
    printed = capsys.readouterr().out.splitlines()
    shown = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
    for ours, theirs in zip(printed, shown.splitlines(), strict=True):
        assert ours.split()[0] == theirs.split()[0]
        numbers = [[float(it) for it in re.findall(r"\d\.\d+", line)] for line in (ours, theirs)]
        assert numbers[0] == pytest.approx(numbers[1], abs=2e-3)
    assert names["prior"].log_probabilities(3)[5] == pytest.approx(np.log(0.5 * 0.9 * 0.8), abs=1e-12)
