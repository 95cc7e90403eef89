"""Training from shots: docs/shots.md and its picture.

    python experiments/shots/run.py [--parts budgets,equal_shots,noise,wide] [--report]

Runs lie below .cache/shots; those that are there are not made again, and several processes share the work.
"""

import argparse
import json
from pathlib import Path

import budgets
import equal_shots
import noise
import wide
from cells import Cell, work
from hyperborn.progress import Progress
from report import write

RESULTS = Path(__file__).parent / "results.json"
PARTS = {"budgets": budgets.cells, "equal_shots": equal_shots.cells, "noise": noise.cells, "wide": wide.cells}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default=",".join(PARTS), help="names of parts, all of them if absent")
    parser.add_argument("--report", action="store_true", help="write the page from the runs that are there, no more")
    given = parser.parse_args()
    wanted: list[Cell] = [cell for part in given.parts.split(",") for cell in PARTS[part]()]
    with Progress() as progress:
        count = progress.counter("runs")
        for done in work([] if given.report else wanted):
            count(done, len(wanted))
    rows = [row for part in PARTS.values() for cell in part() if (row := cell.row) is not None]
    RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    write(rows)


if __name__ == "__main__":
    main()
