"""Which columns of a file are read."""

from collections.abc import Sequence
from dataclasses import dataclass

from hyperborn.data.labels import joined, nearest_name
from hyperborn.errors import UserError


@dataclass(frozen=True)
class Selection:
    """The columns that a person wants.

    Attributes:
        drop: names of columns to leave out unread.
        only: names of the columns to read, if the file has them; all for None.
        text: names of columns that are kept as text.
    """

    drop: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    text: frozenset[str] = frozenset()

    def chosen(self, names: Sequence[str], source: str) -> list[str]:
        """Those of the names of a file that are to be read, in its order.

        Raises:
            UserError: for a column to drop that the file does not have, or if none is left.
        """
        known = frozenset(names)
        for name in sorted(self.drop - known):
            raise UserError(
                f"{source} has no column {name!r} to drop, the nearest is {nearest_name(name, names)!r}; its columns "
                f"are: {joined(names)}"
            )
        if self.drop and self.drop.issuperset(known):
            raise UserError(f"drop names every column of {source}, and nothing is left; name fewer (--drop)")
        return [name for name in names if name not in self.drop and (self.only is None or name in self.only)]

    def asks_for(self, name: str) -> bool:
        """Whether a column is wanted by its name, so that it is read even if it looks like an index."""
        return name in self.text or (self.only is not None and name in self.only)
