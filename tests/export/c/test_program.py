"""The program that reads CSV rows, on names and cells of every kind."""

import csv
import io
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hyperborn as hb
from c_programs import CLANG, GCC, needs, run, write_files
from exported_networks import CASES, data_of, model_of
from hyperborn.data.user_files import raw_table
from hyperborn.export.c.folder import fixed_files, float_files
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.rows import rows_of_features
from hyperborn.networks import BinaryMLP
from hyperborn.predictive import ClassProbabilities, NormalMixture

HOSTILE = ('say "hi"', "*/ x; /*", "??/", "a,b;c", "back\\slash", "naïve", "日本語", "%s%n", "two\tcells", "#if 0", "'")


def compiled(model: ExportedModel, folder: Path, compiler: tuple[str, ...] = GCC) -> None:
    needs(compiler[0])
    rows = rows_of_features(model.preprocessing, np.zeros((2, model.n_features)))
    write_files(folder, float_files(model, rows))
    run([*compiler, "model.c", "main.c", "-o", "predict"], folder)


def cells_of(output: bytes) -> tuple[list[str], list[list[str]]]:
    head, *rows = csv.reader(io.StringIO(output.decode()))
    return head, rows


def hostile_model() -> tuple[ExportedModel, hb.data.Dataset, pd.DataFrame]:
    """Columns, categories and classes of hostile names, with 66 rows."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({name: random.standard_normal(66) for name in HOSTILE[:5]})
    frame[HOSTILE[5]] = [HOSTILE[place % 11] for place in range(66)]
    y = np.asarray([HOSTILE[(place // 6) % 11] for place in range(66)])
    data = hb.data.from_arrays(frame, y, name='*/ "data" ??/')
    network = BinaryMLP(data.n_features, (8,), n_classes=11, scale="fan_in")
    bits = random.integers(0, 2, (1, network.n_weights)).astype(np.uint8)
    model = exported_model(data.name, data.preprocessing, network, np.zeros(0), bits, 1.0, [data.train.x])
    return model, data, frame


@pytest.mark.parametrize("compiler", [GCC, CLANG], ids=["gcc", "clang"])
def test_hostile_names(compiler: tuple[str, ...], tmp_path: Path) -> None:
    model, data, frame = hostile_model()
    compiled(model, tmp_path, compiler)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    head, rows = cells_of(run(["./predict", "rows.csv"], tmp_path))
    expected = model.predictions(data.preprocessing.transform(raw_table(frame, data.preprocessing)))
    assert isinstance(expected, ClassProbabilities)
    assert head == ["prediction", *(f"probability_{name}" for name in data.classes)]
    found = np.asarray([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_allclose(found, expected.probabilities, atol=2e-5)
    assert [row[0] for row in rows] == [data.classes[place] for place in found.argmax(axis=1)]


@pytest.mark.parametrize("numbers", ["float32", "q15"])
def test_hostile_names_in_every_file(numbers: str, tmp_path: Path) -> None:
    """The Makefile, the check and a C++ compiler take them, too."""
    needs("make")
    needs("g++")
    model, data, _ = hostile_model()
    rows = rows_of_features(data.preprocessing, data.test.x)
    files = float_files(model, rows) if numbers == "float32" else fixed_files(model, rows, data.train.x)
    write_files(tmp_path, files)
    assert run(["make", "-s", "predict", "check"], tmp_path).decode().startswith(f"{len(rows)} rows, 0 wrong")
    (tmp_path / "include.cpp").write_text('#include "model.h"\nint main() { return HB_CLASSES == 11 ? 0 : 1; }\n')
    run(["g++", "-Wall", "-Wextra", "-Werror", "-pedantic", "include.cpp", "-o", "included"], tmp_path)
    run(["./included"], tmp_path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_as_people_have_it(separator: str, tmp_path: Path) -> None:
    """Other columns and another order, missing values in several spellings, unknown categories, a mark of UTF-8."""
    case = next(case for case in CASES if case.name == "mixed table")
    model, data = model_of(case), data_of(case)
    compiled(model, tmp_path)
    lines = [
        ["town", "id", "c d", "colour", "b", "island", "a"],
        ["north", "1", "2.0", "red", "5.5", "Dream", "0.25"],
        ["town 7", "2", "2.01", "", "NA", "Biscoe", "-1e0"],
        ["nowhere", "3", "1.98", "green", "nan", "Torgersen", " 0.5"],
        ["south", "4", "2.005 ", "?", "", "Atlantis", "1"],
        ["south ", "5", "-", "red", "None", "Dream ", "MISSING"],
    ]
    quoted = [[f'"{cell}"' if "n" in cell else cell for cell in line] for line in lines]
    text = "\ufeff" + "".join(separator.join(line) + "\r\n" for line in quoted)
    (tmp_path / "rows.csv").write_bytes(text.encode())
    noted = "column island: Atlantis is none of the categories of the training\n"
    noted = "column town: town 7 is none of the categories of the training\n" + noted
    _, rows = cells_of(run(["./predict", "rows.csv"], tmp_path, noted=noted))
    table = raw_table(tmp_path / "rows.csv", data.preprocessing)
    expected = model.predictions(data.preprocessing.transform(table))
    assert isinstance(expected, ClassProbabilities)
    found = np.asarray([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_allclose(found, expected.probabilities, atol=2e-5)
    again = run(["./predict"], tmp_path, text.encode(), noted=noted)
    assert again == run(["./predict", "rows.csv"], tmp_path, noted=noted)


def test_a_regression(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "regression")
    model, data = model_of(case), data_of(case)
    compiled(model, tmp_path)
    text = "a,b,c d,island,colour,town\n0.5,5,2,Dream,red,north\n1,,2.01,Biscoe,,south\n"
    head, rows = cells_of(run(["./predict"], tmp_path, text.encode()))
    (tmp_path / "rows.csv").write_text(text)
    expected = model.predictions(data.preprocessing.transform(raw_table(tmp_path / "rows.csv", data.preprocessing)))
    assert isinstance(expected, NormalMixture)
    assert head == ["mean", "standard_deviation"]
    np.testing.assert_allclose(
        np.asarray(rows, dtype=float), np.stack([expected.mean, expected.deviation], axis=1), rtol=2e-5
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no line"),
        ("a,b,c d,island,colour\n", "no column town"),
        ("a,b,c d,island,colour,town\nx,1,1,Dream,red,north\n", "row 1, column a: x is no number"),
        ("a,b,c d,island,colour,town\n1,1,1\n", "row 1 has 3 cells only"),
        ("a,b,c d,island,colour,town\n1,1,inf,Dream,red,north\n", "row 1 cannot be predicted (-2"),
        ("a,b,c d,island,colour,town\n1,1,1e19,Dream,red,north\n", "row 1 cannot be predicted (-2"),
        ("a,b,c d,island,colour,town\n0x10,1,1,Dream,red,north\n", "row 1, column a: 0x10 is no number"),
        ("a,b,c d,island,colour,town\n1,1,1,Dream,red,north,7\n", "row 1 has 7 cells, and the first line 6"),
        ("a,b,c d,island,colour,town,a\n1,1,1,Dream,red,north,7\n", "the first line has the column a twice"),
    ],
)
def test_bad_rows_are_one_line(text: str, said: str, tmp_path: Path) -> None:
    model = model_of(next(case for case in CASES if case.name == "mixed table"))
    compiled(model, tmp_path)
    ended = subprocess.run(["./predict"], cwd=tmp_path, input=text, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_decimal_commas(tmp_path: Path) -> None:
    """A comma is never what separates cells, also where there is one column."""
    network, random = BinaryMLP(1, (3,)), np.random.default_rng(0)
    data = hb.data.from_arrays(random.standard_normal((60, 1)), np.arange(60) % 2, features=["num"])
    bits = random.integers(0, 2, (1, network.n_weights)).astype(np.uint8)
    preprocessing = replace(data.preprocessing, decimal=",")
    model = exported_model("one", preprocessing, network, np.zeros(0), bits, 1.0, [data.train.x])
    compiled(model, tmp_path)
    _, rows = cells_of(run(["./predict"], tmp_path, b"num\n0,9\n-0,9\n"))
    expected = model.values_of_rows(np.asarray([[0.9], [-0.9]]))
    np.testing.assert_allclose(np.asarray([row[1:] for row in rows], dtype=float), expected, atol=2e-5)
