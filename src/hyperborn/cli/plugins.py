"""`--plugin`, which commands that make or read runs take."""

from typing import Annotated, TypeAlias

import typer

Plugins: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="MODULE",
        help="Module with parts of your own, imported first; it may lie in the current folder. Can be repeated.",
    ),
]
