"""Of a network that is given: which β, size of registers and scale predict best. Its shape and activation stay."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hyperborn.config.models import RunConfig
from hyperborn.data import Dataset
from hyperborn.networks import BinaryMLP, Network, Regression
from hyperborn.objectives.objectives import ELBO
from hyperborn.posteriors import Registers
from hyperborn.selection.budget import EFFORTS
from hyperborn.selection.candidates import LISTS
from hyperborn.selection.choosing import Count, Selection, definition_in_time, scored
from hyperborn.selection.cross_fitting import can_be_held_out
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition


@dataclass(frozen=True, eq=False)
class NetworkCandidate:
    """A network on registers of one size, with an ELBO; what else defines a run is as it was given.

    Attributes:
        name: in words.
        network: as given, or with learned scales.
        register_size: weights of each register.
        beta: weight of KL.
        arguments: of `definition_with_defaults`.
    """

    name: str
    network: Network
    register_size: int
    beta: float
    arguments: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        scale = getattr(inner(self.network), "scale", None)
        own = {"register_size": self.register_size, "beta": self.beta}
        return own if scale is None else own | {"scale": scale}

    @property
    def has_steps(self) -> bool:
        return self.arguments.get("steps") is not None

    @property
    def simplicity(self) -> tuple[float, ...]:
        """Smallest for small registers, and of these for large β."""
        return (float(self.register_size), -self.beta)

    def definition(self, data: Dataset) -> Definition:
        """The run on the training split of the data."""
        return definition_with_defaults(
            self.network,
            len(data.train),
            posterior=Registers(self.network, self.register_size),
            objective=ELBO(self.beta),
            **self.arguments,
        )


def inner(network: Network) -> Network:
    """The network inside a regression; any other as it is."""
    return network.network if isinstance(network, Regression) else network


def with_learned_scale(network: Network) -> Network | None:
    """The same network with learned scales; None where it has them already, or none can be learnt."""
    own = inner(network)
    if not isinstance(own, BinaryMLP) or own.scale == "learned":
        return None
    learned = replace(own, scale="learned")
    return replace(network, network=learned) if isinstance(network, Regression) else learned


def candidates_for(network: Network, effort: str, arguments: Mapping[str, Any]) -> list[NetworkCandidate]:
    """The sizes of registers and β that the command line tries at this effort, with learned scales where there can be.

    As it was given, the network then follows with the first of these.
    """
    many = [settings for settings in LISTS[effort]() if settings["posterior"] == "registers"]
    tried = list(dict.fromkeys((settings["register_size"], settings["beta"]) for settings in many))
    learned = with_learned_scale(network)

    def variants() -> Iterator[tuple[Network, str, list[tuple[int, float]]]]:
        if learned is not None:
            yield learned, "learned scales, ", tried
        yield network, "" if learned is None else "scales as given, ", tried if learned is None else tried[:1]

    return [
        NetworkCandidate(f"{words}{registers_of(size)}β = {beta:g}", own, size, beta, arguments)
        for own, words, pairs in variants()
        for size, beta in pairs
    ]


def registers_of(size: int) -> str:
    return "" if size == 1 else f"registers of {size} qubits, "


def choose_for_network(
    network: Network,
    data: Dataset,
    *,
    effort: str,
    arguments: Mapping[str, Any],
    note: Callable[[str], None] = lambda _: None,
    progress: Count = lambda *_: None,
) -> Selection:
    """What is trained of a network: of `candidates_for` it the one that predicts best what it has not learnt from.

    That is the validation split, or where that is empty folds of the training split. Nothing but the training split is
    learnt from in the end. Where nothing can be held out the first candidate is taken.

    Args:
        network: whose shape stays.
        data: its splits stay as they are.
        effort: how much is tried.
        arguments: of `definition_with_defaults`, seed included, but for network, posterior, objective and estimator.
        note: is told what a person should know beforehand.
        progress: is told how many fits are done, and of how many.

    Raises:
        UserError: if the pieces do not fit each other, or no candidate can be trained.
    """
    candidates = candidates_for(network, effort, arguments)
    first = candidates[0].definition(data)
    # Said once, before several are trained.
    first.check(data)
    if not (len(data.validation) or can_be_held_out(data.train)):
        return Selection(first, data, None)
    config = RunConfig.model_validate(
        {"data": "data", "seed": arguments["seed"], "effort": effort, "refit": not len(data.validation)}
    )
    choice, best = scored(config, candidates, data, note=note, progress=progress)
    return Selection(definition_in_time(best, data, EFFORTS[effort].final), data, choice)
