from pathlib import Path

import pytest

from hyperborn.backends.packages import imported
from hyperborn.errors import UserError


def test_what_is_not_installed_is_said_with_the_command() -> None:
    with pytest.raises(
        UserError, match=r'^aer needs no-such-package; install it with: pip install "hyperborn\[qiskit\]"$'
    ):
        imported("no_such_package.part", "qiskit", "aer")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import no_such_package_below", "ModuleNotFoundError: No module named 'no_such_package_below'"),
        ("from math import no_such_name", "ImportError: cannot import name 'no_such_name'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_installed_and_broken_is_said_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    (tmp_path / "broken_package.py").write_text(line)
    monkeypatch.syspath_prepend(tmp_path)
    message = (
        rf"^aer needs broken-package, which is installed and cannot be imported \({said}.*\); install it again with: "
    )
    with pytest.raises(UserError, match=message):
        imported("broken_package", "qiskit", "aer")
