"""How much is tried: folds, rounds, rows and candidates, decided from sizes alone, so that a choice can be repeated.

The time of a fit is modelled, never measured: a choice must not depend on how busy the machine was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from hyperborn.networks import Network
from hyperborn.training.definition import Definition
from hyperborn.training.minibatch.estimator import MinibatchEstimator
from hyperborn.training.regimes import regime_of


@dataclass(frozen=True)
class Effort:
    """What a choice may take.

    Attributes:
        seconds: of all fits on one core, as the model has them; they are made `AT_ONCE`, and compilation comes on top.
        folds: parts of the examples that are held out in turn.
        final: seconds of the final fit of a network that shares weights over positions, whose steps are as many as
            that allows, and most seconds of its predictions of all examples, beyond which it is not tried: both would
            take many times those of a perceptron.
    """

    seconds: float
    folds: int
    final: float


EFFORTS = {"quick": Effort(3.0, 3, 20.0), "normal": Effort(11.0, 5, 45.0), "thorough": Effort(400.0, 10, 900.0)}
"""By the option's value."""

FEWEST_ROWS = 5_000
"""Rows that a choice learns from at least, where there are so many and they do not fit its time."""

FEWEST_CANDIDATES = 2
"""Candidates that stay where time is short."""

KEPT = 3
"""Candidates that all folds are for, where time allows no more: the others are given up after two of them."""

FEWEST_STEPS = 300
"""Steps that a fit takes at least, whatever its time."""

AT_ONCE = 2
"""Fits that are made at the same time, each on a core of its own."""

SECONDS_A_STEP = 1.2e-4
SECONDS_A_PRODUCT = 1.5e-10
SECONDS_A_FLOAT = 6.5e-9
SECONDS_A_PREDICTION = 1e-7
SECONDS_A_COMPILED_PREDICTION = 3e-9
SECONDS_TO_COMPILE_PREDICTIONS = 0.3
SECONDS_A_PREDICTED_FLOAT = 6.5e-8
SECONDS_A_TABLE = 0.3
"""Of the model: a step's overhead, in it a weight's product with a feature, and a float of what convolutions hold of a
draw and an example; in the prediction of an example a weight of units, in NumPy or compiled, where predictions are many
(`hyperborn.networks.outputs`), compiling that, and such a float; and the enumeration of up to 2^16 networks. Measured
on one core of a server of 2024, from 90 to 4,000 rows.

The time of convolutions is that of the memory they go through: from 8 x 8 pixels and 16-32 channels to 28 x 28 and 8-16
or 16-32, a step took 6.0 to 7.7 ns a float, and 1.2 to 5 times as long a product."""
COMPILATION = 3.0
"""Seconds that a network's program takes to compile, for each size of training set."""


@dataclass(frozen=True)
class Plan:
    """What is tried.

    Attributes:
        candidates: how many, from the first on.
        rounds: of each round, how many candidates are still tried; a round is a fold.
        parts: the examples are divided into so many, of which one is held out in each round.
        share: one of so many examples is looked at.
        seconds: that all of it takes, as the model has it, compilation and the final fit included.
    """

    candidates: int
    rounds: tuple[int, ...]
    parts: int
    share: int
    seconds: float


def seconds_of(definition: Definition, examples: int, held_out: int) -> float:
    """Seconds of a fit to so many examples, and of predicting others, as the model has them."""
    if regime_of(definition).enumerates:
        return SECONDS_A_TABLE
    return definition.steps * seconds_of_step(definition, examples) + seconds_of_predictions(definition, held_out)


def seconds_of_predictions(definition: Definition, examples: int) -> float:
    """Seconds of the predictions of so many examples by registers, as the model has them."""
    if floats := shared_floats(definition):
        return SECONDS_A_PREDICTED_FLOAT * examples * floats
    products = examples * definition.n_weights
    compiled = SECONDS_TO_COMPILE_PREDICTIONS + SECONDS_A_COMPILED_PREDICTION * products
    return min(SECONDS_A_PREDICTION * products, compiled)


def shared_floats(definition: Definition) -> int:
    """Floats that a network which shares weights over positions holds of an example; 0 for others."""
    network = cast(Network, definition.network)
    return network.working_floats if network.products_per_example > definition.n_weights else 0


def seconds_of_step(definition: Definition, examples: int) -> float:
    """Seconds of a step on minibatches of so many examples, as the model has them."""
    draws = getattr(cast(MinibatchEstimator, definition.estimator), "samples", 4)
    rows = examples if examples < 2 * definition.batch_size else definition.batch_size
    example = SECONDS_A_PRODUCT * definition.n_weights + SECONDS_A_FLOAT * shared_floats(definition)
    return SECONDS_A_STEP + draws * rows * definition.restarts * example


def in_time(definition: Definition, examples: int, seconds: float) -> Definition:
    """The definition with fewer steps, where its network shares weights over positions and takes longer than this."""
    if not shared_floats(definition):
        return definition
    affordable = max(FEWEST_STEPS, int(seconds / seconds_of_step(definition, examples)))
    return replace(definition, steps=min(definition.steps, affordable))


def predicts_in_time(definition: Definition, examples: int, effort: Effort) -> bool:
    """Whether predictions of so many examples take no longer than they may, where weights are shared over positions."""
    return not shared_floats(definition) or seconds_of_predictions(definition, examples) <= effort.final


def planned(
    definitions: Sequence[Definition],
    examples: int,
    held_out: int,
    effort: Effort,
    finals: Sequence[Definition] | None = None,
) -> Plan:
    """What is tried of candidates with these definitions, made for all of the examples.

    The first of these that fits the effort's time: all folds for every candidate; folds after which candidates are
    given up; one held-out part; fewer rows; fewer candidates. With held-out examples given there is one round.

    Args:
        definitions: of the candidates, the most promising first.
        examples: to learn from, and to hold out where none are given.
        held_out: examples that are held out already.
        effort: what it may take.
        finals: definitions of the final fit, where they are others.
    """
    last = [seconds_of(definition, examples, 0) for definition in finals or definitions]
    parts = 1 if held_out else max(2, min(effort.folds, examples // 2))
    predicted = held_out or examples // parts
    learnt_from = examples if held_out else examples - predicted
    costs = [seconds_of(definition, learnt_from, predicted) for definition in definitions]
    count = len(costs)
    few = min(KEPT, count)
    every = (count,) * parts
    late = tuple([count, count, *[few] * parts][:parts])
    early = tuple([count, -(-count // 2), *[few] * parts][:parts])
    whole = sum(costs)
    for rounds in dict.fromkeys((every, late, early, (count,))):
        # Which ones are given up is not known: the mean stands for each.
        if sum(rounds) * whole / count <= effort.seconds:
            return finished(definitions, Plan(count, rounds, parts, 1, sum(rounds) * whole / count), last)
    share = max(1, min(int(-(-whole // effort.seconds)), examples // FEWEST_ROWS))
    while count > FEWEST_CANDIDATES and sum(costs[:count]) / share > effort.seconds:
        count -= 1
    return finished(definitions, Plan(count, (count,), parts, share, sum(costs[:count]) / share), last)


def finished(definitions: Sequence[Definition], plan: Plan, last: Sequence[float]) -> Plan:
    """The plan with compilation, and the longest of the final fits, in its seconds."""
    programs = len({definition.posterior for definition in definitions[: plan.candidates]})
    seconds = (plan.seconds + COMPILATION * programs) / AT_ONCE + COMPILATION + max(last[: plan.candidates])
    return Plan(plan.candidates, plan.rounds, plan.parts, plan.share, seconds)
