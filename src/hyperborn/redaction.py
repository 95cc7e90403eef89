"""Secrets are removed from foreign texts before these are shown, logged or stored."""

import os
import re

WITHHELD = "[withheld]"

LONGEST = 10_000
"""Most characters of a text; the rest is dropped."""

LONGEST_LINE = 300
"""Most characters of a line."""

SHORTEST_SECRET = 8
"""Values with fewer characters are not tokens, and to remove them everywhere would garble the text."""

NAMES = r"(?:token|api[-_ ]?key|secret|passw(?:or)?d|passphrase|authorization|credentials?)"

PATTERNS = (
    # Names of instances and accounts of IBM.
    r"crn:\S+",
    r"\ba/[0-9a-f]{32}\b",
    # A JSON web token.
    r"\beyJ[\w-]+(?:\.[\w-]+)*\.?",
    # User and password in an address.
    r"(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@]+(?=@)",
    # Values with the name of a secret: `QISKIT_IBM_TOKEN=...`, `"access_token": "..."`, `Authorization: Basic ...`.
    rf"(?P<name>{NAMES}[\w-]{{0,20}}\\?[\"']?\s{{0,3}}[:=]{{1,2}}\s{{0,3}})(?!\[withheld\])"
    r"(?:(?:bearer|basic|apikey|token)\s+)?(?:\\?\"[^\"]*\"|\\?'[^']*'|\S+)",
    r"\b(?:bearer|apikey)\s+(?!\[withheld\])\S+",
    r"(?P<word>\b(?:token|secret|password)\s+)(?=\S*\d)[^\s,;]{8,}",
    r"\bbasic\s+(?-i:(?=\S*[A-Z])(?=\S*[a-z0-9]))[a-z0-9+/=]{8,}",
    # Long random strings: API keys, older tokens.
    r"(?<![\w-])(?-i:(?=[\w-]*[A-Z])(?=[\w-]*[a-z]))(?=[\w-]*\d)[\w-]{40,}",
    r"\b[0-9a-f]{64,}\b",
)
SECRETS = re.compile("|".join(PATTERNS), re.IGNORECASE)
SECRET_NAME = re.compile(NAMES, re.IGNORECASE)

_known: set[str] = set()


def withhold(secret: str | None) -> None:
    """Remove a secret from every text from now on."""
    if secret and len(secret) >= SHORTEST_SECRET:
        _known.add(secret)


def redacted(text: str) -> str:
    """The text without known secrets, what looks like one, and environment variables that are named like one."""
    text = text[:LONGEST]
    environment = [value for name, value in os.environ.items() if SECRET_NAME.search(name)]
    # The longest first: one may be part of another.
    for secret in sorted({*_known, *environment}, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, WITHHELD)
    return SECRETS.sub(lambda found: (found["scheme"] or found["name"] or found["word"] or "") + WITHHELD, text)


def one_line(error: BaseException | None) -> str:
    """An error's message as one line of bounded length, without secrets and account names."""
    text = " ".join(redacted(str(error)).split())
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "..."


def error_text(error: Exception) -> str:
    """The kind of an error and its message, as one line without secrets."""
    return f"{type(error).__name__}: {one_line(error)}"
