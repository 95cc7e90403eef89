"""The command line: a light shell around the library, which is imported when a command runs."""

from hyperborn.cli.app import command, main

__all__ = ["command", "main"]
