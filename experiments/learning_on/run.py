"""What is kept of earlier examples when a run goes on from them, on many registers: docs/learning-on.md.

    python experiments/learning_on/run.py

A stream of ten small batches after the first examples, each learnt with the posterior before it as its prior. Cells
that results.json holds are not computed again; delete it to start over.
"""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_moons

import hyperborn as hb
from hyperborn.progress import Progress
from hyperborn.stats import Estimate

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "learning-on.md"
BEGIN, END = "<!-- table: make learning-on -->\n", "<!-- end of table -->\n"
SEEDS = range(5)
BATCHES = 10
MOST_TESTED = 1000


class Stream(NamedTuple):
    """Examples, how many are learnt from first, and how many a batch has."""

    load: Callable[[int], tuple[np.ndarray, np.ndarray]]
    first: int
    batch: int


STREAMS = {
    "moons": Stream(lambda seed: make_moons(1500, noise=0.25, random_state=seed), 60, 20),
    "breast cancer": Stream(lambda _: load_breast_cancer(return_X_y=True), 60, 20),
    "digits": Stream(lambda _: load_digits(return_X_y=True), 200, 50),
    "diabetes": Stream(lambda _: load_diabetes(return_X_y=True), 60, 20),
}

WAYS = {
    "β = 1, factors carried over (what Hyperborn does)": (1.0, True),
    "β = 0.03 again, factors carried over": (0.03, True),
    "β = 1, factors anew": (1.0, False),
    "β = 0.03 again, factors anew": (0.03, False),
}
"""β of every batch after the first, and whether real parameters beside the bits have their last values as prior."""


def nll_of(result: hb.Result) -> float:
    return float(result.metrics()["nll"])


def cell(name: str, seed: int) -> dict[str, Any]:
    """NLL (nats an example) of the test split: after the first examples, after each batch, and of all at once."""
    stream = STREAMS[name]
    x, y = stream.load(seed)
    rows = np.random.default_rng(seed).permutation(len(y))
    learnt = stream.first + BATCHES * stream.batch
    test = rows[learnt:][:MOST_TESTED]
    kept = None

    def data(start: int, stop: int) -> hb.data.Dataset:
        own = rows[start:stop]
        return hb.data.from_arrays(x[own], y[own], test=(x[test], y[test]), validation=0.0, preprocessing=kept)

    head = data(0, stream.first)
    kept = head.preprocessing
    classes = {"n_classes": head.n_classes} if head.n_classes else {}
    network: Any = hb.networks.BinaryMLP(head.n_features, (8,), bias=False, scale="learned", **classes)
    if not head.n_classes:
        network = hb.networks.Regression(network, hb.likelihoods.Gaussian("learned"))
    posterior = hb.Registers(network)
    settings: dict[str, Any] = {"posterior": posterior, "steps": 600, "seed": seed, "progress": False}
    first = hb.fit(network, head, **settings)
    found: dict[str, Any] = {"first": nll_of(first), "all": nll_of(hb.fit(network, data(0, learnt), **settings))}
    for way, (beta, carried) in WAYS.items():
        result, after = first, []
        for start in range(stream.first, learnt, stream.batch):
            prior = result.as_prior()
            if not carried:
                prior = hb.PreviousPosterior(prior.posterior, prior.params)
            batch = data(start, start + stream.batch)
            result = hb.fit(network, batch, **settings, prior=prior, objective=hb.ELBO(beta), start=result)
            after.append(nll_of(result))
        found[way] = after
    return found


def table(cells: list[dict[str, Any]]) -> str:
    """A line a way, a column a stream: means over seeds and their standard errors."""
    lines = ["| NLL of the test split (nats) | " + " | ".join(STREAMS) + " |", "|" + " --- |" * (len(STREAMS) + 1)]

    def line(label: str, of: Callable[[dict[str, Any]], float]) -> str:
        return (
            f"| {label} | "
            + " | ".join(mean([of(one) for one in cells if one["stream"] == name]) for name in STREAMS)
            + " |"
        )

    lines += [line("after the first examples", lambda one: one["first"])]
    for way in WAYS:
        lines += [line(f"after ten batches: {way}", lambda one, way=way: one[way][-1])]
        lines += [line("worst on the way", lambda one, way=way: max(one[way]))]
    lines += [line("all of these examples at once", lambda one: one["all"])]
    return "\n".join(lines) + "\n"


def mean(values: list[float]) -> str:
    found = Estimate.of(np.asarray(values))
    return f"{found.mean:.3f} ± {found.standard_error:.3f}"


def main() -> None:
    cells: list[dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    done = {(one["stream"], one["seed"]) for one in cells}
    todo = [one for one in product(STREAMS, SEEDS) if one not in done]
    with Progress() as progress:
        count = progress.counter("streams")
        for place, (name, seed) in enumerate(todo):
            cells.append({"stream": name, "seed": seed} | cell(name, seed))
            RESULTS.write_text(json.dumps(cells, indent=1) + "\n")
            count(place + 1, len(todo))
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    PAGE.write_text(head + BEGIN + table(cells) + END + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
