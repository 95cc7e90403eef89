"""Networks out of a run: `hyperborn export --format c, onnx, npz`."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
from c_programs import needs
from command_line import FLOWERS, QUICK, Run, snapshot
from hyperborn.data.user_files import raw_table
from hyperborn.predictive import ClassProbabilities

FILES = ["Makefile", "check.c", "cortex_m.c", "cortex_m.ld", "main.c", "model.c", "model.h", "test_vectors.h"]


@pytest.fixture
def flowers(hyperborn: Run, tmp_path: Path) -> Path:
    """A run in the folder that is the working one."""
    (tmp_path / "flowers.csv").write_text(FLOWERS)
    trained = hyperborn("train", "flowers.csv", "--target", "kind", "--posterior", "registers", *QUICK, "--out", "run")
    assert trained.code == 0, trained.err
    return tmp_path


def test_c(hyperborn: Run, flowers: Path) -> None:
    found = hyperborn("export", "run", "--format", "c", "--out", "model")
    assert found.code == 0, found.err
    assert "the network written" in found.out
    assert "the whole posterior" in found.out
    assert found.err == "written to model; try it with: make -C model check\n"
    assert sorted(path.name for path in (flowers / "model").iterdir()) == FILES
    assert "HB_CLASS_GROE = 0 /* Größe */" in (flowers / "model" / "model.h").read_text()
    needs("make")
    needs("cc")
    made = subprocess.run(["make", "-s", "-C", "model", "check", "predict"], capture_output=True, text=True, check=True)
    assert ", 0 wrong" in made.stdout
    rows = subprocess.run(["model/predict", "flowers.csv"], capture_output=True, text=True, check=True).stdout
    table = hb.load("run").predictions_of_table("flowers.csv")
    assert rows.splitlines()[0] == "prediction,probability_Größe,probability_small one"
    assert len(rows.splitlines()) == 1 + len(table)


@pytest.mark.parametrize("numbers", ["float32", "q15"])
@pytest.mark.parametrize("networks", [1, 4])
def test_json_says_what_was_written(hyperborn: Run, flowers: Path, numbers: str, networks: int) -> None:
    options = ("--numbers", numbers, "--networks", networks)
    found = hyperborn("export", "run", "--format", "c", "--out", "model", *options, "--json").json
    assert found["files"] == [name for name in found["files"] if name in FILES]
    assert len(found["files"]) == len(FILES)
    assert (found["format"], found["numbers"], found["networks"], found["path"]) == ("c", numbers, networks, "model")
    assert found["test"].keys() == found["average"].keys()
    assert (found["difference"] is None) == (numbers == "float32")
    if numbers == "q15":
        assert 0 <= found["difference"] < 1e-2
        assert found["other_classes"] == 0
        assert "hb_predict_q15" in (flowers / "model" / "model.h").read_text()


def test_the_network_that_is_written_is_the_chosen_one(hyperborn: Run, flowers: Path) -> None:
    found = hyperborn("export", "run", "--format", "npz", "--out", "model.npz", "--json").json
    one = hb.load("run").summary["one_network"]
    assert found["test"] == pytest.approx(one["test"])
    assert found["size_in_bytes"] == one["size_in_bytes"]
    with np.load(flowers / "model.npz") as arrays:
        assert json.loads(str(arrays["settings"]))["classes"] == ["Größe", "small one"]


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.usefixtures("flowers")
def test_predict_says_what_an_export_says(hyperborn: Run, networks: int) -> None:
    hyperborn("export", "run", "--format", "npz", "--out", "model.npz", "--networks", networks)
    found = hyperborn("predict", "run", "flowers.csv", "--exported", networks, "--json").json
    model = hb.load("run").exported(networks)
    table = raw_table("flowers.csv", model.preprocessing)
    expected = model.predictions(model.preprocessing.transform(table))
    assert isinstance(expected, ClassProbabilities)
    probabilities = np.asarray([list(row.values()) for row in found["probabilities"]])
    np.testing.assert_allclose(probabilities, expected.probabilities)
    refused = hyperborn("predict", "run", "flowers.csv", "--exported", 1, "--samples", 5)
    refused.refused("--exported predicts as an export does, calibrated; leave --samples out")


def test_onnx(hyperborn: Run, flowers: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime runs what is written")
    found = hyperborn("export", "run", "--format", "onnx", "--out", "model.onnx")
    assert found.code == 0, found.err
    session = onnxruntime.InferenceSession(flowers / "model.onnx")
    row = {"petal": [[1.2]], "sepal": [[3.1]]}
    given = {name: np.asarray(cells, dtype=np.float32) for name, cells in row.items()}
    given["colour"] = np.asarray([["red"]], dtype=object)
    label, probabilities = session.run(["label", "probabilities"], given)
    model = hb.load("run").exported()
    assert label[0] == model.classes[probabilities[0].argmax()]


def test_nothing_of_others_is_touched(hyperborn: Run, flowers: Path) -> None:
    (flowers / "model").mkdir()
    (flowers / "model" / "notes.txt").write_text("mine")
    (flowers / "model.npz").write_text("mine")
    before = snapshot(flowers)
    refused = hyperborn("export", "run", "--format", "c", "--out", "model")
    refused.refused("model is not empty (it holds notes.txt)", "--force to write into it")
    hyperborn("export", "run", "--format", "npz", "--out", "model.npz").refused("model.npz exists", "--force")
    assert snapshot(flowers) == before
    assert hyperborn("export", "run", "--format", "c", "--out", "model", "--force").code == 0
    assert (flowers / "model" / "notes.txt").read_text() == "mine"
    assert hyperborn("export", "run", "--format", "npz", "--out", "model.npz", "--force").code == 0
    np.load(flowers / "model.npz").close()
    # An earlier export is replaced by force alone, too.
    hyperborn("export", "run", "--format", "c", "--out", "model").refused("is not empty")
    (flowers / "file").write_text("mine")
    hyperborn("export", "run", "--format", "c", "--out", "file", "--force").refused("cannot write file")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "c"), "name it with --out model/"),
        (("--format", "onnx"), "name it with --out model.onnx"),
        (("--format", "npz", "--out", "m.npz", "--numbers", "q15"), "--numbers goes with --format c, and not with npz"),
        (("--networks", "8"), "--networks goes with --format c, onnx or npz, and qasm is of the circuit"),
        (("--format", "c", "--out", "m", "--numbers", "q7"), "'q7' is not one of 'float32', 'q15'"),
        (("--format", "c", "--out", "m", "--networks", "0"), "should be greater than or equal to 1"),
        (("--format", "c", "--out", "m", "--networks", "9999999"), "networks"),
    ],
)
def test_options_that_do_not_fit(hyperborn: Run, flowers: Path, options: tuple[str, ...], said: str) -> None:
    before = snapshot(flowers)
    hyperborn("export", "run", *options).refused(said)
    assert snapshot(flowers) == before


def test_energies_of_ones_own_have_no_network(hyperborn: Run, tmp_path: Path) -> None:
    hb.fit(hb.Energies(np.arange(8.0)), steps=5, progress=False).save(tmp_path / "run")
    for kind in ("c", "onnx", "npz"):
        refused = hyperborn("export", "run", "--format", kind, "--out", f"model.{kind}")
        refused.refused("run is of energies of your own", "--format qasm, qiskit")


def test_dates_are_refused(hyperborn: Run, tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day:02d},{day},{'early' if day < 15 else 'late'}\n" for day in range(1, 29))
    (tmp_path / "days.csv").write_text("when,size,kind\n" + rows)
    options = ("--target", "kind", "--posterior", "registers", *QUICK, "--out", "run")
    assert hyperborn("train", "days.csv", *options).code == 0
    refused = hyperborn("export", "run", "--format", "c", "--out", "model")
    refused.refused("column 'when' is a date, which a row of numbers cannot hold", "--drop")
    assert not (tmp_path / "model").exists()
