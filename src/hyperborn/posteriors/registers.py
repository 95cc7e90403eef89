"""Many small independent circuits, for networks of any size."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.arguments import check_bits, check_finite_parameters, check_key, check_parameters
from hyperborn.bits import bits_of, check_enumerable, index_of
from hyperborn.circuits import AllPairs, GateList, ProductState, SideBySide
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.gate_list import MOST_GATES
from hyperborn.circuits.product_state import renumbered
from hyperborn.compilation import check_process
from hyperborn.errors import UserError, whole_number
from hyperborn.inverse_cdf import inverse_cdf
from hyperborn.networks import Network
from hyperborn.posteriors.grouping import LARGEST_REGISTER, groups_of
from hyperborn.posteriors.posterior import ExplicitPosterior
from hyperborn.simulators import side_by_side
from hyperborn.simulators.side_by_side import Tables

LONGEST_GROUPING = 200
"""Characters of a grouping's positions that `repr` writes."""
AT_ONCE = 2**24
"""Comparisons of draws with outcomes, or probabilities of networks, that are held at once."""


@dataclass(frozen=True, eq=False)
class RegisterGroup:
    """Registers of equal size: their circuit, the weights of each, and the range of their angles in the parameters."""

    circuit: Circuit
    places: Int[np.ndarray, "registers size"]
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Weights, hence qubits, of each register."""
        return self.places.shape[1]

    @property
    def parameters(self) -> Int[np.ndarray, "registers angles"]:
        """Places of each register's angles in the parameters."""
        return self.start + np.arange(self.stop - self.start).reshape(-1, len(self.places)).T

    def angles(self, params: Parameters) -> Float[Array, "parameters registers"]:
        """The angles (radians), one register a column."""
        return params[self.start : self.stop].reshape(self.circuit.n_parameters, len(self.places))


