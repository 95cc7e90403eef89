from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.runs import session
from hyperborn.training.fit import run
from hyperborn.training.optimizers import Adam, Gains, OptaxRule, Unrecorded, as_recorded
from hyperborn.training.regime import Resources
from runs import same

STEPS = 300
"""Of the definition that other tests compile."""


def halving(step: Any) -> Any:
    return 0.1 * 0.5 ** (step / 100)


def plain(gradients: np.ndarray, learning_rate: float, steps: int) -> np.ndarray:
    """Spall's a / (k + 1 + A)^0.602 with A a tenth of the steps; a makes the first step the rate on average."""
    changes, sizes = [], []
    for k, gradient in enumerate(gradients):
        if k < 10:
            sizes.append(np.abs(gradient).mean())
        a = learning_rate * (0.1 * steps + 1) ** 0.602 / np.mean(sizes)
        changes.append(-a / (k + 1 + 0.1 * steps) ** 0.602 * gradient)
    return np.array(changes)


@pytest.mark.parametrize(("rate", "steps"), [(0.3, 40), (0.05, 15), (0.3, 1)])
def test_gains_are_those_of_spall(rate: float, steps: int) -> None:
    gradients = np.random.default_rng(0).normal(size=(steps, 3, 2)) * 40
    rule = Gains(rate).transformation(steps)
    state = rule.init(jnp.zeros((3, 2)))
    found = []
    for gradient in gradients:
        change, state = rule.update(jnp.asarray(gradient, jnp.float32), state, jnp.zeros((3, 2)))
        found.append(np.asarray(change))
    np.testing.assert_allclose(found, plain(gradients, rate, steps), rtol=2e-5)
    # The first moves an angle by the rate on average, and later ones by less.
    assert np.abs(found[0]).mean() == pytest.approx(rate, rel=1e-5)


def test_gains_do_not_depend_on_the_scale_of_the_loss() -> None:
    gradients = np.random.default_rng(1).normal(size=(20, 4))
    runs = []
    for scale in (1.0, 1e6):
        rule = Gains().transformation(20)
        state, changes = rule.init(jnp.zeros(4)), []
        for gradient in gradients:
            change, state = rule.update(jnp.asarray(scale * gradient, jnp.float32), state)
            changes.append(np.asarray(change))
        runs.append(changes)
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-5)


def test_what_nothing_depends_on_stays_where_it_is() -> None:
    rule = Gains().transformation(5)
    change, _ = rule.update(jnp.zeros(3), rule.init(jnp.zeros(3)))
    np.testing.assert_array_equal(change, np.zeros(3))


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), True])
@pytest.mark.parametrize("kind", [Adam, Gains])
def test_rates_are_checked(kind: Any, rate: Any) -> None:
    with pytest.raises(UserError, match=r"learning_rate = .*: give a positive number, such as 0\.0?3"):
        kind(rate)


def changes_of(optimizer: Any) -> np.ndarray:
    """What five steps change, of gradients that are the same each time."""
    rule, params, changes = optimizer.transformation(100), jnp.zeros(3), []
    state = rule.init(params)
    for gradient in np.random.default_rng(2).normal(size=(5, 3)):
        change, state = rule.update(jnp.asarray(gradient, jnp.float32), state, params)
        changes.append(np.asarray(change))
    return np.array(changes)


def test_a_schedule_is_taken_as_it_is() -> None:
    """Adam's step is its rate times what does not depend on it; the first and the third rates are by hand."""
    constant = changes_of(Adam(optax.constant_schedule(0.2)))
    np.testing.assert_allclose(np.abs(constant[0]), 0.2, rtol=1e-4)
    found = changes_of(Adam(halving))
    np.testing.assert_allclose(found[0], 0.5 * constant[0], rtol=1e-5)
    np.testing.assert_allclose(found[2], 0.5 * 0.5**0.02 * constant[2], rtol=1e-5)
    # That of a number is the half cosine over all steps.
    np.testing.assert_array_equal(changes_of(Adam(0.1)), changes_of(Adam(optax.cosine_decay_schedule(0.1, 100))))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (lambda step: 0.1 if step < 9 else 0.01, "cannot be traced by JAX (TracerBoolConversionError: "),
        (lambda: 0.1, "cannot be traced by JAX (TypeError: "),
        (lambda _: "slow", "cannot be traced by JAX (TypeError: "),
        (lambda step: jnp.ones(2) * step, "gives ShapeDtypeStruct(shape=(2,), dtype=float32) for a step; "),
        (lambda _: None, "gives None for a step; "),
    ],
    ids=["a branch", "no step", "a text", "two numbers", "nothing"],
)
def test_what_is_no_schedule_is_one_line(schedule: Any, said: str) -> None:
    with pytest.raises(UserError) as caught:
        Adam(schedule)
    assert said in str(caught.value)
    assert str(caught.value).endswith(
        "give a function from a step to a number, such as optax.cosine_decay_schedule(0.1, 500)"
    )
    assert "\n" not in str(caught.value)


