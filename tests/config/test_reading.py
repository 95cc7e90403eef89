"""The configuration: from a file or from flags, with every mistake named."""

import os
from pathlib import Path
from typing import Any

import pytest

from deadline import within
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.errors import UserError
from option_conditions import conditions_of

WRONG = {
    "data": [5, "", [], True],
    "target": [5, "", ["a"]],
    "drop": [5, "", ",", [], [""], {"a": 1}],
    "task": ["maybe", 1, True],
    "keep": [",", "", 1],
    "categorical": [",", "", 1],
    "numeric": [",", "", 1],
    "strict": ["perhaps", 2],
    "encoding": ["", 1],
    "decimal": ["", ";", 1],
    "header": ["perhaps", 2],
    "validation_file": ["", 1.5, "a\0b"],
    "test_file": ["", 1.5, "a\0b"],
    "group": ["", 1],
    "time": ["", 1],
    "split_seed": [-1, 2**32, 1.5, "x"],
    "network": ["mlp", 1, ""],
    "likelihood": ["normal", 1],
    "target_noise": [0, -1, "much", "nan", True],
    "classes": [5, {"a": 1}, [""]],
    "folder": [1.5, "", "a\0b"],
    "labels": ["", 1.5, "a\0b"],
    "test_labels": ["", 1.5, "a\0b"],
    "channels": ["", "0", [], "a,b", [True], 1.5],
    "pixels": [0, "two", 1.5, True],
    "size": [1, "x", True, 10**9],
    "noise": [-0.1, "nan", "inf", "much"],
    "impute": ["mean", True, 1],
    "class_weight": ["equal", "yes=", "=2", "yes=-1", "yes=2,yes=3", "yes=inf", {}, {"yes": True}, 2, True],
    "weight_column": ["", 3, True],
    "components": [0, "some", 2.5, True],
    "standardize": ["perhaps", 2, [True]],
    "validation": [1, -0.1, "nan", "x"],
    "test": [1.0, -1, "all", True],
    "hidden": [[9] * 33, -1, "8,x", "0,3", ",", "", [0], [1.5], [True], "all", {}],
    "activation": ["gelu", 1, ""],
    "bias": ["maybe", 3, []],
    "values": [1, "1", "1,2,3", "a,b", "nan,1", [True, False]],
    "scale": ["fanin", 1],
    "normalization": ["batch", 1, ""],
    "output_scales": ["0", "a", "", -1, [True]],
    "posterior": ["registry", 1, "", "register,registers"],
    "ansatz": ["ising", 1],
    "depth": [0, -1, "4.5", 2**31, True],
    "circuit": [1.5, "", "a\0b", True],
    "register_size": [0, 11, "11", "auto", 1.5, True],
    "grouping": ["neurons", 1, ""],
    "spread": [-1, 6.2832, "inf", "wide", True],
    "prior_from": [1.5, "", "a\0b", True],
    "objective": ["kl", "elbo,mle", 1],
    "beta": [0, -1, "nan", "inf", "cold", True],
    "weight": [0, "auto", "nan"],
    "divergence": ["jensen", "kl,mmd", 1],
    "bandwidth": ["wide", 0.5],
    "order": [0, 1.5, "all", True],
    "context": [-1, 17, 1.5, "all", True],
    "annealing": [0, -0.5, 1.01, "nan", "none", True],
    "operator": ["gibbs", 1],
    "temperature": [0, -1, "inf", True],
    "alpha": [0, 1, "1", "1.0", "nan", "inf", True],
    "prior": [0, 1, "nan", {"W1": 1.0}, {"": 0.5}, "W1=0.5"],
    "estimator": ["reinforce", 1, "", "exact,first-order"],
    "samples": [0, "many", 1.5, True],
    "batch_size": [0, "auto", 2.5, True],
    "optimizer": ["sgd", 1],
    "learning_rate": [0, "fast", "inf"],
    "steps": [0, 1.5, "1e3x", 10**20, True],
    "restarts": [0, "x"],
    "patience": [-1, "never"],
    "effort": ["much", 1, "auto"],
    "refit": ["perhaps", 2],
    "seed": [-1, 2**32, 1.5, "x"],
    "backend": [1, "", "a\0b", True],
    "shots": [0, 1, "", "1,2,3", "many", 1.5, True, [True]],
    "subset": [0, "some", 1.5, True],
    "directions": [0, "all", True],
    "perturbation": [0, -0.1, "nan", "wide", True],
    "gate_error": ["0.1", "0,1", "-0.1,0", "a,b", 0.1, [True, False]],
    "readout_error": [-0.1, 0.5, "nan", "high", True],
    "mitigation": ["zne", 1, "", True],
    "dynamical_decoupling": ["xx", 1, "", True],
    "twirling": ["perhaps", 2],
    "optimization_level": [-1, 4, 1.5, "high", True],
    "max_shots": [0, "all", 1.5, True],
    "max_jobs": [0, "all", 1.5, True],
    "max_seconds": [0, -1, "nan", "all", True],
    "max_wait": [0, -1, "nan", "all", True],
    "objectives": ["", ",", "elbo,kl", "elbo,elbo", [], 5],
    "seeds": [0, "x", True],
}


