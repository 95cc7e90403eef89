"""Mistakes: each one line that names the thing and the remedy, exit code 2, and nothing written or lost."""

import json
import os
import shutil
from pathlib import Path

import pytest

from command_line import FLOWERS, QUICK, Run, snapshot

TRAIN_FLOWERS = ("train", "flowers.csv", "--target", "kind", "--strict", "--impute", "median", *QUICK)

MANY = ("train", "moons", "--posterior", "registers")
REGISTERS = [
    ((*MANY, "--register-size", "11"), ("register_size = '11'", "from 1 to 10")),
    ((*MANY, "--grouping", "neurons"), ("grouping = 'neurons'", "neuron, layer or random")),
    (("train", "moons", "--posterior", "many"), ("posterior = 'many'", "register, registers or auto")),
    (("train", "moons", "--normalization", "batch"), ("normalization = 'batch'", "none, layer or auto")),
    (("train", "moons", "--estimator", "reinforce"), ("estimator = 'reinforce'", "auto, exact, first-order")),
    (("train", "moons", "--estimator", "exact", "--samples", "4"), ("samples goes with", "leave samples out")),
    (("train", "moons", "--posterior", "register", "--batch-size", "4"), ("batch_size goes with posterior registers",)),
    ((*MANY, "--samples", "none"), ("samples = 'none'", "a whole number from 1 on, or auto")),
    ((*MANY, "--estimator", "score-function", "--samples", "1"), ("samples=1", "at least 2")),
    ((*MANY, "--optimizer", "lbfgs"), ("optimizer lbfgs", "first-order", "Adam()")),
    ((*MANY, "--objective", "renyi"), ("objective renyi needs", "one register", "mle, elbo or selbo")),
    ((*MANY, "--objective", "stein"), ("objective stein needs", "one register", "mle, elbo or selbo")),
    (
        (*MANY, "--estimator", "local-reparameterization", "--grouping", "random"),
        ("local-reparameterization needs registers within the network's neurons", "grouping='neuron'"),
    ),
    ((*MANY, "--estimator", "exact"), ("192 weights", "limit of 24", "fewer hidden units")),
    (
        (*MANY, "--estimator", "exact", "--hidden", "1"),
        ("side parameters (scale or noise 'learned')", "scale 'fan_in'"),
    ),
    ((*MANY, "--annealing", "0.5"), ("annealing goes with estimator exact only", "leave annealing out")),
    (("train", "breast_cancer", "--patience", "50"), ("patience goes with exact gradients only", "leave patience out")),
    (
        ("train", "moons", "--posterior", "register", "--estimator", "first-order"),
        ("estimator first-order draws from Registers", "Exact()"),
    ),
    (
        ("compare", "moons", "--samples", "4", "--objectives", "renyi,stein"),
        ("on many registers", "one circuit is needed: Renyi, SteinPosterior", "--objectives elbo"),
    ),
]
"""Of networks on many registers."""

