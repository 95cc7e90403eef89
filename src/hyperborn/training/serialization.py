"""Definitions of runs from JSON: which kinds a record may name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hyperborn.backends import BACKENDS, Noise
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, ProductState
from hyperborn.errors import UserError
from hyperborn.networks import BinaryConvNet, BinaryMLP
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.kernels import Hamming
from hyperborn.objectives.objectives import OBJECTIVES
from hyperborn.posteriors import Autoregressive, MultiBasis, PreviousPosterior, Register, Registers
from hyperborn.priors import Bernoulli, Empirical, Ising, Uniform
from hyperborn.records import Slots, thing_of
from hyperborn.training.annealing import Annealing
from hyperborn.training.definition import NUMBERS, OPTIONAL_PARTS, REQUIRED_PARTS, Definition
from hyperborn.training.estimators import ESTIMATORS
from hyperborn.training.optimizers import OPTIMIZERS
from hyperborn.training.plateau import Plateau
from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters

SLOTS: Slots = {
    "network": (BinaryMLP, BinaryConvNet),
    "posterior": (Register, Registers, Autoregressive, MultiBasis, ShotRegister, ShotRegisters),
    "registers": (Registers,),
    "backend": BACKENDS,
    "noise": (Noise,),
    "circuit": (AllPairs, ChosenPairs, Brickwork, ProductState),
    "objective": tuple(OBJECTIVES.values()),
    "estimator": tuple(ESTIMATORS.values()),
    "divergence": tuple(DIVERGENCES.values()),
    "kernel": (Hamming,),
    "prior": (Uniform, Bernoulli, Ising, Empirical, PreviousPosterior),
    "optimizer": tuple(OPTIMIZERS.values()),
    "annealing": (Annealing,),
    "plateau": (Plateau,),
}


def definition_from_record(record: Any) -> Definition:
    """The definition that `Definition.to_record` wrote.

    Raises:
        UserError: if the record was damaged, or one of its kinds is not hyperborn's own.
    """
    expected = {field.name for field in fields(Definition)}
    if not isinstance(record, Mapping) or record.keys() != expected:
        raise UserError(f"the definition of a run must hold {', '.join(sorted(expected))}; was it edited by hand?")
    parts = {name: thing_of(record[name], SLOTS, name) for name in REQUIRED_PARTS}
    plain = {name: record[name] for name in NUMBERS}
    optional = {name: None if record[name] is None else thing_of(record[name], SLOTS, name) for name in OPTIONAL_PARTS}
    try:
        return Definition(**optional, **parts, **plain)
    except UserError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"the definition of the run misuses a value: {error}; was it edited by hand?") from error
