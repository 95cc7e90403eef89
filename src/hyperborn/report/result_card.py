"""A result in a few lines of text, and as a card for a notebook."""

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from hyperborn.data.dataset import SPLITS
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.posteriors.posterior import Posterior
from hyperborn.printable import printable
from hyperborn.report.notation import METRICS, number_text
from hyperborn.report.notebook import COLOURS, Fact, Number, card, letters, picture, stroke, thinned
from hyperborn.training.history import TrainingHistory
from hyperborn.training.result import Result

MOST_WORK = 10**8
"""Products of networks, weights and test examples up to which they are predicted for a line of text: about 0.1 s."""
SCORES = ("accuracy", "rmse", "nll")
"""Scores that are shown, of those that there are."""
LONGEST = 100
"""Characters of a line's value."""
MOST_POINTS, MOST_LINES = 80, 5
"""Records and restarts in the picture of a training."""
EARLY = 0.1
"""Share of the steps, at the start, whose values may lie outside the picture."""


def result_text(result: Result) -> str:
    """The result on a few lines.

    Scores of the test split are those that were asked for before (`Result.metrics`, `summary`), or are predicted now if
    this process has trained the result and that is little work: nothing is compiled for a line of text.
    """
    facts = facts_of(result)
    width = max(len(name) for name, _ in facts)
    return "\n".join([f"Result: {subject_of(result)}", *(f"  {name:<{width}}  {value}" for name, value in facts)])


def result_html(result: Result) -> str:
    """The result as a card: what `result_text` says, and the curve of its training."""
    pictures = [] if result.history is None else [training_picture(result.history, result.numbers.get("log_evidence"))]
    return card(subject_of(result), facts_of(result), pictures, kind="Result")


def subject_of(result: Result) -> str:
    """What was learnt, on one line: the network, or the energies."""
    if isinstance(result.learnt_from, OwnEnergies):
        return one_line(f"{result.definition.n_weights} bits of {result.learnt_from.label}")
    return one_line(str(result.definition.network).partition("\n")[0])


def facts_of(result: Result) -> list[Fact]:
    definition = result.definition
    posterior = definition.posterior
    facts = [
        ("posterior", f"{one_line(posterior_text(posterior))}, {posterior.n_parameters:,} parameters"),
        ("objective", f"{one_line(repr(definition.objective))} by {type(definition.estimator).__name__}"),
        ("steps", steps_of(result)),
    ]
    if not isinstance(result.learnt_from, OwnEnergies):
        data = result.learnt_from
        sizes = ", ".join(f"{len(data.split(name)):,} {name}" for name in SPLITS)
        facts.insert(0, ("data", f"{one_line(data.name, 40)}: {sizes}"))
    if result.measured_on is not None:
        facts.append(("measured on", one_line(result.measured_on)))
    facts += [(name, value) for name, value in (("ELBO", elbo_of(result)), ("loss", loss_of(result))) if value][:1]
    if not isinstance(result.learnt_from, OwnEnergies):
        facts.append(("test", scores_of(result)))
    return facts


def posterior_text(posterior: Posterior) -> str:
    """As `repr` writes it, but without the network, which stands above."""
    if not is_dataclass(posterior):
        return repr(posterior)
    values = {field.name: getattr(posterior, field.name) for field in fields(posterior) if field.repr}
    texts = [f"{name}={value!r}" for name, value in values.items() if not isinstance(value, Network)]
    return f"{type(posterior).__name__}({', '.join(texts)})"


def steps_of(result: Result) -> str:
    asked = "" if result.stopped == "steps" else f" of {result.definition.steps:,} ({result.stopped})"
    restarts = f", best of {len(result.losses)} restarts" if len(result.losses) > 1 else ""
    return f"{result.steps:,}{asked}{restarts}"


def elbo_of(result: Result) -> str:
    """The bound and its distance from the log evidence, nats; empty where it is not known."""
    elbo, gap = result.numbers.get("elbo"), result.numbers.get("elbo_gap")
    if elbo is None or not math.isfinite(elbo):
        return ""
    below = "" if gap is None else f", {number_text(gap)} below the log evidence"
    return f"{number_text(elbo)} nats{below}"


