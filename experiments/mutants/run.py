"""Whether the tests notice faults: each mutant of mutants.toml is planted in a copy of the package, and tests are run.

    python experiments/mutants/run.py
    python experiments/mutants/run.py --only "annealing one step ahead" --whole-suite

A mutant dies where a test fails that passes without it: in the end all tests that failed are run without any mutant.
One that is never noticed survives. One at which the tests do not end within the limit is counted apart, and so is one
that cannot be imported. Mutants are tried one after the other. Compiled programs are kept in .cache/mutants, hence a
second run is faster.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("mutants.toml")
PACKAGE = ROOT / "src" / "hyperborn"
CACHE = ROOT / ".cache" / "mutants"

LIMIT = 300.0
"""Default seconds for the tests of one mutant."""

MOST_ALIVE = 3
"""Most mutants of the whole list that may live."""

FATES = {0: "survived", 1: "died", None: "timed out"}
"""What the end of pytest says about a mutant; after any other no test was run, and it is "broken"."""


@dataclass(frozen=True)
class Mutant:
    """A change of one place in a file of the package, and the tests that should notice it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The folder of tests that mirrors the part of the package."""
        return f"tests/{self.file.split('/')[0]}"

    @property
    def module(self) -> str:
        """The name by which the changed file is imported."""
        return "hyperborn." + self.file.removesuffix(".py").replace("/", ".")


class WrongList(Exception):  # noqa: N818
    """A mutant in the list that cannot be planted."""


def read_list() -> list[Mutant]:
    """All mutants of the list.

    Raises:
        WrongList: for a name that occurs twice, or a change that does not fit its file.
    """
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]
    mutants = [Mutant(**{**row, "tests": tuple(row["tests"])}) for row in rows]
    for name, times in Counter(mutant.name for mutant in mutants).items():
        if times > 1:
            raise WrongList(f"{name!r} is in the list {times} times; give each mutant a name of its own")
    for mutant in mutants:
        times = (PACKAGE / mutant.file).read_text(encoding="utf-8").count(mutant.old)
        if times != 1 or mutant.old == mutant.new:
            raise WrongList(f"{mutant.name!r}: its old text is {times} times in {mutant.file}; it has to be there once")
    return mutants


def planted(mutant: Mutant | None, place: Path) -> Path:
    """A copy of the package with the mutant in it, or as it is; the folder to be searched for it."""
    shutil.copytree(PACKAGE, place / "hyperborn")
    if mutant is not None:
        path = place / "hyperborn" / mutant.file
        path.write_text(path.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
    return place


def environment_of(source: Path) -> dict[str, str]:
    """The environment in which the copy is what is imported, also in processes that the tests start."""
    # A mutant may have kept wrong energies, which the next one would read.
    shutil.rmtree(CACHE / "arrays", ignore_errors=True)
    own = {
        "PYTHONPATH": str(source),
        "HYPERBORN_CACHE": str(CACHE),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(source / ".hypothesis"),
    }
    return {**os.environ, **own}


def import_error(mutant: Mutant, source: Path) -> str:
    """Why the copy cannot be imported, or is not what is imported, so that every test would fail; else nothing."""
    code = f"import {mutant.module} as module; print(module.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment_of(source), capture_output=True, text=True, check=False
    )
    is_right = found.returncode == 0 and found.stdout.strip() == str(source / "hyperborn" / mutant.file)
    return "" if is_right else (found.stderr or found.stdout).strip().splitlines()[-1]


def tested(tests: Sequence[str], source: Path, limit: float, *options: str) -> tuple[int | None, list[str]]:
    """The exit code of pytest with the package in `source`, or None after `limit` seconds, and what failed."""
    always = ("-n", "0", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--hypothesis-profile=unshrunk", "--tb=no")
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *always, *options, *tests],
        cwd=ROOT,
        env=environment_of(source),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except BaseException as error:
            # With everything that the tests have started.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                return None, []
            raise
    summary = [line.split(" ", 1) for line in output.splitlines() if line.startswith(("FAILED ", "ERROR"))]
    return process.returncode, [test.split(" - ")[0] for _, test in summary]


def fate_of(mutant: Mutant, tests: Sequence[str], limit: float) -> tuple[str, str]:
    """What becomes of the mutant in the tests, and the test that it died of or what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        source = planted(mutant, Path(folder).resolve())
        wrong = import_error(mutant, source)
        if wrong:
            return "broken", wrong
        code, failed = tested(tests, source, limit, "-x")
    return FATES.get(code, "broken"), failed[0] if failed else ""


def failing_anyway(tests: Sequence[str]) -> set[str]:
    """Those of the tests that fail without a mutant, too."""
    with tempfile.TemporaryDirectory() as folder:
        code, failed = tested(tests, planted(None, Path(folder).resolve()), 3600.0)
    return set(failed) if code in (0, 1) else set(tests)


def tell(text: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def duration(seconds: float) -> str:
    """A time as text."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def run_all(mutants: Sequence[Mutant], limit: float, *, whole_suite: bool) -> dict[str, str]:
    """The fate of each mutant by its name, told in a line each."""
    begun, fates, killers = time.perf_counter(), {}, {}
    for number, mutant in enumerate(mutants, start=1):
        started = time.perf_counter()
        fate, killer = fate_of(mutant, mutant.tests, limit)
        if fate == "survived" and whole_suite:
            fate, killer = fate_of(mutant, [mutant.folder], 10 * limit)
        fates[mutant.name] = fate
        if fate == "died":
            killers[mutant.name] = killer
        now = time.perf_counter()
        left = (now - begun) / number * (len(mutants) - number)
        spent = f"{duration(now - started)}, {duration(left)} left"
        tell(f"{number:2}/{len(mutants)} {fate:<9} {mutant.name:<62} {spent:<16} {killer}".rstrip())
    tell("what they died of, without a mutant ...")
    anyway = failing_anyway(sorted(set(killers.values()))) if killers else set()
    return fates | {
        name: f"died of what fails anyway, {killer}" for name, killer in killers.items() if killer in anyway
    }


def main() -> int:
    """Run what was asked for; 1 if too many mutants are alive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="mutants by parts of their names or files")
    parser.add_argument("--list", action="store_true", help="list the mutants and their tests, and stop")
    parser.add_argument("--whole-suite", action="store_true", help="try survivors on the whole folder of their tests")
    parser.add_argument("--limit", type=float, default=LIMIT, help=f"seconds for the tests of one ({LIMIT:.0f})")
    given = parser.parse_args()
    try:
        mutants = read_list()
        if given.only:
            mutants = [one for one in mutants if any(part in one.name or part in one.file for part in given.only)]
        if given.list:
            for mutant in mutants:
                tell(f"{mutant.name:<62} {mutant.file:<42} {' '.join(mutant.tests)}")
            return 0
        begun = time.perf_counter()
        fates = run_all(mutants, given.limit, whole_suite=given.whole_suite)
    except WrongList as error:
        parser.exit(1, f"error: {error}\n")
    alive = {name: fate for name, fate in fates.items() if fate != "died"}
    tell(f"\n{len(fates) - len(alive)} of {len(fates)} died in {duration(time.perf_counter() - begun)}")
    for name, fate in alive.items():
        tell(f"  {fate}: {name}")
    return int(len(alive) > (0 if given.only else MOST_ALIVE))


if __name__ == "__main__":
    sys.exit(main())