def kind_of(key: str) -> type[RunConfig | CompareConfig]:
    return CompareConfig if key in ("objectives", "seeds") else RunConfig


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_wrong_value_is_one_line_with_key_value_and_what_is_allowed(key: str, value: Any) -> None:
    with pytest.raises(UserError) as caught:
        configured(kind_of(key), None, {"data": "iris", key: value})
    described = kind_of(key).model_fields[key].description
    assert str(caught.value) == f"{key} = {value!r} is not allowed; give {described}"


def test_every_field_has_wrong_values_and_says_what_it_takes() -> None:
    fields = RunConfig.model_fields | CompareConfig.model_fields
    assert fields.keys() == WRONG.keys()
    assert all(field.description for field in fields.values())


@pytest.mark.parametrize(
    ("key", "given", "meant"),
    [
        ("hidden", "auto", "auto"),
        ("hidden", "none", []),
        ("hidden", "0", []),
        ("hidden", 0, []),
        ("hidden", [], []),
        ("hidden", "8", [8]),
        ("hidden", 8, [8]),
        ("hidden", "8,4", [8, 4]),
        ("hidden", " 8, 4 ", [8, 4]),
        ("hidden", [8, 4], [8, 4]),
        ("values", "-3,1", (-3.0, 1.0)),
        ("values", [0, 1], (0.0, 1.0)),
        ("classes", "1,2", ["1", "2"]),
        ("classes", [1, "virginica"], ["1", "virginica"]),
        ("classes", ["a, b", "c"], ["a, b", "c"]),
        ("classes", "all", None),
        ("pixels", "all", None),
        ("pixels", "4", 4),
        ("components", "all", "all"),
        ("components", "3", 3),
        ("bias", "auto", "auto"),
        ("bias", "no", False),
        ("bias", "false", False),
        ("standardize", "TRUE", True),
        ("beta", "auto", "auto"),
        ("learning_rate", "auto", "auto"),
        ("normalization", "auto", "auto"),
        ("beta", "2", 2.0),
        ("register_size", "10", 10),
        ("estimator", "first-order", "first-order"),
        ("samples", "auto", "auto"),
        ("samples", "8", 8),
        ("weight", "2.5", 2.5),
        ("weight", "kl-matched", "kl-matched"),
        ("divergence", "adversarial", "adversarial"),
        ("order", "3", 3),
        ("operator", "difference", "difference"),
        ("temperature", "20", 20.0),
        ("alpha", "0.25", 0.25),
        ("alpha", 2, 2.0),
        ("prior", "0.25", 0.25),
        ("prior", {"W1": 0.25, "b1": 0.5}, {"W1": 0.25, "b1": 0.5}),
        ("steps", "100", 100),
        ("steps", "auto", "auto"),
        ("restarts", "auto", "auto"),
        ("objectives", "mle,elbo", ["mle", "elbo"]),
        ("shots", "100", [100]),
        ("shots", 100, [100]),
        ("shots", "100,10000", [100, 10000]),
        ("subset", "all", None),
        ("subset", "5", 5),
        ("gate_error", "0.001,0.01", (0.001, 0.01)),
    ],
)
def test_value_is_understood(key: str, given: Any, meant: Any) -> None:
    found = getattr(
        configured(kind_of(key), None, {"data": "iris", **conditions_of(key, kind_of(key)), key: given}), key
    )
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("flags", "owner"),
    [
        ({"objective": "mle", "beta": "2"}, "elbo"),
        ({"weight": "3"}, "selbo or stein"),
        ({"divergence": "stein"}, "selbo"),
        ({"objective": "mle", "divergence": "mmd"}, "selbo"),
        ({"alpha": "0.5"}, "renyi or selbo with divergence renyi"),
        ({"objective": "selbo", "alpha": "0.5"}, "renyi or selbo with divergence renyi"),
        ({"objective": "stein", "alpha": "0.5"}, "renyi or selbo with divergence renyi"),
        ({"objective": "selbo", "order": "2"}, "selbo with divergence adversarial"),
        ({"objective": "selbo", "divergence": "kl", "operator": "barker"}, "stein or selbo with divergence stein"),
        ({"objective": "selbo", "divergence": "stein", "temperature": "2"}, "stein"),
        ({"optimizer": "lbfgs", "learning_rate": "0.1"}, "adam or gains"),
        ({"ansatz": "product", "depth": "4"}, "all-pairs, line, ring, ladder, brickwork or multi-basis"),
        ({"ansatz": "autoregressive", "depth": "4"}, "all-pairs, line, ring, ladder, brickwork or multi-basis"),
        ({"context": "4"}, "autoregressive"),
        ({"posterior": "register", "register_size": "2"}, "posterior registers"),
        ({"posterior": "register", "grouping": "layer"}, "posterior registers"),
        ({"posterior": "registers", "ansatz": "ring"}, "posterior register"),
        ({"posterior": "registers", "patience": "50"}, "estimator exact"),
        ({"estimator": "first-order", "patience": "50"}, "estimator exact"),
        ({"estimator": "exact", "samples": "4"}, "posterior registers with an estimator other than exact"),
        ({"posterior": "register", "samples": "4"}, "posterior registers with an estimator other than exact"),
        ({"shots": "100"}, "backend"),
        ({"readout_error": "0.1"}, "backend"),
        ({"max_jobs": "5"}, "backend"),
        ({"backend": "statevector", "subset": "5"}, "estimator parameter-shift"),
        ({"backend": "statevector", "estimator": "parameter-shift", "directions": "5"}, "estimator spsa"),
        ({"backend": "statevector", "patience": "50"}, "estimator exact"),
        ({"backend": "statevector", "posterior": "registers", "samples": "4"}, "posterior registers with an estimator"),
        ({"estimator": "exact", "batch_size": "4"}, "posterior registers with an estimator other than exact"),
    ],
)
def test_option_that_would_be_ignored_is_refused(flags: dict[str, str], owner: str) -> None:
    with pytest.raises(UserError, match=f"goes with {owner}.* only"):
        configured(RunConfig, None, {"data": "iris", **flags})


