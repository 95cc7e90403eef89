"""The table of options: light, and in step with the Python interface and the ways of training."""

import inspect
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.backends import Noise
from hyperborn.backends.jobs.retry import RetryPolicy
from hyperborn.config import RunConfig, configured, options_of
from hyperborn.config.options import LEARNING, OBJECTIVE, OPTIONS, keys_with
from hyperborn.config.posteriors import BACKEND_DEPTH
from hyperborn.data.load import DEFAULT_VALIDATION
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES
from hyperborn.posteriors.default import COMFORTABLE_WEIGHTS, WEIGHTS_OF_FEW_LAYERS, default_depth
from hyperborn.training.estimators import ESTIMATORS
from hyperborn.training.minibatch.regime import EPOCHS, FEWEST, MOST
from hyperborn.training.optimizers import OPTIMIZERS
from hyperborn.training.regime import Regime
from hyperborn.training.regimes import REGIMES
from test_package import HEAVY, modules_after


def test_the_table_needs_neither_pydantic_nor_jax() -> None:
    assert not modules_after("import hyperborn.config.options") & HEAVY


def default_of(thing: Any, name: str) -> Any:
    """The default of an argument of the Python interface."""
    return inspect.signature(thing).parameters[name].default


NETWORK = hb.networks.BinaryMLP
PYTHON = {
    "values": default_of(NETWORK, "values"),
    "output_scales": list(default_of(NETWORK, "output_scales")),
    "validation": DEFAULT_VALIDATION,
    "class_weight": default_of(hb.data.load, "class_weight"),
    "weight_column": default_of(hb.data.load, "weight_column"),
    "standardize": default_of(hb.data.load, "standardize"),
    "register_size": default_of(hb.Registers, "register_size"),
    "grouping": default_of(hb.Registers, "grouping"),
    "context": default_of(hb.Autoregressive, "order"),
    "spread": default_of(hb.fit, "spread"),
    "batch_size": default_of(hb.fit, "batch_size"),
    "seed": default_of(hb.fit, "seed"),
    "annealing": default_of(hb.fit, "annealing").start,
    "patience": default_of(hb.fit, "plateau").patience,
    "weight": hb.SELBO().weight,
    "divergence": default_of(hb.SELBO, "divergence").name,
    "bandwidth": hb.MMD().bandwidth,
    "order": hb.Adversarial().order,
    "operator": hb.Stein().operator,
    "temperature": hb.SteinPosterior().temperature,
    "alpha": hb.Renyi().alpha,
    "objective": REGIMES["exact"].default_objective().name,
    "shots": [hb.SPSA().shots],
    "subset": hb.ParameterShift().subset,
    "directions": hb.SPSA().directions,
    "perturbation": hb.SPSA().perturbation,
    "gate_error": (Noise().one_qubit, Noise().two_qubit),
    "readout_error": Noise().readout,
    "mitigation": default_of(hb.ShotRegister, "mitigation"),
    "optimization_level": default_of(hb.backends.FakeDevice, "optimization_level"),
    "max_wait": RetryPolicy().patience,
}
"""Defaults of the Python interface, by the option of the same meaning."""


@pytest.mark.parametrize("key", PYTHON)
def test_a_default_is_that_of_the_python_interface(key: str) -> None:
    assert getattr(configured(RunConfig, None, {"data": "iris"}), key) == PYTHON[key]


def test_what_help_says_of_auto_is_what_the_ways_of_training_do() -> None:
    exact, minibatch, shots = (REGIMES[name] for name in ("exact", "minibatch", "shots"))

    def adams(regime: Regime) -> float:
        return regime.learning_rates.get(hb.Adam, hb.Adam().learning_rate)

    assert adams(minibatch) == adams(shots)
    steps = (exact.default_steps(100, 10), EPOCHS, FEWEST, MOST, shots.default_steps(100, 10))
    depths = (
        default_depth(WEIGHTS_OF_FEW_LAYERS),
        WEIGHTS_OF_FEW_LAYERS,
        default_depth(WEIGHTS_OF_FEW_LAYERS + 1),
        default_of(hb.Registers, "depth"),
        BACKEND_DEPTH,
    )
    registers = hb.Registers(4, 2)
    earlier = hb.PreviousPosterior(registers, np.zeros(registers.n_parameters))
    betas = (exact.default_beta(hb.Uniform()), minibatch.default_beta(hb.Uniform()), minibatch.default_beta(earlier))
    for key, said in (
        (
            "learning_rate",
            f"with exact gradients {adams(exact)}, else {adams(shots)}, with gains {hb.Gains().learning_rate}.",
        ),
        ("steps", "{}, on registers {} epochs in {:,} to {:,}, on a backend {}.".format(*steps)),
        ("restarts", f"{exact.restarts}, on registers {minibatch.restarts}."),
        ("beta", "{:g}, on registers {:g} (a colder posterior), after an earlier run {:g}.".format(*betas)),
        ("depth", "{} to {} weights, {} beyond; registers {}; on a backend {}.".format(*depths)),
        ("posterior", f"one up to {COMFORTABLE_WEIGHTS} weights."),
    ):
        assert f"auto: {said}" in OPTIONS[key].help


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_takes_the_options_that_are_its_fields(name: str) -> None:
    kind = ESTIMATORS[name]
    backend = {"backend": "statevector"} if kind.regime == "shots" else {}
    own, all_of_them = set(options_of(kind)), {key for kind in ESTIMATORS.values() for key in options_of(kind)}
    for key in sorted(all_of_them):
        given = {"data": "iris", **backend, "estimator": name, key: OPTIONS[key].default}
        if key in own:
            configured(RunConfig, None, given)
        else:
            with pytest.raises(UserError, match=f"{key} goes with"):
                configured(RunConfig, None, given)


def test_only_fields_of_objectives_go_with_objectives() -> None:
    kinds = (*OBJECTIVES.values(), *DIVERGENCES.values())
    assert keys_with(OBJECTIVE) == {key for kind in kinds for key in options_of(kind)}
    assert keys_with(LEARNING) == {key for kind in OPTIMIZERS.values() for key in options_of(kind)}
    assert [name for name, kind in OPTIMIZERS.items() if "learning_rate" in options_of(kind)] == list(LEARNING.values)
