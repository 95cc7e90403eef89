"""Runs of energies of one's own in their folders: stopped, resumed, forged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.storage import read_metrics
from runs import resume, same, start, start_and_stop
from tiny_run import tiny_data, tiny_definition


@pytest.fixture(scope="module")
def energies() -> hb.Energies:
    return hb.Energies(hb.energies(tiny_definition().network, tiny_data().train))


def test_a_stopped_run_is_resumed_to_the_same_result(energies: hb.Energies, tmp_path: Path) -> None:
    definition = replace(tiny_definition(), network=9)
    whole = start(tmp_path / "whole", definition, energies)
    start_and_stop(tmp_path / "stopped", definition, energies)
    assert same(resume(tmp_path / "stopped"), whole)
    assert same(hb.load(tmp_path / "stopped"), whole)
    records = read_metrics(tmp_path / "stopped" / "metrics.jsonl")
    assert {record["train_accuracy"] for record in records} == {None}
    record = json.loads((tmp_path / "whole" / "definition" / "definition.json").read_bytes())
    assert record["network"] == 9
    assert json.loads((tmp_path / "whole" / "definition" / "data.json").read_bytes()) == {"kind": "Energies"}
    np.testing.assert_array_equal(np.load(tmp_path / "whole" / "definition" / "data.npz")["energies"], energies.table())


def test_commands_on_such_a_run_answer_or_refuse_in_one_line(hyperborn, energies: hb.Energies, tmp_path: Path) -> None:
    hb.fit(energies, posterior=tiny_definition().posterior, steps=3, progress=False).save(tmp_path / "run")
    ended = hyperborn("resume", "run", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["energies"] == "a table of 2^9"
    assert hyperborn("resume", "run").code == 0
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    for command in (("predict", "run", "rows.csv"), ("evaluate", "run")):
        ended = hyperborn(*command)
        assert ended.code == 2
        assert "the run is of energies of your own" in ended.err
        assert ended.err.count("\n") == 1


def test_a_function_whose_module_is_not_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cuts_of_mine.py").write_text("def cut(rows):\n    return rows.sum(axis=1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    import cuts_of_mine  # pyright: ignore[reportMissingImports]

    found = hb.fit(
        hb.EnergyFunction(cuts_of_mine.cut, 9), posterior=tiny_definition().posterior, steps=3, progress=False
    )
    found.save(tmp_path / "run")
    assert same(hb.load(tmp_path / "run"), found)
    monkeypatch.delitem(__import__("sys").modules, "cuts_of_mine")
    with pytest.raises(
        UserError, match="cuts_of_mine:cut' is not known here; import cuts_of_mine first, or give --plugin"
    ):
        hb.load(tmp_path / "run")
