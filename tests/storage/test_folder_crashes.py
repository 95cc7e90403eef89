"""Death, refusal and a full disk at every operation of a write."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hyperborn.errors import UserError
from hyperborn.storage.folders import read_folder, write_folder

OPERATIONS = """
    import errno, json, os, sys
    from pathlib import Path
    from hyperborn.errors import UserError
    from hyperborn.storage import RunLock, folder_exists, read_folder, write_folder

    OLD = {"a": b"old", "plots/b": b"old too"}
    NEW = {"a": b"new", "plots/c": b"new too"}
    CHANGING = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "fcntl.flock", "os.chmod"}
    target, action, relock = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "relock"

    seen = 0
    def act_at(which):
        def hook(event, arguments):
            global seen
            if event in CHANGING:
                seen += 1
                if seen == which and action == "die":
                    os._exit(9)
                if seen == which and action == "refuse":
                    raise OSError(errno.ENOSPC, "No space left on device")
        sys.addaudithook(hook)

    write_folder(target, OLD)
    which = 0
    while True:
        which += 1
        child = os.fork()
        if child == 0:
            act_at(which)
            try:
                write_folder(target, NEW, replace=True)
            except UserError as error:
                assert "the disk is full" in str(error), error
                os._exit(8)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0 if seen >= which else 7)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        leftovers = sorted(set(os.listdir(target.parent)) - {target.name})
        assert folder_exists(target)
        if relock:
            with RunLock(target):
                found = read_folder(target)
        found = read_folder(target)
        print(json.dumps([code, "old" if found == OLD else "new" if found == NEW else "neither", leftovers]))
        write_folder(target, OLD, replace=True)
        assert os.listdir(target.parent) == [target.name], os.listdir(target.parent)
        if code == 7:  # there is no such operation any more
            break
"""


@pytest.mark.parametrize("relock", ["relock", "plain"])
def test_death_at_any_operation_leaves_the_old_or_the_new_whole(run_script, tmp_path: Path, relock: str) -> None:
    outcomes = run_script(OPERATIONS, tmp_path / "run", "die", relock)
    died = [found for code, found, _ in outcomes if code == 9]
    assert {code for code, _, _ in outcomes} == {7, 9}
    # Up to one moment the old one is there, from then on the new one.
    assert died == sorted(died, reverse=True)
    assert died.count("old") > 10
    assert died.count("new") > 3
    assert all(found == "new" for code, found, _ in outcomes if code == 7)


def test_refusal_at_any_operation_leaves_the_old_or_the_new_whole(run_script, tmp_path: Path) -> None:
    outcomes = run_script(OPERATIONS, tmp_path / "run", "refuse", "plain")
    assert {code for code, _, _ in outcomes} == {0, 7, 8}
    assert {found for _, found, _ in outcomes} == {"old", "new"}
    # A write that was refused while it filled the new folder, and so was free to tidy up, left nothing behind.
    assert sum(code == 8 and not leftovers for code, _, leftovers in outcomes) > 8


FULL = """
    import json, os, resource, signal, subprocess, sys
    from pathlib import Path
    from hyperborn.errors import UserError
    from hyperborn.storage import Checkpoints, MetricsLog, read_folder, write_file, write_folder

    parent, way = Path(sys.argv[1]), sys.argv[2]
    if way != "limit":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", parent], check=True)
    write_folder(parent / "run", {"a": b"old"})
    write_file(parent / "file", b"old")
    log = MetricsLog(parent / "log")
    log.append({"step": 1})
    if way == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    if way == "read-only":
        log.close()
        subprocess.run(["mount", "-o", "remount,ro", parent], check=True)
    before = sorted(str(entry) for entry in parent.rglob("*"))
    many = {"small": b"1", "large": bytes(300_000)}
    def open_log():
        MetricsLog(parent / "log")
    for attempt in (
        lambda: write_folder(parent / "other", many),
        lambda: write_folder(parent / "run", many, replace=True),
        lambda: write_file(parent / "file", many["large"]),
        lambda: open_log() if way == "read-only" else log.append({"step": 2, "text": "x" * 300_000}),
    ):
        try:
            attempt()
            print(json.dumps("nothing was refused"))
        except UserError as error:
            print(json.dumps(str(error)))
    assert sorted(str(entry) for entry in parent.rglob("*")) == before
    assert read_folder(parent / "run") == {"a": b"old"}
    assert (parent / "file").read_bytes() == b"old"
    if way != "read-only":
        log.append({"step": 3})
        assert [record["step"] for record in log.read()] == [1, 3]
        write_folder(parent / "run", {"a": b"new"}, replace=True)
