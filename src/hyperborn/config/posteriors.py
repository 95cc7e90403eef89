"""From a configuration to a posterior, on a backend or not, and to a prior."""

from collections.abc import Callable
from pathlib import Path

from hyperborn.backends import Backend, Noise, backend_named
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, ProductState, from_qasm
from hyperborn.circuits.pairs import ladder_pairs, line_pairs, ring_pairs
from hyperborn.config.applicability import options_of
from hyperborn.config.kinds import either
from hyperborn.config.models import Configuration, RunConfig
from hyperborn.config.options import AUTO
from hyperborn.config.parts import made, own_class, part_of
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.posteriors import Autoregressive, MultiBasis, Posterior, Register, Registers
from hyperborn.posteriors.default import default_depth
from hyperborn.priors import Bernoulli, Prior, Uniform
from hyperborn.training.shots.posteriors import ShotPosterior, on_backend

BACKEND_ANSATZ = "line"
"""Ansatz of a register on a backend: gates of neighbours are what a device does best, and each has its noise."""

BACKEND_DEPTH = 1
"""Layers of a register on a backend: from few noisy shots more did not train better."""

UNPLACED = ("multi-basis", "autoregressive")
"""Ansätze that are no circuit of one qubit a weight."""

CIRCUITS: dict[str, Callable[[int, int], Circuit]] = {
    "all-pairs": AllPairs,
    "ring": lambda n, depth: ChosenPairs(n, ring_pairs(n), depth),
    "line": lambda n, depth: ChosenPairs(n, line_pairs(n), depth),
    "ladder": lambda n, depth: ChosenPairs(n, ladder_pairs(n), depth),
    "brickwork": Brickwork,
    "product": lambda n, _: ProductState(n),
}
"""Circuits of n qubits and so many layers, by ansatz."""


def posterior_of(config: Configuration, n: int) -> Posterior:
    """One register of n weights, or its classical rival.

    Raises:
        UserError: if two weights a qubit are asked for, and the weights are odd.
    """
    if config.ansatz == "autoregressive":
        return Autoregressive(n, *config.chosen(["context"]).values())
    if config.ansatz == "multi-basis":
        if n % 2:
            raise UserError(
                f"ansatz multi-basis holds two weights a qubit, and the network has {n}; choose another size"
            )
        return MultiBasis(AllPairs(n // 2, default_depth(n // 2) if config.depth == AUTO else config.depth))
    return Register(circuit_of(config, n))


def circuit_of(config: Configuration, n: int) -> Circuit:
    """The circuit of one register of n weights; one of the user's own may have another number of qubits.

    Raises:
        UserError: if the file of a circuit of the user's own cannot be read, or holds none.
    """
    if config.circuit is not None:
        return from_qasm(Path(config.circuit))
    ansatz, depth = config.ansatz, default_depth(n)
    if config.on_backend:
        ansatz, depth = config.chosen(["ansatz"]).get("ansatz", BACKEND_ANSATZ), BACKEND_DEPTH
    if isinstance(ansatz, Circuit):
        return ansatz
    own = own_class("ansatz", ansatz)
    if own is not None:
        return made(own, {"n_qubits": n, **config.chosen({"depth"}.intersection(options_of(own)))})
    return CIRCUITS[ansatz](n, depth if config.depth == AUTO else config.depth)


def configured_registers(config: Configuration, network: Network) -> Registers:
    """Many registers of the network's weights."""
    return Registers(network, **config.chosen(["register_size", "depth", "grouping"]))


def placed(config: RunConfig, posterior: Posterior) -> ShotPosterior:
    """A posterior whose circuits are run on the configuration's backend.

    Raises:
        UserError: for a posterior that is no circuit of one qubit a weight.
    """
    if config.ansatz in UNPLACED and config.posterior != "registers":
        raise UserError(
            f"ansatz {config.ansatz} is not run on a backend, which takes circuits of one qubit a weight; choose "
            f"{either(CIRCUITS)}"
        )
    return on_backend(posterior, configured_backend(config), config.mitigation)


def configured_backend(config: RunConfig) -> Backend:
    """The backend that a configuration names, with its noise and its options.

    Raises:
        UserError: if there is none of that name, or an option does not go with it.
    """
    one_qubit, two_qubit = config.gate_error
    noise = Noise(one_qubit, two_qubit, config.readout_error)
    return backend_named(
        config.backend,
        noise=None if noise == Noise() else noise,
        dynamical_decoupling=None if config.dynamical_decoupling == "none" else config.dynamical_decoupling,
        twirling=config.twirling or None,
        **config.chosen(["optimization_level"]),
    )


def prior_of(config: Configuration) -> Prior:
    """The prior; a probability of 0.5 is the uniform one."""
    if isinstance(config.prior, str | Prior):
        return part_of("prior", config.prior, {})
    return Uniform() if config.prior == 0.5 else Bernoulli(config.prior)
