"""Definitions of runs from JSON: which kinds a record may name, and whether a run can be saved at all."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hyperborn.backends import BACKENDS, Backend, Noise
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, GateList, ProductState
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian, SquaredError
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network, Regression
from hyperborn.objectives.divergences import DIVERGENCES, Divergence
from hyperborn.objectives.kernels import Hamming
from hyperborn.objectives.objectives import OBJECTIVES, Objective
from hyperborn.posteriors import Autoregressive, MultiBasis, PreviousPosterior, Register, Registers
from hyperborn.priors import Bernoulli, Empirical, Ising, Prior, Uniform
from hyperborn.records import Slots, fits_number, lost_in_record, own_kinds, thing_of
from hyperborn.storage import json_from_bytes, json_to_bytes
from hyperborn.training.annealing import Annealing, AnnealingSchedule
from hyperborn.training.definition import NUMBERS, OPTIONAL_PARTS, REQUIRED_PARTS, Definition
from hyperborn.training.estimators import ESTIMATORS, Estimator
from hyperborn.training.optimizers import RECORDED, Optimizer, Unrecorded, as_recorded
from hyperborn.training.plateau import Plateau
from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters

SLOTS: Slots = {
    "network": (BinaryMLP, BinaryConvNet, Regression, Network),
    "likelihood": (Gaussian, SquaredError, NumberLikelihood),
    "posterior": (Register, Registers, Autoregressive, MultiBasis, ShotRegister, ShotRegisters),
    "registers": (Registers,),
    "backend": (*BACKENDS, Backend),
    "noise": (Noise,),
    "circuit": (AllPairs, ChosenPairs, Brickwork, ProductState, GateList, Circuit),
    "objective": (*OBJECTIVES.values(), Objective),
    "estimator": (*ESTIMATORS.values(), Estimator),
    "divergence": (*DIVERGENCES.values(), Divergence),
    "kernel": (Hamming,),
    "prior": (Uniform, Bernoulli, Ising, Empirical, PreviousPosterior, Prior),
    "optimizer": (*RECORDED, Optimizer),
    "annealing": (Annealing, AnnealingSchedule),
    "plateau": (Plateau,),
}


def definition_from_record(record: Any) -> Definition:
    """The definition that `Definition.to_record` wrote.

    Raises:
        UserError: if the record was damaged, or a class of a user's own that it names is not imported.
    """
    expected = {field.name for field in fields(Definition)}
    if not isinstance(record, Mapping) or record.keys() != expected:
        raise UserError(f"the definition of a run must hold {', '.join(sorted(expected))}; was it edited by hand?")
    # Of bits that are no network's weights, their number is there instead of a network.
    parts = {
        name: part if fits_number(part := record[name], int) else thing_of(part, SLOTS, name) for name in REQUIRED_PARTS
    }
    plain = {name: record[name] for name in NUMBERS}
    optional = {name: None if record[name] is None else thing_of(record[name], SLOTS, name) for name in OPTIONAL_PARTS}
    try:
        return Definition(**optional, **parts, **plain)
    except UserError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"the definition of the run misuses a value: {error}; was it edited by hand?") from error


def check_saved(definition: Definition, data: Dataset | OwnEnergies) -> None:
    """Check that a run can be saved and loaded again; where nothing is a user's own it always can.

    Raises:
        UserError: if it cannot.
    """
    if isinstance(data, OwnEnergies) and data.why_unsaved:
        raise UserError(data.why_unsaved)
    record = definition.to_record()
    if any(own_kinds(record)):
        again = json_from_bytes(json_to_bytes(record), "the definition of the run")
        own = [name for name in (*REQUIRED_PARTS, *OPTIONAL_PARTS) if any(own_kinds(again[name]))]
        try:
            for name in own:
                changed = lost_in_record(getattr(definition, name), thing_of(again[name], SLOTS, name), f"the {name}")
                if changed:
                    raise UserError(f"{changed}; hold it in another form")
        except UserError as error:
            raise UserError(f"the run cannot be saved: {error}") from error


def check_resumable(definition: Definition) -> None:
    """Raise a UserError if a run folder could not hold the optimizer, so that the run could not be resumed."""
    kept = as_recorded(definition.optimizer)
    if isinstance(kept, Unrecorded):
        raise UserError(
            f"the run could not be resumed: {kept.reason}; take another optimizer, or hb.fit, whose result can be saved"
        )
