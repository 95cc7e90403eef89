"""From an objective to its first variation from shots."""

import jax

from hyperborn.energy import RememberedEnergies
from hyperborn.energy.data import Labelled
from hyperborn.errors import UserError
from hyperborn.inference.charges import Charges
from hyperborn.inference.objectives import MLE, SELBO, Objective
from hyperborn.inference.sampled.discrepancy import SampledDiscrepancy, check_fixed
from hyperborn.inference.sampled.factored import FactoredVariation
from hyperborn.inference.sampled.variation import Variation
from hyperborn.inference.sampled.whole import WholeVariation
from hyperborn.networks import Network
from hyperborn.posteriors.sampled import SampledPosterior, SampledRegisters
from hyperborn.priors import Prior


def check_samples_suffice(objective: Objective) -> None:
    """Raise a UserError, with what would fit, if an objective needs more of a posterior than its samples."""
    if isinstance(objective, SELBO):
        check_fixed(objective)
    elif not isinstance(objective, MLE):
        raise UserError(
            f"the objective {objective.name} needs the probabilities of networks, and a backend gives samples alone; "
            "choose selbo or mle"
        )


def variation_of(
    objective: Objective, prior: Prior, network: Network, split: Labelled, posterior: SampledPosterior
) -> Variation:
    """The first variation of an objective on the examples of a split, for a posterior of which shots come out.

    Raises:
        UserError: if the objective or the prior needs more than shots.
    """
    check_samples_suffice(objective)
    if isinstance(posterior, SampledRegisters):
        with jax.enable_x64(True):
            charges = Charges.of(posterior.registers, network, prior, objective.price)
        return FactoredVariation(network, split, posterior.banks, charges)
    discrepancy = SampledDiscrepancy.of(objective, prior, network) if isinstance(objective, SELBO) else None
    return WholeVariation(RememberedEnergies(network, split), discrepancy)
