"""Asks a faulty service for a few batches in children of this process, which are killed at every moment there is.

    python mortal.py FOLDER FAULTS CHAINS FIRST EVERY

Without chains one child dies at the moment FIRST, and a second one goes on; then one dies EVERY moments later; and so
on until one outlives its last. With chains, so many runs in which child after child dies at a random moment. Prints a
JSON line of each run: its deaths, the bill, the jobs that the service was given, the faults left, the states in the
ledger, and digests of the counts that the children had, and of those that the jobs in the ledger give.
"""

import hashlib
import json
import os
import random
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from faulty_service import Clock, FaultyService, product_shots
from hyperborn.backends import Batch, Counts, Ledger, LedgerSampler, Points
from hyperborn.circuits import ProductState

LABELS = ("readout", "step-00001", "step-00002")


def batch_of(label: str) -> Batch:
    circuit = ProductState(3)
    angles = np.random.default_rng(LABELS.index(label)).uniform(0, np.pi, (2, circuit.n_parameters))
    return Batch(label, (Points(circuit, angles),), shots=50, seed=7)


def live(folder: Path, faults: dict[str, list[str]], death: int, moments: int) -> None:
    """Ask for every batch, and write down what came; dies at the moment of that number, if there are so many."""
    seen = 0

    def tick(moment: str) -> None:
        nonlocal seen
        seen += 1
        if seen == death:
            os.write(moments, f"{moment}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    service = FaultyService(folder / "service.json", product_shots, tick=tick, **faults)
    clock = Clock()
    with Ledger.create_or_open(folder / "ledger.sqlite") as ledger:
        ledger._database.set_trace_callback(lambda statement: tick(" ".join(statement.split()[:3])))
        recorded = LedgerSampler(service, "faulty", ledger, sleep=clock.sleep, clock=clock.now)
        # A killed process leaves to the system what it has written: waiting for the disk would only take long.
        ledger.set_durability(power_cuts=False)
        (folder / "digest").write_text(digest_of([recorded.sample(batch_of(label)) for label in LABELS]))


def digest_of(replies: list[tuple[Counts, ...]]) -> str:
    """SHA-256 of all counts, in order."""
    digest = hashlib.sha256()
    for counts in (counts for reply in replies for counts in reply):
        digest.update(counts.bits.tobytes() + counts.counts.astype("<i8").tobytes())
    return digest.hexdigest()


def one_life(folder: Path, faults: dict[str, list[str]], death: int) -> tuple[int, str]:
    """How a child ended, and the moment at which it died."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            live(folder, faults, death, writable)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        moment = pipe.read().strip()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), moment


def outcome(folder: Path, lives: list[tuple[int, str]]) -> dict[str, Any]:
    service = FaultyService(folder / "service.json", product_shots)
    with Ledger.read(folder / "ledger.sqlite") as ledger:
        rows = ledger.rows()
    numbers = {job.request.label: int(str(job.id).removeprefix("job-")) for job in rows if job.state == "done"}
    return {
        "lives": lives,
        "bill": [tag.split("-", 2)[2] for tag in service.bill()],
        "jobs": len(service.jobs()),
        "faults": service.faults_left(),
        "states": [[job.request.label, job.attempt, job.state] for job in rows],
        "digest": (folder / "digest").read_text(),
        "digest of the jobs": digest_of(
            [product_shots(replace(batch_of(label), seed=numbers[label])) for label in LABELS]
        ),
    }


def main(parent: Path, faults: dict[str, list[str]], chains: int, first: int, every: int) -> None:
    for number in range(1, chains + 1) if chains else range(first, 1000, every):
        folder = parent / f"run-{number}"
        folder.mkdir()
        if chains:
            chance, lives = random.Random(number), []
            while not lives or lives[-1][0] != 0:
                lives.append(one_life(folder, faults, chance.randint(1, 60)))
                assert lives[-1][0] in (0, -signal.SIGKILL), lives
        else:
            lives = [one_life(folder, faults, number)]
            if lives[0][0]:
                lives.append(one_life(folder, faults, 0))
        sys.stdout.write(json.dumps(outcome(folder, lives)) + "\n")
        if not chains and lives[0][0] == 0:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), *map(int, sys.argv[3:]))
