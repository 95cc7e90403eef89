"""Which columns of a file are read."""

from collections.abc import Sequence
from dataclasses import dataclass

from hyperborn.data.column_choices import split_names
from hyperborn.data.labels import joined, nearest_name
from hyperborn.errors import UserError


@dataclass(frozen=True)
class Selection:
    """The columns that a person wants.

    Attributes:
        drop: names of columns to leave out unread; what is no name of a column is several with commas between them.
        keep: names of columns that are read even if they look like an index.
        only: names of the columns to read, if the file has them; all for None.
        text: names of columns that are kept as text.
    """

    drop: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    text: frozenset[str] = frozenset()

    def chosen(self, names: Sequence[str], source: str) -> list[str]:
        """Those of the names of a file that are to be read, in its order.

        Raises:
            UserError: for a column to drop that the file does not have, or if none is left.
        """
        dropped = frozenset(split_names(self.drop, names))
        for name in sorted(dropped.difference(names)):
            raise UserError(
                f"{source} has no column {name!r} to drop, the nearest is {nearest_name(name, names)!r}; its columns "
                f"are: {joined(names)}"
            )
        if dropped.issuperset(names):
            raise UserError(f"drop names every column of {source}, and nothing is left; name fewer (--drop)")
        return [name for name in names if name not in dropped and (self.only is None or name in self.only)]

    def dropped(self, names: Sequence[str]) -> dict[str, str]:
        """Those of the names of a file that are dropped, with that as the reason."""
        return {name: "dropped" for name in split_names(self.drop, names) if name in names}

    def asks_for(self, name: str) -> bool:
        """Whether a column is wanted by its name, so that it is read even if it looks like an index."""
        return name in self.text or name in self.keep or (self.only is not None and name in self.only)