MISTAKES = [
    (("train", "iriss"), ("'iriss'", "nearest is 'iris'", "moons", ".csv")),
    (("train", "none.csv"), ("none.csv", "no file")),
    (("train",), ("data is missing", "iris")),
    (("train", "flowers.csv"), ("flowers.csv", "--target", "petal, sepal, colour, kind")),
    (("train", "flowers.csv", "--target", "Kind"), ("'Kind'", "nearest is 'kind'")),
    (("train", "flowers.csv", "--target", "kind", "--strict"), ("'sepal'", "2 missing values", "--impute median")),
    ((*TRAIN_FLOWERS, "--classes", "Größe"), ("one class only", "'Größe'")),
    ((*TRAIN_FLOWERS, "--classes", "small one,nope"), ("'nope'", "small one")),
    (("train", "iris", "--classes", "1,1"), ("'versicolor'", "twice")),
    (("train", "iris", "--pixels", "4"), ("pixels=4", "iris", "digits, mnist")),
    (("train", "iris", "--target", "x"), ("target='x'", "iris", "leave target out")),
    (("train", "iris", "--folder", "x"), ("folder", "iris", "mnist")),
    (("train", "iris", "--size", "9"), ("size=9", "iris", "moons")),
    (("train", "iris", "--impute", "median"), ("impute", "iris")),
    (("train", "iris", "--class-weight", "setsa=2"), ("'setsa'", "nearest is 'setosa'")),
    (("train", "iris", "--class-weight", "equal"), ("class_weight", "none, balanced, or", "yes=2,no=1")),
    (("train", "iris", "--weight-column", "w"), ("weight_column='w'", "iris")),
    ((*TRAIN_FLOWERS, "--weight-column", "sepals"), ("'sepals' of weights", "nearest is 'sepal'")),
    (("train", "gaussian", "--noise", "1"), ("noise=1.0", "gaussian", "moons")),
    (("train", "mnist"), ("mnist", "--folder")),
    (("train", "mnist", "--folder", "nowhere"), ("nowhere", "four idx files", "--folder")),
    (("train", "mnist", "--folder", "."), ("train-images-idx3-ubyte", "put the four files", "--folder")),
    (("train", "mnist", "--folder", ".", "--test", "0.1"), ("test=0.1", "official test file")),
    (
        ("train", "gaussian", "--size", "4", "--posterior", "register"),
        ("no class has the 3 examples", "4 examples of 2 classes", "raise size=4 (--size), or"),
    ),
    (("train", "moons", "--validation", "0.001"), ("validation=0.001 of 500 examples draws none", "(--validation)")),
    (("train", "moons", "--test", "0.0001"), ("test=0.0001 of 500 examples draws none", "(--test)", "raise size=500")),
    (("train", "moons", "--noise", "1e200"), ("noise=1e+200 must be a number from 0 to 1,000,000",)),
    (("train", "digits", "--pixels", "3"), ("pixels=3", "choose from: 1, 2, 4, 8")),
    (("train", "iris", "--components", "5"), ("components=5", "from 1 to 4", "4 features")),
    (("train", "iris", "--validation", "0.5", "--test", "0.5"), ("validation=0.5", "test=0.5", "below 1")),
    (("train", "iris", "--values", "1,1"), ("values=(1.0, 1.0)", "distinct")),
    (("train", "iris", "--spread", "1e300"), ("spread = '1e300'", "radians from 0 to 6.2832")),
    (
        ("train", "breast_cancer", "--hidden", "8", "--posterior", "register"),
        ("--hidden 8 on 30 features", "257 weights", "24", "--components", "--posterior registers"),
    ),
    (("train", "digits", "--posterior", "register"), ("10 classes", "--classes", "--posterior registers")),
    (("train", "iris", "--nope", "1"), ("--nope", "--help")),
    (("train", "iris", "extra"), ("extra", "--help")),
    (("train", "iris", "--steps"), ("--steps", "--help")),
    (("trian", "iris"), ("trian", "--help")),
    (("compare", "iris", "--objective", "elbo"), ("--objective", "--objectives")),
    (("compare", "iris", "--objectives", "elbo,kl"), ("objectives = 'elbo,kl'", "mle, elbo, selbo, renyi and stein")),
    (("train", "iris", "--objective", "selbo", "--divergence", "js"), ("divergence = 'js'", "mmd, kl, adversarial")),
    (("train", "iris", "--alpha", "0.5"), ("alpha goes with renyi or selbo with divergence renyi", "leave alpha out")),
    (("train", "iris", "--objective", "renyi", "--alpha", "1"), ("alpha = '1'", "a number above 0 other than 1")),
    (("train", "iris", "--divergence", "stein"), ("divergence goes with selbo only", "leave divergence out")),
    *REGISTERS,
    (("compare", "iris", "--seed", "4294967295"), ("seed = 4294967295", "seeds = 5")),
    (("train", "flowers.csv", "--drop", "petal,sepal,colour,kind", "--target", "c"), ("drop names every column",)),
    (("train", "x" * 300 + ".csv"), ("File name too long", "check the path")),
    (("train", "iris", "--hidden", ",".join("9" * 33)), ("hidden = '9,9,", "up to 32 layers")),
    (("train", "iris", "--config", "absent.toml"), ("absent.toml", "No such file")),
    (("predict", "flowers.csv"), ("file", "--help")),
    (("predict", "none", "flowers.csv"), ("none is not a run folder", "hyperborn train")),
    (("predict", "flowers.csv", "flowers.csv"), ("flowers.csv is not a run folder",)),
    (("evaluate", "none"), ("none is not a run folder", "hyperborn train")),
    (("resume", "none"), ("none is not a run folder", "hyperborn train")),
    (("resume", "."), (". is not a run folder",)),
    ((*TRAIN_FLOWERS, "--out", "flowers.csv"), ("flowers.csv exists", "--out")),
    ((*TRAIN_FLOWERS, "--out", "flowers.csv", "--force"), ("flowers.csv exists and is not a run folder",)),
    ((*TRAIN_FLOWERS, "--out", ".", "--force"), (". exists and is not a run folder",)),
    ((*TRAIN_FLOWERS, "--out", "flowers.csv/run"), ("flowers.csv/run", "is a file, not a folder")),
    ((*TRAIN_FLOWERS, "--out", "x" * 300), ("name is too long",)),
    (("compare", "iris", "--out", "flowers.csv"), ("flowers.csv exists", "--out")),
    (("compare", "iris", "--out", "flowers.csv", "--force"), ("flowers.csv is not replaced", "--out")),
    (("compare", "iris", "--out", "flowers.csv/x"), ("flowers.csv/x", "is a file, not a folder")),
]


