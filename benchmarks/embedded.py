"""Exported networks on Cortex-M cores beside what emlearn and micromlgen make: flash, stack, instructions, accuracy.

    make benchmark-embedded

All learn from the same rows and predict the same test rows, raw ones. All are compiled with the same compiler and
flags, run under QEMU on the same cores, and checked there against what Python predicts.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

import hyperborn as hb
from gradient import insert
from hyperborn.export.c.program import piece_file, vectors_source
from hyperborn.export.rows import rows_of_features
from report import describe, machine, version_of

CORES = {"cortex-m0": ("microbit", []), "cortex-m4": ("mps2-an386", ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"])}
SETS = ("iris", "wine", "breast_cancer", "digits")
VECTORS = 60
"""Test rows that are predicted on the cores, at most."""
README = Path(__file__).with_name("README.md")


@dataclass(frozen=True)
class Rows:
    """Raw rows and classes, to learn from and to predict."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int


@dataclass(frozen=True)
class Peer:
    """What another program makes of a model: its source, the answers of Python, and what links it."""

    name: str
    source: str
    suffix: str
    answers: np.ndarray
    accuracy: float
    libraries: tuple[str, ...] = ()


def rows_of(name: str) -> Rows:
    """The rows of a set as `hyperborn train` splits them; validation rows are learnt from, too."""
    data = hb.data.load(name)
    learnt = [data.train, data.validation]
    x = rows_of_features(data.preprocessing, np.concatenate([part.x for part in learnt]))
    y = np.concatenate([part.y for part in learnt])
    x_test = rows_of_features(data.preprocessing, data.test.x)
    rounded = (rows.astype(np.float32).astype(np.float64) for rows in (x, x_test))
    return Rows(*(part for pair in zip(rounded, (y, data.test.y), strict=True) for part in pair), data.n_classes)


def trees(rows: Rows) -> list[Peer]:
    """A decision tree by both libraries, and a small forest."""
    import emlearn
    import micromlgen

    found: list[Peer] = []
    models = {"decision tree": DecisionTreeClassifier(random_state=0)}
    models |= {"forest of 10 trees": RandomForestClassifier(10, random_state=0)}
    for name, model in models.items():
        model.fit(rows.x.astype(np.float32), rows.y)
        answers = model.predict(rows.x_test.astype(np.float32))
        accuracy = float((answers == rows.y_test).mean())
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "tree.h"
            emlearn.convert(model, method="inline", dtype="float").save(file=str(file), name="tree")
            code = file.read_text()
        call = "tree_predict(features, HB_COLUMNS)"
        # The forest votes, and its ties may fall otherwise than in scikit-learn, which averages.
        found.append(Peer(f"emlearn, {name}", emlearn_source(code, call), "c", answers, accuracy))
        if isinstance(model, DecisionTreeClassifier):
            found.append(
                Peer(f"micromlgen, {name}", micromlgen_source(micromlgen.port(model)), "cpp", answers, accuracy)
            )
    return found


def float_network(rows: Rows) -> Peer:
    """A network of 64 rectified units in float32, by emlearn: features are standardised inside its first layer."""
    import emlearn

    means, scales = rows.x.mean(axis=0), rows.x.std(axis=0)
    scales = np.where(scales > 0, scales, 1)
    model = MLPClassifier((64,), random_state=0, max_iter=400, early_stopping=len(rows.x) > 500)
    model.fit((rows.x - means) / scales, rows.y)
    model.coefs_[0] = model.coefs_[0] / scales[:, None]
    model.intercepts_[0] = model.intercepts_[0] - means @ model.coefs_[0]
    answers = model.predict(rows.x_test)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.h"
        emlearn.convert(model, method="inline").save(file=str(file), name="net")
        code = file.read_text()
    source = emlearn_source(code, "net_predict(features, HB_COLUMNS)")
    accuracy = float((answers == rows.y_test).mean())
    return Peer("emlearn, 64 relu units in float32", source, "c", answers, accuracy, ("-lm",))


def emlearn_source(code: str, call: str) -> str:
    return f'{code}\n#include "model.h"\n{wrapper(call)}'


def micromlgen_source(code: str) -> str:
    # Nothing of the header is used, and Debian's compiler for cores has none for C++.
    code = code.replace("#include <cstdarg>", "")
    call = "tree.predict((float *)features)"
    head = f'{code}\n#include "model.h"\nstatic Eloquent::ML::Port::DecisionTree tree;\n'
    return head + 'extern "C" ' + wrapper(call)


def wrapper(call: str) -> str:
    """Our function around theirs, which gives a class alone."""
    body = "    int place;\n    for (place = 0; place < HB_VALUES; place++)\n        probabilities[place] = 0.0f;\n"
    return f"int hb_predict(const float *features, float *probabilities)\n{{\n{body}    return {call};\n}}\n"


def write_peer(peer: Peer, rows: Rows, folder: Path) -> None:
    """The files of a peer, with the same check as ours."""
    count = min(VECTORS, len(rows.x_test))
    sizes = (
        f"#define HB_COLUMNS {rows.x.shape[1]}\n#define HB_CLASSES {rows.classes}\n#define HB_VALUES {rows.classes}\n"
    )
    declared = '#ifdef __cplusplus\nextern "C"\n#endif\nint hb_predict(const float *features, float *probabilities);\n'
    (folder / "model.h").write_text(f"#ifndef MODEL_H\n#define MODEL_H\n#include <stdint.h>\n{sizes}{declared}#endif\n")
    (folder / f"model.{peer.suffix}").write_text(peer.source)
    values = np.zeros((count, rows.classes))
    vectors = vectors_source(rows.x_test[:count], values, peer.answers[:count].astype(np.int64), 1e-5)
    (folder / "test_vectors.h").write_text(vectors)
    for name in ("check.c", "cortex_m.c", "cortex_m.ld"):
        (folder / name).write_text(piece_file(name))


