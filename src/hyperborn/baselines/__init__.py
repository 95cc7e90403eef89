"""Baselines: other ways to learn the same networks from the same data.

| name | what it learns | size |
| --- | --- | --- |
| exhaustive | the best of all networks | up to 24 weights |
| greedy-flips, simulated-annealing | one network, by flips | any |
| straight-through, bop | one network, by gradients | any |
| bayesbinn, mean-field | independent weights | any, up to 24 |
| gibbs | the posterior, by Markov chains | any |
| logistic-regression, mlp | weights of full precision | any |

Straight-through, Bop, BayesBiNN and the mlp take ``batch_size``. None, or at least the number of training examples,
takes all examples at once, at a constant rate (BayesBiNN: a falling one). Straight-through and Bop then keep the best
network that any restart met. A smaller ``batch_size`` makes minibatches. Each epoch is in a new order, and every
example is in one minibatch of it (`Epochs`, padded). Gradients are scaled to all examples, and learning rates fall to 0
along a half cosine. Each restart gives its last network, and the one with the lowest potential on all examples is kept.
``steps`` count minibatches: an epoch takes ceil(examples / batch_size). Settings that are None have one default for
each case, beside each method (`FULL_BATCH`, `MINIBATCH`); with minibatches there is one restart of 40 epochs. Networks,
gradients and activations are held for as many restarts at once as fit into 256 MiB, and the data once.

Where the network has side parameters, straight-through, Bop and BayesBiNN learn them as well: maximum a posteriori
under N(0, 1), by Adam at the learning rate ``side_rate``, which falls as that of the weights does. The other methods
leave them at 0.

The defaults for minibatches were chosen on the validation split of scikit-learn's digits (64-64-10, tanh, learned
scales, 4,736 weights, 40 epochs, batches of 128) and of MNIST (784-128-10, 101,632 weights, 5 epochs). Each method says
what was tried. For straight-through and Bop on digits, a ``side_rate`` of 0.003 and of 0.03 had a worse NLL than 0.01.
"""

from hyperborn.baselines.annealing import SimulatedAnnealing
from hyperborn.baselines.baseline import Baseline, Ensemble, Predictor
from hyperborn.baselines.bayesbinn import BayesBiNN
from hyperborn.baselines.bop import Bop
from hyperborn.baselines.exhaustive import Exhaustive
from hyperborn.baselines.full_precision import LogisticRegression, MultilayerPerceptron
from hyperborn.baselines.gibbs import Gibbs
from hyperborn.baselines.greedy import GreedyFlips
from hyperborn.baselines.mean_field import MeanField, TrainedMeanField
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
    "TrainedMeanField",
]
