"""How docs/tables.md cuts tables in two and scores scikit-learn's models, and that the page says what was found."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "tables"
HEADER = '"","colour","kind"'


@pytest.fixture(scope="module")
def experiment() -> Iterator[dict[str, ModuleType]]:
    """The experiment's files, which import each other by their names alone."""
    names = ("tables", "peers", "report")
    sys.path.insert(0, str(EXPERIMENT))
    try:
        yield {name: import_module(name) for name in names}
    finally:
        sys.path.remove(str(EXPERIMENT))
        for name in names:
            sys.modules.pop(name, None)


def table_of(experiment: dict[str, ModuleType], **settings: Any) -> Any:
    return experiment["tables"].Table("t", "kind", "package", "path", "about", **settings)


def test_rows_stay_as_they_are_written_and_classes_keep_their_shares(experiment: dict[str, ModuleType]) -> None:
    kinds = ["a"] * 24 + ["b"] * 12 + ["only one"]
    lines = [f'"{row}", red,"{kind}"' for row, kind in enumerate(kinds)]
    text = "\n".join([HEADER, *lines]) + "\n"
    train, test = (part.splitlines() for part in experiment["tables"].halves(text, table_of(experiment)))
    assert train[0] == test[0] == HEADER
    assert sorted(train[1:] + test[1:]) == sorted(lines)
    assert [line for line in lines if line in test] == test[1:]
    assert Counter(line.split(",")[2] for line in test[1:]) == {'"a"': 6, '"b"': 3}
    assert experiment["tables"].halves(text, table_of(experiment)) == ("\n".join(train) + "\n", "\n".join(test) + "\n")


def test_line_breaks_in_cells_are_refused(experiment: dict[str, ModuleType]) -> None:
    with pytest.raises(ValueError, match="3 lines hold 2 rows"):
        experiment["tables"].halves(f'{HEADER}\n1,"red\nblue",a\n2,red,b\n', table_of(experiment))


def test_peers_of_classes(experiment: dict[str, ModuleType]) -> None:
    """Of a class that the training rows lack, a probability counts as 2e-16."""
    random = np.random.default_rng(0)
    y = np.repeat([0, 2], 40)
    x = random.normal(size=(80, 2)) + 2 * y[:, None]
    found = experiment["peers"].peers((x, y), (x[:3], np.array([0, 0, 1])), regression=False)
    assert list(found) == ["logistic regression", "forest", "MLP"]
    for scores in found.values():
        assert (scores.nll[:2] < 0.7).all()
        np.testing.assert_allclose(scores.nll[2], 52 * np.log(2))
        assert scores.other.tolist() == [True, True, False]


def test_a_peer_is_calibrated_on_rows_that_it_has_not_learnt_from(experiment: dict[str, ModuleType]) -> None:
    """A tree that knows its rows by heart is sure of what it says of others, and right about three quarters of them."""
    peers, random = experiment["peers"], np.random.default_rng(2)
    y = np.tile([0, 1], 200)
    x = np.column_stack([np.where(random.random(400) < 0.15, 1 - y, y), random.normal(size=400)])
    tree, train, test = DecisionTreeClassifier(random_state=0), (x[:300], y[:300]), (x[300:], y[300:])
    learnt = clone(tree).fit(*train)
    assert peers.class_nll(learnt, *test).mean() > 3
    calibrated, cross_fitted = peers.calibrated_nll(tree, learnt, train, test)
    assert calibrated.mean() < 0.7
    # Of 300 rows: a standard error of about 0.02.
    assert abs(cross_fitted - calibrated.mean()) < 0.1


def test_peers_of_numbers(experiment: dict[str, ModuleType]) -> None:
    """The deviation is that of errors on rows held out, here of noise of deviation 0.5."""
    random = np.random.default_rng(1)
    x = random.normal(size=(400, 1))
    y = 3 * x[:, 0] + random.normal(size=400) / 2
    found = experiment["peers"].peers((x, y), (x, y), regression=True)
    linear, forest = found["linear regression"], found["forest"]
    expected = linear.other / (2 * 0.25) + np.log(0.5) + np.log(2 * np.pi) / 2
    assert abs(linear.nll.mean() - expected.mean()) < 0.01
    # Each row held out once, of 400: a standard error of 0.035.
    assert abs(linear.cross_fitted - expected.mean()) < 0.1
    # A forest has learnt its own rows by heart, and yet is no surer than it is right about others.
    assert forest.other.mean() < 0.1
    assert forest.nll.mean() > 0.3


def test_the_page_is_what_was_found(experiment: dict[str, ModuleType]) -> None:
    report = experiment["report"]
    cells = json.loads(report.RESULTS.read_text())
    page = report.PAGE.read_text()
    between = page.partition(report.BEGIN)[2].partition(report.END)[0]
    assert between == f"\n\n{report.tables_of(cells)}"
    assert len(cells) >= 17
    assert sum(cell["regression"] for cell in cells) >= 3
    assert [cell["name"] for cell in cells] == [table.name for table in experiment["tables"].TABLES]