def measured(folder: Path, core: str, suffix: str = "c", libraries: tuple[str, ...] = ()) -> dict[str, Any]:
    """Flash of the smallest image, and what the check says on a core."""
    import emlearn

    machine_name, flags = CORES[core]
    common = [f"-mcpu={core}", "-mthumb", *flags, "-Os", "-ffunction-sections", "-fdata-sections"]
    common += ["-I", emlearn.includedir, "-I", "."]
    own = (
        ["arm-none-eabi-g++", "-fno-exceptions", "-fno-rtti"] if suffix == "cpp" else ["arm-none-eabi-gcc", "-std=c99"]
    )
    run([*own, *common, "-c", f"model.{suffix}", "-o", "model.o"], folder)
    link = ["-nostartfiles", "-Wl,--gc-sections", "-T", "cortex_m.ld", *libraries]
    gcc = ["arm-none-eabi-gcc", "-std=c99", *common]
    run([*gcc, "-DSMALLEST", "cortex_m.c", "model.o", *link, "-o", "smallest.elf"], folder)
    text, data = map(int, run(["arm-none-eabi-size", "smallest.elf"], folder).splitlines()[1].split()[:2])
    run([*gcc, "--specs=rdimon.specs", "cortex_m.c", "check.c", "model.o", *link, "-o", "check.elf"], folder)
    emulator = ["qemu-system-arm", "-M", machine_name, "-nographic", "-monitor", "none", "-serial", "none"]
    emulator += ["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel", "check.elf"]
    said = run(emulator, folder, checked=False)
    numbers = {name: int(re.search(rf"(\d+) {name}", said)[1]) for name in ("wrong", "bytes of stack", "instructions")}
    return {"flash": text + data, **numbers}


def run(command: list[str], folder: Path, *, checked: bool = True) -> str:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    if checked and ended.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ended.stderr}")
    return ended.stdout


def ours(name: str, folder: Path) -> list[tuple[str, Path, float]]:
    """Our networks: what training chooses, and 64 rectified units, in float32 and in whole numbers."""
    found: list[tuple[str, Path, float]] = []
    for label, options in (("chosen by training", []), ("64 relu units", ["--hidden", "64", "--activation", "relu"])):
        place = folder / f"run-{len(found)}"
        command = [sys.executable, "-m", "hyperborn", "train", name, *options, "--out", str(place)]
        subprocess.run(command, check=True, capture_output=True)
        result = hb.load(place)
        for numbers in ("float32", "q15"):
            where = folder / f"ours-{len(found)}"
            written = result.export_c(where, numbers=numbers)
            found.append((f"Hyperborn, {label}, {numbers}", where, written.test["accuracy"]))
    return found


def rows_of_table(name: str) -> list[list[str]]:
    """Measured lines of a data set."""
    rows, lines = rows_of(name), []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tried: list[tuple[str, Path, float, str, tuple[str, ...]]] = []
        tried += [(label, where, accuracy, "c", ()) for label, where, accuracy in ours(name, folder)]
        for place, peer in enumerate([*trees(rows), float_network(rows)]):
            where = folder / f"peer-{place}"
            where.mkdir()
            write_peer(peer, rows, where)
            tried.append((peer.name, where, peer.accuracy, peer.suffix, peer.libraries))
        for label, where, accuracy, suffix, libraries in tried:
            found = {core: measured(where, core, suffix, libraries) for core in CORES}
            small, large = found["cortex-m0"], found["cortex-m4"]
            numbers = [
                small["flash"],
                small["bytes of stack"],
                small["instructions"],
                large["flash"],
                large["instructions"],
            ]
            other = max(one["wrong"] for one in found.values())
            lines.append([name, label, f"{accuracy:.3f}", *(f"{value:,}" for value in numbers), str(other)])
            print(" | ".join(lines[-1]), flush=True)
    return lines


HEAD = ("data", "who", "test accuracy", "M0 flash", "M0 stack", "M0 instructions", "M4 flash", "M4 instructions")
ALIGNED = ("---", "---", *["---:"] * 7)


def table_of(lines: list[list[str]]) -> str:
    """The lines as a table of Markdown, and the versions that they came from."""
    rows = [[*HEAD, "other answers than in Python"], list(ALIGNED), *lines]
    compiler = subprocess.run(["arm-none-eabi-gcc", "--version"], capture_output=True, text=True, check=True).stdout
    emulator = subprocess.run(["qemu-system-arm", "--version"], capture_output=True, text=True, check=True).stdout
    peers = ", ".join(f"{name} {version_of(name)}" for name in ("emlearn", "micromlgen"))
    tools = "; ".join([compiler.splitlines()[0], emulator.splitlines()[0], peers])
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"{describe(machine())}\n{tools}.\n\n{table}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--readme", action="store_true", help="write the table into benchmarks/README.md")
    given = parser.parse_args()
    lines = [line for name in given.sets.split(",") for line in rows_of_table(name)]
    if given.readme:
        insert(README, "embedded", table_of(lines))


if __name__ == "__main__":
    main()
