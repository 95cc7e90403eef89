import os
import socket
import threading
from pathlib import Path

import pytest

from hyperborn.errors import UserError
from hyperborn.storage.folders import read_folder, write_folder
from hyperborn.storage.run_lock import RunLock


def test_the_second_process_is_told_who_holds_the_folder(run_script, tmp_path: Path) -> None:
    script = """
        import json, os, sys
        from pathlib import Path
        from hyperborn.errors import UserError
        from hyperborn.storage import RunLock
        try:
            with RunLock(Path(sys.argv[1])):
                print(json.dumps("mine"))
        except UserError as error:
            print(json.dumps(str(error)))
        """
    folder = tmp_path / "runs" / "x"
    with RunLock(folder):
        (line,) = run_script(script, folder)
    assert line == (
        f"{folder} is being written by process {os.getpid()}; wait for it, stop it, or choose another folder"
    )
    assert run_script(script, folder) == ["mine"]
    assert list(folder.iterdir()) == []


def test_of_many_processes_one_at_a_time_is_inside(run_script, tmp_path: Path) -> None:
    (entered,) = run_script(
        """
        import json, os, sys, time
        from pathlib import Path
        from hyperborn.errors import UserError
        from hyperborn.storage import RunLock
        folder, inside = Path(sys.argv[1]), Path(sys.argv[1] + ".inside")
        children = []
        for _ in range(6):
            child = os.fork()
            if child == 0:
                entered, end = 0, time.monotonic() + 1.0
                while time.monotonic() < end:
                    try:
                        with RunLock(folder):
                            inside.mkdir()  # fails if another is inside
                            inside.rmdir()
                            entered += 1
                    except UserError:
                        pass
                os._exit(min(entered, 100))
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes))
        """,
        tmp_path / "run",
    )
    # A process that found another inside died of the exception: exit code 1, as good as never entering.
    assert sum(entered) > 12
    assert not (tmp_path / "run.inside").exists()


def test_a_dead_process_holds_nothing(run_script, tmp_path: Path) -> None:
    run_script(
        """
        import os, sys
        from pathlib import Path
        from hyperborn.storage import RunLock
        child = os.fork()
        if child == 0:
            RunLock(Path(sys.argv[1])).__enter__()
            os.kill(os.getpid(), 9)
        os.waitpid(child, 0)
        """,
        tmp_path,
    )
    assert (tmp_path / ".lock").exists()
    with RunLock(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()} {socket.gethostname()}\n"
    assert not (tmp_path / ".lock").exists()


def test_the_lock_is_refused_within_one_process_too(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    with lock:
        with pytest.raises(UserError, match="already locked here"):
            lock.__enter__()
        with pytest.raises(UserError, match=f"written by process {os.getpid()}"):
            RunLock(tmp_path).__enter__()
    with lock:
        assert (tmp_path / ".lock").exists()


def test_the_lock_is_kept_while_the_folder_is_written_and_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RunLock(folder):
        for content in (b"1", b"2"):
            write_folder(folder, {"a": content}, replace=content == b"2")
            assert read_folder(folder) == {"a": content}
            with pytest.raises(UserError, match="is being written by"):
                RunLock(folder).__enter__()
    assert {entry.name for entry in folder.iterdir()} == {"a", "manifest.json"}
    with RunLock(folder):
        assert read_folder(folder) == {"a": b"2"}


def test_locking_while_the_folder_is_replaced_never_fails_or_doubles(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_folder(folder, {"a": b"0"})
    finished = threading.Event()
    stop = threading.Event()

    def replace() -> None:
        while not stop.is_set():
            write_folder(folder, {"a": b"1"}, replace=True)
        finished.set()

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _ in range(100):
            with RunLock(folder), pytest.raises(UserError, match="is being written by"):
                RunLock(folder).__enter__()
    finally:
        stop.set()
        thread.join()
    assert finished.is_set()
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_place_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=f"cannot lock {path}: a part of the path is a file"):
            RunLock(path).__enter__()
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
