import pytest

from hyperborn import redaction
from hyperborn.redaction import redacted, withhold

SECRET = "q7-Zr_09"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"access_token={SECRET} x", "access_token=[withheld] x"),
        (f'{{"access_token": "{SECRET} y", "x": 1}}', '{"access_token": [withheld], "x": 1}'),
        (f"{{'api-key': '{SECRET}'}}", "{'api-key': [withheld]}"),
        (f"QISKIT_IBM_TOKEN={SECRET}", "QISKIT_IBM_TOKEN=[withheld]"),
        (f"client_secret: {SECRET}", "client_secret: [withheld]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: [withheld]"),
        ("sent Basic dXNlcjpwYXNz", "sent [withheld]"),
        (f"the bearer {SECRET} of it", "the [withheld] of it"),
        (f"https://user:{SECRET}@host/path", "https://[withheld]@host/path"),
        ("for eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-bmF_0dXJl it", "for [withheld] it"),
        (f"token {SECRET}, sorry", "token [withheld], sorry"),
        ("key Xy3" + 14 * "abC" + " of it", "key [withheld] of it"),
        ("older token " + 8 * "0123456789abcdef", "older token [withheld]"),
        ("a/0123456789abcdef0123456789abcdef", "[withheld]"),
    ],
)
def test_secrets_are_struck_out(text: str, left: str) -> None:
    assert redacted(text) == left
    assert redacted(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "hyperborn-0123456789ab-step-00001-1 and 01234567-89ab-cdef-0123-456789abcdef",
        "basic operations, an unexpected token in line 3, secretly",
        "job d1abcdefghij0123456g of step-00001 at https://host/path?x=1",
    ],
)
def test_what_is_none_is_left(text: str) -> None:
    assert redacted(text) == text


def test_a_secret_that_is_known_is_struck_out_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", set())
    withhold("plain words")
    withhold("short")
    withhold(None)
    monkeypatch.setenv("VENDOR_API_KEY", "in the environment")
    assert redacted("short plain words in the environment") == "short [withheld] [withheld]"
