"""The twenty networks as C, compiled and run: the same answers as in Python."""

from pathlib import Path

import numpy as np
import pytest

from c_programs import CLANG, GCC, OF_CLASSES, OF_FLOATS, OF_NUMBERS, answers, needs, run, write_files
from exported_networks import CASES, Case, data_of, model_of, rows_of
from hyperborn.export.c.fixed_model import NO_VALUE, FixedModel
from hyperborn.export.c.folder import fixed_files, float_files
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import features_of_rows
from hyperborn.networks.layers import TIE

COMPILERS = pytest.mark.parametrize("compiler", [GCC, CLANG], ids=["gcc", "clang with sanitizers"])
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def clear_rows(model: ExportedModel, rows: np.ndarray) -> np.ndarray:
    """Rows in which no sign is decided by the rounding of float32."""
    clear, x = np.ones(len(rows), dtype=bool), features_of_rows(model.preprocessing, rows)
    for layer in model.layers:
        if layer.activation == "sign":
            clear &= (np.abs(layer.pre_activations(x) + TIE) > 4e-6).all(axis=(0, 2))
        x = layer(x)
    return clear


@EVERY
@COMPILERS
def test_float32_answers_as_python_does(case: Case, compiler: tuple[str, ...], tmp_path: Path) -> None:
    model, rows = model_of(case), rows_of(case)
    write_files(tmp_path, float_files(model, rows[:8]))
    expected = model.values_of_rows(rows)
    found, values = answers(tmp_path, rows, expected.shape[1], compiler)
    if model.noise is not None:
        np.testing.assert_allclose(values, expected, rtol=1e-6)
        np.testing.assert_array_equal(found, 0)
        return
    clear = clear_rows(model, rows)
    assert clear.mean() > 0.99
    np.testing.assert_allclose(values[clear], expected[clear], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(found, values.argmax(axis=1))
    ordered = np.sort(expected, axis=1)
    certain = clear & (ordered[:, -1] - ordered[:, -2] > 2e-5)
    # Two classes may have the same logit exactly, where the units that tell them apart are 0.
    assert certain.mean() > 0.95
    np.testing.assert_array_equal(found[certain], expected.argmax(axis=1)[certain])


@EVERY
@COMPILERS
def test_fixed_point_answers_as_computed_in_numpy(case: Case, compiler: tuple[str, ...], tmp_path: Path) -> None:
    model, rows, examples = model_of(case), rows_of(case), data_of(case).train.x
    fixed = FixedModel(model, examples)
    write_files(tmp_path, fixed_files(model, rows[:8], examples))
    expected, classes = fixed.answers(rows)
    found, values = answers(tmp_path, rows, expected.shape[1], compiler)
    np.testing.assert_array_equal(found, classes)
    np.testing.assert_array_equal(values, expected.astype(np.float32))
    # Without a float: whole rows in, whole numbers out.
    function = OF_CLASSES if model.noise is None else OF_NUMBERS
    found, values = answers(tmp_path, fixed.whole_rows(rows), expected.shape[1], compiler, function)
    np.testing.assert_array_equal(found, classes)
    bits = 15 if model.noise is None else fixed.prediction_bits
    np.testing.assert_array_equal(np.ldexp(values.astype(np.float64), -bits), expected)


@EVERY
def test_fixed_point_is_near_exact_arithmetic(case: Case) -> None:
    model, rows = model_of(case), rows_of(case)
    values, classes = FixedModel(model, data_of(case).train.x).answers(rows)
    exact = model.values_of_rows(rows)
    if model.noise is not None:
        np.testing.assert_allclose(values, exact, rtol=1e-3)
        return
    # Signs of sums that are nearly 0 may be others; all else is rounding of 15 bits.
    differences = np.abs(values - exact).max(axis=1)
    assert (differences > 1e-3).mean() <= (0.002 if case.network.activation == "sign" else 0)
    assert (classes != exact.argmax(axis=1)).mean() <= 0.002
    np.testing.assert_allclose(values.sum(axis=1), 1, atol=len(model.classes) * 2**-15)


@EVERY
@pytest.mark.parametrize("numbers", ["float32", "q15"])
def test_make_check(case: Case, numbers: str, tmp_path: Path) -> None:
    """The artefact checks itself, by its own Makefile."""
    needs("make")
    needs("cc")
    model, rows = model_of(case), rows_of(case)[:50]
    files = float_files(model, rows) if numbers == "float32" else fixed_files(model, rows, data_of(case).train.x)
    write_files(tmp_path, files)
    said = run(["make", "-s", "check"], tmp_path).decode()
    assert said.startswith("50 rows, 0 wrong;")


def test_make_check_notices_a_wrong_bit(tmp_path: Path) -> None:
    needs("make")
    needs("cc")
    case = CASES[0]
    files = float_files(model_of(case), rows_of(case)[:50])
    first = files["model.c"].index("0x", files["model.c"].index("weights_1[")) + 2
    digit = files["model.c"][first + 1]
    files["model.c"] = files["model.c"][: first + 1] + f"{int(digit, 16) ^ 1:x}" + files["model.c"][first + 2 :]
    write_files(tmp_path, files)
    said = run(["make", "-s", "check"], tmp_path, code=2).decode()
    assert "instead of" in said
    assert ", 0 wrong" not in said


@pytest.mark.parametrize("numbers", ["float32", "q15"])
@pytest.mark.parametrize(
    ("name", "column", "cell", "code"),
    [
        ("strict table", 0, np.nan, -1),
        ("strict table", 1, np.inf, -2),
        ("strict table", 1, -np.inf, -2),
        ("strict table", 3, 3.0, -3),
        ("strict table", 3, 4.0, -1),
        ("strict table", 3, 5.0, -3),
        ("strict table", 3, -1.0, -3),
        ("mixed table", 3, 5.0, -3),
        ("mixed table", 3, np.nan, -3),
        ("mixed table", 0, np.inf, -2),
        ("binary features", 7, 0.5, -4),
        ("relu", 2, np.inf, -2),
    ],
)
def test_rows_that_cannot_be_predicted(
    name: str, column: int, cell: float, code: int, numbers: str, tmp_path: Path
) -> None:
    case = next(case for case in CASES if case.name == name)
    model, rows = model_of(case), rows_of(case)[:3]
    files = float_files(model, rows) if numbers == "float32" else fixed_files(model, rows, data_of(case).train.x)
    write_files(tmp_path, files)
    rows[1, column] = cell
    found, _ = answers(tmp_path, rows, len(model.classes), CLANG, OF_FLOATS)
    assert found[1] == code
    assert found[0] >= 0
    assert found[2] >= 0


def test_whole_rows_that_cannot_be_predicted(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "strict table")
    model, examples = model_of(case), data_of(case).train.x
    write_files(tmp_path, fixed_files(model, rows_of(case)[:3], examples))
    rows = np.repeat(FixedModel(model, examples).whole_rows(rows_of(case)[:1]), 5, axis=0)
    rows[1, 0] = NO_VALUE
    rows[2, 3], rows[3, 3], rows[4, 3] = NO_VALUE, 3, 2**31 - 1
    found, _ = answers(tmp_path, rows, 2, CLANG, OF_CLASSES)
    assert found[0] >= 0
    assert found[1:].tolist() == [-1, -3, -3, -3]


def test_numbers_beyond_the_training_rows_saturate_and_never_overflow(tmp_path: Path) -> None:
    """UBSan ends the program at the first signed overflow."""
    for case in CASES:
        if case.table in ("mixed", "strict", "binary"):
            continue
        model, examples, folder = model_of(case), data_of(case).train.x, tmp_path / case.name.replace(" ", "-")
        columns = len(model.preprocessing.columns)
        random = np.random.default_rng(3)
        rows = random.choice([-9e17, -1e9, -1.0, 0.0, 1e9, 9e17], (50, columns))
        write_files(folder, fixed_files(model, rows_of(case)[:1], examples))
        expected, classes = FixedModel(model, examples).answers(rows)
        found, values = answers(folder, rows, expected.shape[1], CLANG, OF_FLOATS)
        np.testing.assert_array_equal(found, classes)
        np.testing.assert_array_equal(values, expected.astype(np.float32))
