"""Kinds of values in a configuration: how text becomes one, and what is allowed in the words of an error message."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from hyperborn.config.options import ANSATZES, Option
from hyperborn.config.parts import PARTS, checked_part
from hyperborn.data.built_in import LARGEST_SIZE
from hyperborn.data.tables import MOST_COLUMNS
from hyperborn.likelihoods.gaussian import LEAST_NOISE, MOST_NOISE
from hyperborn.networks.layers import MOST_LAYERS
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.divergences.renyi import NEAREST
from hyperborn.objectives.objectives import OBJECTIVES
from hyperborn.posteriors import LARGEST_SPREAD
from hyperborn.posteriors.autoregressive import HIGHEST
from hyperborn.posteriors.grouping import LARGEST_REGISTER
from hyperborn.training.definition import LARGEST_SEED
from hyperborn.training.estimators import ESTIMATORS

MOST_SCALES = 256
"""Output scales: the bits that choose one are 8."""


def listed(value: Any) -> Any:
    """Text such as "1,2" as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def in_list(value: Any) -> Any:
    """Text as a list of itself: whether its commas are part of a column's name shows when the table is there."""
    if isinstance(value, str) and not value.strip(", "):
        raise ValueError("no name")
    return [value] if isinstance(value, str) else value


def hidden_sizes(value: Any) -> Any:
    """Hidden layers from text such as "8,4", "none" or "auto", or from one number."""
    if isinstance(value, str):
        # A comma alone stays in the list, to be refused.
        return value if value == "auto" else [] if value in ("none", "0") else listed(value) or [value]
    return ([value] if value else []) if isinstance(value, int) else value


def names(value: Any) -> Any:
    """Class names from text, or from numbers."""
    parts = unless_all(listed(value))
    return [str(part) for part in parts] if isinstance(parts, list) else parts


def class_weights(value: Any) -> Any:
    """Weights by name of the class from text such as "yes=2,no=1"; None for "none", which is the default."""
    if not isinstance(value, str) or value == "balanced":
        return value
    if value == "none":
        return None
    pairs = [part.rpartition("=") for part in listed(value)]
    names = distinct([name.strip() for name, _, _ in pairs])
    return dict(zip(names, (weight for _, _, weight in pairs), strict=True))


def unless_all(value: Any) -> Any:
    """None for "all", which help and messages call the default."""
    return None if value in ("all", ["all"]) else value


def distinct(value: list[Any]) -> list[Any]:
    """The list, if no item is named twice."""
    if len(set(value)) < len(value):
        raise ValueError("an item is named twice")
    return value


def part(option: str) -> Any:
    """The name of a part that an option takes, or in Python the part itself."""
    return Annotated[Any, PlainValidator(partial(checked_part, option))]


def or_part(other: Any, option: str) -> Any:
    """A value of another kind, such as a number, or else the name of a part that an option takes."""
    return Annotated[other | part(option), Field(union_mode="left_to_right")]


def whole_or_two(value: Any) -> Any:
    """One or two numbers from text such as "1000" or "100,10000", or from a number."""
    return [value] if isinstance(value, int) else listed(value)


def not_one(value: float) -> float:
    """The number, if it is not 1 or as good as 1."""
    if abs(value - 1) < NEAREST:
        raise ValueError("one")
    return value


def either(names: Iterable[str], word: str = "or") -> str:
    """Such as "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last


def no_truth(value: Any) -> Any:
    """The value, if it is not `true` or `false`, which would pass for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a truth value")
    return value


