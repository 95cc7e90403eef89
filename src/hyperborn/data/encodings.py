"""From the bytes of a text file, in whatever encoding, to UTF-8 without a byte order mark."""

import codecs
import gzip
import io
import zlib

from hyperborn.errors import UserError
from hyperborn.printable import shown
from hyperborn.storage.bounded import check_size

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the encodings that they stand for."""

WESTERN = "cp1252"
"""What text that is not UTF-8 is taken for: Latin-1 with the quotes and dashes of Windows."""

GZIP = b"\x1f\x8b"
AT_ONCE = 2**24
"""Bytes decoded at once: text takes up to four times the memory of its bytes."""


def unzipped(content: bytes, source: str, most: int, remedy: str) -> bytes:
    """The content of a gzip file, of at most `most` bytes; anything else as it is.

    Raises:
        UserError: if it is damaged, or has more bytes when unzipped.
    """
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{source} is damaged: it cannot be unzipped ({error}); write it again") from error
    check_size(f"{source}, unzipped,", len(plain), most, remedy)
    return plain


def utf8(content: bytes, source: str, encoding: str | None = None) -> tuple[bytes, list[str]]:
    """The text as UTF-8 without a byte order mark, and a note if its encoding was guessed.

    A byte order mark settles the encoding, else `encoding` does; else it is UTF-8, or Windows' Western European where
    that does not fit.

    Raises:
        UserError: for an unknown encoding, text that is not of the encoding, or characters of code 0.
    """
    marked = next(((mark, name) for mark, name in MARKS if content.startswith(mark)), None)
    notes: list[str] = []
    if marked is not None:
        mark, name = marked
        text = transcoded(content[len(mark) :] if name == "utf-8" else content, name, source, "write it again")
    elif encoding is not None:
        check_encoding(encoding)
        remedy = "give another encoding, such as encoding='cp1252' (--encoding cp1252)"
        text = transcoded(content, encoding, source, remedy)
    elif (fault := first_fault(content, "utf-8")) is None:
        text = content
    else:
        # The five bytes that Windows leaves open are control characters of Latin-1.
        western = WESTERN if first_fault(content, WESTERN) is None else "latin-1"
        text = transcoded(content, western, source, "write it again")
        notes.append(
            f"line {line_at(content, fault)} is not UTF-8: the file is read as Western European ({western}); "
            "encoding= (--encoding) says otherwise"
        )
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        # Of most letters the second byte in UTF-16 is 0, which comes first where the order is "big end first".
        order = "be" if content[:1] == b"\0" else "le"
        may_be_wide = content.count(b"\0") > len(content) / 4
        raise UserError(
            f"{source}, line {line}: a character of code 0, which is no text; "
            + (
                f'is it UTF-16? then give encoding="utf-16-{order}" (--encoding utf-16-{order})'
                if may_be_wide
                else "the file is damaged there, so write it again, or remove that line"
            )
        )
    return text, notes


def check_encoding(encoding: str) -> None:
    """Raise a UserError for what is no encoding of text that Python knows."""
    try:
        # Nothing at all would be decoded without a look at the encoding.
        bytes(4).decode(encoding)
    except UnicodeDecodeError:
        return
    except (LookupError, ValueError) as error:
        raise UserError(
            f"encoding={shown(encoding)} is unknown; give one that Python knows, such as utf-8, cp1252, utf-16 or "
            "shift_jis (--encoding)"
        ) from error


def transcoded(content: bytes, encoding: str, source: str, remedy: str) -> bytes:
    """Text of an encoding as UTF-8.

    Raises:
        UserError: naming the line of the first byte that is not of the encoding; `remedy` ends the message.
    """
    fault = first_fault(content, encoding)
    if fault is not None:
        raise UserError(f"{source}, line {line_at(content, fault)}: not {encoding.upper()} text; {remedy}")
    if encoding == "utf-8":
        return content
    decoder = codecs.getincrementaldecoder(encoding)()
    pieces = [
        decoder.decode(content[start : start + AT_ONCE], start + AT_ONCE >= len(content)).encode()
        for start in range(0, len(content), AT_ONCE)
    ]
    return b"".join(pieces)


def first_fault(content: bytes, encoding: str) -> int | None:
    """Place of the first byte, or one of the same character, that is not text of this encoding; None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(content), AT_ONCE):
        piece = content[start : start + AT_ONCE]
        try:
            decoder.decode(piece, start + AT_ONCE >= len(content))
        except UnicodeDecodeError as error:
            return start + min(error.start, len(piece) - 1)
    return None


def line_at(content: bytes, place: int) -> int:
    """Number of the line of the byte at a place."""
    return content.count(b"\n", 0, place) + 1
