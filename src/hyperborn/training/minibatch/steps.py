"""One step on a minibatch: draws of networks, their gradient, and an optimizer's move."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from hyperborn._typing import Parameters, RandomKey
from hyperborn.energy import EnergySource
from hyperborn.energy.source import DeviceEnergies
from hyperborn.objectives.divergences import KL
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.penalties import Penalties
from hyperborn.posteriors import Registers
from hyperborn.priors.prior import LogProbabilities
from hyperborn.priors.side_parameters import SidePrior
from hyperborn.stats import Estimate
from hyperborn.training.definition import Definition
from hyperborn.training.minibatch.drawing import bits_of_outcomes, draw_outcomes
from hyperborn.training.minibatch.epochs import Epochs
from hyperborn.training.minibatch.estimator import MinibatchEstimator
from hyperborn.training.optimizers import Optimizer, update_rule_of
from hyperborn.training.regime import Diagnosis, Findings, Problem
from hyperborn.training.scheduled import Scheduled
from hyperborn.training.state import TrainState

EXAMPLES_FOR_LOSS = 1000
"""Training examples, at most, that the loss is estimated on as training goes."""
DRAWS_FOR_LOSS = 8
"""Networks drawn for that."""
DRAWS = 16
"""Networks that the reported expected energy is the mean of, on all training examples."""


def registers_of(definition: Definition) -> Registers:
    """The registers that the definition's estimator has accepted."""
    return cast(Registers, definition.posterior)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MinibatchTask:
    """The energies, examples to look at, and penalties of registers and side parameters; a pytree of arrays.

    All examples are looked at where `looked_at` is None.
    """

    energies: DeviceEnergies
    looked_at: Int[Array, " looked"] | None
    penalties: Penalties
    kl: Penalties
    side_prior: SidePrior


@dataclass(frozen=True, eq=False)
class MinibatchProblem(Problem):
    """A definition and its energies.

    An epoch takes every example once, in a new order, but for a rest that makes no minibatch; fewer examples than two
    minibatches are taken all at once.
    """

    definition: Definition
    energies: EnergySource

    @cached_property
    def epochs(self) -> Epochs | None:
        """The minibatches of an epoch; None where a step takes all examples.

        Their order depends on the number of examples, for which steps are therefore compiled. All examples at once are
        in no order, and rows of weight 0 after them make one program do for data of about as many.
        """
        found = Epochs.of(self.energies.n_examples, self.definition.batch_size, incomplete="drop")
        return found if found.batches > 1 else None

    @cached_property
    def task(self) -> MinibatchTask:
        """What a step needs beside the state."""
        definition, examples = self.definition, self.energies.n_examples
        looked_at = None
        if examples > EXAMPLES_FOR_LOSS:
            looked_at = jnp.asarray(np.linspace(0, examples - 1, EXAMPLES_FOR_LOSS).astype(np.int32))
        estimator = cast(MinibatchEstimator, definition.estimator)
        return MinibatchTask(
            self.energies.on_device(whole=self.epochs is None and estimator.by_energies_alone),
            looked_at,
            Penalties.of(registers_of(definition), definition.network, definition.prior, definition.objective.penalty),
            Penalties.of(registers_of(definition), definition.network, definition.prior, kl_of),
            definition.side_prior,
        )

    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Diagnosis]:
        state = self.advance_unseen(state, steps)
        found = look(state.params, self.task, state.key, posterior=registers_of(self.definition))
        loss, energy, kl = (np.asarray(row, np.float64) for row in found[:3])
        self.energies.check_steps()
        offset = self.energies.offset
        return state, Diagnosis(loss + offset, energy + offset, kl, np.asarray(found.most_probable))

    def advance_unseen(self, state: TrainState, steps: int) -> TrainState:
        """Without `look`, which takes nearly as long to compile as the steps do."""
        definition, posterior = self.definition, registers_of(self.definition)
        state = advance_by_minibatches(
            state,
            self.task,
            jnp.int32(steps),
            Scheduled(definition.optimizer, definition.steps),
            jnp.int32(definition.steps),
            posterior=posterior,
            estimator=cast(MinibatchEstimator, definition.estimator),
            epochs=self.epochs,
        )
        self.energies.check_steps()
        return state

    def findings(self, params: Float[np.ndarray, "..."]) -> Findings:
        definition, posterior = self.definition, registers_of(self.definition)
        network, prior = definition.network, definition.prior
        angles, side = params[: posterior.n_parameters], params[posterior.n_parameters :]
        # Folded, it is another key than key(0), that of the networks that predict, whatever the seed.
        key = jax.random.fold_in(jax.random.key(definition.seed), 1)
        bits = posterior.sample(jnp.asarray(angles), DRAWS, key=key)
        mean = Estimate.of(self.energies.at(side)(bits))
        with jax.enable_x64(True):
            tables = [jnp.asarray(table) for table in posterior.distributions(jnp.asarray(angles, jnp.float32))]
            penalty, kl = (
                float(compiled(Penalties.of(posterior, network, prior, rule), tables))
                for rule in (definition.objective.penalty, kl_of)
            )
        numbers = {
            "loss": mean.mean + penalty + float(definition.side_prior.penalty(side.astype(np.float64))),
            "expected_energy": mean.mean,
            "standard_error": float("nan") if mean.standard_error is None else mean.standard_error,
            "kl": kl,
            "elbo": -mean.mean - kl,
            "entropy": posterior.entropy(jnp.asarray(angles)),
        }
        return Findings(numbers, None)