def test_a_backend_is_trained_with_what_samples_are_enough_for() -> None:
    assert configured(RunConfig, None, {"data": "iris", "backend": "statevector"}).objective == "selbo"
    assert (
        configured(RunConfig, None, {"data": "iris", "backend": "statevector", "objective": "mle"}).objective == "mle"
    )
    assert configured(RunConfig, None, {"data": "iris"}).objective == "elbo"


@pytest.mark.parametrize("estimator", ["spsa", "parameter-shift"])
def test_an_estimator_from_shots_needs_a_backend(estimator: str) -> None:
    with pytest.raises(UserError, match=f"estimator {estimator} takes shots from a backend, and none is chosen"):
        configured(RunConfig, None, {"data": "iris", "estimator": estimator})


def test_options_of_any_compared_objective_apply() -> None:
    found = configured(CompareConfig, None, {"data": "iris", "beta": "2", "weight": "3", "divergence": "kl"})
    assert (found.beta, found.weight, found.divergence) == (2.0, 3.0, "kl")


def test_nothing_given_says_what_to_name() -> None:
    with pytest.raises(UserError, match="data is missing: name the data set, such as iris"):
        configured(RunConfig, None, {"data": None})


@pytest.mark.parametrize(
    ("kind", "key", "nearest"),
    [
        (RunConfig, "step", "steps"),
        (RunConfig, "learning-rate", "learning_rate"),
        (RunConfig, "objectives", "objective"),
        (CompareConfig, "objective", "objectives"),
    ],
)
def test_unknown_key_names_the_nearest_and_all(kind: type[RunConfig], key: str, nearest: str) -> None:
    with pytest.raises(UserError) as caught:
        configured(kind, None, {"data": "iris", key: "elbo"})
    message = str(caught.value)
    assert message.startswith(f"unknown configuration key {key!r}: did you mean {nearest!r}? the keys are ")
    assert message.rpartition("are ")[2].split(", ") == list(kind.model_fields)


