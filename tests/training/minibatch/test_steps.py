"""Steps on minibatches, against sums over all 2^n networks."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import registers_oracle
from hyperborn.data import Split
from hyperborn.energy import NetworkEnergies
from hyperborn.energy.of_network import ExamplesOnDevice
from hyperborn.objectives.penalties import Penalties
from hyperborn.priors.side_parameters import SidePrior
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.estimators import MinibatchEstimator
from hyperborn.training.minibatch import steps
from hyperborn.training.minibatch.epochs import Epochs
from hyperborn.training.minibatch.steps import MinibatchProblem, MinibatchTask, advance_by_minibatches, kl_of, look
from hyperborn.training.scheduled import Scheduled
from hyperborn.training.state import TrainState, initial_state
from small_registers import MARGINALS, NETWORK, PRIOR, REGISTERS, Drawing, Plain, Summed, Telling

HUNDRED_STEPS: dict[str, Any] = {"optimizer": Scheduled(Plain(), 100), "steps": jnp.int32(100)}


STANDARD = SidePrior.standard(8)


def task_of(x: np.ndarray, y: np.ndarray, side: SidePrior = STANDARD) -> MinibatchTask:
    penalties, kl = (Penalties.of(REGISTERS, NETWORK, PRIOR, penalty) for penalty in (hb.ELBO(0.5).penalty, kl_of))
    rows = jnp.arange(len(y), dtype=jnp.int32)
    examples = ExamplesOnDevice(NETWORK, jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.int32))
    return MinibatchTask(examples, rows, penalties, kl, side)


def state_at(step: int, params: np.ndarray) -> TrainState:
    rule = Plain().transformation(1)
    given = jnp.asarray(params, jnp.float32)
    return TrainState(jnp.int32(step), jax.random.key(7), given, jax.vmap(rule.init)(given))


def gradients(
    task: MinibatchTask, params: np.ndarray, step: int, batch_size: int, way: MinibatchEstimator
) -> np.ndarray:
    """Of every restart, at a step."""
    settings = {"posterior": REGISTERS, "estimator": way, **HUNDRED_STEPS}
    epochs = Epochs.of(task.energies.n_examples, batch_size, incomplete="drop")
    after = advance_by_minibatches(state_at(step, params), task, jnp.int32(1), epochs=epochs, **settings)
    return np.asarray(params - np.asarray(after.params, np.float64))


@pytest.fixture(scope="module")
def examples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.normal(size=(12, 2)).astype(np.float32), random.integers(0, 2, size=12)


@pytest.fixture(scope="module")
def params() -> np.ndarray:
    random = np.random.default_rng(2)
    angles, side = random.uniform(-1, 1, REGISTERS.n_parameters), random.normal(0, 0.3, NETWORK.n_side)
    return np.concatenate([angles, side]).astype(np.float32)


def plain_loss(
    params: np.ndarray, x: np.ndarray, y: np.ndarray, beta: float = 0.5, before: SidePrior = STANDARD
) -> float:
    """Of all examples and all 2^n networks (nats)."""
    angles, side = params[: REGISTERS.n_parameters], params[REGISTERS.n_parameters :]
    q = registers_oracle.joint(registers_oracle.tables_of(REGISTERS, angles), 9)
    kl = objectives_oracle.divergence_from(q, objectives_oracle.product_distribution(MARGINALS))
    terms = zip(side, before.mean, before.precision, strict=True)
    penalty = sum(precision * (own - mean) ** 2 / 2 for own, mean, precision in terms)
    return float(q @ registers_oracle.energies(x, y, 3, side) + beta * kl + penalty)


def plain_gradient(
    params: np.ndarray, x: np.ndarray, y: np.ndarray, places: list[int], before: SidePrior
) -> np.ndarray:
    """Central differences of the loss an example, at some of the parameters."""
    found = []
    for place in places:
        step = np.zeros(len(params))
        step[place] = 1e-4
        ahead, behind = (plain_loss(params + sign * step, x, y, before=before) for sign in (1, -1))
        found.append((ahead - behind) / 2e-4 / len(y))
    return np.array(found)


# Angles of both groups, and gains and shifts of both layers.
PLACES = [0, 7, REGISTERS.n_parameters - 1, *range(REGISTERS.n_parameters, REGISTERS.n_parameters + 8)]


@pytest.mark.parametrize("before", [STANDARD, SidePrior(np.linspace(-1, 1, 8), np.geomspace(0.1, 30, 8))])
def test_the_gradient_is_that_of_all_networks(examples, params, before: SidePrior) -> None:
    x, y = examples
    before = SidePrior(np.float32(before.mean), np.float32(before.precision))
    found = gradients(task_of(x, y, before), params[None], 0, 12, Summed())[0]
    np.testing.assert_allclose(found[PLACES], plain_gradient(params, x, y, PLACES, before), atol=1e-5)
    assert np.abs(found[PLACES]).min() > 1e-4


def test_minibatches_of_an_epoch_have_the_gradient_of_all_examples_on_average(examples, params) -> None:
    """Each is scaled by N/B, and each example is in one of them."""
    x, y = examples
    task = task_of(x, y)
    whole = gradients(task, params[None], 0, 12, Summed())[0]
    for epoch in (0, 5):
        parts = np.stack([gradients(task, params[None], 3 * epoch + part, 4, Summed())[0] for part in range(3)])
        np.testing.assert_allclose(parts.mean(axis=0), whole, atol=2e-6)
        # They differ from each other by far more.
        assert np.abs(parts[0] - whole).max() > 1e-2


def test_minibatches_that_leave_a_rest_are_unbiased(examples, params) -> None:
    x, y = examples
    task = task_of(x, y)
    whole = gradients(task, params[None], 0, 12, Summed())[0]
    parts = np.stack([gradients(task, params[None], step, 5, Summed())[0] for step in range(0, 400, 2)])
    error = parts.std(axis=0, ddof=1) / np.sqrt(len(parts))
    # 200 first batches of epochs, seed 7: within 4 standard errors.
    assert (np.abs(parts.mean(axis=0) - whole) < 4 * error + 1e-6).all()


def rows_taken(steps: range, batch_size: int) -> list[set[int]]:
    """Which of 16 examples each step takes: their features are powers of 2, so that a sum of some names them."""
    x = np.stack([2.0 ** np.arange(16), np.zeros(16)], axis=1)
    task, start = task_of(x, np.arange(16) % 2), np.zeros((1, REGISTERS.n_parameters + 8), np.float32)
    sums = [round(16 * gradients(task, start, step, batch_size, Telling())[0, -8]) for step in steps]
    return [{place for place in range(16) if (total >> place) & 1} for total in sums]


def test_every_example_is_taken_once_an_epoch_but_for_a_rest() -> None:
    epochs = [rows_taken(range(3 * epoch, 3 * epoch + 3), 5) for epoch in range(6)]
    for batches in epochs:
        assert [len(batch) for batch in batches] == [5, 5, 5]
        assert len(set.union(*batches)) == 15
    # In another order each time, and with another rest.
    assert len({tuple(map(frozenset, batches)) for batches in epochs}) == 6
    assert len({frozenset(set(range(16)) - set.union(*batches)) for batches in epochs}) > 1


@pytest.mark.parametrize("batch_size", [9, 16])
def test_without_two_batches_an_epoch_all_that_fit_are_taken(batch_size: int) -> None:
    assert [len(rows) for rows in rows_taken(range(4), batch_size)] == [16] * 4


def test_leaps_of_any_length_take_the_same_steps(examples, params) -> None:
    settings = {"posterior": REGISTERS, "estimator": hb.StraightThrough(), **HUNDRED_STEPS}
    task, epochs = task_of(*examples), Epochs.of(12, 5, incomplete="drop")

    def after(*counts: int) -> bytes:
        state = state_at(0, params[None])
        for count in counts:
            state = advance_by_minibatches(state, task, jnp.int32(count), epochs=epochs, **settings)
        assert int(state.step) == sum(counts)
        return np.asarray(state.params).tobytes()

    assert after(7) == after(1, 2, 4) == after(3, 4)
    assert after(7) != after(6)


def test_restarts_do_not_know_of_each_other(examples, params) -> None:
    task, other = task_of(*examples), params + np.float32(0.1)
    pair = gradients(task, np.stack([params, other]), 0, 5, hb.ScoreFunction())
    np.testing.assert_array_equal(pair[0], gradients(task, np.stack([params, params]), 0, 5, hb.ScoreFunction())[0])
    np.testing.assert_array_equal(pair[1], gradients(task, np.stack([other, other]), 0, 5, hb.ScoreFunction())[1])
    draws = gradients(task, np.stack([params, params, params]), 0, 5, Drawing())[:, -8]
    assert len(set(draws.tolist())) == 3
    later = gradients(task, np.stack([params, params, params]), 1, 5, Drawing())[:, -8]
    assert set(draws.tolist()).isdisjoint(later.tolist())


def test_a_look_says_how_restarts_stand(examples, params) -> None:
    x, y = examples
    task, several = task_of(x, y), np.stack([params, 0.5 * params])
    found = look(jnp.asarray(several), task, jax.random.key(3), posterior=REGISTERS)
    for place, own in enumerate(several):
        angles, side = own[: REGISTERS.n_parameters], own[REGISTERS.n_parameters :]
        tables = registers_oracle.tables_of(REGISTERS, angles)
        q, energies = registers_oracle.joint(tables, 9), registers_oracle.energies(x, y, 3, side)
        kl = objectives_oracle.divergence_from(q, objectives_oracle.product_distribution(MARGINALS))
        assert float(found.kl[place]) == pytest.approx(kl, rel=1e-4)
        penalties = 0.5 * kl + float((side**2).sum()) / 2
        assert float(found.loss[place]) == pytest.approx(float(found.expected_energy[place]) + penalties, rel=1e-5)
        error = np.sqrt(q @ (energies - q @ energies) ** 2 / steps.DRAWS_FOR_LOSS)
        assert abs(float(found.expected_energy[place]) - q @ energies) < 4 * error
        for positions, table in tables:
            best = int("".join(map(str, np.asarray(found.most_probable)[place][positions])), 2)
            assert table[best] == pytest.approx(table.max(), abs=1e-6)
    again = look(jnp.asarray(several), task, jax.random.key(3), posterior=REGISTERS)
    np.testing.assert_array_equal(again.loss, found.loss)


def test_looks_are_at_a_thousand_examples_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = definition_with_defaults(
        NETWORK, 2500, posterior=REGISTERS, objective=hb.ELBO(0.5), estimator=hb.StraightThrough(), prior=PRIOR
    )
    random = np.random.default_rng(0)
    split = Split(random.normal(size=(2500, 2)), random.integers(0, 2, size=2500))
    tasks: list[MinibatchTask] = []

    def keep(params: Any, task: MinibatchTask, key: Any, *, posterior: Any) -> Any:
        tasks.append(task)
        return look(params, task, key, posterior=posterior)

    monkeypatch.setattr(steps, "look", keep)
    state, found = MinibatchProblem(definition, NetworkEnergies(NETWORK, split)).advance(initial_state(definition), 0)
    (task,) = tasks
    assert len(task.looked_at) == 1000
    assert task.looked_at[0] == 0
    assert task.looked_at[-1] == 2499
    # Their energy counts for all: about ln 2 nats an example, and more for networks that know nothing.
    assert (found.expected_energy > 0.5 * 2500 * np.log(2)).all()
    assert int(state.step) == 0
