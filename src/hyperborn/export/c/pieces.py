"""The pieces of C that exported files are put together from: real C files, cut at their marks."""

import re
from functools import cache
from importlib.resources import files

MARK = re.compile(r"^/\*\*\* (\w+)(?:: ([\w ]+))? \*\*\*/\n", re.MULTILINE)
"""A line that names a piece and the pieces that it needs."""


@cache
def pieces_of(file: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """The pieces of a file by name, in its order: what each needs, and its text."""
    text = (files("hyperborn.export.c") / "pieces" / file).read_text()
    marks = list(MARK.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {
        mark[1]: (tuple((mark[2] or "").split()), text[mark.end() : end].strip("\n"))
        for mark, end in zip(marks, ends, strict=True)
    }


def with_what_they_need(names_of_files: tuple[str, ...], names: set[str]) -> str:
    """The pieces of these names and those that they need, in the order of the files."""
    pieces = {name: piece for file in names_of_files for name, piece in pieces_of(file).items()}
    wanted, waiting = set[str](), set(names)
    while waiting:
        wanted |= waiting
        waiting = {need for name in waiting for need in pieces[name][0]} - wanted
    return "\n\n".join(text for name, (_, text) in pieces.items() if name in wanted)


INCLUDES = """\
#include <limits.h>
#include "model.h"

#if INT_MAX < 2147483647
#error "int must have 32 bits"
#endif
#ifdef __FAST_MATH__
#error "-ffast-math changes what is computed: compile without it"
#endif"""
"""What a source begins with."""