@jax.jit
def compiled(penalties: Penalties, tables: list[Array]) -> Float[Array, ""]:
    return penalties(tables)


def kl_of(log_prior: LogProbabilities) -> Functional:
    """KL of one register to the prior, whatever the objective is."""
    return Functional.of_divergence(KL().bind(log_prior))


@partial(jax.jit, static_argnames=("posterior", "estimator", "epochs"))
def advance_by_minibatches(
    state: TrainState,
    task: MinibatchTask,
    count: Int[Array, ""],
    optimizer: Scheduled[Optimizer],
    steps: Int[Array, ""],
    *,
    posterior: Registers,
    estimator: MinibatchEstimator,
    epochs: Epochs | None,
) -> TrainState:
    """The state `count` steps later, of `steps` in all; both are data, so that one compiled program serves them all."""
    update_rule, examples = update_rule_of(optimizer), task.energies.n_examples
    shuffling, drawing = jax.random.split(state.key)

    def loss(params: Parameters, rows: Int[Array, " rows"] | None, key: RandomKey, step: Array) -> Float[Array, ""]:
        angles, side = params[: posterior.n_parameters], params[posterior.n_parameters :]
        tables, progress = posterior.tables(angles), step / steps
        energy = estimator.expected_energy(posterior, tables, task.energies.batch(side, rows), progress, key=key)
        # Nats an example, which suits the optimizer whatever the size of the data.
        return (energy + task.penalties(tables) + task.side_prior.penalty(side)) / examples

    def next_rows(epochs: Epochs, step: Array, epoch: Array, order: Array) -> tuple[Array, Array, Array]:
        now = step // epochs.batches

        def order_of_epoch() -> Int[Array, "batches rows"]:
            return epochs.order(jax.random.fold_in(shuffling, now))

        order = jax.lax.cond(now == epoch, lambda: order, order_of_epoch)
        return order[step % epochs.batches], now, order

    def one_step(_: Int[Array, ""], carry: tuple[TrainState, Array, Array]) -> tuple[TrainState, Array, Array]:
        state, epoch, order = carry
        rows, key = None, jax.random.fold_in(drawing, state.step)
        if epochs is not None:
            rows, epoch, order = next_rows(epochs, state.step, epoch, order)

        def update(given: tuple[Array, Parameters, optax.OptState]) -> tuple[Parameters, optax.OptState]:
            restart, params, optimizer_state = given
            gradient = jax.grad(loss)(params, rows, jax.random.fold_in(key, restart), state.step)
            change, optimizer_state = update_rule.update(gradient, optimizer_state, params)
            return cast(Array, optax.apply_updates(params, change)), optimizer_state

        restarts = jnp.arange(len(state.params))
        params, optimizer_state = jax.lax.map(update, (restarts, state.params, state.optimizer))
        return TrainState(state.step + 1, state.key, params, optimizer_state), epoch, order

    no_order = jnp.zeros((epochs.batches, epochs.batch_size) if epochs else (0, 0), jnp.int32)
    return jax.lax.fori_loop(0, count, one_step, (state, jnp.int32(-1), no_order))[0]


@partial(jax.jit, static_argnames=("posterior",))
def look(params: Parameters, task: MinibatchTask, key: RandomKey, *, posterior: Registers) -> Diagnosis:
    """How every restart stands: the same draws at every look, so that losses can be compared."""
    drawing = jax.random.split(key, 3)[2]

    def one(params: Parameters) -> Diagnosis:
        angles, side = params[: posterior.n_parameters], params[posterior.n_parameters :]
        tables = posterior.tables(angles)
        bits = bits_of_outcomes(posterior, draw_outcomes(tables, DRAWS_FOR_LOSS, key=drawing), angles.dtype)
        batch = task.energies.batch(side, task.looked_at)
        # One network after the other: side by side, those of a convolution took 430 MiB.
        energy = jax.lax.map(lambda own: batch.energies(own[None])[0], bits).mean()
        loss = energy + task.penalties(tables) + task.side_prior.penalty(side)
        best = tuple(table.argmax(axis=0)[None] for table in tables)
        mode = bits_of_outcomes(posterior, best, angles.dtype)[0].astype(jnp.uint8)
        return Diagnosis(cast(Array, loss), energy, task.kl(tables), mode)

    return jax.lax.map(one, params)
