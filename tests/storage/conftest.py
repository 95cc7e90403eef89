"""Child processes: what a crash does can only be seen from outside."""

import json
import subprocess
import sys
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

Script = Callable[..., list[Any]]


@pytest.fixture
def run_script() -> Script:
    """Runs a script in a fresh interpreter; the JSON values that it printed, one a line."""

    def run(source: str, *arguments: object, prefix: tuple[str, ...] = ()) -> list[Any]:
        command = [*prefix, sys.executable, "-c", dedent(source), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run
