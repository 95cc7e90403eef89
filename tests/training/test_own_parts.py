"""Runs with parts of a user's own: trained, saved, loaded, resumed, and what is said where they cannot be."""

import json
import re
import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import my_parts
import oracle
from hyperborn.circuits import Angle, Gate, GateList
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.records import thing_of
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.fit import run
from hyperborn.training.regime import Resources
from hyperborn.training.serialization import SLOTS, definition_from_record
from hyperborn.training.shots.posteriors import ShotRegister
from runs import outcome_of, resume, same, start, start_and_stop

QUIET = Resources(Progress(enabled=False))
NETWORK = hb.networks.BinaryMLP(2, hidden=())


def defined(**parts: Any) -> Definition:
    """A run of 20 steps on three bits, of which parts are replaced."""
    usual = {"posterior": hb.Register(hb.circuits.ProductState(3)), "steps": 20, "plateau": None}
    network = parts.pop("network", NETWORK)
    return definition_with_defaults(network, 24, **usual | parts)


OWN = {
    "objective": {"objective": my_parts.Doubled(0.5)},
    "divergence": {"objective": hb.SELBO(1.0, my_parts.Softened(3))},
    "prior": {"prior": my_parts.Tilted(0.2)},
    "optimizer": {"optimizer": my_parts.Descent(0.05)},
    "annealing": {"annealing": my_parts.Linear()},
    "exact estimator": {"estimator": my_parts.Tripled()},
    "estimator": {"posterior": hb.Registers(3), "estimator": my_parts.Centred(2), "batch_size": 8},
    "circuit": {"posterior": hb.Register(my_parts.Ladder(3, 2))},
    "network": {"network": my_parts.Sharpened(2, 3.0)},
    "backend": {
        "posterior": ShotRegister(my_parts.Ladder(3), my_parts.Mine()),
        "objective": my_parts.Doubled(),
        "estimator": hb.SPSA(20),
    },
}


@pytest.mark.parametrize("parts", OWN.values(), ids=OWN)
def test_a_run_with_a_part_of_ones_own_is_saved_loaded_and_resumed(
    data: Dataset, tmp_path: Path, parts: dict[str, Any]
) -> None:
    definition = defined(**parts)
    whole = start(tmp_path / "whole", definition, data)
    assert "my_parts:" in (tmp_path / "whole" / "definition" / "definition.json").read_text()
    loaded = hb.load(tmp_path / "whole")
    assert loaded.definition == definition
    assert same(loaded, whole)
    start_and_stop(tmp_path / "run", definition, data, 10)
    assert same(resume(tmp_path / "run"), whole)
    if "backend" not in str(parts):
        assert {name: found for name, found in outcome_of(tmp_path / "run").items() if "ledger" not in name} == {
            name: found for name, found in outcome_of(tmp_path / "whole").items() if "ledger" not in name
        }
    whole.save(tmp_path / "saved")
    np.testing.assert_array_equal(hb.load(tmp_path / "saved").predict(data.test.x), whole.predict(data.test.x))