@pytest.mark.usefixtures("flowers", "unharmed")
@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda thing: " ".join(thing)[:50])
def test_mistake_is_one_line(hyperborn: Run, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    hyperborn(*arguments).refused(*said)


@pytest.mark.usefixtures("flowers", "unharmed")
@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda thing: " ".join(thing)[:50])
def test_mistake_is_one_object_too(hyperborn: Run, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    command, *rest = arguments
    ended = hyperborn(command, "--json", *rest)
    assert ended.code == 2
    assert ended.json == {"error": ended.err.removeprefix("hyperborn: ").rstrip("\n"), "exit_code": 2}
    assert len(ended.err.splitlines()) == 1
    assert all(thing in ended.json["error"] for thing in said)


def test_a_first_loss_that_is_infinite_names_its_cause_and_leaves_no_folder(hyperborn: Run) -> None:
    ended = hyperborn("train", "moons", "--beta", "1e39", *QUICK)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith("hyperborn: the loss of restart 0 is inf at step 0; ")
    assert "use a smaller beta or weight" in ended.err
    assert list(Path().iterdir()) == []


TABLES = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n", "is empty"),
    "header only": (b"a,kind\n", "no rows"),
    "not UTF-8": (b"\xef\xbb\xbfa,kind\n1,\xe9\n", "line 2: not UTF-8"),
    "one class": (b"a,kind\n1,x\n2,x\n3,x\n", "one class only (x)"),
    "no features": (b"kind\nx\ny\n", "no column that says anything beside the target"),
    "infinite": (b"a,kind\n" + b"1,x\ninf,y\n" * 5, "5 infinite values"),
    "not a number": (b"a,kind\n" + b"1,x\nNaN,y\n" * 5, "5 missing values"),
    "label missing": (b"a,kind\n" + b"1,x\n2,\n" * 5, "5 missing values"),
    "ragged": (b"a,kind\n1,x\n2,y,z\n", "line 3"),
    "open quote": (b'a,kind\n1,x\n2,"y\n', "line 3"),
    "named twice": (b"kind,kind\n1,x\n", "named twice"),
    "constant number": (b"a,kind\n" + b"1,2.5\n" * 30, "one class only (2.5)"),
    "infinite number": (b"a,kind\n" + b"".join(b"1,%d.5\n" % i for i in range(30)) + b"1,inf\n", "the value inf"),
    "too few": (b"a,kind\n1,x\n2,y\n", "no class has the 2 examples that a split into 2 parts needs"),
    "binary": (bytes(range(256)), "a character of code 0, which is no text"),
    "long name": (b"a" * 10**5 + b",b\n1,2\n", "no column 'kind'"),
    "longer name": (b"a" * 10**6 + b",b\n1,2\n", "line 1: field larger than field limit"),
    "steers the terminal": (b"a,kind\n" + b"1,\x1b[31mred\n" * 9, "one class only (\\x1b[31mred)"),
    "line break in a class": (b'a,kind\n1,"x\ny"\n', "one class only (x y)"),
}


