"""The flags of `train` and `compare`: a light table, so that help needs neither pydantic nor JAX.

`hyperborn.config` holds the types and what is allowed; a test keeps the two in step.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer


@dataclass(frozen=True)
class Option:
    """A flag: its key in a configuration file, what it takes, its default as text, and what it does."""

    key: str
    metavar: str
    default: str
    help: str
    panel: str

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")


DATA, NETWORK, CIRCUIT, TRAINING, BACKEND = "Data", "Network", "Circuit and objective", "Training", "Backend"

SHARED = (
    Option("target", "COLUMN", "", "Column of a CSV or Parquet file to predict.", DATA),
    Option("drop", "A,B", "", "Columns of a CSV or Parquet file to leave out, such as names and ids.", DATA),
    Option("classes", "A,B|all", "all", "Classes to tell apart, by name or number.", DATA),
    Option("folder", "PATH", "", "Folder of MNIST's idx files.", DATA),
    Option("pixels", "P|all", "all", "Reduce images to P x P pixels.", DATA),
    Option("size", "N", "", "Examples of a synthetic data set.", DATA),
    Option("noise", "S", "", "Noise of a synthetic data set.", DATA),
    Option("impute", "median", "", "Fill missing numbers in with the training median.", DATA),
    Option(
        "components", "K|auto|all", "auto", "Reduce features to K by PCA; auto: only if a small network needs it.", DATA
    ),
    Option("standardize", "BOOL", "true", "Scale features by the training mean and deviation.", DATA),
    Option("validation", "SHARE", "0.2", "Share of the examples for validation.", DATA),
    Option("test", "SHARE", "0.2", "Share of the examples for testing.", DATA),
    Option("hidden", "H,H|none|auto", "auto", "Hidden units, layer by layer; none: logistic regression.", NETWORK),
    Option("activation", "NAME", "auto", "relu, sigmoid, tanh or sign; auto: relu.", NETWORK),
    Option("bias", "BOOL", "auto", "Whether layers have a binary bias; auto: without a learned shift.", NETWORK),
    Option("values", "LOW,HIGH", "-1,1", "The two values a weight can take.", NETWORK),
    Option(
        "scale",
        "NAME",
        "auto",
        "none, fan_in (divide by the square root of the inputs), or learned: real factors and shifts beside the bits. "
        "auto: none, on registers learned.",
        NETWORK,
    ),
    Option(
        "normalization",
        "NAME",
        "auto",
        "none, or layer: standardise hidden layers, example by example; auto: none, on registers layer.",
        NETWORK,
    ),
    Option("output_scales", "S,S,...", "1", "Factor of the logits; of several, bits choose one.", NETWORK),
    Option(
        "posterior",
        "NAME",
        "auto",
        "register (one circuit, exact), registers (many small circuits, any size), auto: one up to 18 weights.",
        CIRCUIT,
    ),
    Option("register_size", "K", "4", "Weights, hence qubits, of each of many registers.", CIRCUIT),
    Option("grouping", "NAME", "neuron", "What shares a register: neuron, layer or random.", CIRCUIT),
    Option(
        "ansatz",
        "NAME",
        "all-pairs",
        "all-pairs, line, ring, ladder, brickwork, multi-basis (two weights a qubit), product, autoregressive "
        "(tables); on a backend line.",
        CIRCUIT,
    ),
    Option(
        "depth",
        "D|auto",
        "auto",
        "Layers of the circuit; auto: 4 to 10 weights, 8 beyond; registers 2; on a backend 1.",
        CIRCUIT,
    ),
    Option("context", "K", "4", "Bits before it that a bit of the autoregressive family depends on.", CIRCUIT),
    Option("spread", "RADIANS", "0.02", "Standard deviation of the initial angles.", CIRCUIT),
    Option("beta", "B", "auto", "Weight of KL in the ELBO; auto: 1, on registers 0.03 (a colder posterior).", CIRCUIT),
    Option("weight", "L|kl-matched", "kl-matched", "Weight of the divergence in selbo and stein.", CIRCUIT),
    Option("divergence", "NAME", "mmd", "Divergence in the SELBO: mmd, kl, adversarial, stein or renyi.", CIRCUIT),
    Option("bandwidth", "NAME", "operator-weight", "Of MMD's kernel: operator-weight, median or adaptive.", CIRCUIT),
    Option("order", "N", "2", "Bits in a product that the adversarial classifier sees, at most.", CIRCUIT),
    Option("operator", "NAME", "barker", "Stein operator: barker (bounded) or difference.", CIRCUIT),
    Option("temperature", "T", "1", "Of the posterior that stein aims at.", CIRCUIT),
    Option("alpha", "A", "0.5", "Of the Renyi divergence: above 0, not 1.", CIRCUIT),
    Option("prior", "P", "0.5", "Prior probability of the high value; by field in a configuration file.", CIRCUIT),
    Option(
        "estimator",
        "NAME",
        "auto",
        "exact; registers: first-order, straight-through, local-reparameterization, score-function, local-expectation; "
        "backend: spsa, parameter-shift.",
        TRAINING,
    ),
    Option("samples", "S", "auto", "Networks that an estimator draws at each step.", TRAINING),
    Option("batch_size", "B", "128", "Training examples a step, on registers.", TRAINING),
    Option(
        "optimizer", "NAME", "auto", "adam, lbfgs or gains (usual for SPSA); auto: adam, with spsa gains.", TRAINING
    ),
    Option(
        "learning_rate",
        "R",
        "auto",
        "First learning rate; auto: 0.03 radians, on registers 0.1, with gains 0.3.",
        TRAINING,
    ),
    Option(
        "annealing",
        "B",
        "0.01",
        "Share of the energy that training starts from, the whole at half time; 1: always.",
        TRAINING,
    ),
    Option(
        "steps",
        "N",
        "auto",
        "Steps at most; auto: 1000, on registers 60 epochs in 1,500 to 12,000, on a backend 100.",
        TRAINING,
    ),
    Option("restarts", "N", "auto", "Independent starts, the best is kept; auto: 2, on registers 1.", TRAINING),
    Option("patience", "N", "100", "Stop when no loss has moved for so many steps; 0: never.", TRAINING),
    Option("seed", "N", "0", "Seed of the split and of the initial angles.", TRAINING),
)

TRAIN = (
    *SHARED,
    Option(
        "objective",
        "NAME",
        "elbo",
        "On a backend selbo (then the default) or mle, else one of: mle, elbo, selbo, renyi or stein.",
        CIRCUIT,
    ),
    Option("prior_from", "RUN", "", "Finished run to go on from with new data: its posterior is the prior.", CIRCUIT),
    Option(
        "backend",
        "NAME",
        "",
        "Where circuits run: statevector, aer, aer:METHOD, fake_sherbrooke, ibm_torino and their like, "
        "lightning.qubit, pennylane:DEVICE.",
        BACKEND,
    ),
    Option("shots", "S|S,S", "1000", "Shots of a circuit; of two, those of the first and the last step.", BACKEND),
    Option("subset", "M|all", "all", "Angles that parameter-shift takes at random in each step.", BACKEND),
    Option("directions", "M", "1", "Directions that spsa averages in each step.", BACKEND),
    Option("perturbation", "RADIANS", "0.2", "How far spsa perturbs all angles in the first step.", BACKEND),
    Option("gate_error", "P1,P2", "0,0", "Depolarizing probability after gates of one and two qubits; aer.", BACKEND),
    Option("readout_error", "P", "0", "Probability that a qubit is read wrongly; aer.", BACKEND),
    Option(
        "mitigation", "NAME", "none", "none, or readout: correct for qubits that are read wrongly (mthree).", BACKEND
    ),
    Option("dynamical_decoupling", "NAME", "none", "none, XX, XpXm or XY4, on an IBM device.", BACKEND),
    Option("twirling", "BOOL", "false", "Twirl gates and readout, on an IBM device.", BACKEND),
    Option("optimization_level", "L", "3", "Effort of the transpiler, from 0 to 3, on IBM and fake devices.", BACKEND),
    Option("max_shots", "N", "", "Shots that the run may take altogether.", BACKEND),
    Option("max_jobs", "N", "", "Jobs that the run may take altogether.", BACKEND),
    Option("max_seconds", "S", "", "Seconds of the backend's processor that the run may take.", BACKEND),
    Option("max_wait", "S", "86400", "Seconds to wait for a job, its time in the queue included.", BACKEND),
)
EVALUATE = tuple(
    option
    for option in TRAIN
    if option.key
    in (
        *("backend", "shots", "gate_error", "readout_error", "mitigation"),
        *("dynamical_decoupling", "twirling", "optimization_level"),
    )
)
"""Where a trained circuit is measured."""

COMPARE = (
    *SHARED,
    Option("objectives", "A,B", "mle,elbo,selbo", "Objectives to compare.", CIRCUIT),
    Option("seeds", "N", "5", "Splits and starts to average over.", TRAINING),
)


def with_options(options: tuple[Option, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, whose last parameter is ``**flags``, a parameter for each option."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [p for p in inspect.signature(command).parameters.values() if p.kind is not p.VAR_KEYWORD]
        added = [
            inspect.Parameter(
                option.key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation_of(option)
            )
            for option in options
        ]
        parameters = [*own, *added]
        command.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def annotation_of(option: Option) -> Any:
    text = f"{option.help} Default: {option.default}." if option.default else option.help
    return Annotated[
        str | None, typer.Option(option.flag, metavar=option.metavar, help=text, rich_help_panel=option.panel)
    ]