def loss_of(result: Result) -> str:
    loss = result.numbers.get("loss", min(result.losses, default=math.nan))
    return f"{number_text(loss)} nats"


def scores_of(result: Result) -> str:
    """The scores of the test split, or why they are not shown."""
    if not len(result.data.test):
        return "no examples"
    found = known_scores(result)
    if found is None:
        return "not scored yet: metrics()"
    texts = []
    for name in SCORES:
        if name in found:
            title, unit, _ = METRICS[name]
            texts.append(f"{title} {number_text(found[name])}{f' {unit}' if unit else ''}")
    return ", ".join(texts)


def known_scores(result: Result) -> dict[str, float] | None:
    """Scores of the test split that cost little; None where they are still to be computed."""
    known = result.scored.get(("test", True))
    if known is None and "summary" in vars(result):
        known = result.summary["test"]
    if known is not None or not result.trained_here or work_of(result) > MOST_WORK:
        return known
    try:
        return result.metrics("test")
    except UserError:
        # Such as in a process that was forked from the one that trained it: a text about it must still be had.
        return None


def work_of(result: Result) -> int:
    return result.predictor.n_networks * result.definition.n_weights * len(result.data.test)


def one_line(text: str, longest: int = LONGEST) -> str:
    line = " ".join(printable(text[: longest + 1]).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def training_picture(history: TrainingHistory, log_evidence: float | None) -> str:
    """The ELBO of the best restart below the log evidence, or where it is not known the loss of every restart."""
    if np.isfinite(history.elbo).any():
        return curves("ELBO (nats)", history.step, [history.elbo], log_evidence)
    order = np.argsort(np.where(np.isfinite(history.losses[-1]), history.losses[-1], np.inf), kind="stable")
    return curves("loss (nats)", history.step, list(history.losses.T[order[:MOST_LINES]]), None)


def curves(title: str, steps: np.ndarray, lines: list[np.ndarray], level: float | None) -> str:
    """Lines against the step, the first in front; `level` is drawn as a dashed line across."""
    width, height, top = 260.0, 120.0, 16.0
    later = np.concatenate([line[steps >= EARLY * steps[-1]] for line in lines])
    seen = later[np.isfinite(later)]
    if not len(seen):
        return picture(width, top, title, [letters(0, 12, f"{title}: not finite")])
    low, high = float(seen.min()), float(seen.max())
    if level is not None and math.isfinite(level):
        low, high = min(low, level), max(high, level)
    span = (high - low) or 1.0

    def place(step: Number, value: Number) -> tuple[Number, Number]:
        # A value far outside stays outside, and takes no more digits than others.
        y = top + height * float(np.clip((high - value) / span, -9, 9))
        return width * step / max(float(steps[-1]), 1.0), y

    shapes = [letters(0, 11, title), letters(width, 11, number_text(high), anchor="end", pale=True)]
    shapes.append(stroke([(0, top + height), (width, top + height)], opacity="0.5"))
    if level is not None and math.isfinite(level):
        ends = [(0.0, place(0, level)[1]), (width, place(0, level)[1])]
        shapes.append(stroke(ends, stroke_dasharray="5 3"))
    drawn: list[str] = []
    for number, line in enumerate(lines):
        chosen = thinned(len(steps), MOST_POINTS)
        points = [place(float(steps[i]), float(line[i])) for i in chosen if np.isfinite(line[i])]
        style: dict[str, Any] = {"colour": COLOURS[0], "width": 2.0} if number == 0 else {"opacity": "0.35"}
        drawn.append(stroke(points, **style))
    # What lies above the picture, of the first steps, is cut off.
    shapes.append(
        f'<svg y="{top:g}" height="{height:g}" width="{width:g}" viewBox="0 {top:g} {width:g} {height:g}">'
        f"{''.join(reversed(drawn))}</svg>"
    )
    shapes.append(letters(0, top + height + 14, f"step 0 to {steps[-1]:,}", pale=True))
    shapes.append(letters(width, top + height + 14, number_text(low), anchor="end", pale=True))
    return picture(width, top + height + 18, title, shapes)
