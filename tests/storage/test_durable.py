from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.storage.durable import write_file


@given(first=st.binary(max_size=100), second=st.binary(max_size=100))
def test_a_file_is_replaced(tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes) -> None:
    path = tmp_path_factory.mktemp("files") / "deep" / "er" / "file"
    for data in (first, second):
        write_file(path, data)
        assert path.read_bytes() == data
        assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_leftover_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".file.hyperborn-partial").write_bytes(b"half")
    (tmp_path / ".file.hyperborn-lock").touch()
    write_file(tmp_path / "file", b"whole")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_and_a_parent_that_is_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(UserError, match="folder: it is a folder, not a file"):
        write_file(tmp_path / "folder", b"")
    write_file(tmp_path / "file", b"1")
    with pytest.raises(UserError, match=r"file/below: a part of the path is a file"):
        write_file(tmp_path / "file" / "below", b"")
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", "folder"}
    assert (tmp_path / "file").read_bytes() == b"1"
