"""`train --prior-from`: learning goes on with new data."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import circuit_oracle
import hyperborn as hb
import oracle
from command_line import FLOWERS, QUICK, Run

HEADER, *LINES = FLOWERS.splitlines()
NUMBERS = [(float(line.split(",")[0]), line.split(",")[2], line.split(",")[3]) for line in LINES]
ALL = ("--validation", "0", "--test", "0")
TRAINING = ("--depth", "2", "--steps", "40", "--restarts", "2", *ALL)


@pytest.fixture
def halves(tmp_path: Path) -> None:
    """first.csv and second.csv: every other flower."""
    for name, start in (("first", 0), ("second", 1)):
        text = "\n".join([HEADER, *LINES[start::2]])
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")


def encoded(rows: list[tuple[float, str, str]], by: list[tuple[float, str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Petal and colour, standardised by the mean and deviation of some rows, and the class."""

    def raw(rows: list[tuple[float, str, str]]) -> np.ndarray:
        return np.array([[petal, colour == "blue", colour == "red"] for petal, colour, _ in rows], dtype=np.float64)

    x = (raw(rows) - raw(by).mean(axis=0)) / raw(by).std(axis=0)
    return x, np.array([kind == "small one" for *_, kind in rows]).astype(np.int64)


@pytest.mark.usefixtures("halves")
def test_the_evidence_is_that_of_a_plain_enumeration_with_the_earlier_posterior(hyperborn: Run) -> None:
    network = ("--hidden", "1", "--activation", "tanh", "--values", "-1.5,0.5")
    flags = ("--target", "kind", "--drop", "sepal", *network, *TRAINING, "--out", "one", "--json")
    assert hyperborn("train", "first.csv", *flags).code == 0
    ended = hyperborn("train", "second.csv", "--prior-from", "one", *TRAINING, "--out", "two", "--json")
    assert (ended.code, ended.err) == (0, "")
    circuit, params = hb.load("one").definition.posterior.circuit, hb.load("one").params
    q = circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), params), 6)
    x, y = encoded(NUMBERS[1::2], by=NUMBERS[0::2])
    energies = np.array(
        [
            oracle.nll(oracle.mlp_logits(bits, x, (1,), 1, activation="tanh", values=(-1.5, 0.5)), y)
            for bits in oracle.all_bits(6)
        ]
    )
    log_evidence = np.log(np.sum((0.99 * q + 0.01 / 2**6) * np.exp(-energies)))
    # The circuit is simulated in single precision.
    assert ended.json["log_evidence"] == pytest.approx(log_evidence, abs=1e-5)
    assert ended.json["elbo_gap"] > 0


@pytest.mark.usefixtures("halves")
def test_a_run_needs_nothing_of_the_one_before(hyperborn: Run) -> None:
    flags = ("--target", "kind", "--drop", "sepal", "--hidden", "none", *TRAINING)
    Path("next.toml").write_text('prior_from = "one"\nvalidation = 0\ntest = 0\nsteps = 40\nrestarts = 2\ndepth = 2\n')
    assert hyperborn("train", "first.csv", *flags, "--out", "one").code == 0
    ended = hyperborn("train", "second.csv", "--config", "next.toml", "--target", "kind", "--out", "two", "--json")
    assert ended.code == 0, ended.err
    shutil.rmtree("one")
    result = hb.load("two")
    assert isinstance(result.definition.prior, hb.PreviousPosterior)
    assert result.numbers["log_evidence"] == ended.json["log_evidence"]
    shutil.rmtree("two/result")
    again = hyperborn("resume", "two", "--json")
    assert again.code == 0, again.err
    assert again.json["log_evidence"] == ended.json["log_evidence"]
    # The chain goes on, and what is recorded does not grow with it.
    sizes = []
    for name, before in (("three", "two"), ("four", "three")):
        done = hyperborn("train", "first.csv", "--prior-from", before, *TRAINING, "--out", name, "--json")
        assert done.code == 0, done.err
        record = json.loads(Path(name, "definition/definition.json").read_text(encoding="utf-8"))
        assert record["prior"].keys() == {"kind", "posterior", "params", "doubt"}
        sizes.append(len(record["prior"]["params"]))
    # Four qubits: RY, then two layers of RZ, six RZZ and RY.
    assert sizes == [32, 32]
    assert hyperborn("predict", "four", "second.csv").code == 0


