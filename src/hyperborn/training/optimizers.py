"""Optimizers, as records of their settings."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, cast

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.parts import is_own
from hyperborn.printable import shown
from hyperborn.records import record_of, thing_of
from hyperborn.training.scheduled import Scheduled, SteppedPart, Steps

Schedule: TypeAlias = Callable[[Any], Any]
"""From a step, counted from 0, to a learning rate; JAX traces it. Optax's schedules are such functions."""

SQUARES = 0.99
"""Decay of Adam's mean of squared gradients."""


class Optimizer(SteppedPart, ABC):
    """Settings from which Optax builds the update rule of a run of given length."""

    name: str
    follows_changing_loss: bool
    """Whether it can follow a loss that changes from step to step."""
    from_shots: ClassVar[bool] = False
    """Whether it is made for gradients from shots alone."""

    @abstractmethod
    def transformation(self, steps: Steps) -> optax.GradientTransformationExtraArgs:
        """The update rule for `steps` steps."""


def update_rule_of(scheduled: Scheduled[Optimizer]) -> optax.GradientTransformationExtraArgs:
    """The update rule of a run of so many steps, which takes what line searches need, used or not.

    Raises:
        UserError: if the optimizer gives something else.
    """
    optimizer = scheduled.part
    rule = optimizer.transformation(scheduled.steps)
    if not isinstance(rule, optax.GradientTransformation):
        raise UserError(
            f"the optimizer {optimizer.name} gives {shown(rule)} for a transformation; give one of Optax, such as "
            "optax.sgd(0.1)"
        )
    return optax.with_extra_args_support(rule)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam with a learning rate (radians) that falls to zero along a half cosine, and a short memory of squares.

    A learning rate that is a function of the step, such as ``optax.cosine_decay_schedule(0.1, 500)``, is taken as it
    is. A run folder cannot hold a function: see `Unrecorded`.

    `SQUARES` of 0.99 instead of Adam's usual 0.999 follows gradients that change as energies are annealed.
    """

    name = "adam"
    follows_changing_loss = True
    arguments = ("learning_rate", "steps")
    learning_rate: float | Schedule = 0.03

    def __post_init__(self) -> None:
        if callable(self.learning_rate):
            check_schedule(self.learning_rate)
        elif not is_number(self.learning_rate) or self.learning_rate <= 0:
            raise UserError(
                f"learning_rate = {self.learning_rate!r}: give a positive number, such as 0.03, or a schedule of Optax"
            )

    def transformation(self, steps: Steps) -> optax.GradientTransformationExtraArgs:
        rate = self.learning_rate
        schedule = rate if callable(rate) else half_cosine(rate, steps)
        return optax.with_extra_args_support(optax.adam(schedule, b2=SQUARES))


def half_cosine(rate: float | Array, steps: Steps) -> Schedule:
    """`optax.cosine_decay_schedule`, whose number of steps may be traced: from a rate at step 0 to 0 at `steps`."""
    return lambda step: rate * (0.5 * (1.0 + jnp.cos(jnp.pi * jnp.minimum(step, 1.0 * steps) / steps)))


def check_schedule(schedule: Schedule) -> None:
    """Raise a UserError unless a function gives one number for a step, in a form that JAX can trace."""
    remedy = "give a function from a step to a number, such as optax.cosine_decay_schedule(0.1, 500)"
    try:
        found = jax.eval_shape(schedule, jnp.int32(0))
    except Exception as error:  # the code is the user's own
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"learning_rate = {shown(schedule)} cannot be traced by JAX ({type(error).__name__}: {reason}); {remedy}"
        ) from error
    if getattr(found, "shape", None) != ():
        raise UserError(f"learning_rate = {shown(schedule)} gives {shown(found)} for a step; {remedy}")


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """L-BFGS with a zoom line search; each step costs several evaluations, and there is no learning rate to choose.

    Energies are not annealed with it: its curvature would be that of two different losses.
    """

    name = "lbfgs"
    follows_changing_loss = False
    arguments = ("steps",)
    memory: int = 10

    def __post_init__(self) -> None:
        whole_number("memory", self.memory, 1)

    def transformation(self, steps: Steps) -> optax.GradientTransformationExtraArgs:
        del steps
        return optax.lbfgs(memory_size=self.memory)


CALIBRATION = 10
"""Steps whose mean derivative sets the scale of all later ones."""
STABILITY = 0.1
"""Share of the steps during which gains hardly fall."""
FALL = 0.602
"""Exponent with which gains fall."""


@dataclass(frozen=True)
class Gains(Optimizer):
    """Plain gradient steps with the gains usual for SPSA: a / (step + 1 + A)^0.602, A a tenth of all steps.

    a is such that the first step moves an angle by `learning_rate` radians on average; the scale of the derivatives is
    their mean size over the first steps. Source: Spall, IEEE Transactions on Aerospace and Electronic Systems 34, 817
    (1998), section III.
    """

    name = "gains"
    follows_changing_loss = True
    from_shots = True
    arguments = ("learning_rate", "steps")
    learning_rate: float = 0.3

    def __post_init__(self) -> None:
        if not is_number(self.learning_rate) or self.learning_rate <= 0:
            raise UserError(f"learning_rate = {self.learning_rate!r}: give a positive number, such as 0.3")

    def transformation(self, steps: Steps) -> optax.GradientTransformationExtraArgs:
        late = STABILITY * steps

        def init(params: optax.Params) -> tuple[Array, Array]:
            del params
            return jnp.int32(0), jnp.float32(0.0)

        def update(
            updates: optax.Updates, state: optax.OptState, params: optax.Params | None = None
        ) -> tuple[optax.Updates, optax.OptState]:
            del params
            count, size = cast("tuple[Array, Array]", state)
            now = jnp.mean(jnp.abs(jnp.asarray(updates)))
            size = jnp.where(count < CALIBRATION, size + (now - size) / (count + 1), size)
            gain = self.learning_rate * ((late + 1.0) / (count + 1.0 + late)) ** FALL
            return -gain * jnp.asarray(updates) / jnp.maximum(size, LEAST_DERIVATIVE), (count + 1, size)

        return optax.with_extra_args_support(optax.GradientTransformation(init, update))


@dataclass(frozen=True)
class OptaxRule(Optimizer):
    """A transformation of Optax as it is, whatever learning rate it has; a run folder cannot hold it (`Unrecorded`)."""

    name = "optax"
    arguments = ("steps",)
    rule: optax.GradientTransformation

    @cached_property
    def follows_changing_loss(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Not where it needs more than the gradient, as line searches do: the loss as a function."""
        zeros = jnp.zeros(1)
        try:
            jax.eval_shape(lambda: self.rule.update(zeros, self.rule.init(zeros), zeros))
        except Exception as error:  # noqa: BLE001 - whatever else is wrong, the training says it better
            return not isinstance(error, TypeError)
        return True

    def transformation(self, steps: Steps) -> optax.GradientTransformationExtraArgs:
        del steps
        return optax.with_extra_args_support(self.rule)


