"""Every option of a run, once: its key, what it takes, its default, its help, and what it goes with.

From this table come the configuration (`models`), the flags (`hyperborn.cli.options`), the refusal of options that
would be ignored (`applicability`), what the parts of a run are built with (`definitions`), and what an earlier run
settles (`continuation`). It imports nothing of hyperborn, so that help needs neither pydantic nor JAX.

A default of "auto" is decided where the way of training is known: beta, optimizer, learning rate, steps and restarts by
the `Regime` (`hyperborn.training.regime`), samples by the estimator, network, posterior and depth by `networks` and
`posteriors`. Other defaults are those of the Python interface, which tests compare with this table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class TrainedAs:
    """Training on one register or many ones, in one of the ways of `hyperborn.training.regimes`; None for any.

    `words` say what to choose; `found` says the same where the size of the network has decided.
    """

    words: str
    found: str
    posterior: Literal["register", "registers"] | None = None
    regime: Literal["exact", "minibatch", "shots"] | None = None


@dataclass(frozen=True)
class Chosen:
    """One of these values of another option."""

    key: Literal["ansatz", "estimator", "optimizer"]
    values: tuple[str, ...]
    with_key: bool = False
    """Whether a message names the option beside its value."""


@dataclass(frozen=True)
class WithObjective:
    """An objective of some kind: separable, or with a field that has the option's name.

    The field may be that of a divergence, with an objective that takes divergences.
    """

    kind: Literal["separable", "has the field"]


Condition: TypeAlias = TrainedAs | Chosen | WithObjective

ONE = TrainedAs("posterior register", "one register", posterior="register")
MANY = TrainedAs("posterior registers", "many registers", posterior="registers")
EXACT = TrainedAs("estimator exact", "exact gradients", regime="exact")
DRAWN = TrainedAs(
    "posterior registers with an estimator other than exact",
    "drawn networks",
    posterior="registers",
    regime="minibatch",
)
SHOTS = TrainedAs("backend", "shots of a backend", regime="shots")

LAYERED = Chosen("ansatz", ("all-pairs", "line", "ring", "ladder", "brickwork", "multi-basis"))
ANSATZES = (*LAYERED.values, "product", "autoregressive")
TABLES = Chosen("ansatz", ("autoregressive",))
SPSA = Chosen("estimator", ("spsa",), with_key=True)
PARAMETER_SHIFT = Chosen("estimator", ("parameter-shift",), with_key=True)
ADAM = Chosen("optimizer", ("adam",))
LEARNING = Chosen("optimizer", ("adam", "gains"))
SEPARABLE = WithObjective("separable")
OBJECTIVE = WithObjective("has the field")


@dataclass(frozen=True)
class Option:
    """An option of a run.

    Attributes:
        key: in a configuration file; the flag has dashes.
        kind: the words to choose from, or the name of a kind of value in `hyperborn.config.kinds`.
        default: as text; "" where there is none.
        metavar: what help calls the value.
        help: one sentence or two, ASCII.
        panel: of the help.
        applies_to: what an option goes with, all of it; with everything if empty.
        settled_by: which earlier run settles it, where one is gone on from (`--prior-from`): any, or one of many
            registers.
        of_measurement: whether it also says how a trained circuit is measured (`hyperborn evaluate`).
        absent: what happens where there is no default, for the help.
    """

    key: str
    kind: str | tuple[str, ...]
    default: str
    metavar: str
    help: str
    panel: str
    applies_to: tuple[Condition, ...] = ()
    settled_by: Literal["", "any run", "registers"] = ""
    of_measurement: bool = False
    absent: str = ""

    @property
    def flag(self) -> str:
        """A switch is named by what it changes: ``--strict`` turns on, ``--no-header`` off."""
        off = "no-" if self.is_switch and self.default == "true" else ""
        return "--" + off + self.key.replace("_", "-")

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.kind == "switch"

    @property
    def help_text(self) -> str:
        """Help with the default."""
        default = self.default or self.absent
        return f"{self.help} Default: {default}." if default and not self.is_switch else self.help


DATA, NETWORK, CIRCUIT, TRAINING, BACKEND = "Data", "Network", "Circuit and objective", "Training", "Backend"
ANY_RUN, REGISTERS = "any run", "registers"
AUTO = "auto"
CONVOLUTIONAL = "conv"
"""A network for images."""

# fmt: off
SHARED = (
    Option("target", "column", "", "COLUMN", "Column of a table to predict.", DATA),
    Option("drop", "columns", "", "NAME", "Columns of a table to leave out; repeat it, or put commas between names.",
           DATA, settled_by=ANY_RUN),
    Option("keep", "columns", "", "NAME", "Columns that are features though they look like none.", DATA,
           settled_by=ANY_RUN),
    Option("categorical", "columns", "", "NAME", "Columns of numbers that are categories.", DATA, settled_by=ANY_RUN),
    Option("numeric", "columns", "", "NAME", "Columns of numbers in which text counts as missing.", DATA,
           settled_by=ANY_RUN),
    Option("strict", "switch", "false", "",
           "Refuse columns and rows that need a decision, instead of leaving out, imputing and grouping.", DATA,
           settled_by=ANY_RUN),
    Option("encoding", "encoding", "", "NAME", "Encoding of a text file, such as latin-1.", DATA, absent="found"),
    Option("decimal", (".", ","), "", ".|,", "Decimal sign of numbers in a text file.", DATA, absent="found"),
    Option("header", "switch", "true", "", "The file's first line is no header: its columns are x1, x2, ...", DATA),
    Option("validation_file", "table file", "", "FILE", "A table of its own for validation.", DATA),
    Option("test_file", "table file", "", "FILE", "A table (or idx file of images) of its own for testing.", DATA),
    Option("group", "column", "", "COLUMN", "Column whose values keep rows together in a split; no feature.", DATA),
    Option("time", "column", "", "COLUMN",
           "Column of dates or numbers by which rows are split, the latest for testing; no feature.", DATA),
    Option("task", ("auto", "classification", "regression"), AUTO, "NAME",
           "classification, regression (the target is a number), or auto: regression of numbers too many for classes.",
           DATA, settled_by=ANY_RUN),
    Option("classes", "class names or all", "all", "A,B|all", "Classes to tell apart, by name or number.", DATA,
           settled_by=ANY_RUN),
    Option("class_weight", "class weight", "none", "NAME|A=W",
           "Weights of classes in training: yes=5, or balanced; probabilities, calibrated too, are of weighted ones.",
           DATA),
    Option("weight_column", "column", "", "COLUMN",
           "Column of a CSV or Parquet file that says how often each row counts; it is no feature.", DATA),
    Option("folder", "folder", "", "PATH", "Folder of MNIST's idx files.", DATA),
    Option("labels", "image file", "", "FILE", "Idx file of the labels, where DATA is an idx file of images.", DATA),
    Option("test_labels", "image file", "", "FILE", "Idx file of the labels of --test-file, of images.", DATA),
    Option("pixels", "count or all", "all", "P|all", "Reduce images to P x P pixels.", DATA),
    Option("size", "synthetic size", "", "N", "Examples of a synthetic data set.", DATA),
    Option("noise", "not negative", "", "S", "Noise of a synthetic data set.", DATA),
    Option("impute", ("median",), "", "median", "With --strict: fill missing numbers in with the training median.",
           DATA, settled_by=ANY_RUN),
    Option("components", "count, auto or all", AUTO, "K|auto|all",
           "Reduce features to K by PCA; auto: only if a small network needs it.", DATA, settled_by=ANY_RUN),
    Option("standardize", "truth", "true", "BOOL", "Scale features by the training mean and deviation.", DATA,
           settled_by=ANY_RUN),
    Option("validation", "share", "0.2", "SHARE", "Share of the examples for validation.", DATA),
    # Left to the loader: some data sets have test examples of their own.
    Option("test", "share", "", "SHARE", "Share of the examples for testing.", DATA, absent="0.2"),

    Option("network", "network", "", "NAME",
           "conv (a convolutional one, for images), or one of your own, module:Class, in place of --hidden and of what "
           "else says how layers are made.", NETWORK, settled_by=ANY_RUN),
    Option("hidden", "layers or auto", AUTO, "H,H|none|auto",
           "Hidden units, layer by layer; none: logistic regression.", NETWORK, settled_by=ANY_RUN),
    Option("channels", "channels or auto", AUTO, "C,C|auto",
           "Channels of each convolution of network conv; auto: by the size of the images.", NETWORK,
           settled_by=ANY_RUN),
    Option("activation", ("relu", "sigmoid", "tanh", "sign", "identity", AUTO), AUTO, "NAME",
           "relu, sigmoid, tanh, sign or identity (linear units); auto: relu, unless chosen.", NETWORK,
           settled_by=ANY_RUN),
    Option("bias", "truth or auto", AUTO, "BOOL",
           "Whether layers have a binary bias; auto: without a learned shift.", NETWORK, settled_by=ANY_RUN),
    Option("values", "two numbers", "-1,1", "LOW,HIGH", "The two values a weight can take.", NETWORK,
           settled_by=ANY_RUN),
    Option("scale", ("none", "fan_in", "learned", AUTO), AUTO, "NAME",
           "none, fan_in (divide by the square root of the inputs), or learned: real factors and shifts beside the "
           "bits. auto: none, on registers learned.", NETWORK, settled_by=ANY_RUN),
    Option("normalization", ("none", "layer", AUTO), AUTO, "NAME",
           "none, or layer: standardise hidden layers, example by example; auto: none, on registers layer.", NETWORK,
           settled_by=ANY_RUN),
    Option("output_scales", "output scales", "1", "S,S,...",
           "Factor of the outputs; of several, bits choose one. Of a regression on one circuit 0.125,0.25,0.5,1.",
           NETWORK, settled_by=ANY_RUN),
    Option("likelihood", "likelihood", "gaussian", "NAME",
           "Of a regression: gaussian, or squared_error (the sum of squares as the energy).", NETWORK,
           settled_by=ANY_RUN),
    Option("target_noise", "target noise", AUTO, "S|NAME",
           "Noise of a regression, in deviations of the target: a number, bits or learned; auto: bits, on registers "
           "learned.", NETWORK, settled_by=ANY_RUN),

    Option("posterior", "posterior", AUTO, "NAME",
           "register (one circuit, exact), registers (many small circuits, any size), auto: one up to 18 weights.",
           CIRCUIT, settled_by=ANY_RUN),
    Option("register_size", "register size", "4", "K", "Weights, hence qubits, of each of many registers.", CIRCUIT,
           (MANY,), ANY_RUN),
    Option("grouping", ("neuron", "layer", "random"), "neuron", "NAME",
           "What shares a register: neuron, layer or random.", CIRCUIT, (MANY,), ANY_RUN),
    Option("ansatz", "ansatz", "all-pairs", "NAME",
           "all-pairs, line, ring, ladder, brickwork, multi-basis (two weights a qubit), product, autoregressive "
           "(tables); on a backend line.", CIRCUIT, (ONE,), REGISTERS),
    Option("depth", "count or auto", AUTO, "D|auto",
           "Layers of the circuit; auto: 4 to 10 weights, 8 beyond; registers 2; on a backend 1.", CIRCUIT,
           (LAYERED,), REGISTERS),
    Option("circuit", "circuit file", "", "FILE",
           "OpenQASM file of a circuit of your own, one qubit a weight, in place of --ansatz and --depth.", CIRCUIT,
           (ONE,), REGISTERS),
    Option("context", "context", "4", "K", "Bits before it that a bit of the autoregressive family depends on.",
           CIRCUIT, (ONE, TABLES), REGISTERS),
    Option("spread", "angle spread", "0.02", "RADIANS", "Standard deviation of the initial angles.", CIRCUIT),

    Option("beta", "positive or auto", AUTO, "B",
           "Weight of KL in the ELBO, and in selbo where weight is kl-matched; auto: 1, on registers 0.03 (a colder "
           "posterior), after an earlier run 1.", CIRCUIT, (OBJECTIVE,)),
    Option("weight", "positive or kl-matched", "kl-matched", "L|kl-matched",
           "Weight of the divergence in selbo and stein; kl-matched: as KL, in selbo as beta times KL.", CIRCUIT,
           (OBJECTIVE,)),
    Option("divergence", "divergence", "mmd", "NAME",
           "Divergence in the SELBO: mmd, kl, adversarial, stein or renyi.", CIRCUIT, (OBJECTIVE,)),
    Option("bandwidth", ("operator-weight", "median", "adaptive"), "operator-weight", "NAME",
           "Of MMD's kernel: operator-weight, median or adaptive.", CIRCUIT, (OBJECTIVE,)),
    Option("order", "count", "2", "N", "Bits in a product that the adversarial classifier sees, at most.", CIRCUIT,
           (OBJECTIVE,)),
    Option("operator", ("barker", "difference"), "barker", "NAME",
           "Stein operator: barker (bounded) or difference.", CIRCUIT, (OBJECTIVE,)),
    Option("temperature", "positive", "1", "T", "Of the posterior that stein aims at.", CIRCUIT, (OBJECTIVE,)),
    Option("alpha", "positive other than 1", "0.5", "A", "Of the Renyi divergence: above 0, not 1.", CIRCUIT,
           (OBJECTIVE,)),
    Option("prior", "prior", "0.5", "P|NAME",
           "Prior probability of the high value; by field in a configuration file. Or a prior of your own.", CIRCUIT,
           settled_by=ANY_RUN),

    Option("estimator", "estimator", AUTO, "NAME",
           "exact; registers: first-order, straight-through, local-reparameterization, score-function, "
           "local-expectation; backend: spsa, parameter-shift.", TRAINING),
    Option("samples", "count or auto", AUTO, "S", "Networks that an estimator draws at each step.", TRAINING,
           (DRAWN,)),
    Option("batch_size", "count", "128", "B", "Training examples a step, on registers.", TRAINING, (DRAWN,)),
    Option("optimizer", "optimizer", AUTO, "NAME",
           "adam, lbfgs or gains (usual for SPSA); auto: adam, with spsa gains.", TRAINING),
    Option("learning_rate", "positive or auto", AUTO, "R",
           "First learning rate, in radians; auto: with exact gradients 0.03, else 0.1, with gains 0.3.", TRAINING,
           (LEARNING,)),
    Option("annealing", "annealing", "0.01", "B|NAME",
           "How much the energy counts at the first step; it rises to 1 by half of the steps. 1: no annealing. "
           "Or an annealing of your own.",
           TRAINING, (EXACT, ADAM, SEPARABLE)),
    Option("steps", "count or auto", AUTO, "N",
           "Steps at most; auto: 1000, on registers 60 epochs in 1,500 to 12,000, on a backend 100.", TRAINING),
    Option("restarts", "count or auto", AUTO, "N",
           "Independent starts, the best is kept; auto: 2, on registers 1.", TRAINING),
    Option("patience", "count or 0", "100", "N", "Stop when no loss has moved for so many steps; 0: never.", TRAINING,
           (EXACT,)),
    Option("seed", "seed", "0", "N", "Seed of the split and of the initial angles.", TRAINING),
    Option("split_seed", "seed", "", "N", "Seed of the split alone.", TRAINING, absent="that of --seed"),
)

TRAIN = (
    *SHARED,
    Option("effort", ("quick", "normal", "thorough"), "normal", "NAME",
           "How much is tried to choose what is trained, where options leave that open: quick, normal or thorough.",
           TRAINING),
    Option("refit", "switch", "true", "",
           "What is chosen is not trained anew on all examples but the test's: the validation split stays held out.",
           TRAINING),
    Option("objective", "objective", "elbo", "NAME",
           "On a backend selbo (then the default) or mle, else one of: mle, elbo, selbo, renyi or stein.", CIRCUIT),
    Option("prior_from", "run folder", "", "RUN",
           "Finished run to go on from with new data: its posterior is the prior.", CIRCUIT),

    Option("backend", "backend", "", "NAME",
           "Where circuits run: statevector, aer, aer:METHOD, fake_sherbrooke, ibm_torino and their like, "
           "lightning.qubit, pennylane:DEVICE.", BACKEND, of_measurement=True),
    Option("shots", "shots", "1000", "S|S,S", "Shots of a circuit; of two, those of the first and the last step.",
           BACKEND, (SHOTS,), of_measurement=True),
    Option("subset", "count or all", "all", "M|all", "Angles that parameter-shift takes at random in each step.",
           BACKEND, (PARAMETER_SHIFT,)),
    Option("directions", "count", "1", "M", "Directions that spsa averages in each step.", BACKEND, (SPSA,)),
    Option("perturbation", "positive", "0.2", "RADIANS", "How far spsa perturbs all angles in the first step.",
           BACKEND, (SPSA,)),
    Option("gate_error", "gate errors", "0,0", "P1,P2",
           "Depolarizing probability after gates of one and two qubits; aer.", BACKEND, (SHOTS,), of_measurement=True),
    Option("readout_error", "readout error", "0", "P", "Probability that a qubit is read wrongly; aer.", BACKEND,
           (SHOTS,), of_measurement=True),
    Option("mitigation", ("none", "readout"), "none", "NAME",
           "none, or readout: correct for qubits that are read wrongly (mthree).", BACKEND, (SHOTS,),
           of_measurement=True),
    Option("dynamical_decoupling", ("none", "XX", "XpXm", "XY4"), "none", "NAME",
           "none, XX, XpXm or XY4, on an IBM device.", BACKEND, (SHOTS,), of_measurement=True),
    Option("twirling", "truth", "false", "BOOL", "Twirl gates and readout, on an IBM device.", BACKEND, (SHOTS,),
           of_measurement=True),
    Option("optimization_level", "optimization level", "3", "L",
           "Effort of the transpiler, from 0 to 3, on IBM and fake devices.", BACKEND, (SHOTS,), of_measurement=True),
    Option("max_shots", "count", "", "N", "Shots that the run may take altogether.", BACKEND, (SHOTS,)),
    Option("max_jobs", "count", "", "N", "Jobs that the run may take altogether.", BACKEND, (SHOTS,)),
    Option("max_seconds", "positive", "", "S", "Seconds of the backend's processor that the run may take.", BACKEND,
           (SHOTS,)),
    Option("max_wait", "positive", "86400", "S", "Seconds to wait for a job, its time in the queue included.", BACKEND,
           (SHOTS,)),
)

COMPARE = (
    *SHARED,
    Option("objectives", "objectives", "mle,elbo,selbo", "A,B", "Objectives to compare.", CIRCUIT),
    Option("seeds", "count", "5", "N", "Splits and starts to average over.", TRAINING),
)
# fmt: on

EVALUATE = tuple(option for option in TRAIN if option.of_measurement)
"""Where a trained circuit is measured."""

OPTIONS = {option.key: option for option in (*TRAIN, *COMPARE)}
"""By key."""


def keys_with(*conditions: Condition) -> set[str]:
    """Keys of the options that go with one of the conditions."""
    return {key for key, option in OPTIONS.items() if not set(conditions).isdisjoint(option.applies_to)}


def settled_by(*runs: str) -> Iterable[str]:
    """Keys of the options that an earlier run of one of these kinds settles, in the order of the table."""
    return [key for key, option in OPTIONS.items() if option.settled_by in runs]
