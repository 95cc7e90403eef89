"""Plans: what a file may say, and what becomes of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from hyperborn.errors import UserError
from hyperborn.study.plan import BUILT_IN, Plan
from hyperborn.study.scheduler import cells_of, check_cells
from small_plans import TABLES, read


def test_a_plan_has_its_parts_methods_and_tasks(tmp_path: Path) -> None:
    plan = read(tmp_path)
    main, few = plan.parts
    assert (main.tasks, main.sizes, main.seeds) == (("gaussians", "iris 0-1"), (20, 40), 2)
    assert main.methods == ("MLE", "ELBO, chosen", "exact", "flips")
    assert (few.methods, few.reference) == (("exact", "MLE"), "exact")
    assert plan.methods["flips"].baseline == "greedy-flips"
    assert plan.methods["ELBO, chosen"].choose == {"beta": [1.0, 0.1], "spread": [0.02, 0.3]}


def test_cells_are_every_task_size_seed_and_method_once(tmp_path: Path) -> None:
    plan = read(tmp_path)
    cells = [cell for part in plan.parts for *_, cell in plan.cells(part)]
    assert len(cells) == 2 * 2 * 2 * 4 + 2
    # The second part asks for two cells of the first once more.
    assert len({cell.key for cell in cells}) == 32
    assert len({cell.split_key for cell in cells}) == 8


def test_seeds_are_outermost_so_that_a_study_cut_short_covers_all_tasks(tmp_path: Path) -> None:
    plan = read(tmp_path)
    seeds = [cell.seed for *_, cell in plan.cells(plan.parts[0])]
    assert seeds == sorted(seeds)


@pytest.mark.parametrize("name", sorted(path.stem for path in BUILT_IN.glob("*.toml")))
def test_built_in_plans_are_understood(name: str) -> None:
    notes: list[str] = []
    plan = Plan.read(name)
    cells = cells_of(plan, notes.append)
    check_cells(cells)
    assert len(plan.tasks) >= 12
    assert {part.reference for part in plan.parts} <= set(plan.methods)
    # Iris and wine have about 100 examples of two classes.
    assert {note.split(" has")[0] for note in notes} == {"iris 0-1", "iris 1-2", "wine 0-1", "wine 1-2"}


def test_a_quick_plan_keeps_every_method_and_part() -> None:
    plan = Plan.read("elbo-vs-mle")
    quick = plan.quick()
    assert [part.methods for part in quick.parts] == [part.methods for part in plan.parts]
    assert all(len(part.tasks) == 2 and len(part.sizes) == 1 and part.seeds == 2 for part in quick.parts)
    assert quick.methods["ELBO"].settings["steps"] < 100
    assert replace(quick.methods["ELBO"], settings={"steps": 20}).hurried(60).settings["steps"] == 20
    assert replace(quick.methods["ELBO"], settings={"steps": "auto"}).hurried(60).settings["steps"] == 60
    assert "steps" not in quick.methods["Bop"].settings


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Two ways"', "", r"title is missing"),
        ("sizes = [40, 20]", "sizes = [1]", r"parts\.main\.sizes\.0 = 1 is not allowed: it should be greater"),
        ("sizes = [40, 20]", "sizes = [40]\nsize = 3", r"unknown key 'parts\.main\.size'; did you mean 'sizes'\?"),
        ('tasks = ["gaussians"]', 'tasks = ["gausians"]', r"task 'gausians', .*did you mean 'gaussians'\?"),
        ('methods = ["exact", "MLE"]', 'methods = ["exact", "MAP"]', r"method 'MAP', .*the methods are MLE"),
        ('methods = ["exact", "MLE"]', 'methods = ["MLE", "flips"]', r"parts\.few lacks its reference 'exact'"),
        ('baseline = "greedy-flips"', 'baseline = "genetic"', r"baseline = 'genetic' is not one of exhaustive"),
        ('objective = "mle"', 'objektive = "mle"', r"unknown key 'objektive'; did you mean 'objective'\?"),
        ("choose = {", 'by = "test"\nchoose = {', r"by = 'test' must be validation or loss"),
        ("beta = [1.0, 0.1]", "beta = 1.0", r"choose = .* must list values by key"),
        ("exact = true", "exact = 1", r"exact must be true, .*leave it out"),
        ("exact = true", "exact = true\nchoose = { beta = [1.0] }", r"choose = .* must list values"),
        ('title = "Two', 'titel = "Two', r"unknown key 'titel'; did you mean 'title'\?"),
        ('baseline = "greedy-flips"', 'baseline = ["gibbs"]', r"baseline = \['gibbs'\] is not one of"),
        ("exact = true", "exact = true\nsteps = 3", r"methods\.exact: unknown key 'steps'; .*it takes activation"),
        ("exact = true", 'exact = true\nby = "loss"', r"by = 'loss' says how to choose, and there is nothing"),
        ("choose = {", 'by = "loss"\nchoose = {', r"by = 'loss' compares losses of different objectives"),
        ('objective = "mle"', 'objective = "mle"\nnoise = 0.1', r"methods\.MLE: noise makes the split"),
        ("starts = 4", "stars = 4", r"methods\.flips: unknown key 'stars'; did you mean 'starts'\?"),
        ("sizes = [40, 20]", "sizes = [20, 20]", r"parts\.main\.sizes: an item is named twice"),
        ('methods = ["exact", "MLE"]', 'methods = ["MLE", "MLE"]', r"parts\.few\.methods: an item is named twice"),
        ('methods = ["exact", "MLE"]', 'methods = ["exact"]', r"parts\.few\.methods = .* is not allowed: .*at least 2"),
        ("[parts.few]", '[parts."../few"]', r"'parts\.\.\./few' cannot name a part, .*leave out slashes"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_it(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TABLES
    with pytest.raises(UserError, match=said) as caught:
        read(tmp_path, TABLES.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_an_unknown_plan_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no plan 'elbo'; .*elbo-vs-mle"):
        Plan.read("elbo")
    with pytest.raises(UserError, match="there is no plan"):
        Plan.read(tmp_path / "none.toml")
    with pytest.raises(UserError, match="is a folder, not a regular file"):
        Plan.read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("depth = 1", "depth = 0", r"MLE on gaussians, size 20, seed 0: depth = 0 is not allowed"),
        ("depth = 1", "seed = 1\ndepth = 1", "seed is decided by the study"),
        ("beta = [1.0, 0.1]", "beta = [1.0, -1.0]", r"beta = -1\.0 is not allowed"),
        ("starts = 4", "starts = 0", "starts"),
        (
            "exact = true",
            "exact = true\nhidden = [9]",
            "exact on gaussians, .*exact posterior of a network of .* weights on many registers is not known",
        ),
        ("depth = 1", 'depth = 1\nbackend = "statevector"', "studies run on no backend; leave backend out"),
        ('data = "gaussian"', 'data = "gaussian", size = 30', "^task gaussians: size is decided by the study"),
        ('"iris 0-1" = {', '"iris 0-1" = { hiden = 2,', r"^task iris 0-1: unknown configuration key 'hiden'"),
    ],
)
def test_settings_are_checked_before_any_work(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_cells(cells_of(read(tmp_path, TABLES.replace(old, new, 1)), lambda _: None))


def test_what_has_no_examples_enough_is_left_out_and_said(tmp_path: Path) -> None:
    notes: list[str] = []
    plan = read(tmp_path, TABLES.replace("sizes = [40, 20]", "sizes = [20, 90]"))
    found = cells_of(plan, notes.append)
    assert {(task, cell.size) for _, task, _, cell in found} == {("gaussians", 20), ("gaussians", 90), ("iris 0-1", 20)}
    assert notes == ["iris 0-1 has too few examples for 90 in training: left out"]
    none = TABLES.replace("sizes = [40, 20]", "sizes = [9000]").replace("sizes = [20]", "sizes = [9000]")
    with pytest.raises(UserError, match="lower sizes"):
        cells_of(read(tmp_path, none.replace('"gaussian"', '"iris"')), notes.append)
