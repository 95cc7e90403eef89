"""What a person says of a table's columns, by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hyperborn.data.labels import joined, nearest_name
from hyperborn.data.text_columns import text_form
from hyperborn.errors import UserError

NAMED = ("drop", "keep", "categorical", "numeric")
"""Choices that name columns."""
VERBS = {"drop": "drop", "keep": "keep", "categorical": "take as categories", "numeric": "take as numbers"}


def is_names(given: object) -> bool:
    """Whether this is a sequence of text (one text is none)."""
    return isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(name, str) for name in given)


def split_names(given: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Names of columns: each as it is where it is one of the names, else at its commas."""
    known = frozenset(names)
    parts = ([text] if text in known else [part.strip() for part in text.split(",") if part.strip()] for text in given)
    return tuple(dict.fromkeys(part for several in parts for part in several))


@dataclass(frozen=True)
class ColumnChoices:
    """What a person says of columns, by name.

    Attributes:
        drop: left out.
        keep: features whatever their values look like.
        categorical: categories, though they are numbers.
        numeric: numbers, though some cells are text, which then count as missing.
        strict: nothing is left out, imputed or grouped: what needs a decision is refused.
        impute: whether missing numbers are imputed though strict.
    """

    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    strict: bool = False
    impute: bool = False

    @classmethod
    def of(cls, *, impute: str | None, strict: bool, **named: Sequence[str]) -> "ColumnChoices":
        """The choices of these options.

        Raises:
            UserError: for what is no sequence of names, or an unknown way to impute.
        """
        for option, names in named.items():
            if not is_names(names):
                raise UserError(f"{option}={names!r} must be a sequence of names of columns, such as ('name', 'id')")
        if impute not in (None, "median"):
            raise UserError(f'impute={impute!r} is unknown; the only way is impute="median"')
        given = {option: tuple(map(text_form, names)) for option, names in named.items()}
        return cls(**given, strict=strict, impute=impute is not None)

    def resolved(self, names: Iterable[str]) -> "ColumnChoices":
        """The choices with names of these columns: what is no name of a column is a list of names with commas."""
        return replace(self, **{option: split_names(getattr(self, option), names) for option in NAMED})

    def check(self, names: Sequence[str], source: str, target: str) -> None:
        """Raise a UserError for a column that is not there, is the target, or is told two things."""
        self.check_target(target)
        seen: dict[str, str] = {}
        for option in NAMED:
            for name in getattr(self, option):
                if name not in names:
                    raise UserError(
                        f"{source} has no column {name!r} to {VERBS[option]}, the nearest is "
                        f"{nearest_name(name, names)!r}; its columns are: {joined(names)}"
                    )
                if "drop" in (option, seen.get(name)) and seen.get(name, option) != option:
                    raise UserError(f"column {name!r} is named by both {seen[name]} and {option}; choose one")
                if {option, seen.get(name)} == {"categorical", "numeric"}:
                    raise UserError(f"column {name!r} is named by both categorical and numeric; choose one")
                seen[name] = option

    def check_target(self, target: str | None) -> None:
        """Raise a UserError if the target is said to be something else."""
        for option in NAMED:
            if target is not None and target in split_names(getattr(self, option), (target,)):
                raise UserError(
                    f"{option} names the target {target!r}, which is to be predicted; leave it out of {option} "
                    f"(--{option})"
                )


AS_IT_COMES = ColumnChoices()
"""Nothing is said, and the values decide."""
