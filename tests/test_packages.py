import traceback
from pathlib import Path

import pytest

from hyperborn.errors import UserError
from hyperborn.packages import imported


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


@pytest.mark.parametrize(
    "line",
    [
        "raise RuntimeError('no licence for\\ntoken=abc-123')",
        "raise ModuleNotFoundError('token=abc-123', name='other')",
    ],
)
def test_what_a_package_says_as_it_breaks_is_one_line_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    (tmp_path / "talkative_package.py").write_text(line)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"^aer needs talkative-package, .*token=\[withheld\]") as raised:
        imported("talkative_package", "qiskit", "aer")
    assert "\n" not in str(raised.value)
    # A traceback would print the cause as it is.
    assert (raised.value.__cause__, raised.value.__suppress_context__) == (None, True)
    assert "token=abc-123" not in "".join(traceback.format_exception(raised.value))
