"""Training: from a definition and data to a trained posterior.

`defaults` completes a definition, whose estimator says how it is trained (`regimes`): `exact` enumerates all
networks, `minibatch` draws them from registers, `shots` measures circuits on a backend. Each is one folder or file, and
one class (`regime`). The `loop` around their steps is the same for all, and so is the `result`.
"""

from hyperborn.training.annealing import Annealing
from hyperborn.training.optimizers import LBFGS, Adam, Gains
from hyperborn.training.plateau import Plateau
from hyperborn.training.result import Result

__all__ = ["LBFGS", "Adam", "Annealing", "Gains", "Plateau", "Result"]
