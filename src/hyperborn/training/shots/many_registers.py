"""The first variation of many independent registers, for each outcome of each register."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.bits import bits_of, index_of
from hyperborn.energy import CachedEnergies, EnergySource
from hyperborn.objectives.penalties import Penalties
from hyperborn.posteriors.registers import RegisterGroup
from hyperborn.stats import Estimate
from hyperborn.training.shots.measurement import Measurement
from hyperborn.training.shots.subcircuits import Subcircuit
from hyperborn.training.shots.variation import FirstVariation, ObjectiveEstimate, standard_error_of

NETWORKS_FOR_GRADIENT = 16
"""Networks over which the other registers are averaged, for the energies of one register's outcomes."""

AT_ONCE = 2**24
"""Most bits of networks in memory at once: 16 MiB."""

NETWORKS_FOR_ENERGY = 64
"""Networks from which the expected energy is estimated."""

Frequencies = tuple[Float[np.ndarray, "_ _"], ...]
"""Frequencies (outcomes, registers) of each group; shapes differ from group to group."""


class RegistersInSubcircuit(NamedTuple):
    """Registers of a group that are in one subcircuit: the subcircuit, the registers, and the qubits of each."""

    subcircuit: int
    registers: Int[np.ndarray, " r"]
    qubits: Int[np.ndarray, "r size"]


