# ruff: noqa: RUF001
"""The plain text of a document: what a reader sees, and no failure whatever is in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.documents import markdown_text, normalised
from jobs.documents.plain_text import text_of
from tests.jobs import notes

MARKDOWN = """---
license: mit
---
# The [bridge](https://example.org)

[![Build](https://ci.example.org/a.svg)](https://ci.example.org) ![A drawing of it](drawing.png) ![v](https://img.shields.io/v.svg)

A *short* text with `code` and a
soft break &amp; <b>bold</b> words.<br>Next line, <https://example.org/auto>.

- one
- two
  - three

3. third
4. fourth

| name | value |
|------|-------|
| a    | [1](x)|

```python
def f(x):
    return x
```

<div align="center"><a href="x"><img src="logo.png" alt="logo"></a><p>In <b>HTML</b></p></div>

See [the end][end].

[end]: https://example.org/end
"""
SEEN = """The bridge

A drawing of it

A short text with code and a soft break & bold words.
Next line, https://example.org/auto.

- one
- two
- three

3. third
4. fourth

name | value
a | 1

def f(x):
    return x

In HTML

See the end."""
FRAGMENT = (
    "<h2>Title</h2><p>Hello <b>big</b>\n world<br>line &amp; more</p><ul><li>a</li><li>b</li></ul><table><tr><th>x<th>y</tr>"
    "<tr><td>1<td>2</tr></table><pre>p\n  q</pre><script>bad()</script><!-- no --><img alt='A map' src=m.png><p>open <i>end"
)
WORDS = "The committee decided that the bridge would be closed for repairs until the end of the month. "
PAGE = (
    "<!doctype html><html><head><title>T</title><style>p {}</style></head><body><nav><a href=/>Home</a><a href=/x>About</a></nav>"
    f"<main><h1>The bridge</h1><p>{WORDS * 3}</p><p>{WORDS[::-1] * 3}</p></main><footer>All rights</footer></body></html>"
)
KINDS = st.sampled_from(["markdown", "html", "plain"])
ANY = st.text(st.characters(), max_size=80)
PIECES = st.sampled_from(
    ["<div>", "</div>", "<p", "<!--", "-->", "<![CDATA[", "<table><td>", "</", ">", "&#x0;", "&#xD800;", "&amp", "[", "](", "![",
     "```", "`", "\n", "\r\n", "\n\n", "    ", "\t", "> ", "- ", "1. ", "| a |\n|---|\n", "# ", "---\n", "**", "_", "[a]: b\n",
     "\x00", "\ud800", "\u202e", "\u200b", "e\u0301", "<script>", "<html>", "<body>", "a", "שלום", "日本語",
     "\U0001f469\u200d\U0001f4bb", "<svg/onload=x>"]
)  # fmt: skip


def test_markdown_is_what_a_reader_sees() -> None:
    assert text_of(MARKDOWN, "markdown") == SEEN


def test_a_fragment_of_html_is_all_that_a_browser_shows() -> None:
    text = "Title\n\nHello big world\nline & more\n\n- a\n- b\n\nx | y\n1 | 2\n\np\n  q\n\nA map\n\nopen end"
    assert text_of(FRAGMENT, "html") == text


def test_a_page_is_its_main_text() -> None:
    found = text_of(PAGE, "html")
    assert WORDS.strip() in found
    assert all(word not in found for word in ("Home", "About", "p {}"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("<nav><ul><li><a href='/x'>Elsewhere</a></li></ul></nav><main>", "</main><footer>Elsewhere</footer>"),
        (
            "<div class='top menu'><a href='/x'>Elsewhere</a></div><article>",
            "</article><div id='footer'>Elsewhere</div>",
        ),
    ],
    ids=["bare", "with its parts", "with classes"],
)
def test_headings_and_items_are_text_whatever_stands_around_them(before: str, after: str) -> None:
    text = notes.text(3, 6)
    inner = f"<h1>The first heading</h1><p>{text}</p><h2>Another one</h2><p>{text}</p><ul><li>an item of it</li></ul>"
    found = text_of(f"<html><body>{before}{inner}{after}</body></html>", "html")
    told = ("The first heading", "Another one", "an item of it", text)
    assert [one for one in told if one not in found] == []
    assert "Elsewhere" not in found


def test_a_page_in_which_no_main_text_is_found_is_all_its_text() -> None:
    assert text_of("<html><body><p>Short.</p></body></html>", "html") == "Short."
    assert text_of("<html><body><p>Broken <div>page", "html") == "Broken\npage" or "Broken" in text_of(
        "<body>Broken", "html"
    )


def test_a_plain_text_stays_as_it_is() -> None:
    text = "# Not a heading\n\n<b>no tag</b> &amp; *no* emphasis\n    deeper"
    assert text_of(text, "plain") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d\x0be\x85f", "a\nb\nc\nd\ne\nf"),
        ("e\u0301 and \u212b", "é and Å"),
        ("a\x00b\x07c\u200bd\ufeffe\u00adf\u202eg\U000e0041h", "abcdefgh"),
        ("a  \t b\u00a0\u3000c   \n   d", "a b c\n   d"),
        ("a\n\n\n \n\nb\n\n", "a\n\nb"),
        ("\n\n  first", "first"),
        ("lone \ud800 and \ud83d\ude00", "lone \ufffd and \U0001f600"),
        ("\tcode", "code"),
        ("x\n\tcode\n" + " " * 90 + "far", "x\n    code\n" + " " * 32 + "far"),
        (
            "pay\u200dpal, می\u200cخواهم, \U0001f469\u200d\U0001f4bb",
            "paypal, می\u200cخواهم, \U0001f469\u200d\U0001f4bb",
        ),
        (" \n\t\u200b\n", ""),
    ],
)
def test_a_text_is_written_in_one_way(text: str, expected: str) -> None:
    assert normalised.normalised(text) == expected


def test_a_letter_keeps_no_more_marks_than_any_language_has() -> None:
    found = normalised.normalised("a" + "\u0300\u0316" * 20_000 + "b")
    assert len(found) < 40
    assert found.endswith("b")


@given(KINDS, st.one_of(ANY, st.lists(st.one_of(PIECES, ANY), max_size=12).map("".join)))
@settings(max_examples=50)
def test_any_text_has_a_plain_one_that_is_normalised(kind: str, text: str) -> None:
    found = text_of(text, kind)  # type: ignore[arg-type]
    assert found == text_of(text, kind)  # type: ignore[arg-type]
    assert normalised.normalised(found) == found
    assert unicodedata.is_normalized("NFC", found)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in found.replace("\n", ""))
    assert "\n\n\n" not in found
    found.encode("utf-8")


@pytest.mark.parametrize("kind", ["markdown", "html", "plain"])
@pytest.mark.parametrize(
    "unit",
    [">", "> ", "[", "![", "<div>", "<html><div>", "<!--", "`", "- ", "  - ", "a|b\n-|-\n", "<a ", "&", "*a_", "\x00", " ",
     "\u0301", "x"],
)  # fmt: skip
def test_a_beginning_and_ten_thousand_signs_of_one_kind_are_read(kind: str, unit: str) -> None:
    found = text_of(f"A beginning.\n\n{unit * (10_000 // len(unit))}\n\n", kind)  # type: ignore[arg-type]
    assert found.startswith("A beginning.")


@pytest.mark.parametrize("kind", ["markdown", "html", "plain"])
def test_a_line_of_a_megabyte_is_read_as_a_whole(kind: str) -> None:
    text = "word " * 200_000
    assert len(text_of(text, kind).split()) == 200_000  # type: ignore[arg-type]


def test_a_long_markdown_text_is_read_in_parts_that_know_of_each_others_links(monkeypatch: pytest.MonkeyPatch) -> None:
    paragraphs = [
        f"Paragraph {at} leads to [the end][end] of it.\n\n```\ncode {at}\n\n\n# no heading\n```" for at in range(40)
    ]
    text = "\n\n".join(paragraphs) + "\n\n[end]: https://example.org\n"
    whole = text_of(text, "markdown")
    monkeypatch.setattr(markdown_text, "PART", 300)
    assert text_of(text, "markdown") == whole
    assert "[" not in whole
    assert whole.count("# no heading") == 40


@pytest.mark.parametrize(
    "text",
    ["سلام دنیا، این یک متن است.", "שלום עולם, זה טקסט.", "これは日本語の文章です。", "นี่คือข้อความภาษาไทย", "漢字"],
)
def test_texts_of_other_scripts_stay_as_they_are(text: str) -> None:
    assert {text_of(text, "plain"), text_of(text, "markdown"), text_of(f"<p>{text}</p>", "html")} == {text}


def test_a_long_table_of_html_in_markdown_is_read_as_a_whole() -> None:
    table = "<table>\n" + "".join(
        f"  <tr>\n      <td><b>name {at}</b></td>\n      <td>x</td>\n  </tr>\n" for at in range(400)
    )
    found = text_of(f"# Title\n\n{table}</table>\n\n*The end*", "markdown")
    assert found.startswith("Title\n\nname 0 | x\nname 1 | x\n")
    assert found.endswith("name 399 | x\n\nThe end")
    assert "<" not in found