def test_a_transformation_of_optax_is_an_optimizer(define, data: Dataset, tmp_path: Path) -> None:
    """The same steps as `Adam`, which is Optax's with another memory; its result is saved, and predicts.

    `Adam` gets its rates as a function, too: of a number, an argument of programs, they are rounded otherwise.
    """
    schedule = optax.cosine_decay_schedule(0.1, STEPS)
    usual, rule = define(optimizer=Adam(schedule)), optax.adam(schedule, b2=0.99)
    found = hb.fit(
        usual.network,
        data,
        posterior=usual.posterior,
        objective=hb.ELBO(),
        optimizer=rule,
        spread=usual.spread,
        restarts=4,
        steps=STEPS,
        annealing=None,
        plateau=None,
        progress=False,
    )
    assert found.definition.optimizer == OptaxRule(rule)
    assert same(found, run(usual, data, Resources(Progress(enabled=False))))
    found.save(tmp_path / "run")
    again = hb.load(tmp_path / "run")
    np.testing.assert_array_equal(again.predict_proba(data.test.x), found.predict_proba(data.test.x))
    again.save(tmp_path / "copy")
    assert hb.load(tmp_path / "copy").definition == again.definition
    assert isinstance(again.definition.optimizer, Unrecorded)
    with pytest.raises(
        UserError, match=r"the run cannot be trained on, .* its optimizer: rule of OptaxRule is the func"
    ):
        run(again.definition, data, Resources(Progress(enabled=False)))


@dataclass(frozen=True)
class Falling:
    """A schedule that a record can name, but Adam's record does not come back with."""

    start: float = 0.1

    def __call__(self, step: Any) -> Any:
        return self.start / (1 + step)


def test_a_schedule_that_is_a_dataclass_is_unrecorded_as_any_function(define, data: Dataset, tmp_path: Path) -> None:
    definition = define(optimizer=Adam(Falling()), steps=2)
    found = run(definition, data, Resources(Progress(enabled=False)))
    found.save(tmp_path / "run")
    kept = hb.load(tmp_path / "run").definition.optimizer
    assert isinstance(kept, Unrecorded)
    assert kept.reason.startswith("adam does not come back from its record: learning_rate = {'kind': ")
    with pytest.raises(UserError, match=r"^the run could not be resumed: adam does not come back from "):
        session.start(tmp_path / "other", definition, data, Progress(enabled=False), plots=lambda *_: {})
    assert as_recorded(Adam(0.1)) == Adam(0.1)


@pytest.mark.parametrize(
    ("optimizer", "named"),
    [
        (OptaxRule(optax.sgd(0.1)), "rule of OptaxRule is the function chain.<locals>.init_fn"),
        (Adam(halving), "learning_rate of Adam is the function halving"),
    ],
    ids=["a transformation", "a schedule"],
)
def test_a_run_that_could_not_be_resumed_is_not_begun_in_a_folder(
    define, data: Dataset, tmp_path: Path, optimizer: Any, named: str
) -> None:
    with pytest.raises(UserError) as caught:
        session.start(tmp_path / "run", define(optimizer=optimizer), data, Progress(enabled=False), plots=lambda *_: {})
    assert str(caught.value) == (
        f"the run could not be resumed: {named}, and a run folder holds numbers, texts and tuples only; take another "
        "optimizer, or hb.fit, whose result can be saved"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_line_search_of_optax_is_known_as_one(data: Dataset) -> None:
    """It is given the loss itself, not annealed, and refused where the loss changes from step to step."""
    network, posterior = hb.networks.BinaryMLP(2, hidden=()), hb.Register(hb.circuits.ProductState(3))
    usual: dict[str, Any] = {"steps": 20, "plateau": None, "progress": False}
    found = hb.fit(network, data, posterior=posterior, optimizer=optax.lbfgs(memory_size=10), **usual)
    assert same(found, hb.fit(network, data, posterior=posterior, optimizer=hb.LBFGS(), **usual))
    assert OptaxRule(optax.sgd(0.1)).follows_changing_loss
    with pytest.raises(UserError, match="the optimizer optax searches along lines of an exact loss, and the estimator"):
        hb.fit(network, data, posterior=hb.Registers(3), optimizer=optax.lbfgs(), **usual)
