"""A result as ArviZ takes it: networks drawn from the posterior, and the log likelihood of every training example."""

import re
import warnings
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.bits import values_of
from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.objectives.objectives import ELBO
from hyperborn.packages import imported
from hyperborn.posteriors import ExactPosterior
from hyperborn.predictive.example_scores import nll_of_networks
from hyperborn.training.log_probabilities import log_prior_of, log_q_of
from hyperborn.training.regimes import regime_of

if TYPE_CHECKING:
    from hyperborn.training.result import Result

MOST_NUMBERS = 10**8
"""Numbers of a group, at most: draws times weights, or draws times training examples (800 MB of log likelihoods)."""

Groups = dict[str, dict[str, Any]]
"""Arrays by group and name; those of draws have the shape (chains, draws, ...)."""


def inference_data_of(
    result: "Result",
    draws: int = 1000,
    *,
    chains: int = 2,
    seed: int = 0,
    log_likelihood: bool = True,
    exact: bool = False,
) -> Any:
    """What `Result.to_inference_data` gives; see there."""
    whole_number("draws", draws, 1)
    whole_number("chains", chains, 1)
    # ArviZ warns once a day that its next version differs, which is nothing to a caller of ours.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        arviz = imported("arviz", "arviz", "Result.to_inference_data")
    data = result.learnt_from if isinstance(result.learnt_from, Dataset) else None
    count = chains * draws
    check_size(count, result.definition.n_weights, "weights")
    if data is not None and log_likelihood:
        check_size(count, len(data.train), "training examples; or log_likelihood=False")
    bits = exact_draws(result, count, seed) if exact else result.sample(count, seed=seed)
    groups, dims, coords = of_bits(result, bits)
    if data is not None:
        groups |= of_examples(result, data, bits, log_likelihood=log_likelihood)
        dims |= {"y": ["example"], "weight": ["example"], "x": ["example", "feature"]}
        coords |= {"example": list(range(len(data.train))), "feature": list(data.features)}
    for name in ("posterior", "sample_stats", "log_likelihood"):
        if name in groups:
            arrays = groups[name]
            groups[name] = {one: arrays[one].reshape(chains, draws, *arrays[one].shape[1:]) for one in arrays}
    return made(arviz, groups, dims, coords, about(result, exact=exact))


def check_size(draws: int, others: int, what: str) -> None:
    """Raise a UserError for more numbers than are held."""
    if draws * others > MOST_NUMBERS:
        fewer = max(1, MOST_NUMBERS // others)
        raise UserError(
            f"{draws:,} draws in all times {others:,} are over the limit of {MOST_NUMBERS:,} numbers; ask for at most "
            f"{fewer:,} draws in all chains together of so many {what}"
        )


def exact_draws(result: "Result", count: int, seed: int) -> Bits:
    """Networks drawn from the exact posterior at β = 1.

    Raises:
        UserError: if it is not known.
    """
    definition = result.definition
    regime_of(definition).check_exact(definition)
    log_prior = definition.prior.log_probabilities(definition.network)
    exact = ExactPosterior(result.energies.table(), log_prior)
    return exact.sample(count, key=jax.random.key(seed))


def of_bits(result: "Result", bits: Bits) -> tuple[Groups, dict[str, list[str]], dict[str, list[Any]]]:
    """Weights by field, what is known of every draw, dimensions and their coordinates."""
    definition, network = result.definition, result.definition.network
    energies, log_prior = result.energies(bits), log_prior_of(definition, bits)
    stats = {"energy": energies, "log_q": log_q_of(result, bits)}
    if log_prior is not None:
        stats["lp"] = log_prior - energies
    if isinstance(network, int):
        return {"posterior": {"bits": bits}, "sample_stats": stats}, {"bits": ["bit"]}, {"bit": list(range(network))}
    dims, coords = dimensions_of(network)
    return {"posterior": network.unpack(weights_of(bits, network.values)), "sample_stats": stats}, dims, coords


def weights_of(bits: Bits, values: tuple[float, float]) -> np.ndarray:
    """The weights that bits stand for; small whole numbers as such, which take less memory and are shown as bars."""
    low, high = values
    if all(value.is_integer() and abs(value) < 2**7 for value in values):
        return np.where(bits == 1, np.int8(high), np.int8(low))
    return values_of(bits, values)


def dimensions_of(network: Network) -> tuple[dict[str, list[str]], dict[str, list[Any]]]:
    """Names of the dimensions of every field, and coordinates of those that several fields share.

    Matrices W1, W2, ... have the dimensions (feature, unit1), (unit1, unit2), ..., and b1, ... have unit1, ...; fields
    of other shapes have dimensions of their own.
    """
    sizes, dims = {"feature": network.n_features}, {}
    for field in network.fields:
        matched = re.fullmatch(r"([Wb])([1-9][0-9]*)", field.name)
        names = [f"{field.name}_{axis}" for axis in range(len(field.shape))]
        if matched and len(field.shape) == (2 if matched[1] == "W" else 1):
            layer = int(matched[2])
            shared = ["feature" if layer == 1 else f"unit{layer - 1}", f"unit{layer}"][-len(field.shape) :]
            if all(sizes.get(name, size) == size for name, size in zip(shared, field.shape, strict=True)):
                names = shared
        sizes |= dict(zip(names, field.shape, strict=True))
        dims[field.name] = names
    return dims, {name: list(range(size)) for name, size in sizes.items()}


def of_examples(result: "Result", data: Dataset, bits: Bits, *, log_likelihood: bool) -> Groups:
    """Labels, features, side parameters, and the log likelihood of every training example in each draw."""
    train, preprocessing = data.train, data.preprocessing
    constant: dict[str, Any] = {"x": train.x}
    if train.weights is not None:
        constant["weight"] = train.weights
    constant |= {f"side_{name}": value for name, value in result.network.unpack_side(result.side).items()}
    found: Groups = {"observed_data": {"y": preprocessing.own_labels(train.y)}, "constant_data": constant}
    if log_likelihood:
        found["log_likelihood"] = {"y": log_likelihoods(result, data, bits)}
    return found


def log_likelihoods(result: "Result", data: Dataset, bits: Bits) -> Float[np.ndarray, "draws examples"]:
    """log p(y | x, w) (nats), of numbers in the units of the target, times the weight of each example."""
    train, scaling = data.train, data.preprocessing.target_scaling
    found = -nll_of_networks(result.fitted, train.x, train.y, bits)
    if scaling is not None:
        found -= np.log(scaling.deviation)
    return found if train.weights is None else found * train.weights


def about(result: "Result", *, exact: bool) -> dict[str, Any]:
    """What the draws are of, as attributes of the posterior."""
    objective = result.definition.objective
    from_where = "exact posterior" if exact else result.measured_on or type(result.definition.posterior).__name__
    beta = 1.0 if exact else objective.beta if isinstance(objective, ELBO) else None
    named = {"drawn_from": from_where, "objective": objective.name}
    return named if beta is None else named | {"beta": beta}


def made(arviz: Any, groups: Groups, dims: dict[str, list[str]], coords: dict[str, list[Any]], about: Any) -> Any:
    """An `InferenceData`, or what ArviZ 1.x has in its place, a tree of data sets of xarray."""
    if int(arviz.__version__.partition(".")[0]) >= 1:
        return arviz.from_dict(groups, dims=dims, coords=coords, attrs={"posterior": about})
    return arviz.from_dict(**groups, dims=dims, coords=coords, posterior_attrs=about)
