"""Names in the header of an exported network: none is another's, whatever columns and classes are called."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

import hyperborn as hb
from c_programs import GCC, needs, run, write_files
from hyperborn.export.c.folder import fixed_files
from hyperborn.export.c.header import RESERVED, identifiers_of
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.rows import rows_of_features
from hyperborn.networks import BinaryMLP


def model_with(frame: pd.DataFrame, classes: list[str]) -> tuple[ExportedModel, hb.data.Dataset]:
    random = np.random.default_rng(0)
    y = np.asarray([classes[place % len(classes)] for place in range(len(frame))])
    data = hb.data.from_arrays(frame, y)
    network = BinaryMLP(data.n_features, (4,), n_classes=len(classes))
    bits = random.integers(0, 2, (1, network.n_weights)).astype(np.uint8)
    return exported_model("names", data.preprocessing, network, np.zeros(0), bits, 1.0, [data.train.x]), data


def colliding() -> pd.DataFrame:
    """Columns whose categories would have each other's names, those of classes, sizes and errors."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"number": random.standard_normal(60)})
    frame["class"] = random.choice(["red", "blue", "other", "missing"], 60)
    frame["a"] = random.choice(["b c", "b-c", "other"], 60)
    frame["a b"] = random.choice(["c", "OTHER"], 60)
    frame["bits"] = random.choice(["no 0", "no 1", "0x"], 60)
    frame["missing"] = random.choice(["x", "y"], 60)
    frame["no"] = random.choice(["value", "float"], 60)
    return frame


def test_all_identifiers_differ() -> None:
    model, _ = model_with(colliding(), ["red", "blue", "Blue"])
    names = identifiers_of(model)
    every = [*names.classes, *(name for own in names.categories.values() for name in own), *RESERVED]
    assert len(set(every)) == len(every)
    assert not any(re.fullmatch(r"HB_BITS(_\d+)?", name) for name in every if name not in RESERVED)
    assert names.classes == ["HB_CLASS_BLUE", "HB_CLASS_BLUE_2", "HB_CLASS_RED"]


def test_the_header_compiles_twice_included(tmp_path: Path) -> None:
    needs("gcc")
    model, data = model_with(colliding(), ["red", "blue", "Blue"])
    write_files(tmp_path, fixed_files(model, rows_of_features(data.preprocessing, data.test.x), data.train.x))
    (tmp_path / "twice.c").write_text(
        '#include "model.h"\n#include "model.h"\nint main(void) { return HB_CLASSES - 3; }\n'
    )
    run([*GCC, "twice.c", "model.c", "-o", "twice"], tmp_path)
    run(["./twice"], tmp_path)


def test_rows_are_told_apart_by_place() -> None:
    """A person reads the place of a column, its kind, and the index of each category."""
    model, data = model_with(colliding(), ["red", "blue"])
    header = fixed_files(model, rows_of_features(data.preprocessing, data.test.x), data.train.x)["model.h"]
    assert "     0  number: a number" in header
    assert "     1  class: the index of a category" in header
    assert "HB_CLASS_BLUE = 0 /* blue */" in header
    assert "/* any other */" in header


def test_images_have_no_list_of_pixels() -> None:
    data = hb.data.from_arrays(np.random.default_rng(0).standard_normal((30, 120)), np.arange(30) % 2)
    network = BinaryMLP(120, (2,))
    bits = np.zeros((1, network.n_weights), dtype=np.uint8)
    model = exported_model("pixels", data.preprocessing, network, np.zeros(0), bits, 1.0, [data.train.x])
    header = fixed_files(model, rows_of_features(data.preprocessing, data.test.x), data.train.x)["model.h"]
    assert "/* A row holds 120 columns, from x1 to x120. */" in header
