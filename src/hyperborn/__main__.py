"""`python -m hyperborn`."""

from hyperborn.cli import main

if __name__ == "__main__":
    main()
