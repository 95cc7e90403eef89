"""The first variation of many independent registers, each at its own outcomes."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.bits import bits_of
from hyperborn.energy import RememberedEnergies
from hyperborn.energy.data import Labelled
from hyperborn.inference.charges import Charges
from hyperborn.inference.sampled.reading import Reading
from hyperborn.inference.sampled.variation import Standing, Variation
from hyperborn.networks import Network
from hyperborn.posteriors.sampled import Bank, Turn
from hyperborn.stats import Estimate

NETWORKS = 16
"""Networks that the other registers are averaged over, when the energy of one register's outcomes is asked for."""

AT_ONCE = 2**24
"""Bits of networks that are held at once: 16 MiB."""

LOOKED_AT = 64
"""Networks that the expected energy is estimated from."""

Tables = tuple[Float[np.ndarray, "_ _"], ...]
"""Shares (outcomes, registers) of each bank, whose sizes vary from bank to bank."""


class Seat(NamedTuple):
    """Where a bank's registers are read: the turn, which registers are in it, and the qubits of each."""

    turn: int
    registers: Int[np.ndarray, " r"]
    qubits: Int[np.ndarray, "r size"]


class FactoredVariation(Variation):
    """r_b(o) = E[energy, register b at o and the others as drawn] + the first variation of register b's own charge.

    The mean over the others is the Rao-Blackwellised one of `LocalExpectation`: what the other registers did in the
    shots at hand adds no noise of its own. It supposes that registers are independent, on a device too. Where no centre
    was measured, the part of a charge that is quadratic in q counts 1 - 1/S times with S shots.
    """

    def __init__(self, network: Network, split: Labelled, banks: Sequence[Bank], charges: Charges) -> None:
        self.network, self.banks, self.charges = network, banks, charges
        self.energies = RememberedEnergies(network, split)

    def differences(self, reading: Reading, random: np.random.Generator) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        tables = self.tables(reading)
        reference = tuple(table[reading.reference].mean(axis=0) for table in tables)
        first = self.charges_of(reference)[1]
        rows = reading.networks(NETWORKS, random)
        variations = [self.energies_of_outcomes(rows, bank) + own for bank, own in zip(self.banks, first, strict=True)]
        return tuple(
            np.einsum("por,or->pr", table[reading.plus] - table[reading.minus], variation)
            for table, variation in zip(tables, variations, strict=True)
        )

    def standing(self, reading: Reading, random: np.random.Generator) -> Standing:
        rows = reading.networks(LOOKED_AT, random)
        energy = Estimate.of(self.energies(rows))
        reference = tuple(table[reading.reference].mean(axis=0) for table in self.tables(reading))
        charge = self.charges_of(reference)[0]
        best = np.empty(self.network.n_weights, np.uint8)
        for bank, table in zip(self.banks, reference, strict=True):
            best[bank.weights] = bits_of(table.argmax(axis=0), bank.weights.shape[1])
        return Standing(energy.mean + charge, energy, charge, best)

    def charges_of(self, tables: Tables) -> tuple[float, Tables]:
        """All charges together (nats), and the first variation of each register's."""
        with jax.enable_x64(True):
            value, first = priced(self.charges, [jnp.asarray(table) for table in tables])
        return float(value), tuple(np.asarray(table) for table in first)

    def tables(self, reading: Reading) -> tuple[Float[np.ndarray, "points _ _"], ...]:
        """Shares of every outcome of every register (points, outcomes, registers), bank by bank."""
        found: list[np.ndarray] = []
        for bank in self.banks:
            count, size = bank.weights.shape
            table = np.empty((len(reading.outcomes[0]), 2**size, count))
            worth = 1 << np.arange(size - 1, -1, -1)
            for seat in seats(bank, reading.turns):
                for point, outcomes in enumerate(reading.outcomes[seat.turn]):
                    places = outcomes.bits[:, seat.qubits] @ worth + np.arange(len(seat.registers)) * 2**size
                    weights = np.broadcast_to(outcomes.weights[:, None], places.shape)
                    sums = np.bincount(places.ravel(), weights.ravel(), minlength=2**size * len(seat.registers))
                    table[point][:, seat.registers] = sums.reshape(-1, 2**size).T
            found.append(table)
        return tuple(found)

    def energies_of_outcomes(self, rows: np.ndarray, bank: Bank) -> Float[np.ndarray, "outcomes registers"]:
        """Mean energy (nats) over the rows, with each outcome of each register put in."""
        (count, size), (networks, n) = bank.weights.shape, rows.shape
        patterns = bits_of(np.arange(2**size), size)
        found = np.empty((2**size, count))
        step = max(1, AT_ONCE // (2**size * networks * n))
        for start in range(0, count, step):
            places = bank.weights[start : start + step]
            put_in = np.broadcast_to(rows, (len(places), 2**size, networks, n)).copy()
            for register, own in enumerate(places):
                put_in[register][:, :, own] = patterns[:, None]
            energies = self.energies(put_in.reshape(-1, n)).reshape(len(places), 2**size, networks)
            found[:, start : start + step] = energies.mean(axis=2).T
        return found


def seats(bank: Bank, turns: Sequence[Turn]) -> list[Seat]:
    """Where the registers of a bank are read."""
    turn_of = np.empty(sum(len(turn.weights) for turn in turns), np.int64)
    qubit_of = np.empty_like(turn_of)
    for place, turn in enumerate(turns):
        turn_of[turn.weights], qubit_of[turn.weights] = place, np.arange(len(turn.weights))
    owners = turn_of[bank.weights[:, 0]]
    return [
        Seat(int(turn), registers := np.flatnonzero(owners == turn), qubit_of[bank.weights[registers]])
        for turn in np.unique(owners)
    ]


@jax.jit
def priced(charges: Charges, tables: list[Array]) -> tuple[Array, list[Array]]:
    return jax.value_and_grad(lambda given: charges(given))(tables)
