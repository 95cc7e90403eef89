from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hyperborn.errors import UserError
from hyperborn.storage.checkpoints import Checkpoint, Checkpoints
from hyperborn.storage.folders import write_folder


def filled(folder: Path, steps: range, keep: int = 3) -> Checkpoints:
    checkpoints = Checkpoints(folder, keep)
    for step in steps:
        checkpoints.save(step, {"theta": np.full(4, step)}, {"step": step})
    return checkpoints


def latest(checkpoints: Checkpoints) -> tuple[Checkpoint | None, list[str]]:
    lines: list[str] = []
    return checkpoints.latest(lines.append), lines


def flip(path: Path, offset: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 4
    path.write_bytes(data)


@given(
    step=st.integers(0, 10**9),
    arrays=st.dictionaries(st.sampled_from(["theta", "optimizer/mu"]), hnp.arrays("f4", (2, 3))),
    state=st.dictionaries(st.text(max_size=3), st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
)
def test_what_comes_back_is_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, step: int, arrays: dict[str, np.ndarray], state: dict[str, Any]
) -> None:
    checkpoints = Checkpoints(tmp_path_factory.mktemp("checkpoints") / "new")
    checkpoints.save(step, arrays, state)
    found, lines = latest(checkpoints)
    assert found is not None
    assert (found.step, found.state, lines) == (step, state, [])
    assert {name: array.tobytes() for name, array in found.arrays.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }


def test_none_where_none_was_saved(tmp_path: Path) -> None:
    assert latest(Checkpoints(tmp_path / "absent")) == (None, [])
    (tmp_path / ".step-00000001.hyperborn-partial").mkdir()
    (tmp_path / "step-1").mkdir()
    (tmp_path / "step-000000001").mkdir()
    assert latest(Checkpoints(tmp_path)) == (None, [])


def test_a_checkpoint_is_frozen(tmp_path: Path) -> None:
    found, _ = latest(filled(tmp_path, range(1)))
    with pytest.raises(FrozenInstanceError):
        found.step = 3  # pyright: ignore


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    filled(tmp_path, range(0, 500, 100), keep=2)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["step-00000300", "step-00000400"]


def test_saving_a_step_again_replaces_it(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path, range(3))
    checkpoints.save(2, {"theta": np.zeros(1)}, {"again": True})
    found, _ = latest(checkpoints)
    assert found is not None
    assert found.state == {"again": True}
    assert checkpoints.steps() == [0, 1, 2]


@pytest.mark.parametrize("name", ["arrays.npz", "state.json", "manifest.json"])
@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_damaged_one_is_named_passed_over_and_can_be_saved_again(tmp_path: Path, name: str, damage) -> None:
    checkpoints = filled(tmp_path, range(3))
    damage(tmp_path / "step-00000002" / name)
    found, lines = latest(checkpoints)
    assert found is not None
    assert found.step == 1
    assert len(lines) == 1
    assert lines[0].startswith("checkpoint step-00000002 is passed over: ")
    assert name in lines[0]
    checkpoints.save(2, {"theta": np.ones(1)}, {})
    found, lines = latest(checkpoints)
    assert found is not None
    assert (found.step, lines) == (2, [])


def test_a_file_in_place_of_a_checkpoint_is_passed_over_and_can_be_saved_again(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path, range(2))
    (tmp_path / "step-00000002").write_text("not a folder")
    found, lines = latest(checkpoints)
    assert found is not None
    assert (found.step, len(lines)) == (1, 1)
    checkpoints.save(2, {}, {})
    assert latest(checkpoints)[1] == []


def test_damaged_ones_of_later_steps_do_not_push_out_good_ones(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path, range(1, 5), keep=4)
    for step in (2, 3, 4):
        flip(tmp_path / f"step-{step:08d}" / "arrays.npz")
    found, lines = latest(checkpoints)
    assert found is not None
    assert (found.step, len(lines)) == (1, 3)
    short = Checkpoints(tmp_path, keep=1)
    short.save(1, {"theta": np.zeros(1)}, {"new": 1})
    found, _ = latest(short)
    assert found is not None
    assert found.state == {"new": 1}


def test_all_damaged_is_an_error_that_names_them(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path, range(2))
    for step in range(2):
        flip(tmp_path / f"step-{step:08d}" / "state.json")
    with pytest.raises(UserError, match=r"are damaged \(step-00000001, step-00000000\); restore one"):
        latest(checkpoints)


def test_a_renamed_checkpoint_and_a_foreign_folder_are_passed_over(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path, range(2))
    (tmp_path / "step-00000001").rename(tmp_path / "step-00000007")
    write_folder(tmp_path / "step-00000008", {"a": b""})
    write_folder(tmp_path / "step-00000009", {"arrays.npz": b"", "state.json": b"[]"})
    found, lines = latest(checkpoints)
    assert found is not None
    assert found.step == 0
    assert [line.split()[1] for line in lines] == ["step-00000009", "step-00000008", "step-00000007"]
    assert "holds step 1, not 7" in lines[2]


@pytest.mark.parametrize(("keep", "step", "state"), [(0, 0, {}), (1, -1, {}), (1, 0, {"loss": float("nan")})])
def test_bad_values_are_refused_and_nothing_is_written(tmp_path: Path, keep: int, step: int, state: dict) -> None:
    with pytest.raises(UserError, match=r"keep=0|step -1|loss is nan"):
        Checkpoints(tmp_path / "new", keep).save(step, {}, state)
    assert not (tmp_path / "new").exists()


def test_kill_9_at_any_instant_leaves_the_last_saved_or_a_newer_one(run_script, tmp_path: Path) -> None:
    rounds = run_script(
        """
        import json, os, random, signal, sys, time
        from pathlib import Path
        import numpy as np
        from hyperborn.storage import Checkpoints
        generator = random.Random(0)
        checkpoints = Checkpoints(Path(sys.argv[1]), keep=2)
        start = 0
        for _ in range(25):
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                # Every step is saved twice, so that replacing is interrupted as often as adding.
                for count in range(2 * start + 2, 10**9):
                    step = count // 2
                    checkpoints.save(step, {"theta": np.full(5000, step)}, {"step": step})
                    os.write(writer, step.to_bytes(4, "big"))
            os.close(writer)
            begun = time.monotonic()
            first = os.read(reader, 4)
            # As slow as the disk is: the instants are spread over the next two or three saves.
            time.sleep(generator.uniform(0, 2.5 * (time.monotonic() - begun)))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            acknowledged = first
            while more := os.read(reader, 4):
                acknowledged = more
            os.close(reader)
            lines = []
            found = checkpoints.latest(lines.append)
            whole = (found.arrays["theta"] == found.step).all() and found.state == {"step": found.step}
            print(json.dumps([int.from_bytes(acknowledged, "big"), found.step, bool(whole), lines]))
            start = found.step
        checkpoints.save(start + 1, {}, {})
        print(json.dumps(sorted(os.listdir(sys.argv[1]))))
        """,
        tmp_path / "checkpoints",
    )
    names = rounds.pop()
    assert len(rounds) == 25
    for acknowledged, step, whole, lines in rounds:
        assert acknowledged <= step <= acknowledged + 1
        assert whole
        assert lines == []
    assert rounds[-1][1] >= 25
    assert names == [f"step-{rounds[-1][1] + more:08d}" for more in (0, 1)]