@pytest.mark.usefixtures("halves")
def test_learning_goes_on_in_python_as_on_the_command_line(hyperborn: Run) -> None:
    flags = ("--target", "kind", "--drop", "sepal", "--hidden", "none", *TRAINING)
    hyperborn("train", "first.csv", *flags, "--out", "one")
    ended = hyperborn("train", "second.csv", "--prior-from", "one", *TRAINING, "--out", "two", "--json")
    first = hb.load("one")
    data = hb.data.load("second.csv", preprocessing=first.data.preprocessing, validation=0.0, test=0.0)
    found = hb.fit(
        first.network,
        data,
        prior=first.as_prior(),
        posterior=hb.Register(hb.circuits.AllPairs(4, depth=2)),
        steps=40,
        restarts=2,
        progress=False,
    )
    assert found.numbers["loss"] == ended.json["loss"]


@pytest.mark.usefixtures("finished", "flowers", "unharmed")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden", "2"), ("activation", "tanh"), ("bias", "true"), ("values", "0,1"), ("scale", "none"),
        ("components", "2"), ("standardize", "true"), ("impute", "median"), ("classes", "a,b"), ("drop", "sepal"),
        ("prior", "0.5"), ("output-scales", "1,2"),
    ],
)  # fmt: skip
def test_what_the_earlier_run_settles_is_refused(hyperborn: Run, key: str, value: str) -> None:
    ended = hyperborn("train", "flowers.csv", "--prior-from", "run", f"--{key}", value)
    ended.refused(f"{key.replace('-', '_')} does not go with prior_from", "those of run", "leave out")


@pytest.mark.usefixtures("finished")
def test_data_and_runs_that_do_not_fit_are_refused(hyperborn: Run, flowers: Path) -> None:
    Path("other.csv").write_text(FLOWERS.replace("Größe", "huge"), encoding="utf-8")
    Path("narrow.csv").write_text(FLOWERS.replace("petal", "length"), encoding="utf-8")
    train = ("train", flowers.name)
    hyperborn("train", "other.csv", "--prior-from", "run").refused("unknown label 'huge'", "Größe, small one")
    hyperborn("train", "narrow.csv", "--prior-from", "run").refused("no column 'petal'", "petal, sepal, colour")
    hyperborn("train", "iris", "--prior-from", "run").refused("unknown class 'Größe'", "setosa")
    hyperborn(*train, "--prior-from", "run", "--target", "colour").refused("target='colour'", "'kind'")
    hyperborn(*train, "--prior-from", "nowhere").refused("nowhere is not a run folder")
    hyperborn("compare", flowers.name, "--prior-from", "run").refused("No such option: --prior-from")
    shutil.rmtree("run/result")
    hyperborn(*train, "--prior-from", "run").refused("run is not finished; go on with: hyperborn resume run")
    assert not Path("runs").exists()


@pytest.mark.usefixtures("finished")
def test_data_that_were_learnt_from_before_are_noted(hyperborn: Run, flowers: Path) -> None:
    ended = hyperborn("train", flowers.name, "--prior-from", "run", *QUICK[2:], "--out", "again", "--json")
    assert ended.code == 0
    assert "8 of 8 training examples are among those that run learnt from: they count twice" in ended.err


def test_built_in_sets_go_on_too(hyperborn: Run) -> None:
    quick = ("--depth", "1", "--steps", "3", "--restarts", "1", "--json")
    done = hyperborn("train", "iris", "--classes", "1,2", "--components", "2", *quick, "--out", "one")
    assert done.code == 0, done.err
    ended = hyperborn("train", "iris", "--seed", "1", "--prior-from", "one", *quick, "--out", "two")
    assert ended.json["n_weights"] == done.json["n_weights"]
    assert hb.load("two").data.classes == ("versicolor", "virginica")
