"""Pictures that are drawn one by one: one that fails is a line of warning, and the others are kept."""

from collections.abc import Callable, Mapping

from hyperborn.errors import warning_on_failure

Draw = Callable[[], bytes]
"""Makes a picture's file."""


def draw_all(pictures: Mapping[str, Draw], note: Callable[[str], None]) -> dict[str, bytes]:
    """The pictures' files by name, without those that cannot be drawn; `note` is told of each."""
    files: dict[str, bytes] = {}
    for name, draw in pictures.items():
        with warning_on_failure(name, note):
            files[name] = draw()
    return files
