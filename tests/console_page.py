"""Pages with commands and what they print: run as they stand, and written anew."""

import os
import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands_of(block: str) -> list[str]:
    """The commands of a block: lines that begin with a dollar sign."""
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def output_of(command: str, folder: Path) -> str:
    """What a command prints, in a shell whose programs are those of this Python; it has to succeed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, (command, ended.stdout, ended.stderr)
    return "\n".join(line.rstrip() for line in (ended.stdout + ended.stderr).splitlines())


def run_block(block: str, folder: Path) -> str:
    """A block with the commands and what they print now."""
    lines: list[str] = []
    for command in commands_of(block):
        lines.append(f"$ {command}")
        lines += output_of(command, folder).splitlines()
    return "\n".join(lines) + "\n"


def masked(text: str) -> str:
    """The text without words that hold a digit or are hexadecimal, and without how wide its columns are."""
    return re.sub(r"\s+", " ", re.sub(r"\S*[─\d]\S*|\b[0-9a-f]{3,4}\b", "#", text)).strip()


def write_page(page: Path, folder: Path) -> None:
    """Put what the commands of a page print into it."""
    text = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(lambda block: f"```console\n{run_block(block[1], folder)}```", text), encoding="utf-8")


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]))
