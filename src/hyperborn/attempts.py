"""A picture never costs a result: results are saved first, and a picture that cannot be drawn is a line of warning."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hyperborn.errors import UserError
from hyperborn.printable import printable

LONGEST = 300
"""Characters of a reason that are said."""


@contextmanager
def attempted(what: str, note: Callable[[str], None]) -> Iterator[None]:
    """Have a block that draws, or saves what was drawn, end in a line where it fails; Ctrl-C passes."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, what matters is saved
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        reason = printable(str(error))
        reason = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]} ..."
        note(f"{what} could not be drawn ({kind}{reason}); everything else is saved")
