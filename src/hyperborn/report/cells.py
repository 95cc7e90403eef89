"""Text of a table's cell that keeps to what the terminal can encode."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

from hyperborn.printable import printable

PLAIN = str.maketrans({"±": "+/-", "–": "-", "−": "-", "·": "-"})


@final
@dataclass(frozen=True)
class Cell:
    """Text on one line, without markup; signs that the terminal's encoding lacks are ASCII."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(self._encodable(self.text, options))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, Text(self._encodable(self.text, options)))

    def _encodable(self, text: str, options: ConsoleOptions) -> str:
        text = printable(text)
        try:
            text.encode(options.encoding)
        except UnicodeEncodeError:
            return text.translate(PLAIN).encode(options.encoding, errors="replace").decode(options.encoding)
        return text