@dataclass(frozen=True)
class Registers(ExplicitPosterior):
    """q(w) = Π_b q_b(w_b): each register b of up to k = `register_size` weights is a circuit of its own.

    Circuits are `AllPairs` of `depth`; for k = 1 they are `ProductState`, the mean field, and depth is ignored. The
    number of weights is not limited: log-probability, entropy and KL are sums over registers. If k does not divide the
    weights of a neuron (or of a layer), its last register is smaller. `grouping` is as in
    `hyperborn.posteriors.grouping.groups_of`. Parameters are one vector of angles (radians): of each group of equal
    registers, angle by angle, one number a register.

    Raises:
        UserError: for settings out of range, or a grouping that does not name every weight once.
    """

    network: Network | int
    register_size: int = 4
    depth: int = 2
    grouping: str | tuple[tuple[int, ...], ...] = "neuron"
    seed: int = 0
    n_weights: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.network, Network):
            n = self.network.n_weights
        else:
            n = whole_number("network", self.network, 1, why=", the weights, or a network")
            object.__setattr__(self, "network", n)
        whole_number("register_size", self.register_size, 1, LARGEST_REGISTER)
        whole_number("depth", self.depth, 1)
        whole_number("seed", self.seed, 0)
        object.__setattr__(self, "n_weights", n)
        # This checks the grouping.
        _ = self.groups

    def check_network(self, network: Network | int) -> None:
        """Raise a UserError if these are the registers of another network."""
        if isinstance(self.network, Network) and self.network != network:
            own = f"hb.Registers({network})" if isinstance(network, int) else "hb.Registers of the network itself"
            raise UserError(f"the registers are those of another network; give {own}")

    def __repr__(self) -> str:
        fields = {name: getattr(self, name) for name in ("network", "register_size", "depth", "grouping", "seed")}
        texts = {name: repr(value) for name, value in fields.items()}
        if len(texts["grouping"]) > LONGEST_GROUPING:
            texts["grouping"] = f"<{len(self.grouping):,} registers>"
        return f"Registers({', '.join(f'{name}={text}' for name, text in texts.items())})"

    @cached_property
    def groups(self) -> tuple[RegisterGroup, ...]:
        """Registers by their size, larger ones first."""
        groups: list[RegisterGroup] = []
        start = 0
        for places in groups_of(self.network, self.register_size, self.grouping, self.seed):
            size = places.shape[1]
            circuit = AllPairs(size, self.depth) if size > 1 else ProductState(1)
            stop = start + circuit.n_parameters * len(places)
            groups.append(RegisterGroup(circuit, places, start, stop))
            start = stop
        return tuple(groups)

    @property
    def parameter_shape(self) -> tuple[int]:
        return (self.groups[-1].stop,)

    @cached_property
    def circuit(self) -> GateList:
        """All registers as one circuit, with the same parameters: qubit i is weight i.

        Raises:
            UserError: if it has too many gates.
        """
        # Counted before they are made, which takes minutes where they are many.
        n_gates = sum(len(group.places) * len(group.circuit.gates()) for group in self.groups)
        if n_gates > MOST_GATES:
            raise UserError(
                f"all registers as one circuit have {n_gates:,} gates, over the limit of {MOST_GATES:,} of `circuit` "
                "and export; take the circuit of each register from `groups`, or choose fewer weights or less depth"
            )
        wide = SideBySide(tuple(group.circuit for group in self.groups for _ in group.places))
        weights = np.concatenate([group.places.reshape(-1) for group in self.groups]).tolist()
        parameters = np.concatenate([group.parameters.reshape(-1) for group in self.groups]).tolist()
        gates = (renumbered(gate, weights, parameters) for gate in wide.gates())
        return GateList(self.n_weights, gates, self.parameter_shape)

    @cached_property
    def order(self) -> Int[np.ndarray, " n"]:
        """Place of each weight in the order of the registers: group by group, in each bit by bit of all registers."""
        own = np.concatenate([group.places.T.reshape(-1) for group in self.groups])
        # The same dtype whether or not JAX is in double precision: it may reuse in one what it traced in the other.
        return np.argsort(own, kind="stable").astype(np.int32)

    def centre(self, marginals: Float[np.ndarray, " n"]) -> Float[Array | np.ndarray, "..."]:
        return product_angles_of_groups(self, marginals)

    def tables(self, params: Parameters) -> tuple[Tables, ...]:
        """Probabilities (2^k, registers) of the outcomes of each group's registers; JAX, of the parameters' dtype.

        Raises:
            UserError: if the parameters are not of `parameter_shape` in single or double precision.
        """
        check_parameters(params, self.parameter_shape, self)
        return tuple(side_by_side.register_probabilities(group.circuit, group.angles(params)) for group in self.groups)

    def distributions(self, params: Parameters) -> tuple[Float[np.ndarray, "_ _"], ...]:
        """`tables` as float64, each column adding up to 1 to double precision: for reported numbers.

        Raises:
            UserError: if the parameters are not `parameter_shape` finite numbers, or in a process that was forked from
                one that had used JAX.
        """
        check_process()
        check_finite_parameters(params, self.parameter_shape, self)
        found = [np.asarray(table, np.float64) for table in compiled_tables(self, params)]
        return tuple(table / table.sum(axis=0) for table in found)

    def probabilities(self, params: Parameters) -> Probabilities:
        return self.joint(self.tables(params))

    def joint(self, tables: Sequence[Any]) -> Any:
        """Probabilities (2^n,) of all networks in index order from `tables` or `distributions`, in their dtype.

        Raises:
            UserError: if there are too many.
        """
        check_enumerable(self.n_weights, "use tables, sample or log_prob")
        q = np.ones(1, tables[0].dtype)
        for table in tables:
            for register in range(table.shape[1]):
                q = (q[:, None] * table[None, :, register]).reshape(-1)
        own = np.concatenate([group.places.reshape(-1) for group in self.groups])
        return q.reshape((2,) * self.n_weights).transpose(*np.argsort(own)).reshape(-1)

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        whole_number("shots", shots, 1)
        check_key(key)
        random = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
        bits = np.empty((shots, self.n_weights), np.uint8)
        for group, table in zip(self.groups, self.distributions(params), strict=True):
            patterns, sums = bits_of(np.arange(len(table)), group.size), np.cumsum(table, axis=0)
            sums = sums / sums[-1]
            rows = max(1, AT_ONCE // table.size)
            for first in range(0, shots, rows):
                uniforms = random.random((min(rows, shots - first), len(group.places)))
                bits[first : first + rows, group.places] = patterns[inverse_cdf(sums, uniforms)]
        return bits

    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        check_bits("bits", bits, self.n_weights)
        total = np.zeros(len(bits))
        with np.errstate(divide="ignore"):
            for group, table in zip(self.groups, self.distributions(params), strict=True):
                log_q = np.log(table)
                rows = max(1, AT_ONCE // group.places.size)
                for first in range(0, len(bits), rows):
                    outcomes = index_of(bits[first : first + rows, group.places])
                    total[first : first + rows] += log_q[outcomes, np.arange(len(group.places))].sum(axis=1)
        return total

    def most_probable(self, params: Parameters) -> UInt8[np.ndarray, " n"]:
        """Bits of the most probable network: each register's most probable outcome, the lowest of equals."""
        bits = np.empty(self.n_weights, np.uint8)
        for group, table in zip(self.groups, self.distributions(params), strict=True):
            bits[group.places] = bits_of(table.argmax(axis=0), group.size)
        return bits

    def entropy(self, params: Parameters) -> float:
        """Entropy of q (nats), float64."""
        return float(sum(-(q * np.log(np.maximum(q, LEAST_PROBABILITY))).sum() for q in self.distributions(params)))

    def marginals(self, params: Parameters) -> Float[np.ndarray, " n"]:
        """Probability that each weight's bit is 1, float64."""
        ones = np.empty(self.n_weights)
        for group, table in zip(self.groups, self.distributions(params), strict=True):
            ones[group.places] = table.T @ bits_of(np.arange(len(table)), group.size).astype(np.float64)
        return ones


LEAST_PROBABILITY = 1e-300
"""Smaller probabilities are replaced by this one in a logarithm that they are multiplied with."""


@jax.jit(static_argnums=0)
def compiled_tables(registers: Registers, params: Parameters) -> tuple[Any, ...]:
    return registers.tables(params)


@jax.jit(static_argnums=0)
def product_angles_of_groups(registers: Registers, marginals: Float[Array | np.ndarray, " n"]) -> Parameters:
    """The angles of all registers at which their bits are independent with the given marginals."""
    given = jnp.asarray(marginals, float)
    angles = [jax.vmap(group.circuit.product_angles, out_axes=-1)(given[group.places]) for group in registers.groups]
    return jnp.concatenate([jnp.asarray(own).reshape(-1) for own in angles])