def test_unknown_key_like_no_other_has_no_nearest() -> None:
    with pytest.raises(UserError, match="unknown configuration key 'xyz': the keys are data, "):
        configured(RunConfig, None, {"data": "iris", "xyz": 1})


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('data = "wine"\nsteps = 7\nrestarts = 3\nprior = { W1 = 0.25 }\n')
    found = configured(RunConfig, file, {"data": "iris", "steps": "9", "depth": None})
    assert (found.data, found.steps, found.restarts, found.depth, found.prior) == ("iris", 9, 3, "auto", {"W1": 0.25})


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('data = "wine"\n', encoding="utf-8-sig")
    assert configured(RunConfig, file, {}).data == "wine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'data = "iris', "is not valid TOML: "),
        (b"steps = 1\nsteps = 2\n", "is not valid TOML: "),
        (b'data = "\xff"', "is not valid TOML: "),
        (b"[train]\nsteps = 1\n", "unknown configuration key 'train'"),
        (b"[prior]\nW1 = 2\n", "prior = {'W1': 2} is not allowed; give a number between 0 and 1"),
        (b"hidden = [" + b"9, " * 10**5 + b"]", "has 292.9 KiB, over the limit of 256 KiB"),
        (b"hidden = [" + b"9, " * 10**4 + b"]", "9 ... is not allowed; give units of each of up to 32 layers"),
        (b"output_scales = [" + b"1, " * 257 + b"]", "... is not allowed; give 1 to 256 numbers above 0"),
        (b"hidden = " + b"[" * 3000 + b"]" * 3000, "is nested too deeply"),
        (b"steps = " + b"9" * 5000, "has a number of over 4,300 digits"),
        (b"steps = 0x" + b"f" * 5000, "steps = a value of type int that cannot be shown is not allowed"),
        (b"k" * 10**4 + b" = 1", "kkk ...: the keys are data"),
        (b".".join([b"k"] * 10**4) + b" = 1", "has a line of over 300 dots"),
    ],
)
def test_faulty_file_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "run.toml"
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        configured(RunConfig, file, {"data": "iris"})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for file, why in (
        (tmp_path / "absent.toml", "No such file"),
        (tmp_path, "is a folder"),
        (tmp_path / "pipe.toml", "is a pipe"),
        (Path("/dev/zero"), "is a device"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with within(10), pytest.raises(UserError, match=why) as caught:
            configured(RunConfig, file, {"data": "iris"})
        assert str(file) in str(caught.value)
