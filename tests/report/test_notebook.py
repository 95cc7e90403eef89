"""The pieces of cards: HTML that is whole, whatever text is in it, and coordinates that are where they should be."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from hyperborn.report.notebook import LONGEST, bars, card, columns, escaped, picture, stroke, thinned

HOSTILE = (
    "<script>alert('1')</script>",
    "\"quotes' & more; </td></table>",
    "nul\0 and \x1b[31m and \u202e",
    "a\ud800b",
    "&amp;",
    "x" * 10_000,
)


def parsed(html: str) -> ElementTree.Element:
    """The elements; what is not well formed is an error of the parser."""
    root = ElementTree.fromstring(html)
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        assert name not in {"script", "image", "img", "link", "style", "foreignObject", "a"}
        assert not any(key.startswith("on") or key.endswith(("href", "src")) for key in element.attrib)
        assert "url(" not in element.get("style", "")
    return root


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_stays_text(text: str) -> None:
    shapes = bars([(text, 1.0, text)], text)
    root = parsed(card(text, [(text, text)], [shapes], kind=text))
    clean = parsed(card("x", [("x", "x")], [bars([("x", 1.0, "x")], "x")], kind="x"))
    assert [element.tag for element in root.iter()] == [element.tag for element in clean.iter()]
    shown = "".join(root.itertext())
    assert not re.search(r"[\x00-\x1f\x7f\u202e\ud800-\udfff]", shown)
    assert text[:5].replace("\0", r"\x00").replace("\ud800", r"\ud800")[:5] in shown


def test_long_texts_are_cut_and_short_ones_are_not() -> None:
    assert escaped("x" * LONGEST) == "x" * LONGEST
    assert escaped("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"
    assert escaped("<" * 9, 3) == "&lt;&lt;…"


def test_a_card_takes_the_colours_of_its_page() -> None:
    html = card("title", [("name", "value")], [bars([("one", 1.0, "1")], "label")])
    for given in re.findall(r"(?:background|color)[^;\"]*", html):
        assert given in {"background:transparent"}
    assert 'fill="currentColor"' in html


def test_bars_are_as_long_as_their_values() -> None:
    root = parsed(bars([("a", 2.0, ""), ("b", 1.0, ""), ("c", 0.0, "")], "label"))
    widths = [float(element.attrib["width"]) for element in root.iter() if element.tag.endswith("rect")]
    np.testing.assert_allclose(widths, [150, 75, 0.5])
    assert parsed(bars([], "label")).attrib["aria-label"] == "label"


def test_columns_stand_on_the_base_line() -> None:
    root = parsed(columns([1.0, 4.0], "label", "low", "high"))
    for element, height in zip((one for one in root.iter() if one.tag.endswith("rect")), (17.5, 70), strict=True):
        assert float(element.attrib["height"]) == pytest.approx(height, abs=0.051)
        assert float(element.attrib["y"]) == pytest.approx(70 - height, abs=0.051)
    half = parsed(columns([0.5], "label", "", "", top=1.0))
    assert [one.attrib["height"] for one in half.iter() if one.tag.endswith("rect")] == ["35.0"]


def test_a_line_has_its_attributes() -> None:
    root = parsed(picture(10, 20, "label", [stroke([(0, 1), (2.25, 3)], stroke_dasharray="5 3")]))
    assert root.attrib["viewBox"] == "0 0 10 20"
    assert root[0].attrib["points"] == "0.0,1.0 2.2,3.0"
    assert root[0].attrib["stroke-dasharray"] == "5 3"


def test_thinned_keeps_both_ends() -> None:
    assert thinned(3, 10).tolist() == [0, 1, 2]
    assert thinned(1, 10).tolist() == [0]
    chosen = thinned(1000, 10)
    assert (len(chosen), chosen[0], chosen[-1]) == (10, 0, 999)
