"""Names of any text in C."""

import re
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from c_programs import CLANG, GCC, needs, run
from hyperborn.export.c.text import LONGEST, comment, identifiers, string

HOSTILE = (
    *('"; system("true"); "', "*/ int x; /*", "/* open", "??/", "???/??", "a\\", "line\nbreak", "tab\there", "%s%n"),
    *(
        "",
        " ",
        "naïve",
        "日本語",
        "\u202egnp.exe",
        "\u200b",
        "\x00",
        "\x1b[31m",
        "don't",
        "$(rm -rf)",
        "`ls`",
        "#define x",
    ),
    *("*\\/", "/\\*", "?\\?/", "??\n/", "*\u200b/", "é" * 100, "//", "\\u0041", "\ud800"),
)
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=90))


@given(NAMES)
def test_comments_end_where_they_should(text: str) -> None:
    shown = comment(text)
    assert not re.search(r"\*/|/\*|\?\?|[\\\n\r\x00-\x1f\x7f]", f"{shown} */"[:-3])
    assert len(shown) <= LONGEST + 3
    shown.encode()


@given(st.lists(NAMES, max_size=30))
def test_identifiers_are_identifiers_and_differ(texts: list[str]) -> None:
    found = identifiers(texts, prefix="HB_", otherwise="NUMBER", taken=["HB_A"])
    assert len({*found, "HB_A"}) == len(texts) + 1
    assert all(re.fullmatch(r"HB_[A-Z0-9_]+", name) for name in found)


def test_identifiers_keep_what_they_can() -> None:
    texts = ["Iris setosa", "Iris-setosa", "größer als 3", "日本", "", "3"]
    expected = ["IRIS_SETOSA", "IRIS_SETOSA_2", "GROER_ALS_3", "NUMBER_3", "NUMBER_4", "3"]
    assert identifiers(texts, prefix="HB_", otherwise="NUMBER") == [f"HB_{name}" for name in expected]


def test_strings_compile_to_their_bytes(tmp_path: Path) -> None:
    """With trigraphs, as C99 has them, and every warning an error."""
    random = np.random.default_rng(0)
    texts = [text for text in HOSTILE if text not in ("\x00", "\ud800")]
    texts += ["".join(map(chr, random.integers(1, 0xD7FF, 20))) for _ in range(200)]
    lines = ",\n".join(string(text) for text in texts)
    comments = "\n".join(f"/* {comment(text)} */" for text in texts)
    source = f"#include <stdio.h>\n{comments}\nstatic const char *const texts[] = {{\n{lines}\n}};\n"
    source += "int main(void)\n{\n    unsigned place;\n"
    source += "    for (place = 0; place < sizeof texts / sizeof *texts; place++) {\n"
    source += "        fputs(texts[place], stdout);\n        putchar(0);\n    }\n    return 0;\n}\n"
    (tmp_path / "texts.c").write_text(source, encoding="utf-8")
    for compiler in (GCC, CLANG):
        needs(compiler[0])
        run([*compiler, "texts.c", "-o", "texts"], tmp_path)
        assert run(["./texts"], tmp_path).decode().split("\0")[:-1] == texts


def test_half_a_surrogate_pair_is_written_as_its_escape() -> None:
    assert string("\ud800") == '"\\134ud800"'
    assert comment("\ud800") == "/ud800"
