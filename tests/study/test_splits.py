"""The splits of a study."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.study.cell import CHANGED, Cell, Method
from hyperborn.study.splits import configuration, has_enough_examples, split_of, validation_size
from idx_files import idx, images

MLE = Method("run", "", {"objective": "mle"}, {}, "validation")


def cell(task: dict[str, Any], size: int, seed: int = 0, method: Method = MLE) -> Cell:
    return Cell(task, size, 60, seed, method)


@pytest.mark.parametrize(
    ("task", "size", "test"),
    [
        ({"data": "moons"}, 20, 60),
        ({"data": "xor"}, 200, 60),
        ({"data": "iris", "classes": [1, 2]}, 50, 25),
        ({"data": "wine", "classes": [0, 1], "components": 8}, 50, 55),
        ({"data": "digits", "classes": [3, 8], "components": 10}, 200, 57),
    ],
)
def test_splits_have_the_sizes_asked_for(task: dict[str, Any], size: int, test: int) -> None:
    data = split_of(cell({**task, "hidden": "none"}, size))
    assert (len(data.train), len(data.validation), len(data.test)) == (size, validation_size(size), test)
    assert len(np.unique(data.train.y)) == 2


def test_a_split_is_a_function_of_task_size_and_seed_alone() -> None:
    task = {"data": "iris", "classes": [1, 2], "hidden": "none"}
    one, again = cell(task, 20), cell(task, 20, method=Method("exact", "", {}, {}, "validation"))
    assert one.split_key == again.split_key
    assert one.key != again.key
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(split_of(one).split(name).x, split_of(again).split(name).x)
    other = cell(task, 20, seed=1)
    assert other.split_key != one.split_key
    assert not np.array_equal(split_of(other).test.y, split_of(one).test.y) or not np.array_equal(
        split_of(other).test.x, split_of(one).test.x
    )


def test_keys_do_not_depend_on_the_order_of_settings() -> None:
    a = cell({"data": "moons", "hidden": [2]}, 20)
    b = cell({"hidden": [2], "data": "moons"}, 20)
    assert a.key == b.key


def test_a_task_fits_where_twenty_examples_are_left_for_testing() -> None:
    task = {"data": "iris", "classes": [1, 2]}
    assert has_enough_examples(cell(task, 53))
    assert not has_enough_examples(cell(task, 55))


def test_a_task_can_have_its_own_shares_which_its_methods_leave_alone() -> None:
    task = {"data": "moons", "size": 50, "validation": 0.1, "test": 0.3}
    one = Cell(task, None, 0, 0, MLE)
    data = split_of(one)
    assert (len(data.train), len(data.validation), len(data.test)) == (30, 5, 15)
    assert has_enough_examples(one)
    with pytest.raises(UserError, match="test is decided by the study; leave it out of its tasks and methods"):
        configuration(one, {"test": 0.2})
    with pytest.raises(UserError, match="size is decided by the study; leave it out of its tasks and methods"):
        split_of(cell(task, 20))


def test_mnist_is_not_split() -> None:
    with pytest.raises(UserError, match="mnist has a test file of its own"):
        has_enough_examples(cell({"data": "mnist"}, 50))


def test_a_file_of_a_circuit_counts_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "ansatz.qasm"
    method = Method("run", "", {"circuit": str(path)}, {}, "validation")

    def key() -> str:
        return Cell({"data": "iris"}, 20, 0, 0, method).key

    path.write_text("OPENQASM 2.0;")
    first = key()
    assert key() == first
    path.write_text("OPENQASM 3.0;")
    assert key() != first


def test_images_of_idx_files_are_a_task_and_what_its_files_hold_is_part_of_its_key(tmp_path: Path) -> None:
    labels = np.arange(200) % 2
    (tmp_path / "images-idx3-ubyte").write_bytes(idx(images(200, 0, (5, 4))))
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(labels))
    task = {"data": str(tmp_path / "images-idx3-ubyte"), "labels": str(tmp_path / "labels-idx1-ubyte")}
    one = cell(task | {"network": "conv", "channels": [2]}, 40)
    data = split_of(one)
    assert (len(data.train), len(data.validation), data.image_shape) == (40, 20, (5, 4))
    before = one.split_key
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(1 - labels))
    changed = cell(one.task, 40).split_key
    assert changed != before
    (tmp_path / "images-idx3-ubyte").write_bytes(idx(images(200, 1, (5, 4))))
    assert cell(one.task, 40).split_key not in (before, changed)


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, str]:
    """Tables of 120 and 30 rows with two classes, a number, ten groups and a name of each row."""
    random = np.random.default_rng(0)
    for name, rows in (("data", 120), ("other", 30)):
        x = random.normal(size=rows)
        lines = [f"row {i},{value},{i % 10},{'yes' if value > 0 else 'no'}" for i, value in enumerate(x)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["name,size,group,kind", *lines]) + "\n", encoding="utf-8")
    return {"data": str(tmp_path / "data.csv"), "target": "kind"} | {"other": str(tmp_path / "other.csv")}


def sizes_of(task: dict[str, Any], size: int = 40, seed: int = 0) -> tuple[int, int, int]:
    data = split_of(cell(task, size, seed))
    return len(data.train), len(data.validation), len(data.test)


def test_a_task_may_have_a_file_of_its_own_for_testing_or_for_validation(tables: dict[str, str]) -> None:
    other = tables.pop("other")
    assert sizes_of(tables) == (40, 20, 60)
    on_file = tables | {"test_file": other}
    assert sizes_of(on_file) == (40, 20, 30)
    assert sizes_of(tables | {"validation_file": other}) == (40, 30, 80)
    assert has_enough_examples(cell(on_file, 80))
    assert not has_enough_examples(cell(on_file, 81))
    with pytest.raises(UserError, match="validation_file and test_file leave no split that takes what is left over"):
        split_of(cell(on_file | {"validation_file": other}, 40))
    # What is left over is drawn by the seed, the same for each method.
    one, again, second = (split_of(cell(on_file, 40, seed)).validation for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.x, again.x)
    assert not np.array_equal(one.x, second.x)


def test_a_task_says_what_becomes_of_the_columns_of_its_table(tables: dict[str, str]) -> None:
    del tables["other"]
    assert split_of(cell(tables, 40)).features == ("size", "group")
    assert split_of(cell(tables | {"drop": ["group"]}, 40)).features == ("size",)
    assert len(split_of(cell(tables | {"categorical": ["group"]}, 40)).features) == 11
    grouped = split_of(cell(tables | {"group": "group"}, 40))
    assert grouped.features == ("size",)
    # Whole groups, of 12 rows each.
    assert [len(part) % 12 for part in (grouped.train, grouped.validation, grouped.test)] == [0, 0, 0]


def test_what_has_changed_of_one_objective_has_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    def keys() -> dict[str, str]:
        methods = {name: Method("run", "", {"objective": name}, {}, "validation") for name in ("elbo", "selbo")}
        return {name: Cell({"data": "iris"}, 20, 0, 0, method).key for name, method in methods.items()}

    before = keys()
    monkeypatch.setitem(CHANGED, "selbo", CHANGED["selbo"] + 1)
    after = keys()
    assert after["elbo"] == before["elbo"]
    assert after["selbo"] != before["selbo"]
