"""Running commands in this process with their streams caught, for the tests of the command line."""

import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from hyperborn.cli import main

FLOWERS = """petal,sepal,colour,kind
1.2,3.1,red,small one
1.3,3.0,red,small one
1.1,,blue,small one
1.0,2.9,blue,small one
1.4,3.2,red,small one
0.9,3.3,blue,small one
1.2,2.8,red,small one
4.2,5.1,blue,Größe
4.3,5.0,red,Größe
4.1,5.2,blue,Größe
4.0,,blue,Größe
4.4,5.2,red,Größe
3.9,5.3,blue,Größe
4.2,4.8,red,Größe
"""
"""Written by hand: text, missing values, class names with a blank and with letters that ASCII lacks."""

QUICK = ("--hidden", "none", "--depth", "1", "--steps", "30", "--restarts", "2")
"""Flags of a network and a training that take next to no time."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output; NaN and Infinity, which are no JSON, are errors."""

        def refuse(name: str) -> float:
            raise AssertionError(f"{name} is no JSON")

        value = json.loads(self.out, parse_constant=refuse)
        assert isinstance(value, dict)
        return value

    def refused(self, *said: str) -> str:
        """The one line of a mistake of the user's, which must say every one of the given things."""
        assert (self.code, self.out) == (2, ""), self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("hyperborn: ")
        for thing in said:
            assert thing in lines[0], f"{thing!r} is not said in: {lines[0]}"
        return lines[0]


Run = Callable[..., Outcome]


def run(*arguments: object) -> Outcome:
    """A command in this process."""
    out, err = io.StringIO(), io.StringIO()
    words = ["hyperborn", *map(str, arguments)]
    with patch.object(sys, "argv", words), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main()
    assert isinstance(end.value.code, int)
    return Outcome(end.value.code, out.getvalue(), err.getvalue())


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, and every folder."""
    found = {}
    for place, folders, files in os.walk(folder):
        found |= {str(Path(place, name).relative_to(folder)) + "/": b"" for name in folders}
        found |= {str(Path(place, name).relative_to(folder)): Path(place, name).read_bytes() for name in files}
    return found
