"""The flags, the configuration and the help say the same."""

import inspect
import re
from pathlib import Path

import pytest

from command_line import QUICK, Outcome, Run, run
from hyperborn.config import CompareConfig, Configuration, RunConfig, configured
from hyperborn.config.options import COMPARE, TRAIN, Option
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES
from option_conditions import conditions_of

ALL = ("classes", "pixels", "subset")
"""Options whose default in the help means that none is chosen."""


@pytest.mark.parametrize(("options", "kind"), [(TRAIN, RunConfig), (COMPARE, CompareConfig)])
def test_flags_are_the_keys_of_the_configuration(options: tuple[Option, ...], kind: type[Configuration]) -> None:
    keys = [option.key for option in options]
    assert len(set(keys)) == len(keys)
    assert {*keys, "data"} == kind.model_fields.keys()


@pytest.mark.parametrize(
    ("option", "kind"),
    [*((option, RunConfig) for option in TRAIN), *((option, CompareConfig) for option in COMPARE)],
    ids=lambda thing: getattr(thing, "key", ""),
)
def test_default_in_the_help_is_the_default(option: Option, kind: type[Configuration]) -> None:
    default = getattr(configured(kind, None, {"data": "iris"}), option.key)
    if default is None:
        assert option.default == ("all" if option.key in ALL else "none" if option.key == "class_weight" else "")
    else:
        given = configured(kind, None, {"data": "iris", **conditions_of(option.key, kind), option.key: option.default})
        assert getattr(given, option.key) == default


@pytest.mark.parametrize(("key", "kinds"), [("objective", OBJECTIVES), ("divergence", DIVERGENCES)])
def test_help_names_every_objective_and_every_divergence(key: str, kinds: dict[str, type]) -> None:
    (option,) = (option for option in TRAIN if option.key == key)
    names = option.help.rpartition(": ")[2].replace(" or ", " ")
    assert re.findall("[a-z]+", names) == list(kinds)


def test_help_texts_are_plain_ascii() -> None:
    assert [option.key for option in (*TRAIN, *COMPARE) if not option.help.isascii()] == []


def test_test_share_of_the_help_is_the_loaders() -> None:
    from hyperborn.data.load import DEFAULT_TEST

    absent = {option.key: option.absent for option in TRAIN if option.absent}
    assert absent == {
        "test": str(DEFAULT_TEST),
        "encoding": "found",
        "decimal": "found",
        "split_seed": "that of --seed",
    }


