"""Names from a user's files as text that may be shown: on one line, and without signs that steer what shows it."""

JOINERS = "\u200c\u200d"
"""Signs that cannot be seen and belong to words of some scripts."""


def printable(text: str) -> str:
    """The text with a blank for every kind of white space, and the code of every other sign that cannot be seen."""
    return "".join(map(shown, text))


def shown(sign: str) -> str:
    if sign.isprintable() or sign in JOINERS:
        return sign
    return " " if sign.isspace() else repr(sign)[1:-1]