def text(value: Any) -> str:
    """The value, if it is text that can be part of a path; pydantic itself would refuse a path that is not UTF-8."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("no text")
    return value


NotTruth = BeforeValidator(no_truth)
NotAll = BeforeValidator(unless_all)
Listed = BeforeValidator(listed)

Text = Annotated[str, PlainValidator(text), Field(description="text")]
Count = Annotated[int, NotTruth, Field(ge=1, le=2**31 - 1, description="a whole number from 1 on")]
Truth = bool
Share = Annotated[float, NotTruth, Field(ge=0, lt=1)]
Positive = Annotated[float, NotTruth, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, NotTruth, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, NotTruth, Field(allow_inf_nan=False)]
Probability = Annotated[float, NotTruth, Field(gt=0, lt=1)]


def whole(least: int, most: int) -> Any:
    """A whole number in bounds, both of them allowed."""
    return Annotated[int, NotTruth, Field(ge=least, le=most)]


class Kind(NamedTuple):
    """What a value is to pydantic, and what is allowed, after "give" in an error message."""

    annotation: Any
    allowed: str


OWN = ", or module:Class for one of your own (--plugin module)"
COUNT, ABOVE = "a whole number from 1 on", "a number above 0"

KINDS_OF_VALUES = {
    "data set": Kind(Text, "the name of a data set, such as iris, or a CSV file"),
    "column": Kind(Text, "the name of a column"),
    "columns": Kind(
        Annotated[list[Text], BeforeValidator(in_list), Field(min_length=1, max_length=MOST_COLUMNS)],
        "names of columns, such as name,id",
    ),
    "table file": Kind(Text, "the path of a CSV or Parquet file"),
    "image file": Kind(Text, "the path of an idx file"),
    "encoding": Kind(Text, "the name of an encoding, such as latin-1"),
    "switch": Kind(Truth, "true or false"),
    "class names or all": Kind(
        Annotated[list[Text] | None, BeforeValidator(names)], "class names or numbers, such as 0,1, or all"
    ),
    "class weight": Kind(
        Annotated[
            Literal["balanced"] | Annotated[dict[Text, NotNegative], Field(min_length=1)] | None,
            BeforeValidator(class_weights),
        ],
        "none, balanced, or numbers from 0 on by name of the class, such as yes=2,no=1",
    ),
    "folder": Kind(Text, "the path of a folder"),
    "circuit file": Kind(Text, "the path of an OpenQASM file"),
    "run folder": Kind(Text, "the run folder of a finished run"),
    "backend": Kind(Text, "the name of a backend, such as statevector or fake_sherbrooke"),
    "truth": Kind(Truth, "true or false"),
    "truth or auto": Kind(Truth | Literal["auto"], "true, false or auto"),
    "count": Kind(Count, COUNT),
    "count or all": Kind(Annotated[Count | None, NotAll], f"{COUNT}, or all"),
    "count or auto": Kind(Count | Literal["auto"], f"{COUNT}, or auto"),
    "count, auto or all": Kind(Count | Literal["auto", "all"], f"{COUNT}, auto or all"),
    "count or 0": Kind(whole(0, 2**31 - 1), "a whole number from 0 on"),
    "synthetic size": Kind(whole(2, LARGEST_SIZE), f"a whole number from 2 to {LARGEST_SIZE:,}"),
    "seed": Kind(whole(0, LARGEST_SEED), f"a whole number from 0 to {LARGEST_SEED}"),
    "register size": Kind(whole(1, LARGEST_REGISTER), f"a whole number from 1 to {LARGEST_REGISTER}"),
    "context": Kind(whole(0, HIGHEST), f"a whole number from 0 to {HIGHEST}"),
    "optimization level": Kind(whole(0, 3), "a whole number from 0 to 3"),
    "layers or auto": Kind(
        Annotated[
            Annotated[list[Count], Field(max_length=MOST_LAYERS)] | Literal["auto"], BeforeValidator(hidden_sizes)
        ],
        f"units of each of up to {MOST_LAYERS} layers, such as 2 or 8,4, none or auto",
    ),
    "channels or auto": Kind(
        Annotated[list[Count], Listed, Field(min_length=1, max_length=MOST_LAYERS)] | Literal["auto"],
        f"channels of each of up to {MOST_LAYERS} convolutions, such as 16,32, or auto",
    ),
    "shots": Kind(
        Annotated[
            list[Annotated[Count, Field(ge=2)]], BeforeValidator(whole_or_two), Field(min_length=1, max_length=2)
        ],
        "a whole number from 2 on, or two such as 100,10000",
    ),
    "positive": Kind(Positive, ABOVE),
    "positive or auto": Kind(Positive | Literal["auto"], f"{ABOVE}, or auto"),
    "positive or kl-matched": Kind(Positive | Literal["kl-matched"], f"{ABOVE}, or kl-matched"),
    "positive other than 1": Kind(Annotated[Positive, AfterValidator(not_one)], f"{ABOVE} other than 1"),
    "not negative": Kind(NotNegative, "a number from 0 on"),
    "share": Kind(Share, "a number from 0 on and below 1"),
    "annealing": Kind(
        or_part(Annotated[float, NotTruth, Field(gt=0, le=1)], "annealing"), f"{ABOVE}, and 1 at most{OWN}"
    ),
    "angle spread": Kind(
        Annotated[NotNegative, Field(le=LARGEST_SPREAD)], f"a number of radians from 0 to {LARGEST_SPREAD:.4f}"
    ),
    "two numbers": Kind(Annotated[tuple[Number, Number], Listed], "two numbers, such as -1,1"),
    "output scales": Kind(
        Annotated[list[Positive], Listed, Field(min_length=1, max_length=MOST_SCALES)],
        f"1 to {MOST_SCALES} numbers above 0, such as 0.5,1,2,4",
    ),
    "target noise": Kind(
        Annotated[float, NotTruth, Field(ge=LEAST_NOISE, le=MOST_NOISE)] | Literal["auto", "bits", "learned"],
        f"a number from {LEAST_NOISE:g} to {MOST_NOISE:,}, bits, learned or auto",
    ),
    "prior": Kind(
        or_part(Probability | dict[Text, Probability], "prior"),
        f"a number between 0 and 1, or in a configuration file one for each named field{OWN}",
    ),
    "gate errors": Kind(
        Annotated[tuple[Share, Share], Listed], "two numbers from 0 on and below 1, such as 0.001,0.01"
    ),
    "readout error": Kind(Annotated[float, NotTruth, Field(ge=0, lt=0.5)], "a number from 0 on and below 0.5"),
    "objective": Kind(part("objective"), f"{either(OBJECTIVES)}{OWN}"),
    "objectives": Kind(
        Annotated[list[part("objective")], Listed, AfterValidator(distinct), Field(min_length=1)],
        f"one or more of {either(OBJECTIVES, 'and')}, each once{OWN}",
    ),
    "divergence": Kind(part("divergence"), f"{either(DIVERGENCES)}{OWN}"),
    "estimator": Kind(part("estimator"), f"auto, {either(ESTIMATORS)}{OWN}"),
    "optimizer": Kind(part("optimizer"), f"{either(PARTS['optimizer'].words)}{OWN}"),
    "likelihood": Kind(part("likelihood"), f"{either(PARTS['likelihood'].words)}{OWN}"),
    "network": Kind(part("network"), f"{either(PARTS['network'].words)}{OWN}"),
    "posterior": Kind(part("posterior"), either(PARTS["posterior"].words)),
    "ansatz": Kind(part("ansatz"), f"{either(ANSATZES)}{OWN}"),
}
"""Kinds of values, by the name that `hyperborn.config.options` gives them."""


def kind_of(option: Option) -> Kind:
    """The kind of an option's values; words to choose from are one as well."""
    if isinstance(option.kind, str):
        return KINDS_OF_VALUES[option.kind]
    return Kind(Literal[option.kind], either(option.kind))
