"""A graph of ONNX as it is built, node by node: every value has a name of its own, and constants are initialisers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hyperborn.packages import imported


def onnx_part(module: str) -> Any:
    """A module of the package onnx.

    Raises:
        UserError: if it is not installed.
    """
    return imported(module, "onnx", "export to ONNX")


class Graph:
    """Nodes of the default domain (ai.onnx), their constants, and the inputs and outputs of the whole.

    Values are named by text, as ONNX names them. `reserved` are names that outputs will have.
    """

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self.helper = onnx_part("onnx.helper")
        self.types = onnx_part("onnx").TensorProto
        self.taken = dict.fromkeys(reserved, 1)
        """Names, and the last number that was put behind each."""
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def unique(self, name: str) -> str:
        """This name, or with a number behind it where it is taken; it is taken from now on."""
        found = name
        while found in self.taken:
            self.taken[name] += 1
            found = f"{name}_{self.taken[name]}"
        self.taken[found] = 1
        return found

    def input(self, name: str, kind: str, width: int) -> str:
        """An input (batch, width) of type "FLOAT" or "STRING", under this name or one like it, which is returned."""
        found = self.unique(name)
        shape = ["batch", width]
        self.inputs.append(self.helper.make_tensor_value_info(found, getattr(self.types, kind), shape))
        return found

    def output(self, value: str, name: str, kind: str, *width: int) -> None:
        """Give a value out, (batch, *width), under a name that was reserved."""
        self.nodes.append(self.helper.make_node("Identity", [value], [name], name=name))
        shape = ["batch", *width]
        self.outputs.append(self.helper.make_tensor_value_info(name, getattr(self.types, kind), shape))

    def constant(self, name: str, array: np.ndarray) -> str:
        """An initialiser of the type of the array."""
        found = self.unique(name)
        kind = self.helper.np_dtype_to_tensor_dtype(array.dtype)
        little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self.constants.append(self.helper.make_tensor(found, kind, array.shape, little_endian.tobytes(), raw=True))
        return found

    def texts(self, name: str, texts: Sequence[str], shape: Sequence[int]) -> str:
        """An initialiser of text, UTF-8; halves of surrogate pairs, which UTF-8 cannot hold, are written as escapes."""
        found = self.unique(name)
        encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
        self.constants.append(self.helper.make_tensor(found, self.types.STRING, shape, encoded))
        return found

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """A node with one output, which is returned."""
        found = self.unique(name or operator.lower())
        made = self.helper.make_node(operator, list(inputs), [found], name=found, **attributes)
        self.nodes.append(made)
        return found

    def cast(self, value: str, kind: str) -> str:
        """The value as "FLOAT", "DOUBLE" or "BOOL"."""
        return self.node("Cast", value, to=getattr(self.types, kind))

    def with_number(self, operator: str, value: str, number: float) -> str:
        """A float32 value and one number."""
        return self.node(operator, value, self.constant("number", np.asarray(number, dtype=np.float32)))

    def reduced(self, operator: str, value: str, axis: int, *, keep: bool) -> str:
        """A reduction over one axis."""
        return self.node(operator, value, self.constant("axis", np.asarray([axis])), keepdims=int(keep))

    def reshaped(self, value: str, shape: Sequence[int]) -> str:
        """The value in another shape; 0 keeps a length, -1 stands for what is left."""
        return self.node("Reshape", value, self.constant("shape", np.asarray(shape)))
