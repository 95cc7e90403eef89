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
    from hyperborn import backends, baselines, circuits, costs, data, energy, likelihoods, networks, plots, testing
    from hyperborn.energy import Energies, EnergyFunction, energies
    from hyperborn.errors import HyperbornWarning, UserError
    from hyperborn.fitting import fit
    from hyperborn.likelihoods import Categorical, Gaussian, SquaredError
    from hyperborn.objectives.divergences import KL, MMD, Adversarial, RenyiDivergence, Stein
    from hyperborn.objectives.kernels import (
        Hamming,
        mmd_squared,
        mmd_squared_from_product,
        mmd_witness,
        mmd_witness_from_product,
    )
    from hyperborn.objectives.objectives import ELBO, MLE, SELBO, Renyi, SteinPosterior
    from hyperborn.posteriors import (
        Autoregressive,
        ExactPosterior,
        MultiBasis,
        PreviousPosterior,
        Register,
        Registers,
        default_posterior,
    )
    from hyperborn.priors import Bernoulli, Empirical, Ising, Uniform
    from hyperborn.runs.results import load
    from hyperborn.training import LBFGS, Adam, Annealing, Gains, Plateau, Result
    from hyperborn.training.estimators import (
        SPSA,
        Exact,
        FirstOrder,
        LocalExpectation,
        LocalReparameterization,
        ParameterShift,
        ScoreFunction,
        StraightThrough,
    )
    from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters

__version__ = "0.1.0"

MODULES = (
    "backends",
    "baselines",
    "circuits",
    "costs",
    "costs",
    "data",
    "energy",
    "likelihoods",
    "networks",
    "plots",
    "testing",
)
HOMES = {
    "Energies": "hyperborn.energy",
    "EnergyFunction": "hyperborn.energy",
    "energies": "hyperborn.energy",
    "HyperbornWarning": "hyperborn.errors",
    "UserError": "hyperborn.errors",
    "Categorical": "hyperborn.likelihoods",
    "Gaussian": "hyperborn.likelihoods",
    "SquaredError": "hyperborn.likelihoods",
    "KL": "hyperborn.objectives.divergences",
    "MMD": "hyperborn.objectives.divergences",
    "Adversarial": "hyperborn.objectives.divergences",
    "RenyiDivergence": "hyperborn.objectives.divergences",
    "Stein": "hyperborn.objectives.divergences",
    "Exact": "hyperborn.training.estimators",
    "FirstOrder": "hyperborn.training.estimators",
    "LocalExpectation": "hyperborn.training.estimators",
    "LocalReparameterization": "hyperborn.training.estimators",
    "ParameterShift": "hyperborn.training.estimators",
    "SPSA": "hyperborn.training.estimators",
    "ScoreFunction": "hyperborn.training.estimators",
    "StraightThrough": "hyperborn.training.estimators",
    "Hamming": "hyperborn.objectives.kernels",
    "mmd_squared": "hyperborn.objectives.kernels",
    "mmd_squared_from_product": "hyperborn.objectives.kernels",
    "mmd_witness": "hyperborn.objectives.kernels",
    "mmd_witness_from_product": "hyperborn.objectives.kernels",
    "ELBO": "hyperborn.objectives.objectives",
    "MLE": "hyperborn.objectives.objectives",
    "SELBO": "hyperborn.objectives.objectives",
    "Renyi": "hyperborn.objectives.objectives",
    "SteinPosterior": "hyperborn.objectives.objectives",
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
    "ShotRegister": "hyperborn.training.shots.posteriors",
    "ShotRegisters": "hyperborn.training.shots.posteriors",
    "default_posterior": "hyperborn.posteriors",
    "Adam": "hyperborn.training",
    "Annealing": "hyperborn.training",
    "Gains": "hyperborn.training",
    "LBFGS": "hyperborn.training",
    "Plateau": "hyperborn.training",
    "Result": "hyperborn.training",
    "fit": "hyperborn.fitting",
    "load": "hyperborn.runs.results",
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
    "Categorical",
    "Empirical",
    "Energies",
    "EnergyFunction",
    "Exact",
    "ExactPosterior",
    "FirstOrder",
    "Gains",
    "Gaussian",
    "Hamming",
    "HyperbornWarning",
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
    "ScoreFunction",
    "ShotRegister",
    "ShotRegisters",
    "SquaredError",
    "Stein",
    "SteinPosterior",
    "StraightThrough",
    "Uniform",
    "UserError",
    "backends",
    "baselines",
    "circuits",
    "costs",
    "data",
    "default_posterior",
    "energies",
    "energy",
    "fit",
    "likelihoods",
    "load",
    "mmd_squared",
    "mmd_squared_from_product",
    "mmd_witness",
    "mmd_witness_from_product",
    "networks",
    "plots",
    "testing",
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
    return [*__all__, "__version__"]