@dataclass(frozen=True)
class Growing(my_parts.Ladder):
    """It may list more gates some day."""

    more = 0

    def gates(self) -> tuple[Gate, ...]:
        return (*super().gates(), *[Gate("cz", (0, 1)), Gate("cx", (1, 2))] * (self.more // 1))


CHANGES = {
    "none": None,
    "absent class": None,
    "other fields": "lacks or does not know",
    "other gates": "it does something else",
    "gates that fail": "TypeError: unsupported operand",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_circuit_whose_class_is_not_what_it_was_is_its_gates(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    definition = defined(posterior=hb.Register(Growing(3, 2)))
    whole = start(tmp_path / "run", definition, data)
    start_and_stop(tmp_path / "stopped", definition, data, 10)
    if change == "absent class":
        monkeypatch.delattr(sys.modules[__name__], "Growing")
    elif change == "other fields":
        monkeypatch.setattr(sys.modules[__name__], "Growing", my_parts.Needy)
    elif change == "other gates":
        monkeypatch.setattr(Growing, "more", 1)
    elif change == "gates that fail":
        monkeypatch.setattr(Growing, "more", "many")
    said = CHANGES[change]
    told = nullcontext() if said is None else pytest.warns(UserWarning, match=f"Growing has changed since .*{said}")
    with told:
        loaded = hb.load(tmp_path / "run")
    circuit = loaded.definition.posterior.circuit
    assert type(circuit) is (Growing if change == "none" else GateList)
    assert circuit.parameter_shape == (3, 3)
    np.testing.assert_allclose(loaded.probabilities, whole.probabilities, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(loaded.params, whole.params)
    told = nullcontext() if said is None else pytest.warns(UserWarning, match="what the run keeps of it is used$")
    with told:
        resumed = resume(tmp_path / "stopped")
    np.testing.assert_allclose(resumed.probabilities, whole.probabilities, rtol=0, atol=1e-5)
    loaded.save(tmp_path / "copy")
    assert hb.load(tmp_path / "copy").definition == loaded.definition


def test_a_circuit_of_a_local_class_is_saved_as_its_gates(data: Dataset, tmp_path: Path) -> None:
    class Local(my_parts.Ladder):
        pass

    found = run(defined(posterior=hb.Register(Local(3, 1))), data, QUIET)
    found.save(tmp_path / "run")
    loaded = hb.load(tmp_path / "run")
    assert loaded.definition.posterior == hb.Register(GateList.of(Local(3, 1)))
    np.testing.assert_allclose(loaded.probabilities, found.probabilities, rtol=0, atol=1e-6)


def test_a_list_of_gates_is_kept_letter_by_letter(data: Dataset, tmp_path: Path) -> None:
    theta = hb.circuits.parameters(4)
    gates = [("h", 0), ("rx", 0, theta[0]), ("cz", (0, 2)), ("u", 1, (theta[1], 2 * theta[2] - 0.5, Angle(0.25)))]
    circuit = GateList(3, [*gates, ("ry", 2, theta[3] + theta[0])], (2, 2))
    found = run(defined(posterior=hb.Register(circuit)), data, QUIET)
    found.save(tmp_path / "run")
    loaded = hb.load(tmp_path / "run")
    assert loaded.definition.posterior == hb.Register(circuit)
    assert same(loaded, found)
    record = json.loads((tmp_path / "run" / "definition" / "definition.json").read_bytes())["posterior"]["circuit"]
    assert record["listed"][:3] == [["h", [0]], ["rx", [0], [0]], ["cz", [0, 2]]]
    record["listed"][1] = ["rx", [0], [7]]
    with pytest.raises(UserError, match=r"the gate rx.* in a circuit of 4 parameters: number them from 0 to 3"):
        thing_of(record, SLOTS, "circuit")


def test_an_objective_of_ones_own_is_what_is_minimised(data: Dataset) -> None:
    found = run(defined(objective=my_parts.Doubled(0.5)), data, QUIET)
    assert found.numbers["loss"] == pytest.approx(found.numbers["expected_energy"], abs=1e-9)


def test_a_network_of_ones_own_is_what_is_enumerated(data: Dataset) -> None:
    """Log evidence by hand, from logits three times those of a logistic regression."""
    found = run(defined(network=my_parts.Sharpened(2, 3.0)), data, QUIET)
    energies = [oracle.nll(3 * oracle.mlp_logits(row, data.train.x, (), 1), data.train.y) for row in oracle.all_bits(3)]
    assert found.numbers["log_evidence"] == pytest.approx(np.log(np.mean(np.exp(-np.array(energies)))), abs=1e-9)


def test_an_exact_estimator_of_ones_own_is_followed(data: Dataset) -> None:
    """Descent along three times the gradient is descent at three times the rate."""
    plain: dict[str, Any] = {"annealing": None, "steps": 5}
    tripled = run(defined(estimator=my_parts.Tripled(), optimizer=my_parts.Descent(0.001), **plain), data, QUIET)
    faster = run(defined(optimizer=my_parts.Descent(0.003), **plain), data, QUIET)
    np.testing.assert_allclose(tripled.params, faster.params, rtol=0, atol=1e-6)
    begun = run(defined(optimizer=my_parts.Descent(0.001), **plain), data, QUIET)
    assert np.abs(tripled.params - begun.params).max() > 1e-3


def test_an_annealing_of_ones_own_scales_the_energies(data: Dataset) -> None:
    """One step at a share of 1/20 of the gradient of the energies, and MLE has no other."""
    first: dict[str, Any] = {"objective": hb.MLE(), "optimizer": my_parts.Descent(0.01), "steps": 1, "restarts": 1}
    start = run(defined(annealing=None, **first | {"optimizer": my_parts.Descent(1e-30)}), data, QUIET).params
    whole = run(defined(annealing=None, **first), data, QUIET).params - start
    shared = run(defined(annealing=my_parts.Linear(20.0), **first), data, QUIET).params - start
    np.testing.assert_allclose(shared, whole / 20, rtol=1e-3, atol=1e-6)
    assert np.abs(whole).max() > 1e-3


@pytest.mark.usefixtures("unchecked")
def test_an_estimator_of_no_way_of_training_is_one_line() -> None:
    said = "the estimator Adrift serves no way of training; make it a ShotEstimator or MinibatchEstimator or ExactEstim"
    with pytest.raises(UserError, match=said):
        defined(estimator=my_parts.Adrift())


@dataclass(frozen=True)
class Listing(hb.MMD):
    """A divergence with a field of any kind."""

    kept: Any = None


def local_class() -> Any:
    @dataclass(frozen=True)
    class Local(hb.KL):
        pass

    return Local()


LOST = {
    "a local class": (local_class, "the class Local is defined inside a function, where nobody finds it again; "),
    "a function": (lambda: Listing(kept=len), "is the function len, and a run folder holds numbers, texts and tuples"),
    "a key": (lambda: Listing(kept={1: 0.25}), "has the key 1, and keys in a run folder are texts; give a text"),
    "a dictionary like a part": (
        lambda: Listing(kept={"kind": "KL"}),
        "kept of Listing comes back from its record as KL(), not as {'kind': 'KL'}; hold it in another form",
    ),
    "a set": (lambda: Listing(kept={1}), "is {1}, and a run folder holds numbers, texts and tuples only"),
}


@pytest.mark.parametrize(("make", "said"), LOST.values(), ids=LOST)
def test_what_cannot_be_saved_is_said_before_training_and_when_it_is_saved(
    data: Dataset, tmp_path: Path, make: Any, said: str
) -> None:
    objective = hb.SELBO(1.0, make())
    with pytest.raises(UserError) as refused:
        start(tmp_path / "run", defined(objective=objective), data)
    line = str(refused.value)
    assert line.startswith("the run cannot be saved: ")
    assert said in line
    told: list[int] = []

    def tell(step: int, *_: Any) -> None:
        assert [str(warning.message) for warning in warned] == [line]
        told.append(step)

    posterior = hb.Register(hb.circuits.ProductState(3))
    given: dict[str, Any] = {"posterior": posterior, "objective": objective, "steps": 3, "callback": tell}
    with pytest.warns(UserWarning, match="cannot be saved") as warned:
        found = hb.fit(NETWORK, data, **given, progress=False)
    assert told[-1] == 3
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        found.save(tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_does_not_come_back_is_said_before_training(data: Dataset, tmp_path: Path) -> None:
    """Lists come back as tuples, which this one does not take."""
    prior = Picky(kept=[0.5])
    posterior = hb.Register(hb.circuits.ProductState(3))
    line = "the run cannot be saved: kept = (0.5,): give a list"
    with pytest.warns(UserWarning, match=f"^{re.escape(line)}$"):
        found = hb.fit(NETWORK, data, posterior=posterior, prior=prior, steps=1)
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        found.save(tmp_path / "saved")


@dataclass(frozen=True)
class Picky(my_parts.Tilted):
    kept: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.kept, list):
            raise UserError(f"kept = {self.kept!r}: give a list")


def test_a_run_whose_part_is_unknown_says_what_to_import(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path / "run", defined(**OWN["prior"]), data)
    start_and_stop(tmp_path / "stopped", defined(**OWN["prior"]), data, 10)
    monkeypatch.delitem(sys.modules, "my_parts")
    for name, use in (("run", hb.load), ("stopped", resume)):
        with pytest.raises(UserError) as caught:
            use(tmp_path / name)
        assert str(caught.value) == (
            f"{tmp_path / name / 'definition'}: the prior 'my_parts:Tilted' is not known here; import my_parts first, "
            "or give --plugin my_parts"
        )
    assert "my_parts" not in sys.modules


def test_another_source_is_told_where_a_run_goes_on(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_and_stop(tmp_path / "run", defined(**OWN["prior"]), data, 10)
    notes: list[str] = []
    monkeypatch.setattr("hyperborn.runs.environment.source_digest", lambda _: "another")
    resume(tmp_path / "run", notes)
    said = "run goes on with another source of my_parts:Tilted: its result is that of neither alone"
    assert [note.endswith(said) for note in notes] == [True]


def test_records_of_ours_are_as_they_were() -> None:
    """So that the identities of all stored runs stay: one of before, letter by letter."""
    definition = replace(defined(prior=hb.Bernoulli(0.25)), steps=7)
    record = json.loads(json.dumps(definition.to_record()))
    assert record == {
        "network": {
            "kind": "BinaryMLP", "n_features": 2, "hidden": [], "n_classes": 2, "activation": "relu", "bias": True,
            "values": [-1.0, 1.0], "scale": "none", "output_scales": [1.0], "normalization": "none",
        },
        "posterior": {"kind": "Register", "circuit": {"kind": "ProductState", "n_qubits": 3}},
        "objective": {"kind": "ELBO", "beta": 1.0},
        "estimator": {"kind": "Exact"},
        "prior": {"kind": "Bernoulli", "probability": 0.25},
        "optimizer": {"kind": "Adam", "learning_rate": 0.03},
        "annealing": {"kind": "Annealing", "start": 0.01, "share": 0.5},
        "plateau": None, "steps": 7, "batch_size": 128, "restarts": 2, "seed": 0, "spread": 0.02,
    }  # fmt: skip
    assert definition_from_record(record) == definition