@pytest.mark.parametrize("name", TABLES)
def test_faulty_table_is_one_line(hyperborn: Run, name: str) -> None:
    content, said = TABLES[name]
    Path("table.csv").write_bytes(content)
    line = hyperborn("train", "table.csv", "--target", "kind", "--strict").refused(
        "table.csv" if name != "too few" else "", said
    )
    assert len(line) < 2100
    assert line.isprintable()
    assert [path.name for path in Path().iterdir()] == ["table.csv"]


def test_values_too_large_for_float32_are_refused_before_a_folder_is_made(hyperborn: Run) -> None:
    """Numbers of about 1e38 as they are: their loss is infinite whatever beta, and to standardise them mends it."""
    rows = [(1e38 * (-1) ** row * (1 + row / 7), row % 5, "xy"[row % 2]) for row in range(30)]
    Path("table.csv").write_text("a,b,kind\n" + "".join(f"{a},{b},{kind}\n" for a, b, kind in rows))
    command = ("train", "table.csv", "--target", "kind", *QUICK)
    hyperborn(*command, "--standardize", "false").refused("feature 'a' has the value", "e+38", "--standardize true")
    assert [path.name for path in Path().iterdir()] == ["table.csv"]
    assert hyperborn(*command).code == 0


@pytest.mark.usefixtures("finished", "flowers")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("petal,", "petals,"), "no column 'petal'; it needs the columns: petal, sepal"),
        (lambda text: text.replace("blue", "green"), "unknown category 'green'; the known ones are blue, red"),
        (lambda text: text.replace("1.2,", "far,"), "column 'petal'"),
        (lambda text: text.replace("1.2,", "inf,"), "2 infinite values"),
        (lambda _text: "", "is empty"),
    ],
)
def test_table_that_the_run_cannot_read_is_one_line(hyperborn: Run, change, said: str) -> None:
    Path("new.csv").write_text(change(FLOWERS), encoding="utf-8")
    before = snapshot(Path())
    hyperborn("predict", "run", "new.csv").refused("new.csv", said)
    hyperborn("predict", "run", "new.csv", "--out", "predictions.csv").refused("new.csv", said)
    hyperborn("evaluate", "run", "new.csv").refused("new.csv", said)
    assert snapshot(Path()) == before


@pytest.mark.usefixtures("finished")
def test_labels_that_the_run_does_not_know_are_named(hyperborn: Run) -> None:
    lines = FLOWERS.splitlines()
    for changed, said in (
        ([*lines, "1.0,3.0,red,giant"], ("column 'kind' of new.csv", "'giant'", "Größe, small one")),
        ([*lines, "1.0,3.0,red,"], ("column 'kind' of new.csv has 1 missing value",)),
        ([line.rpartition(",")[0] for line in lines], ("no column 'kind'", "hyperborn predict")),
    ):
        Path("new.csv").write_text("\n".join(changed), encoding="utf-8")
        hyperborn("evaluate", "run", "new.csv").refused(*said)
    # To predict, no labels are needed.
    assert hyperborn("predict", "run", "new.csv").code == 0