@pytest.mark.parametrize(("command", "options"), [("train", TRAIN), ("compare", COMPARE)])
@pytest.mark.parametrize("width", [40, 70, 200])
def test_help_shows_every_flag_and_its_text(
    hyperborn: Run, monkeypatch: pytest.MonkeyPatch, command: str, options: tuple[Option, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ended = hyperborn(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= width
    if width == 40:
        return  # too narrow for Typer, which cuts long flags off
    shown = set(re.findall(r"--[a-z-]+", ended.out))
    assert shown >= {option.flag for option in options} | {"--config", "--out", "--force", "--json", "--help"}
    if width == 200:
        for option in options:
            assert f"{option.help} Default: {option.default}." in ended.out or not option.default or option.is_switch
            assert option.help_text in ended.out


def test_program_without_arguments_shows_its_commands(hyperborn: Run) -> None:
    ended = hyperborn()
    assert ended.code == 2
    for command in (
        "train",
        "resume",
        "predict",
        "evaluate",
        "compare",
        "doctor",
        "estimate",
        "ledger",
        "backend-test",
    ):
        assert command in ended.out


def test_version(hyperborn: Run) -> None:
    import hyperborn as package

    assert hyperborn("--version") == Outcome(0, f"hyperborn {package.__version__}\n", "")


def definition(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "definition").iterdir()}


def test_run_from_flags_and_from_a_file_are_identical(hyperborn: Run, flowers: Path) -> None:
    flags = {
        "target": "kind", "impute": "median", "classes": "Größe,small one", "hidden": "1", "values": "-3,1",
        "activation": "tanh", "bias": "false", "depth": "2", "steps": "20", "restarts": "2", "seed": "3",
        "objective": "selbo", "weight": "0.5", "prior": "0.25", "learning_rate": "0.05", "validation": "0",
    }  # fmt: skip
    words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
    Path("run.toml").write_text(
        f'data = "{flowers.name}"\ntarget = "kind"\nimpute = "median"\nclasses = ["Größe", "small one"]\nhidden = 1\n'
        'values = [-3, 1]\nactivation = "tanh"\nbias = false\ndepth = 2\nsteps = 20\nrestarts = 2\nseed = 3\n'
        'objective = "selbo"\nweight = 0.5\nprior = 0.25\nlearning_rate = 0.05\nvalidation = 0\n',
        encoding="utf-8",
    )
    first = hyperborn("train", flowers.name, *words, "--out", "flags", "--json").json
    second = hyperborn("train", "--config", "run.toml", "--out", "file", "--json").json
    assert definition(Path("flags")) == definition(Path("file"))
    varying = ("seconds", "out")
    assert {k: v for k, v in first.items() if k not in varying} == {k: v for k, v in second.items() if k not in varying}


def test_classes_by_name_and_by_number_are_the_same(hyperborn: Run) -> None:
    found = [
        hyperborn("train", "iris", "--classes", classes, *QUICK, "--out", f"run{place}", "--json").json["loss"]
        for place, classes in enumerate(("1,2", "versicolor,virginica", "versicolor, 2"))
    ]
    assert len(set(found)) == 1


def test_prior_by_field_comes_from_a_file(hyperborn: Run) -> None:
    Path("run.toml").write_text('data = "moons"\nsize = 40\n[prior]\nW1 = 0.9\n')
    ended = hyperborn("train", "--config", "run.toml", *QUICK, "--out", "run", "--json")
    assert ended.code == 0, ended.err
    from hyperborn import load

    prior = load("run").definition.prior
    assert prior.marginals(load("run").network).tolist() == [0.9, 0.9, 0.5]
    Path("run.toml").write_text('data = "moons"\nsize = 40\n[prior]\nW9 = 0.9\n')
    before = sorted(Path().iterdir())
    hyperborn("train", "--config", "run.toml", *QUICK, "--out", "other").refused("'W9'", "W1, b1")
    assert sorted(Path().iterdir()) == before


def test_signature_of_a_command_is_the_table() -> None:
    from hyperborn.cli.training import train_command

    parameters = inspect.signature(train_command).parameters
    assert set(parameters) == {option.key for option in TRAIN} | {
        *("data", "config", "out", "force", "track_energy", "plugin", "as_json")
    }
    assert all(parameters[option.key].default is None for option in TRAIN)


def test_dash_first_value_is_no_flag() -> None:
    assert run("train", "iris", "--values", "-3", "--json").json["error"] == (
        "values = '-3' is not allowed; give two numbers, such as -1,1"
    )


def test_dropped_columns_do_not_matter_to_later_files(hyperborn: Run, flowers: Path) -> None:
    header, *rows = flowers.read_text(encoding="utf-8").splitlines()
    lines = [f"id,{header}", *(f'"no {place},5",{row}' for place, row in enumerate(rows))]
    Path("wide.csv").write_text("\n".join(lines), encoding="utf-8")
    common = ("--target", "kind", "--impute", "median", *QUICK)
    Path("run.toml").write_text('drop = ["id"]\n')
    ways = {"run": ("--drop", "id"), "other": ("--config", "run.toml")}
    done = [hyperborn("train", "wide.csv", *way, *common, "--out", out, "--json").json for out, way in ways.items()]
    assert done[0]["loss"] == done[1]["loss"]
    # Numbers that could not be read, were they asked for.
    odd = [f"id;{header}", *(f"1.000,5;{row}" for row in rows)]
    Path("odd.csv").write_text("\n".join(odd).replace(",", ";").replace("000;5", "000,5"), encoding="utf-8")
    found = [hyperborn("predict", "run", name) for name in ("wide.csv", flowers.name, "odd.csv")]
    assert found[0].code == 0
    assert found[0].out == found[1].out == found[2].out
    hyperborn("train", "wide.csv", "--drop", "idd", *common).refused("no column 'idd' to drop", "'id'")