"""


@pytest.mark.parametrize(
    ("way", "reason"),
    [("limit", "file-size limit"), ("full", "the disk is full"), ("read-only", "the file system is read-only")],
)
def test_a_disk_that_refuses_harms_nothing(run_script, request, tmp_path: Path, way: str, reason: str) -> None:
    prefix = () if way == "limit" else request.getfixturevalue("mounting")
    lines = run_script(FULL, tmp_path, way, prefix=prefix)
    assert len(lines) == 4
    for name, line in zip(("other", "run", "file", "log"), lines, strict=True):
        assert line.startswith(f"cannot write {tmp_path / name}: ")
        assert reason in line
        assert "\n" not in line


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user may reach, unlike pytest's own."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_without_permission_nothing_is_harmed(run_script, reachable: Path) -> None:
    folder = reachable
    script = """
        import json, os, sys
        from pathlib import Path
        from hyperborn.errors import UserError
        from hyperborn.storage import read_folder, write_file, write_folder
        parent = Path(sys.argv[1])
        write_folder(parent / "run", {"a": b"old"})
        (parent / "run" / "a").chmod(0o000)
        parent.chmod(0o555)
        os.chdir(parent)
        if os.getuid() == 0:
            os.setuid(65534)
        for attempt in (
            lambda: write_folder(Path("run"), {}, replace=True),
            lambda: write_folder(Path("new/run"), {}),
            lambda: write_file(Path("file"), b""),
            lambda: read_folder(Path("run")),
        ):
            try:
                attempt()
                print(json.dumps("nothing was refused"))
            except UserError as error:
                print(json.dumps([type(error).__name__, str(error)]))
        """
    try:
        refused = run_script(script, folder)
    finally:
        folder.chmod(0o755)
    write = "permission denied; choose another folder or change its permissions"
    assert refused[:3] == [
        ["UserError", f"cannot write run: {write}"],
        ["UserError", f"cannot write new/run: {write}"],
        ["UserError", f"cannot write file: {write}"],
    ]
    assert refused[3:] == [["UserError", "cannot read run/a: permission denied; change its permissions"]]
    (folder / "run" / "a").chmod(0o644)
    assert [entry.name for entry in folder.iterdir()] == ["run"]
    assert read_folder(folder / "run") == {"a": b"old"}


def test_interruption_between_the_renames_brings_the_old_one_back(tmp_path: Path, monkeypatch) -> None:
    write_folder(tmp_path / "run", {"a": b"old"})
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.name.endswith("partial"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "run", {"a": b"new"}, replace=True)
    monkeypatch.undo()
    assert read_folder(tmp_path / "run") == {"a": b"old"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_writers_at_once_are_one_after_the_other(run_script, tmp_path: Path) -> None:
    outcomes = run_script(
        """
        import json, os, sys
        from pathlib import Path
        from hyperborn.errors import UserError
        from hyperborn.storage import read_folder, write_folder
        children = []
        for number in range(8):
            child = os.fork()
            if child == 0:
                try:
                    write_folder(Path(sys.argv[1]), {"a": bytes([number]) * 100_000})
                except UserError as error:
                    os._exit(2 if "already exists" in str(error) else 1)
                os._exit(0)
            children.append(child)
        print(json.dumps(sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)))
        read_folder(Path(sys.argv[1]))
        """,
        tmp_path / "run",
    )
    assert outcomes == [[0] + [2] * 7]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]
    with pytest.raises(UserError, match="already exists"):
        write_folder(tmp_path / "run", {})