class ManyRegistersVariation(FirstVariation):
    """r_b(o) = E[energy with register b at o and the others random] + the first variation of register b's penalty.

    As in `LocalExpectation` the mean over the other registers is Rao-Blackwellised: their values in the same shots add
    no noise. This assumes that registers are independent, also on a device. If no centre was measured, the part of a
    penalty that is quadratic in q is scaled by 1 - 1/S, with S shots.
    """

    def __init__(self, energies: EnergySource, groups: Sequence[RegisterGroup], penalties: Penalties) -> None:
        self.n_weights, self.groups, self.penalties = energies.n_bits, groups, penalties
        self.energies = CachedEnergies(energies)

    def differences(
        self, measurement: Measurement, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        tables = self.tables(measurement)
        reference = tuple(table[measurement.reference].mean(axis=0) for table in tables)
        first = self.penalties_of(reference)[1]
        rows = measurement.networks(NETWORKS_FOR_GRADIENT, random)
        variations = [
            self.energies_of_outcomes(rows, group) + own for group, own in zip(self.groups, first, strict=True)
        ]
        return tuple(
            np.einsum("por,or->pr", table[measurement.plus] - table[measurement.minus], variation)
            for table, variation in zip(tables, variations, strict=True)
        )

    def estimate(
        self, measurement: Measurement, random: np.random.Generator, *, error: bool = False
    ) -> ObjectiveEstimate:
        rows = measurement.networks(NETWORKS_FOR_ENERGY, random)
        drawn = Estimate.of(self.energies(rows))
        energy = Estimate(drawn.mean, self.error(measurement, rows, drawn, random, error=error), drawn.n)
        reference = tuple(table[measurement.reference].mean(axis=0) for table in self.tables(measurement))
        penalty = self.penalties_of(reference)[0]
        best = np.empty(self.n_weights, np.uint8)
        for group, table in zip(self.groups, reference, strict=True):
            best[group.places] = bits_of(table.argmax(axis=0), group.places.shape[1])
        return ObjectiveEstimate(energy.mean + penalty, energy, penalty, best)

    def error(
        self, measurement: Measurement, rows: np.ndarray, drawn: Estimate, random: np.random.Generator, *, error: bool
    ) -> float | None:
        """The standard error (nats) of the mean energy over rows that were drawn from the outcomes.

        Two variances add up: of the draws from the given outcomes, and of the outcomes themselves from shot to shot. If
        outcomes are plain frequencies of S shots, the second is the variance of a network's energy over S: exactly in
        one subcircuit, and at most that in several, where correlations average out over all pairs of their shots. For
        mitigated outcomes the jackknife estimates it, from the energy linearised in the registers' tables.
        """
        assert drawn.standard_error is not None
        if measurement.replicates is None:
            shots = min(sum(one.shots for one in points[measurement.reference]) for points in measurement.outcomes)
            return drawn.standard_error * float(np.sqrt(1.0 + drawn.n / shots))
        if not error:
            return None
        slopes = [self.energies_of_outcomes(rows[:NETWORKS_FOR_GRADIENT], group) for group in self.groups]

        def energy(one: Measurement) -> float:
            tables = (table[one.reference].mean(axis=0) for table in self.tables(one))
            return float(sum((slope * table).sum() for slope, table in zip(slopes, tables, strict=True)))

        of_shots = standard_error_of(measurement, energy, random)
        return None if of_shots is None else float(np.hypot(drawn.standard_error, of_shots))

    def penalties_of(self, tables: Frequencies) -> tuple[float, Frequencies]:
        """The sum of all penalties (nats), and the first variation of each register's penalty."""
        with jax.enable_x64(True):
            value, first = value_and_first_variations(self.penalties, [jnp.asarray(table) for table in tables])
        return float(value), tuple(np.asarray(table) for table in first)

    def tables(self, measurement: Measurement) -> tuple[Float[np.ndarray, "points _ _"], ...]:
        """Frequencies of all outcomes of all registers (points, outcomes, registers), group by group."""
        found: list[np.ndarray] = []
        for group in self.groups:
            count, size = group.places.shape
            table = np.empty((len(measurement.outcomes[0]), 2**size, count))
            for part in registers_by_subcircuit(group, measurement.subcircuits):
                for point, outcomes in enumerate(measurement.outcomes[part.subcircuit]):
                    places = index_of(outcomes.bits[:, part.qubits]) + np.arange(len(part.registers)) * 2**size
                    weights = np.broadcast_to(outcomes.weights[:, None], places.shape)
                    sums = np.bincount(places.ravel(), weights.ravel(), minlength=2**size * len(part.registers))
                    table[point][:, part.registers] = sums.reshape(-1, 2**size).T
            found.append(table)
        return tuple(found)

    def energies_of_outcomes(self, rows: np.ndarray, group: RegisterGroup) -> Float[np.ndarray, "outcomes registers"]:
        """Mean energy (nats) over the rows, with one register after the other set to each of its outcomes."""
        (count, size), (networks, n) = group.places.shape, rows.shape
        patterns = bits_of(np.arange(2**size), size)
        found = np.empty((2**size, count))
        step = max(1, AT_ONCE // (2**size * networks * n))
        for start in range(0, count, step):
            places = group.places[start : start + step]
            put_in = np.broadcast_to(rows, (len(places), 2**size, networks, n)).copy()
            for register, own in enumerate(places):
                put_in[register][:, :, own] = patterns[:, None]
            energies = self.energies(put_in.reshape(-1, n)).reshape(len(places), 2**size, networks)
            found[:, start : start + step] = energies.mean(axis=2).T
        return found


def registers_by_subcircuit(group: RegisterGroup, subcircuits: Sequence[Subcircuit]) -> list[RegistersInSubcircuit]:
    """The registers of a group by subcircuit."""
    subcircuit_of = np.empty(sum(len(subcircuit.weights) for subcircuit in subcircuits), np.int64)
    qubit_of = np.empty_like(subcircuit_of)
    for place, subcircuit in enumerate(subcircuits):
        subcircuit_of[subcircuit.weights], qubit_of[subcircuit.weights] = place, np.arange(len(subcircuit.weights))
    owners = subcircuit_of[group.places[:, 0]]
    return [
        RegistersInSubcircuit(
            int(subcircuit), registers := np.flatnonzero(owners == subcircuit), qubit_of[group.places[registers]]
        )
        for subcircuit in np.unique(owners)
    ]


@jax.jit
def value_and_first_variations(penalties: Penalties, tables: list[Array]) -> tuple[Array, list[Array]]:
    return jax.value_and_grad(lambda given: penalties(given))(tables)
