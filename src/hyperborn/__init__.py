"""Variational inference over quantum hypernetworks: binary neural networks drawn from quantum circuits.

    import jax, hyperborn as hb

    data = hb.data.load("iris", classes=(1, 2), seed=0)
    net = hb.networks.BinaryMLP(n_features=4, hidden=(2,), n_classes=2)
    result = hb.fit(net, data, objective=hb.ELBO())
    result.predict_proba(data.test.x)

Everything is imported at first use, so that importing hyperborn costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperborn import backends, baselines, circuits, data, energy, networks
    from hyperborn.energy import energies
    from hyperborn.errors import UserError
    from hyperborn.inference.divergences import KL, MMD, Adversarial, RenyiDivergence, Stein
    from hyperborn.inference.estimators import (
        SPSA,
        Exact,
        FirstOrder,
        LocalExpectation,
        LocalReparameterization,
        ParameterShift,
        ScoreFunction,
        StraightThrough,
    )
    from hyperborn.inference.kernels import (
        Hamming,
        mmd_squared,
        mmd_squared_from_product,
        mmd_witness,
        mmd_witness_from_product,
    )
    from hyperborn.inference.objectives import ELBO, MLE, SELBO, Renyi, SteinPosterior
    from hyperborn.posteriors import (
        Autoregressive,
        ExactPosterior,
        MultiBasis,
        PreviousPosterior,
        Register,
        Registers,
        SampledRegister,
        SampledRegisters,
        default_posterior,
    )
    from hyperborn.priors import Bernoulli, Empirical, Ising, Uniform
    from hyperborn.training import LBFGS, Adam, Annealing, Gains, Plateau, Result, fit, load

__version__ = "0.1.0"

MODULES = ("backends", "baselines", "circuits", "data", "energy", "networks")
HOMES = {
    "energies": "hyperborn.energy",
    "UserError": "hyperborn.errors",
    "KL": "hyperborn.inference.divergences",
    "MMD": "hyperborn.inference.divergences",
    "Adversarial": "hyperborn.inference.divergences",
    "RenyiDivergence": "hyperborn.inference.divergences",
    "Stein": "hyperborn.inference.divergences",
    "Exact": "hyperborn.inference.estimators",
    "FirstOrder": "hyperborn.inference.estimators",
    "LocalExpectation": "hyperborn.inference.estimators",
    "LocalReparameterization": "hyperborn.inference.estimators",
    "ParameterShift": "hyperborn.inference.estimators",
    "SPSA": "hyperborn.inference.estimators",
    "ScoreFunction": "hyperborn.inference.estimators",
    "StraightThrough": "hyperborn.inference.estimators",
    "Hamming": "hyperborn.inference.kernels",
    "mmd_squared": "hyperborn.inference.kernels",
    "mmd_squared_from_product": "hyperborn.inference.kernels",
    "mmd_witness": "hyperborn.inference.kernels",
    "mmd_witness_from_product": "hyperborn.inference.kernels",
    "ELBO": "hyperborn.inference.objectives",
    "MLE": "hyperborn.inference.objectives",
    "SELBO": "hyperborn.inference.objectives",
    "Renyi": "hyperborn.inference.objectives",
    "SteinPosterior": "hyperborn.inference.objectives",
    "Bernoulli": "hyperborn.priors",
    "Empirical": "hyperborn.priors",
    "Ising": "hyperborn.priors",
    "Uniform": "hyperborn.priors",
    "Autoregressive": "hyperborn.posteriors",
    "ExactPosterior": "hyperborn.posteriors",
    "MultiBasis": "hyperborn.posteriors",
    "PreviousPosterior": "hyperborn.posteriors",
    "Register": "hyperborn.posteriors",
    "Registers": "hyperborn.posteriors",
    "SampledRegister": "hyperborn.posteriors",
    "SampledRegisters": "hyperborn.posteriors",
    "default_posterior": "hyperborn.posteriors",
    "Adam": "hyperborn.training",
    "Annealing": "hyperborn.training",
    "Gains": "hyperborn.training",
    "LBFGS": "hyperborn.training",
    "Plateau": "hyperborn.training",
    "Result": "hyperborn.training",
    "fit": "hyperborn.training",
    "load": "hyperborn.training",
}

__all__ = [
    "ELBO",
    "KL",
    "LBFGS",
    "MLE",
    "MMD",
    "SELBO",
    "SPSA",
    "Adam",
    "Adversarial",
    "Annealing",
    "Autoregressive",
    "Bernoulli",
    "Empirical",
    "Exact",
    "ExactPosterior",
    "FirstOrder",
    "Gains",
    "Hamming",
    "Ising",
    "LocalExpectation",
    "LocalReparameterization",
    "MultiBasis",
    "ParameterShift",
    "Plateau",
    "PreviousPosterior",
    "Register",
    "Registers",
    "Renyi",
    "RenyiDivergence",
    "Result",
    "SampledRegister",
    "SampledRegisters",
    "ScoreFunction",
    "Stein",
    "SteinPosterior",
    "StraightThrough",
    "Uniform",
    "UserError",
    "backends",
    "baselines",
    "circuits",
    "data",
    "default_posterior",
    "energies",
    "energy",
    "fit",
    "load",
    "mmd_squared",
    "mmd_squared_from_product",
    "mmd_witness",
    "mmd_witness_from_product",
    "networks",
]


if not TYPE_CHECKING:
    # Type checkers see the imports above, and would take any other name for one of ours.

    def __getattr__(name: str) -> Any:
        if name in MODULES:
            return import_module(f"hyperborn.{name}")
        if name in HOMES:
            return getattr(import_module(HOMES[name]), name)
        raise AttributeError(f"module 'hyperborn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
