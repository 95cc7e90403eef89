"""`python -m hyperborn`."""

from hyperborn.cli import command

if __name__ == "__main__":
    command()