@dataclass(frozen=True)
class Unrecorded(Optimizer):
    """What a loaded run has in place of an optimizer that no run folder holds, because it is made of functions.

    Predictions do not need it: such a result is saved and loaded as any other. Only to train on is refused.
    """

    name = "unrecorded"
    follows_changing_loss = True
    reason: str

    def transformation(self, steps: Steps) -> optax.GradientTransformationExtraArgs:
        del steps
        raise UserError(f"the run cannot be trained on, for its folder does not hold its optimizer: {self.reason}")


def as_optimizer(given: Any) -> Any:
    """A transformation of Optax as an optimizer; anything else as it is."""
    return OptaxRule(given) if isinstance(given, optax.GradientTransformation) else given


def as_recorded(optimizer: Optimizer) -> Optimizer:
    """The optimizer as a run folder holds it: `Unrecorded` where one of ours holds what does not come back."""
    try:
        record = record_of(optimizer)
    except UserError as error:
        return Unrecorded(str(error))
    if not is_own(type(optimizer)):
        try:
            thing_of(record, {"optimizer": RECORDED}, "optimizer")
        except UserError as error:
            return Unrecorded(f"{optimizer.name} does not come back from its record: {error}")
    return optimizer


LEAST_DERIVATIVE = 1e-20
"""Derivatives below this count as this: an angle that nothing depends on stays where it is."""

OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam, "lbfgs": LBFGS, "gains": Gains}

RECORDED: tuple[type[Optimizer], ...] = (*OPTIMIZERS.values(), Unrecorded)
"""Our optimizers that a run folder may hold."""


def check_optimizer(optimizer: Optimizer, estimator: str, *, exact: bool, from_shots: bool) -> None:
    """Raise a UserError if an optimizer cannot use the gradients of an estimator.

    Args:
        optimizer: that is to be used.
        estimator: name of the estimator, for the message.
        exact: whether the loss is the same function at every step but for annealing.
        from_shots: whether gradients come from shots.
    """
    if optimizer.from_shots and not from_shots:
        raise UserError(f"the optimizer {optimizer.name} is for gradients from shots; give hb.Adam()")
    if not optimizer.follows_changing_loss and not exact:
        raise UserError(
            f"the optimizer {optimizer.name} searches along lines of an exact loss, and the estimator {estimator} "
            "draws a new one at every step; give hb.Adam()"
        )
