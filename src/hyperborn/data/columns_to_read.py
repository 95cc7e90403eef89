"""Which columns of a file are read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hyperborn.data.column_choices import split_names
from hyperborn.data.labels import first_repeated, joined, nearest_name
from hyperborn.errors import UserError
from hyperborn.printable import option_value

ALL = "all"
"""Stands for every column, where columns are copied."""


@dataclass(frozen=True)
class ColumnsToRead:
    """The columns that a person wants. A name that no column has may be several with commas between them.

    Attributes:
        drop: names of columns to leave out unread.
        keep: names of columns that are read even if they look like an index.
        only: names of the columns to read, if the file has them; all for None.
        text: names of columns that are kept as text.
        known: categories of columns that are known from earlier data; these columns are among `text`.
        copied: names of columns that are read in any case, as they are written, to be written again; "all" for every
            one. Whether they are features as well is no matter of theirs.
    """

    drop: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    text: frozenset[str] = frozenset()
    copied: tuple[str, ...] = ()
    known: Mapping[str, Collection[str]] = field(default_factory=dict)

    def resolved(self, names: Sequence[str], source: str) -> "ColumnsToRead":
        """The same with names of these columns alone.

        Raises:
            UserError: for a column to drop or to copy that is not there.
        """
        parts = split_names(self.copied, names)
        copied = [one for name in parts for one in ([name] if name in names or name != ALL else names)]
        dropped = split_names(self.drop, names)
        for what, wanted in (("drop", dropped), ("keep", copied)):
            for name in wanted:
                if name not in names:
                    raise UserError(
                        f"{source} has no column {name!r} to {what}, the nearest is {nearest_name(name, names)!r}; its "
                        f"columns are: {joined(names)}"
                    )
        return replace(
            self,
            drop=frozenset(dropped),
            keep=frozenset(split_names(self.keep, names)),
            text=frozenset(split_names(self.text, names)),
            copied=tuple(dict.fromkeys(copied)),
        )

    def chosen(self, names: Sequence[str], source: str, *, place: str = "", otherwise: str = "") -> list[str]:
        """Those of the names of a file that are to be read, in its order; of a selection that is resolved.

        Args:
            names: of all columns, in which one that is not read may stand twice.
            source: what has them.
            place: behind the source, where names that stand twice are.
            otherwise: what may be done about them beside renaming one or leaving them out.

        Raises:
            UserError: if none is left, or one that is to be read or copied stands there twice.
        """
        if self.drop and self.drop.issuperset(names):
            raise UserError(f"drop names every column of {source}, and nothing is left; name fewer (--drop)")
        chosen = [name for name in names if name not in self.drop and (self.only is None or name in self.only)]
        twice = first_repeated(name for name in names if name in self.copied or name in chosen)
        if twice is not None:
            leave = self.how_to_leave_out([twice], "both")
            raise UserError(f"{source}{place}: column {twice!r} is named twice; rename one{leave}{otherwise}")
        return chosen

    def how_to_leave_out(self, names: Sequence[str], them: str) -> str:
        """The end of a message: that columns may be dropped, unless they are needed because training had them."""
        if self.only is not None:
            return ""
        options = " ".join(f"--drop {option_value(name)}" for name in names)
        return f", or leave {them} out with drop={tuple(names)!r} ({options})"

    def dropped(self, names: Sequence[str]) -> dict[str, str]:
        """Those of the names of a file that are dropped, with that as the reason."""
        return {name: "dropped" for name in names if name in self.drop}

    def asks_for(self, name: str) -> bool:
        """Whether a column is wanted by its name, so that it is read even if it looks like an index."""
        return name in self.text or name in self.keep or (self.only is not None and name in self.only)
