"""What commands can be told; `hyperborn.cli.options` holds the help texts."""

from abc import ABC, abstractmethod
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from hyperborn.config.kinds import (
    Count,
    Error,
    Name,
    NotNegative,
    NotTruth,
    Number,
    Positive,
    Probability,
    Share,
    Text,
    Truth,
    distinct,
    either,
    hidden_sizes,
    known_divergence,
    known_estimator,
    listed,
    names,
    not_one,
    unless_all,
    whole_or_two,
)
from hyperborn.data.built_in import LARGEST_SIZE
from hyperborn.data.tables import MOST_COLUMNS
from hyperborn.networks.layers import MOST_LAYERS
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES
from hyperborn.posteriors import LARGEST_SPREAD, SPREAD
from hyperborn.training.estimators import ESTIMATORS

CIRCUITS = ("all-pairs", "line", "ring", "ladder", "brickwork", "multi-basis")
"""Ansätze that are circuits of layers."""

OF_BACKENDS = (
    *("shots", "gate_error", "readout_error", "mitigation", "dynamical_decoupling", "twirling", "optimization_level"),
    *("max_shots", "max_jobs", "max_seconds", "max_wait"),
)
"""Keys that go with a backend, whichever it is."""

MOST_SCALES = 256
"""Output scales: the bits that choose one are 8."""

DRAWING = "posterior registers with an estimator other than exact"
"""What draws networks and minibatches, in the words of an error message."""


