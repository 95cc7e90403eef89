"""What serves where nothing is chosen: one place for the command line and for `hyperborn.fit`.

What depends on the way of training, the learning rate for example, is decided by its `Regime`.
"""

from typing import Any

from optax import GradientTransformation

from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import SPREAD, Posterior, default_posterior
from hyperborn.priors import Prior, Uniform
from hyperborn.training.annealing import Annealing, AnnealingSchedule
from hyperborn.training.definition import Definition, check_kinds
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer, as_optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.regimes import regime_for, regime_of_class

BATCH_SIZE = 128
"""Default examples of a minibatch."""


def definition_with_defaults(
    network: Network | int,
    examples: int,
    *,
    posterior: Posterior | None = None,
    objective: Objective | None = None,
    estimator: Estimator | None = None,
    prior: Prior = Uniform(),
    optimizer: Optimizer | GradientTransformation | None = None,
    annealing: AnnealingSchedule | None = Annealing(),
    plateau: Plateau | None = Plateau(),
    steps: int | None = None,
    batch_size: Any = BATCH_SIZE,
    restarts: int | None = None,
    seed: int = 0,
    spread: float = SPREAD,
) -> Definition:
    """The definition of a run on so many training examples; what is None is what suits the way of training.

    Of energies of one's own, the number of bits is given instead of a network.

    Raises:
        UserError: for a part of the wrong kind, a number out of range, or parts that do not fit each other.
    """
    check_kinds(network=network)
    chosen = default_posterior(network) if posterior is None else posterior
    check_kinds(posterior=chosen)
    given = regime_for(chosen).default_estimator() if estimator is None else estimator
    check_kinds(estimator=given)
    regime = regime_of_class(type(given))
    whole_number("batch_size", batch_size, 1)
    usual = regime.default_objective(prior, predicts=isinstance(network, Network))
    return Definition(
        network=network,
        posterior=chosen,
        objective=usual if objective is None else objective,
        estimator=given,
        prior=prior,
        optimizer=regime.default_optimizer(given) if optimizer is None else as_optimizer(optimizer),
        annealing=annealing,
        plateau=plateau,
        steps=regime.default_steps(examples, batch_size) if steps is None else steps,
        batch_size=batch_size,
        restarts=regime.restarts if restarts is None else restarts,
        seed=seed,
        spread=spread,
    )