@pytest.mark.usefixtures("finished", "flowers")
def test_folder_and_files_that_exist_are_kept(hyperborn: Run) -> None:
    Path("predictions.csv").write_text("precious")
    before = snapshot(Path())
    hyperborn(*TRAIN_FLOWERS, "--out", "run").refused("run exists", "--out", "--force")
    hyperborn("compare", "flowers.csv", "--target", "kind", "--out", "run").refused("run exists", "--force")
    hyperborn("compare", "iris", "--out", "run", "--force").refused(
        "run is a run, which a comparison does not replace", "--out"
    )
    hyperborn("predict", "run", "flowers.csv", "--out", "predictions.csv").refused("predictions.csv exists", "--out")
    hyperborn("predict", "run", "flowers.csv", "--out", "run/x/../../predictions.csv").refused("predictions.csv")
    hyperborn("predict", "run", "flowers.csv", "--out", "flowers.csv/p.csv").refused("is a file, not a folder")
    hyperborn("evaluate", "run", "flowers.csv", "--split", "train").refused("--split train", "leave one out")
    hyperborn("evaluate", "run", "--split", "tset").refused("'tset'", "train, validation, test")
    hyperborn("evaluate", "run", "--samples", "0").refused("--samples")
    assert snapshot(Path()) == before


@pytest.mark.usefixtures("finished", "flowers")
def test_force_replaces_a_run_but_no_file_of_the_users(hyperborn: Run) -> None:
    Path("run/checkpoints/notes.txt").write_text("precious")
    before = snapshot(Path())
    hyperborn(*TRAIN_FLOWERS, "--out", "run", "--force").refused("notes.txt", "move that away")
    assert snapshot(Path()) == before
    Path("run/checkpoints/notes.txt").unlink()
    ended = hyperborn(*TRAIN_FLOWERS, "--seed", "1", "--out", "run", "--force", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(Path("run/definition/definition.json").read_text())["seed"] == 1


@pytest.mark.parametrize(
    "name", ["definition/definition.json", "definition/data.npz", "metrics.jsonl", "result/params.npz"]
)
def test_flipped_bit_is_named(hyperborn: Run, finished: Path, flowers: Path, name: str) -> None:
    damaged = finished / name
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 4
    damaged.write_bytes(content)
    before = snapshot(Path())
    for arguments in (("predict", "run", flowers.name), ("evaluate", "run"), ("resume", "run")):
        hyperborn(*arguments).refused(name.split("/")[-1].split(".")[0])
    assert snapshot(Path()) == before


def test_unfinished_run_names_how_to_go_on(hyperborn: Run, finished: Path, flowers: Path) -> None:
    shutil.rmtree(finished / "result")
    before = snapshot(Path())
    for arguments in (("predict", "run", flowers.name), ("evaluate", "run")):
        hyperborn(*arguments).refused("run is not finished", "hyperborn resume run")
    assert snapshot(Path()) == before
    assert hyperborn("resume", "run", "--json").code == 0
    assert hyperborn("evaluate", "run").code == 0


def test_names_that_are_not_utf_8_are_taken_as_they_are(hyperborn: Run, trained: Path, tmp_path: Path) -> None:
    """Linux takes any bytes for a name; Python has signs for those that are no text."""
    strange = tmp_path / os.fsdecode(b"run\xff")
    try:
        shutil.copytree(trained / "run", strange)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    flowers = shutil.copy(trained / "flowers.csv", tmp_path / os.fsdecode(b"flowers\xff.csv"))
    plain = hyperborn("evaluate", trained / "run", "--json")
    found = hyperborn("evaluate", strange, "--json")
    assert (found.code, found.json) == (0, plain.json | {"run": str(strange)})
    assert hyperborn("evaluate", strange, flowers).code == 0
    onward = ("train", flowers, "--target", "kind", "--prior-from", strange, "--depth", "1", "--steps", "2")
    assert hyperborn(*onward, "--restarts", "1", "--out", "onward").code == 0
