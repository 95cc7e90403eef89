"""Rivals of the quantum hypernetwork: other ways to learn the same networks from the same data.

| name | what it learns | size |
| --- | --- | --- |
| exhaustive | the best of all networks | up to 24 weights |
| greedy-flips, simulated-annealing | one network, by flips | any |
| straight-through, bop | one network, by gradients | any |
| bayesbinn, mean-field | independent weights | any, up to 24 |
| gibbs | the posterior, by Markov chains | any |
| logistic-regression, mlp | weights of full precision | any |
"""

from hyperborn.baselines.annealing import SimulatedAnnealing
from hyperborn.baselines.baseline import Baseline, Ensemble, Predictor
from hyperborn.baselines.bayesbinn import BayesBiNN
from hyperborn.baselines.bop import Bop
from hyperborn.baselines.exhaustive import Exhaustive
from hyperborn.baselines.full_precision import LogisticRegression, MultilayerPerceptron
from hyperborn.baselines.gibbs import Gibbs
from hyperborn.baselines.greedy import GreedyFlips
from hyperborn.baselines.mean_field import MeanField, Trained
from hyperborn.baselines.straight_through import StraightThrough

BASELINES: dict[str, type[Baseline]] = {
    baseline.name: baseline
    for baseline in (
        Exhaustive,
        GreedyFlips,
        SimulatedAnnealing,
        StraightThrough,
        Bop,
        BayesBiNN,
        MeanField,
        Gibbs,
        LogisticRegression,
        MultilayerPerceptron,
    )
}
"""Every baseline by its name."""

__all__ = [
    "BASELINES",
    "Baseline",
    "BayesBiNN",
    "Bop",
    "Ensemble",
    "Exhaustive",
    "Gibbs",
    "GreedyFlips",
    "LogisticRegression",
    "MeanField",
    "MultilayerPerceptron",
    "Predictor",
    "SimulatedAnnealing",
    "StraightThrough",
    "Trained",
]
