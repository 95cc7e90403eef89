"""The flags of a command, from the table of options."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import typer

from hyperborn.config.options import Option

Flag: TypeAlias = str | list[str] | None
"""Value of a flag as it was given; several of one that can be repeated."""


def with_options(options: tuple[Option, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, whose last parameter is ``**flags``, a parameter for each option."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [p for p in inspect.signature(command).parameters.values() if p.kind is not p.VAR_KEYWORD]
        added = [
            inspect.Parameter(
                option.key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation_of(option)
            )
            for option in options
        ]
        parameters = [*own, *added]
        command.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def annotation_of(option: Option) -> Any:
    """The annotation of a flag's parameter, which Typer reads: text, to be understood by the configuration.

    A flag that names columns can be repeated, for their names may have commas in them. A switch takes no value.
    """
    if option.is_switch:
        return Annotated[bool | None, switch(option)]
    kind = list[str] if option.kind == "columns" else str
    flag = typer.Option(option.flag, metavar=option.metavar, help=option.help_text, rich_help_panel=option.panel)
    return Annotated[kind | None, flag]


def switch(option: Option) -> Any:
    """A flag without a value: where it is given, the other value of its option, as text."""
    other = "false" if option.default == "true" else "true"
    return typer.Option(
        option.flag,
        metavar="",
        help=option.help_text,
        rich_help_panel=option.panel,
        callback=lambda given: other if given else None,
    )
