"""Rivals of the quantum hypernetwork: other ways to learn the same networks from the same data.

| name | what it learns | size |
| --- | --- | --- |
| exhaustive | the best of all networks | up to 24 weights |
| greedy-flips, simulated-annealing | one network, by flips | any |
| straight-through, bop | one network, by gradients | any |
| bayesbinn, mean-field | independent weights | any, up to 24 |
| gibbs | the posterior, by Markov chains | any |
| logistic-regression, mlp | weights of full precision | any |

Straight-through, Bop, BayesBiNN and the mlp take ``batch_size``. None, or at least as many as there are training
examples, takes them all at once, at a constant rate (BayesBiNN: a falling one); the first two then keep the best
network that any restart met. Smaller ones make minibatches: every example is in one of them an epoch, in an order
drawn anew, gradients are scaled to all examples, learning rates fall to 0 along a half cosine, and the last network
of a restart counts; of several restarts the one with the lowest potential on all examples does. ``steps`` count
batches: an epoch takes ceil(examples / batch_size). Settings that are None have other values in the two cases, which
stand beside each method (`WHOLE`, `PARTS`); with minibatches there is one restart of 40 epochs. Networks, gradients
and activations are held for as many restarts at once as fit into 256 MiB, and the data once.

Where the network has side parameters, these three learn them as well: maximum a posteriori under N(0, 1) by Adam, at
the learning rate ``side_rate``, whose fall is that of the weights. In the other methods they stay at 0.

The values for minibatches were chosen on the validation split of scikit-learn's digits (64-64-10, tanh, learned scales,
4,736 weights, 40 epochs, batches of 128) and of MNIST (784-128-10, 101,632 weights, 5 epochs); what was tried is said
by each method. A ``side_rate`` of 0.003 and 0.03 were worse than 0.01 in NLL for straight-through and Bop on digits.
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
from hyperborn.baselines.straight_through import StraightThroughAdam

BASELINES: dict[str, type[Baseline]] = {
    baseline.name: baseline
    for baseline in (
        Exhaustive,
        GreedyFlips,
        SimulatedAnnealing,
        StraightThroughAdam,
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
    "StraightThroughAdam",
    "Trained",
]
