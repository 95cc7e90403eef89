import io
from typing import Any

import numpy as np
from rich.console import Console

from hyperborn.predictive import ClassProbabilities
from hyperborn.report.confusion import confusion_table


def printed(report: dict[str, Any]) -> list[list[str]]:
    stream = io.StringIO()
    Console(file=stream, width=100, legacy_windows=False).print(confusion_table(report))
    return [line.split() for line in stream.getvalue().splitlines()]


def test_rows_are_true_classes_and_columns_what_was_decided_for() -> None:
    predictions = ClassProbabilities(np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.3, 0.7, 0.0]]))
    header, _, *rows = printed(predictions.report(np.array([0, 0, 1]), ("a", "[b]", "c")))
    assert header == ["true", "class", "recall", "as", "a", "as", "[b]", "as", "c"]
    assert rows == [["a", "0.5000", "1", "1", "0"], ["[b]", "1.0000", "0", "1", "0"], ["c", "–", "0", "0", "0"]]


def test_of_many_classes_there_are_recalls_alone() -> None:
    for count in (9, 101):
        names = [f"class{index}" for index in range(count)]
        header, _, *rows = printed(ClassProbabilities(np.eye(count)).report(np.arange(count), names))
        assert header == ["true", "class", "recall"]
        assert rows == [[name, "1.0000"] for name in names]
