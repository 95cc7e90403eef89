"""Binary networks: a flat vector of weights with named fields, and logits for one or many such vectors."""

import abc
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import numpy as np
from jax import Array
from jaxtyping import Float, Int

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_bits, check_features
from hyperborn.bits import values_of
from hyperborn.errors import UserError
from hyperborn.likelihoods import Categorical, Likelihood
from hyperborn.printable import shown

LARGEST_BLOCK = 8 * 2**20
"""Bytes of a block; larger ones are no faster, as they only leave the processor's cache."""


@dataclass(frozen=True)
class Field:
    """A named array inside the flat weight vector: weights ``start`` to ``stop``, row-major in ``shape``."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int

    def __str__(self) -> str:
        shape = " x ".join(str(size) for size in self.shape)
        return f"{self.name:<4} {shape:<10} weights {self.start} to {self.stop - 1}"


class Network(abc.ABC):
    """A network whose weights take one of two values each; a frozen dataclass, whose fields are its record.

    A subclass defines the abstract members; the others follow from them and are never overridden.
    """

    n_features: int
    """Number of features of an example."""
    n_classes: int
    """Number of classes, at least 2; 0 where the outputs stand for a number (`Regression`)."""
    values: tuple[float, float]
    """The weight that bit 0 stands for, and the one that bit 1 stands for."""

    @property
    @abc.abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """The named parts of the weight vector, in order and without gaps."""

    @property
    @abc.abstractmethod
    def additive(self) -> tuple[tuple[int, ...], ...]:
        """Groups of weight positions whose contributions to the logits add up.

        The logits of a weight vector are the sum over groups of the logits of that vector with every weight outside the
        group set to 0. Each position is in one group; a network without such structure has one group of all.
        Enumeration needs it: with two groups or more it evaluates far fewer forward passes than there are networks.
        """

    @property
    @abc.abstractmethod
    def choices(self) -> tuple["Network", ...]:
        """The networks that the last bits choose from, one for each pattern of these bits, in index order.

        They have no choices of their own; a network without a choice returns itself. Enumeration goes through them one
        by one, each with its own additive groups.
        """

    @property
    @abc.abstractmethod
    def working_floats(self) -> int:
        """Floats that `forward` holds at once for each weight vector and example, at most."""

    @property
    @abc.abstractmethod
    def side_fields(self) -> tuple[Field, ...]:
        """The named parts of the vector of side parameters, in order and without gaps; none for most networks.

        Side parameters are parameters beside the weights: scales and shifts, real numbers that are learnt with them and
        are the same for all networks of a posterior. At 0 each of them changes nothing.
        """

    @abc.abstractmethod
    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        """Outputs (..., examples, outputs) of weights (..., n), x (examples, features) and side parameters (m,).

        Outputs are logits, and those of a `Regression` mean and noise.

        All arguments are NumPy arrays, or all are JAX arrays; absent side parameters count as 0. `logits` and calls of
        the network use this forward pass; it keeps the dtype of its arguments and checks nothing.
        """

    @property
    def likelihood(self) -> Likelihood:
        """What makes nats of outputs and labels; that of classes, unless a network says otherwise."""
        return Categorical(self.n_classes)

    @property
    def products_per_example(self) -> int:
        """Products of a weight with an input in one forward pass of one example.

        As many as weights, unless a network says otherwise: where weights are shared over positions they are more.
        """
        return self.n_weights

    @property
    def n_weights(self) -> int:
        """Number of weights, which is that of bits and of qubits."""
        return self.fields[-1].stop

    @property
    def n_side(self) -> int:
        """Number of side parameters."""
        return self.side_fields[-1].stop if self.side_fields else 0

    @property
    def size_in_bytes(self) -> int:
        """Size of one network of the posterior: a bit a weight, and four bytes a side parameter."""
        return -(-self.n_weights // 8) + 4 * self.n_side

    @property
    def neurons(self) -> tuple[Int[np.ndarray, " inputs"], ...]:
        """Positions of the weights that enter the same sum, a neuron's own, neuron by neuron.

        The last axis of a field counts neurons.
        """
        return tuple(
            column
            for fields in self._fields_by_layer
            for column in np.concatenate(
                [np.arange(field.start, field.stop).reshape(-1, field.shape[-1]) for field in fields]
            ).T
        )

    @property
    def layers(self) -> tuple[Int[np.ndarray, " weights"], ...]:
        """Positions of the weights of each layer: those of fields whose names end in the same number."""
        return tuple(
            np.concatenate([np.arange(field.start, field.stop) for field in fields]) for fields in self._fields_by_layer
        )

    @property
    def n_outputs(self) -> int:
        """Outputs an example; logits: 1 for two classes (of class 1 against class 0), otherwise one a class."""
        return self.likelihood.n_outputs

    def logits(
        self, weights: Float[Array, " n"], x: Float[Array, "examples features"]
    ) -> Float[Array, "examples outputs"]:
        """Logits of one vector of weight values; pure JAX, in the dtype of its arguments."""
        return self.forward(weights, x)

    def __call__(self, bits: Bits, x: Examples) -> Float[np.ndarray, "networks examples outputs"]:
        """Logits of many networks given by their bits, in float64.

        Raises:
            UserError: if the bits or the features do not fit the network.
        """
        self.check_features(x)
        check_bits("bits", bits, self.n_weights)
        return self.forward(values_of(bits, self.values), np.asarray(x, dtype=np.float64))

    def check_features(self, x: Examples) -> None:
        """Raise a UserError if x is no array (examples, n_features) of finite numbers."""
        check_features(x, self.n_features)

    def __getitem__(self, name: str) -> slice:
        """Where the named field lies in the weight vector."""
        field = self._field(name)
        return slice(field.start, field.stop)

    def unpack(self, weights: Any) -> dict[str, Any]:
        """Arrays by field name, of shape (..., *field shape), from weights (or bits) of shape (..., n)."""
        return unpacked_fields(self.fields, weights)

    def unpack_side(self, side: Any) -> dict[str, Any]:
        """Arrays by field name from side parameters of shape (m,)."""
        return unpacked_fields(self.side_fields, side)

    def __str__(self) -> str:
        low, high = self.values
        head = f"{type(self).__name__}: {self.n_weights} weights in {{{low:g}, {high:g}}}, "
        head += f"{self.n_features} features, {f'{self.n_classes} classes' if self.n_classes else 'regression'}"
        return "\n".join([head, *(f"  {field}" for field in self.fields)])

    @property
    def _fields_by_layer(self) -> list[list[Field]]:
        layers: dict[str, list[Field]] = {}
        for field in self.fields:
            layers.setdefault(field.name.lstrip(ascii_letters) or field.name, []).append(field)
        return list(layers.values())

    def _field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        names = ", ".join(field.name for field in self.fields)
        raise UserError(f"no weight field is called {name!r}; this network has {names}")


def n_side_of(network: Network | int) -> int:
    """Side parameters of a network; a number of weights alone stands for bits without any."""
    return network.n_side if isinstance(network, Network) else 0


def check_network(net: Any) -> None:
    """Raise a UserError for anything that is not a network."""
    if not isinstance(net, Network):
        raise UserError(f"net={shown(net)} must be a network, such as BinaryMLP(n_features=4)")


def unpacked_fields(fields: tuple[Field, ...], values: Any) -> dict[str, Any]:
    """Arrays by field name, of shape (..., *field shape), from the flat values (..., n)."""
    return {
        field.name: values[..., field.start : field.stop].reshape(*values.shape[:-1], *field.shape) for field in fields
    }


def memory_blocks(
    net: Network, networks: int, examples: int, *, memory: int, beside: int
) -> Iterator[tuple[slice, slice]]:
    """Blocks of networks and examples small enough for a memory budget: slices (of networks, of examples).

    They cover all pairs once, examples varying fastest. ``memory`` is the budget in bytes of one block's temporary
    arrays; ``beside`` counts the floats that the caller holds for each pair beside the forward pass. A block has at
    least one network and one example.
    """
    budget, pair = min(memory, LARGEST_BLOCK) // 8, net.working_floats + beside
    columns = max(1, min(examples, budget // pair))
    # A network's weights are held as bits, as values and as a temporary copy.
    rows = max(1, budget // (columns * pair + 3 * net.n_weights))
    for row in range(0, networks, rows):
        for column in range(0, examples, columns):
            yield slice(row, min(row + rows, networks)), slice(column, min(column + columns, examples))