class Configuration(BaseModel, ABC):
    """What `train` and `compare` can both be told; `hyperborn.cli.options` holds the help texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Annotated[Text, Field(description="the name of a data set, such as iris, or a CSV file")]
    target: Text | None = Field(None, description="the name of a column")
    drop: Annotated[
        list[Text] | None,
        BeforeValidator(listed),
        Field(min_length=1, max_length=MOST_COLUMNS, description="names of columns, such as name,id"),
    ] = None
    classes: Annotated[
        list[Text] | None, BeforeValidator(names), Field(description="class names or numbers, such as 0,1, or all")
    ] = None
    folder: Text | None = Field(None, description="the path of a folder")
    pixels: Annotated[
        Count | None, BeforeValidator(unless_all), Field(description="a whole number from 1 on, or all")
    ] = None
    size: Annotated[
        int | None, NotTruth, Field(ge=2, le=LARGEST_SIZE, description=f"a whole number from 2 to {LARGEST_SIZE:,}")
    ] = None
    noise: Annotated[NotNegative | None, Field(description="a number from 0 on")] = None
    impute: Literal["median"] | None = Field(None, description="median")
    components: Count | Literal["auto", "all"] = Field("auto", description="a whole number from 1 on, auto or all")
    standardize: Truth = True
    validation: Share = 0.2
    test: Annotated[Share | None, Field(description="a number from 0 on and below 1")] = None

    hidden: Annotated[
        Annotated[list[Count], Field(max_length=MOST_LAYERS)] | Literal["auto"],
        BeforeValidator(hidden_sizes),
        Field(description=f"units of each of up to {MOST_LAYERS} layers, such as 2 or 8,4, none or auto"),
    ] = "auto"
    activation: Literal["auto", "relu", "sigmoid", "tanh", "sign"] = Field(
        "auto", description="relu, sigmoid, tanh, sign or auto"
    )
    bias: Truth | Literal["auto"] = Field("auto", description="true, false or auto")
    values: Annotated[
        tuple[Number, Number], BeforeValidator(listed), Field(description="two numbers, such as -1,1")
    ] = (-1.0, 1.0)
    scale: Literal["auto", "none", "fan_in", "learned"] = Field("auto", description="none, fan_in, learned or auto")
    normalization: Literal["auto", "none", "layer"] = Field("auto", description="none, layer or auto")
    output_scales: Annotated[
        list[Positive],
        BeforeValidator(listed),
        Field(
            min_length=1, max_length=MOST_SCALES, description=f"1 to {MOST_SCALES} numbers above 0, such as 0.5,1,2,4"
        ),
    ] = [1.0]

    posterior: Literal["auto", "register", "registers"] = Field("auto", description="register, registers or auto")
    ansatz: Literal["all-pairs", "line", "ring", "ladder", "brickwork", "multi-basis", "product", "autoregressive"] = (
        Field(
            "all-pairs", description="all-pairs, line, ring, ladder, brickwork, multi-basis, product or autoregressive"
        )
    )
    depth: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    register_size: Annotated[int, NotTruth, Field(ge=1, le=10, description="a whole number from 1 to 10")] = 4
    grouping: Literal["neuron", "layer", "random"] = Field("neuron", description="neuron, layer or random")
    context: Annotated[int, NotTruth, Field(ge=0, le=16, description="a whole number from 0 to 16")] = 4
    spread: Annotated[
        NotNegative, Field(le=LARGEST_SPREAD, description=f"a number of radians from 0 to {LARGEST_SPREAD:.4f}")
    ] = SPREAD

    beta: Positive | Literal["auto"] = Field("auto", description="a number above 0, or auto")
    weight: Positive | Literal["kl-matched"] = Field("kl-matched", description="a number above 0, or kl-matched")
    divergence: Annotated[str, AfterValidator(known_divergence)] = Field("mmd", description=either(DIVERGENCES))
    bandwidth: Literal["operator-weight", "median", "adaptive"] = Field(
        "operator-weight", description="operator-weight, median or adaptive"
    )
    order: Count = 2
    operator: Literal["barker", "difference"] = Field("barker", description="barker or difference")
    temperature: Positive = 1.0
    alpha: Annotated[Positive, AfterValidator(not_one)] = Field(0.5, description="a number above 0 other than 1")
    prior: Probability | dict[Text, Probability] = Field(
        0.5, description="a number between 0 and 1, or in a configuration file one for each named field"
    )

    estimator: Annotated[str, AfterValidator(known_estimator)] = Field(
        "auto", description=f"auto, {either(ESTIMATORS)}"
    )
    samples: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    batch_size: Count = 128
    optimizer: Literal["auto", "adam", "lbfgs", "gains"] = Field("auto", description="adam, lbfgs, gains or auto")
    learning_rate: Positive | Literal["auto"] = Field("auto", description="a number above 0, or auto")
    annealing: Annotated[float, NotTruth, Field(gt=0, le=1, description="a number above 0, and 1 at most")] = 0.01
    steps: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    restarts: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    patience: Annotated[int, NotTruth, Field(ge=0, le=2**31 - 1, description="a whole number from 0 on")] = 100
    seed: Annotated[int, NotTruth, Field(ge=0, lt=2**32, description=f"a whole number from 0 to {2**32 - 1}")] = 0

    @property
    @abstractmethod
    def chosen_objectives(self) -> list[Name]:
        """Every objective that is trained with."""


class RunConfig(Configuration):
    """Everything `hyperborn train` can be told."""

    objective: Name = Field("elbo", description=either(OBJECTIVES))
    prior_from: Text | None = Field(None, description="the run folder of a finished run")

    backend: Text | None = Field(None, description="the name of a backend, such as statevector or fake_sherbrooke")
    shots: Annotated[
        list[Annotated[Count, Field(ge=2)]],
        BeforeValidator(whole_or_two),
        Field(min_length=1, max_length=2, description="a whole number from 2 on, or two such as 100,10000"),
    ] = [1000]
    subset: Annotated[
        Count | None, BeforeValidator(unless_all), Field(description="a whole number from 1 on, or all")
    ] = None
    directions: Count = 1
    perturbation: Positive = 0.2
    gate_error: Annotated[
        tuple[Error, Error],
        BeforeValidator(listed),
        Field(description="two numbers from 0 on and below 1, such as 0.001,0.01"),
    ] = (0.0, 0.0)
    readout_error: Annotated[Error, Field(description="a number from 0 on and below 0.5", lt=0.5)] = 0.0
    mitigation: Literal["none", "readout"] = Field("none", description="none or readout")
    dynamical_decoupling: Literal["none", "XX", "XpXm", "XY4"] = Field("none", description="none, XX, XpXm or XY4")
    twirling: Truth = False
    optimization_level: Annotated[int, NotTruth, Field(ge=0, le=3, description="a whole number from 0 to 3")] = 3
    max_shots: Count | None = Field(None, description="a whole number from 1 on")
    max_jobs: Count | None = Field(None, description="a whole number from 1 on")
    max_seconds: Positive | None = Field(None, description="a number above 0")
    max_wait: Positive = 86_400.0

    @property
    def chosen_objectives(self) -> list[Name]:
        return [self.objective]


class CompareConfig(Configuration):
    """Everything `hyperborn compare` can be told: several objectives and seeds instead of one."""

    objectives: Annotated[
        list[Name],
        BeforeValidator(listed),
        AfterValidator(distinct),
        Field(min_length=1, description=f"one or more of {either(OBJECTIVES, 'and')}, each once"),
    ] = ["mle", "elbo", "selbo"]
    seeds: Count = 5

    @property
    def chosen_objectives(self) -> list[Name]:
        return self.objectives
