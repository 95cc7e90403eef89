"""Secrets are struck out of texts that others wrote, before these are shown, logged or stored."""

import os
import re

WITHHELD = "[withheld]"

LONGEST = 10_000
"""Characters of a text that are looked at; the rest is dropped."""

LONGEST_LINE = 300
"""Characters of a line."""

SHORTEST_SECRET = 8
"""Values with fewer characters are no tokens; to strike them out everywhere would garble the text."""

NAMES = r"(?:token|api[-_ ]?key|secret|passw(?:or)?d|passphrase|authorization|credentials?)"

PATTERNS = (
    # Names of instances and accounts at IBM.
    r"crn:\S+",
    r"\ba/[0-9a-f]{32}\b",
    # A JSON web token.
    r"\beyJ[\w-]+(?:\.[\w-]+)*\.?",
    # The user and the password in an address.
    r"(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@]+(?=@)",
    # What is said to be one: `QISKIT_IBM_TOKEN=...`, `"access_token": "..."`, `Authorization: Basic ...`.
    rf"(?P<name>{NAMES}[\w-]{{0,20}}\\?[\"']?\s{{0,3}}[:=]{{1,2}}\s{{0,3}})(?!\[withheld\])"
    r"(?:(?:bearer|basic|apikey|token)\s+)?(?:\\?\"[^\"]*\"|\\?'[^']*'|\S+)",
    r"\b(?:bearer|apikey)\s+(?!\[withheld\])\S+",
    r"(?P<word>\b(?:token|secret|password)\s+)(?=\S*\d)[^\s,;]{8,}",
    r"\bbasic\s+(?-i:(?=\S*[A-Z])(?=\S*[a-z0-9]))[a-z0-9+/=]{8,}",
    # Long strings at random: API keys, older tokens.
    r"(?<![\w-])(?-i:(?=[\w-]*[A-Z])(?=[\w-]*[a-z]))(?=[\w-]*\d)[\w-]{40,}",
    r"\b[0-9a-f]{64,}\b",
)
SECRETS = re.compile("|".join(PATTERNS), re.IGNORECASE)
SECRET_NAME = re.compile(NAMES, re.IGNORECASE)

_known: set[str] = set()


def withhold(secret: str | None) -> None:
    """Strike a secret out of every text from now on, whatever stands beside it."""
    if secret and len(secret) >= SHORTEST_SECRET:
        _known.add(secret)


def redacted(text: str) -> str:
    """The text without what looks like a secret, is known as one, or stands in the environment under such a name."""
    text = text[:LONGEST]
    environment = [value for name, value in os.environ.items() if SECRET_NAME.search(name)]
    # The longest first: one may be part of another.
    for secret in sorted({*_known, *environment}, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, WITHHELD)
    return SECRETS.sub(lambda found: (found["scheme"] or found["name"] or found["word"] or "") + WITHHELD, text)


def one_line(error: BaseException | None) -> str:
    """What an error says, in one line of bounded length, without what looks like a secret or names an account."""
    text = " ".join(redacted(str(error)).split())
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "..."
