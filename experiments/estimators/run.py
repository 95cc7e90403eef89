"""Every estimator beside the exact gradient: docs/estimators.md and its picture.

    python experiments/estimators/run.py

Twelve weights are enumerated; on 110 a long average of `LocalExpectation`, which is unbiased, stands for the truth.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

import hyperborn as hb
from hyperborn.bits import bits_of
from hyperborn.progress import Progress
from hyperborn.training.estimators import Minibatch, MinibatchEstimator
from report import write

RESULTS = Path(__file__).parent / "results.json"
SIZES = (1, 2, 4, 6)
SHOWN = 4
"""Qubits of the registers that are looked at in full."""
TEMPERATURES = (1.0, 0.5, 0.2)
ESTIMATORS: tuple[MinibatchEstimator, ...] = (
    *(hb.FirstOrder(samples) for samples in (1, 4, 16)),
    *(hb.StraightThrough(samples, TEMPERATURES[0], TEMPERATURES[-1]) for samples in (1, 4, 16)),
    *(hb.ScoreFunction(samples) for samples in (4, 16, 64)),
    *(hb.LocalExpectation(samples) for samples in (1, 4)),
    hb.LocalReparameterization(1),
)
DRAWS = 8_000
"""Gradients of one sample; of more samples there are fewer, and never fewer than LEAST."""
LEAST = 1_000
AT_ONCE = 250
EXAMPLES = 64
STEPS = 200
POINTS = {"start": 0, "half-way": STEPS // 2, "end": STEPS}
MINIBATCH = 16
FEW = ("FirstOrder(4)", "StraightThrough(4)", "ScoreFunction(16)", "LocalExpectation(1)", "LocalReparameterization(1)")
"""What is tried at every size of register and on the larger network."""


@dataclass(frozen=True)
class Problem:
    """A network, its registers, all its examples, and parameters on the way of training."""

    registers: hb.Registers
    batch: Minibatch
    points: dict[str, tuple[Array, Array]]


def batch_of(network: hb.networks.BinaryMLP) -> Minibatch:
    train = hb.data.load("breast_cancer", components=network.n_features).train
    x, y = jnp.asarray(train.x[:EXAMPLES]), jnp.asarray(train.y[:EXAMPLES])
    return Minibatch(network, x, y, jnp.zeros(network.n_side), jnp.asarray(1.0))


def with_side(batch: Minibatch, side: Array) -> Minibatch:
    return Minibatch(batch.network, batch.x, batch.y, side, batch.scale)


def exact_energy(registers: hb.Registers, batch: Minibatch, params: Array) -> Array:
    bits = bits_of(np.arange(2**registers.n_weights), registers.n_weights)
    return registers.probabilities(params) @ batch.energies(jnp.asarray(bits, batch.x.dtype))


def entropy(registers: hb.Registers, params: Array) -> Array:
    return -sum(jnp.sum(table * jnp.log(jnp.maximum(table, 1e-30))) for table in registers.tables(params))


@partial(jax.jit, static_argnums=(0, 1))
def trained(registers: hb.Registers, estimator: MinibatchEstimator | None, batch: Minibatch, key: Array) -> Any:
    """Angles and side parameters before every step of Adam on the ELBO, whose energy is exact without an estimator."""
    optimizer = optax.adam(0.06)

    def loss(learnt: tuple[Array, Array], key: Array) -> Array:
        params, side = learnt
        own = with_side(batch, side)
        if estimator is None:
            energy = exact_energy(registers, own, params)
        else:
            energy = estimator.expected_energy(registers, registers.tables(params), own, jnp.asarray(0.5), key=key)
        return energy - entropy(registers, params) + jnp.sum(side**2) / 2

    def step(state: Any, key: Array) -> Any:
        learnt, momenta = state
        change, after = optimizer.update(jax.grad(loss)(learnt, key), momenta)
        return (optax.apply_updates(learnt, change), after), learnt

    start = registers.init(key=jax.random.key(0)), batch.side
    return jax.lax.scan(step, (start, optimizer.init(start)), jax.random.split(key, STEPS + 1))[1]


def problem_of(network: hb.networks.BinaryMLP, size: int, estimator: MinibatchEstimator | None) -> Problem:
    registers, batch = hb.Registers(network, size), batch_of(network)
    params, sides = trained(registers, estimator, batch, jax.random.key(1))
    return Problem(registers, batch, {name: (params[step], sides[step]) for name, step in POINTS.items()})


def estimate(
    estimator: MinibatchEstimator, registers: hb.Registers, batch: Minibatch, params: Array, progress: Array, key: Array
) -> Array:
    """An estimated gradient of the angles."""

    def energy(params: Array) -> Array:
        return estimator.expected_energy(registers, registers.tables(params), batch, progress, key=key)

    return jax.grad(energy)(params)


one_estimate = jax.jit(estimate, static_argnums=(0, 1))


@partial(jax.jit, static_argnums=(0, 1, 6, 7))
def estimates(
    estimator: MinibatchEstimator, registers: hb.Registers, batch: Minibatch, params: Array, progress: Array,
    key: Array, draws: int, minibatch: int | None,
) -> Array:  # fmt: skip
    """Gradients (draws, parameters) by as many keys, each on a minibatch of its own if one is asked for."""

    def drawn(key: Array) -> Array:
        own_key, batch_key = jax.random.split(key)
        if minibatch is None:
            return estimate(estimator, registers, batch, params, progress, own_key)
        chosen = jax.random.choice(batch_key, len(batch.y), (minibatch,), replace=False)
        scale = batch.scale * len(batch.y) / minibatch
        part = Minibatch(batch.network, batch.x[chosen], batch.y[chosen], batch.side, scale)
        return estimate(estimator, registers, part, params, progress, own_key)

    return jax.lax.map(drawn, jax.random.split(key, draws), batch_size=AT_ONCE)


def compared(draws: np.ndarray, truth: np.ndarray, error: float = 0.0) -> dict[str, float]:
    """Sizes relative to the true gradient; `error` is the relative standard error of the truth itself.

    The bias is that of the mean, with what chance adds to its square on average taken off.
    """
    length, mean = float(np.linalg.norm(truth)), draws.mean(axis=0)
    deviation = float(np.sqrt(draws.var(axis=0, ddof=1).sum())) / length
    noise = float(np.hypot(deviation / np.sqrt(len(draws)), error))
    off = float(np.linalg.norm(mean - truth)) / length
    return {
        "bias": float(np.sqrt(max(off**2 - noise**2, 0.0))),
        "standard_error": noise,
        "deviation": deviation,
        "cosine": float(mean @ truth / np.linalg.norm(mean) / length),
        "length": length,
    }


def settings() -> list[tuple[MinibatchEstimator, float | None]]:
    """Estimators, those with a temperature at each of them."""
    return [
        (estimator, temperature)
        for estimator in ESTIMATORS
        for temperature in (TEMPERATURES if isinstance(estimator, hb.StraightThrough) else (None,))
    ]


def progress_at(temperature: float | None) -> Array:
    """When the temperature, on its way from the highest to the lowest, has that value."""
    share = np.log((temperature or 1.0) / TEMPERATURES[0]) / np.log(TEMPERATURES[-1] / TEMPERATURES[0])
    return jnp.asarray(share)


def microseconds(estimator: MinibatchEstimator, problem: Problem) -> float:
    """Time of one gradient in single precision, the shortest of 100."""
    params, side = problem.points["half-way"]
    narrow = jax.tree.map(lambda leaf: leaf.astype(jnp.float32) if leaf.dtype == float else leaf, problem.batch)
    arguments = with_side(narrow, side.astype(jnp.float32)), params.astype(jnp.float32), jnp.float32(0.5)
    times = []
    for number in range(100):
        key = jax.random.key(number)
        begin = time.perf_counter()
        jax.block_until_ready(one_estimate(estimator, problem.registers, *arguments, key))
        times.append(time.perf_counter() - begin)
    return 1e6 * min(times)


def is_one_of_few(estimator: MinibatchEstimator) -> bool:
    return f"{type(estimator).__name__}({estimator.samples})" in FEW


def rows_of(
    problem: Problem, truths: dict[str, tuple[np.ndarray, float]], *, few: bool, minibatch: int | None = None
) -> list[dict[str, Any]]:
    found = []
    chosen = [one for one in settings() if not few or is_one_of_few(one[0])]
    for estimator, temperature in chosen:
        for point, (truth, error) in truths.items():
            params, side = problem.points[point]
            gradients = estimates(
                estimator, problem.registers, with_side(problem.batch, side), params, progress_at(temperature),
                jax.random.key(2), max(DRAWS // estimator.samples, LEAST), minibatch,
            )  # fmt: skip
            found.append({
                "weights": problem.registers.n_weights, "size": problem.registers.register_size, "point": point,
                "estimator": type(estimator).__name__, "samples": estimator.samples, "temperature": temperature,
                "minibatch": minibatch, **compared(np.asarray(gradients), truth, error),
            })  # fmt: skip
    return found


def enumerated(problem: Problem, points: Sequence[str]) -> dict[str, tuple[np.ndarray, float]]:
    gradient = jax.jit(jax.grad(lambda params, batch: exact_energy(problem.registers, batch, params)))
    return {
        point: (np.asarray(gradient(params, with_side(problem.batch, side))), 0.0)
        for point, (params, side) in problem.points.items()
        if point in points
    }


def averaged(problem: Problem, draws: int) -> dict[str, tuple[np.ndarray, float]]:
    """Means of unbiased gradients, with their relative standard errors."""
    found = {}
    for point in ("half-way", "end"):
        params, side = problem.points[point]
        gradients = np.asarray(estimates(
            hb.LocalExpectation(1), problem.registers, with_side(problem.batch, side), params, progress_at(None),
            jax.random.key(3), draws, None,
        ))  # fmt: skip
        mean = gradients.mean(axis=0)
        error = np.sqrt(gradients.var(axis=0, ddof=1).sum() / draws) / np.linalg.norm(mean)
        found[point] = mean, float(error)
    return found


def main() -> None:
    rows: list[dict[str, Any]] = []
    times: list[dict[str, Any]] = []
    small = hb.networks.BinaryMLP(5, (2,), activation="tanh", bias=False, scale="learned")
    wide = hb.networks.BinaryMLP(10, (10,), activation="tanh", bias=False, scale="learned")
    parts = len(SIZES) + 1
    with jax.enable_x64(True), Progress() as progress:
        count = progress.counter("parts")
        problems = {}
        for place, size in enumerate(SIZES):
            problem = problems[size] = problem_of(small, size, None)
            if size == SHOWN:
                truths = enumerated(problem, tuple(POINTS))
                rows += rows_of(problem, truths, few=False)
                rows += rows_of(problem, truths, few=True, minibatch=MINIBATCH)
            else:
                rows += rows_of(problem, enumerated(problem, ("half-way",)), few=True)
            count(place + 1, parts)
        times += times_of(problems[SHOWN], few=False)
        saved(rows, times)
        larger = problem_of(wide, SHOWN, hb.StraightThrough())
        rows += rows_of(larger, averaged(larger, LEAST), few=True)
        times += times_of(larger, few=True)
        saved(rows, times)
        count(parts, parts)


def times_of(problem: Problem, *, few: bool) -> list[dict[str, Any]]:
    return [
        {
            "weights": problem.registers.n_weights,
            "estimator": type(estimator).__name__,
            "samples": estimator.samples,
            "microseconds": microseconds(estimator, problem),
        }
        for estimator in ESTIMATORS
        if not few or is_one_of_few(estimator)
    ]


def saved(rows: list[dict[str, Any]], times: list[dict[str, Any]]) -> None:
    """Kept part by part, so that what was found is not lost with what comes after."""
    RESULTS.write_text(json.dumps({"rows": rows, "times": times}, indent=1) + "\n")
    write(rows, times)


if __name__ == "__main__":
    main()
