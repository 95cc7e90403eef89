"""The function of C that computes one network: its buffers, its bits, and a paragraph for each layer.

What is the same whatever numbers it computes with; `float_source` and `fixed_source` say the rest.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from hyperborn.export.c.arrays import words
from hyperborn.export.c.plan import LayerPlan, plans_of
from hyperborn.export.c.text import indented
from hyperborn.export.layers import Convolution, Layer
from hyperborn.export.model import ExportedModel

SHAPE = """\
typedef struct {
    int height, width, channels; /* of the maps before */
    int kernel, stride, above, before, rows, columns; /* zeros above and before them, positions of the kernel */
} shape;"""


@dataclass
class Paragraphs:
    """What has been written so far: constants in front, and the names of the pieces that are called."""

    constants: list[str] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)

    def call(self, piece: str, statement: str) -> str:
        """A statement that calls a piece."""
        self.needs.add(piece)
        return statement


class NetworkSource(ABC):
    """Writes ``outputs_of``, from the features of an example to the outputs of one network."""

    number: ClassVar[str]
    """The type of numbers between layers."""

    def __init__(self, model: ExportedModel) -> None:
        self.model = model
        self.plans, self.width = plans_of(model)
        self.written = Paragraphs()
        self.many = model.n_networks > 1

    @abstractmethod
    def one(self, plan: LayerPlan) -> str:
        """The number 1 among the inputs of a layer, as a literal."""

    @abstractmethod
    def coefficients(self, plan: LayerPlan) -> str:
        """Half and middle of a layer's weights, as two arguments."""

    @abstractmethod
    def after_sums(self, plan: LayerPlan, name: str) -> list[str]:
        """Statements that turn the sums in an array into a layer's outputs; those of signs stay what they are."""

    @abstractmethod
    def tie(self, plan: LayerPlan) -> str:
        """How far below 0 the inputs of a layer still have the sign of 0, as an argument and a comma, if it is one."""

    @property
    def takes_bits(self) -> bool:
        """Whether the first layer takes bits."""
        return self.plans[0].binary

    def definitions(self) -> list[str]:
        """What defines words of bits and places of kernels, if there are any."""
        found: list[str] = []
        if any(plan.binary for plan in self.plans):
            found += [f"#define WORD {self.width} /* bits of a word of signs */", f"typedef uint{self.width}_t word;"]
        if any(plan.layer.convolution for plan in self.plans):
            found.append(SHAPE)
        return found

    def function(self) -> str:
        """The definition of ``outputs_of``."""
        body: list[str] = []
        before = "features"
        for plan in self.plans:
            after = "outputs" if plan is self.plans[-1] else name_after(plan)
            body += ["", *self.layer_lines(plan, before, after)]
            before = after
        buffers = self.buffers()
        kind = "const word" if self.takes_bits else self.number
        network = "int network, " if self.many else ""
        head = f"static void outputs_of({network}{kind} *features, {self.number} *outputs)"
        room = " with room for one more behind them" if self.plans[0].counts_bias else ""
        what = "features as bits" if self.takes_bits else f"features{room}"
        return f"/* The outputs of one network, from {what}. */\n{head}\n{{\n" + (
            indented([*buffers, *body] if buffers else body[1:]) + "\n}"
        )

    def buffers(self) -> list[str]:
        """Declarations of what is kept between layers."""
        found: list[str] = []
        for name in ("odd", "even"):
            sizes = [
                plan.layer.n_values + (after.counts_bias and not after.binary)
                for plan, after in zip(self.plans, self.plans[1:], strict=False)
                if name_after(plan) == name
            ]
            found += [f"{self.number} {name}[{max(sizes)}];"] if sizes else []
        patches = [plan.layer.n_inputs for plan in self.plans if plan.layer.convolution and not plan.binary]
        signs = [self.words_of_inputs(plan) for plan in self.plans if plan.binary and plan.number > 1]
        found += [f"{self.number} patch[{max(patches)}];"] if patches else []
        return [*found, *([f"word signs[{max(signs)}];"] if signs else [])]

    def words_of_inputs(self, plan: LayerPlan) -> int:
        """Words that the bits of a layer's inputs take."""
        over = plan.layer.convolution
        if over is None:
            return -(-plan.n_inputs // self.width)
        return over.height * over.width * -(-over.channels // self.width)

    def layer_lines(self, plan: LayerPlan, before: str, after: str) -> list[str]:
        """Statements of a layer."""
        lines = [f"/* layer {plan.number}: {about_layer(plan.layer)} */"]
        inputs = before
        if plan.binary and plan.number > 1:
            inputs = "signs"
            lines += self.packing(plan, before)
        elif plan.counts_bias:
            lines.append(f"{before}[{plan.layer.n_inputs}] = {self.one(plan)}; /* the input of the biases */")
        return [*lines, self.sums_call(plan, inputs, after), *self.after_sums(plan, after)]

    def packing(self, plan: LayerPlan, before: str) -> list[str]:
        """Statements that pack signs into bits, and set the bit of the biases behind them."""
        layer = plan.layer
        over, place = layer.convolution, layer.n_inputs
        positions, units = (1, place) if over is None else (over.height * over.width, over.channels)
        lines = [self.written.call("pack_signs", f"pack_signs({before}, {positions}, {units}, {self.tie(plan)}signs);")]
        if plan.counts_bias:
            bit = f"(word)((word)1 << {place % self.width})"
            setting = f"|= {bit}" if place % self.width else "= 1"
            lines.append(f"signs[{place // self.width}] {setting}; /* the input of the biases */")
        return lines

    def sums_call(self, plan: LayerPlan, inputs: str, after: str) -> str:
        """The call that sums weights times inputs."""
        layer, name = plan.layer, f"weights_{plan.number}"
        kinds = "bits of weights, a row a unit" if layer.convolution is None else "bits of kernels, one a channel"
        about = f"Layer {plan.number}: {kinds}{', of each network' if self.many else ''}."
        self.written.constants.append(words(name, plan.weights, plan.weights.dtype.itemsize * 8, about))
        weights, end = self.of_network(name, plan.words_a_network), f"{self.coefficients(plan)}, {after});"
        over = layer.convolution
        if over is None:
            function = "binary_dense" if plan.binary else "dense"
            call = f"{function}({weights}, {layer.n_units}, {inputs}, {plan.n_inputs}, {end}"
        else:
            function = "binary_convolution" if plan.binary else "convolution"
            self.written.constants.append(f"static const shape shape_{plan.number} = {{{shape_text(over)}}};")
            patch = "" if plan.binary else "patch, "
            call = f"{function}({weights}, {layer.n_units}, {inputs}, &shape_{plan.number}, {patch}{end}"
        return self.written.call(function, call)

    def of_network(self, name: str, size: int) -> str:
        """Where the part of an array begins that belongs to the network."""
        return f"{name} + network * {size}" if self.many else name


def name_after(plan: LayerPlan) -> str:
    """The buffer of a layer's outputs."""
    return "odd" if plan.number % 2 else "even"


def about_layer(layer: Layer) -> str:
    """What a layer is, in words."""
    done = "" if layer.activation == "identity" else f", {layer.activation}"
    done = f"{', normalised' if layer.normalized else ''}{done}"
    over = layer.convolution
    if over is None:
        return f"{layer.n_inputs} inputs, {layer.n_units} {'unit' if layer.n_units == 1 else 'units'}{done}"
    return (
        f"kernels of {over.kernel} x {over.kernel} on {over.height} x {over.width} x {over.channels}, "
        f"{layer.n_units} channels{done}"
    )


def shape_text(over: Convolution) -> str:
    """A kernel's place as the initialiser of a shape."""
    return ", ".join(map(str, (*over, over.above, over.before, over.rows, over.columns)))
