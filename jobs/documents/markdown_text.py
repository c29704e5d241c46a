"""The plain text of Markdown: what a reader of the rendered page sees, with a line for each item, row and line of code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from jobs.documents.badges import is_badge
from jobs.documents.html_text import attribute, fragment_text

# A parser's time may grow with the square of what it gets at once, so a longer text is given to it in parts.
PART = 8_000
# More brackets than any text has: no links are looked for in such a part.
MOST_BRACKETS = 500
CELLS = " | "

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:[^\n]*\n){0,200}?---[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_REFERENCE = re.compile(r"^ {0,3}\[([^\[\]\n]{1,200})\]:[ \t]*(\S+)", re.MULTILINE)


def markdown_text(text: str) -> str:
    """The plain text of Markdown.

    Links are their text, pictures what is written for those who don't see them (badges: nothing), list items keep their bullet or
    number, a table's row is a line. HTML in it is read as HTML. A header of metadata before the text is left out.
    """
    text = _FRONT_MATTER.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    references = {} if len(text) <= PART else _references(text)
    return "\n\n".join(filter(None, (_part_text(part, references) for part in _parts(text))))


@cache
def _parser(links: bool) -> MarkdownIt:
    found = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return found if links else found.disable(["link", "image", "reference"])


def _references(text: str) -> dict[str, dict[str, str]]:
    """Where links lead that are defined elsewhere in the text, as the parser keeps it: so that each part knows of them."""
    return {normalizeReference(name): {"title": "", "href": address} for name, address in _REFERENCE.findall(text)}


def _parts(text: str) -> Iterator[str]:
    """The text in parts of at most ``PART`` characters, between blank lines outside of code; longer where a block is longer."""
    if len(text) <= PART:
        yield text
        return
    part = ""
    for block in _blocks(text):
        if part and len(part) + len(block) > PART:
            yield part
            part = ""
        part += block
    yield part


def _blocks(text: str) -> Iterator[str]:
    """What stands between blank lines, with those; a fence of code is not cut."""
    lines: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        lines.append(line)
        if begins := _FENCE.match(line):
            fence = "" if fence == begins[1] else (fence or begins[1])
        if not fence and not line.strip():
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def _part_text(text: str, references: dict[str, dict[str, str]]) -> str:
    if len(text) <= PART:
        return _parsed_text(text, references)
    if text.lstrip().startswith("<"):
        # A block of HTML, such as a long table, is no Markdown up to its end.
        return fragment_text(text)
    return "\n".join(_parsed_text(text[at : at + PART], references) for at in range(0, len(text), PART))


def _parsed_text(text: str, references: dict[str, dict[str, str]]) -> str:
    parser = _parser(text.count("[") <= MOST_BRACKETS)
    return "\n".join(_Blocks().lines(parser.parse(text, {"references": dict(references)}))).strip("\n")


class _Blocks:
    """The lines of a document's blocks: headings and paragraphs with a blank line after them, items and rows without."""

    def __init__(self) -> None:
        self._mark = ""
        self._depth = 0
        self._cells: list[str] = []
        self._in_cell = False

    def lines(self, tokens: Sequence[Token]) -> Iterator[str]:
        for token in tokens:
            kind = token.type
            if kind == "inline":
                yield from self._inline(token)
            elif kind in ("fence", "code_block"):
                yield from (*token.content.rstrip("\n").split("\n"), "")
            elif kind == "html_block":
                if found := fragment_text(token.content):
                    yield from (*found.split("\n"), "")
            elif kind == "list_item_open":
                self._mark = f"{token.info}{token.markup} " if token.info else "- "
            elif kind in ("bullet_list_open", "ordered_list_open"):
                self._depth += 1
            elif kind in ("bullet_list_close", "ordered_list_close"):
                self._depth -= 1
                if not self._depth:
                    yield ""
            elif kind in ("td_open", "th_open"):
                self._in_cell = True
            elif kind == "tr_close":
                yield CELLS.join(self._cells)
                self._cells, self._in_cell = [], False
            elif kind == "table_close" or (kind in ("paragraph_close", "heading_close") and not self._depth):
                yield ""

    def _inline(self, token: Token) -> Iterator[str]:
        text = "".join(_inline_text(token.children or ())).strip()
        if self._in_cell:
            self._cells.append(text.replace("\n", " "))
        elif text:
            yield self._mark + text
            self._mark = ""


def _inline_text(tokens: Sequence[Token]) -> Iterator[str]:
    linked: list[str] | None = None
    for token in tokens:
        if token.type == "link_open":
            linked = []
            continue
        if token.type == "link_close":
            # A link of pictures alone is a badge or a logo.
            yield from linked or ()
            linked = None
            continue
        text = _of_token(token, in_link=linked is not None)
        if linked is None:
            yield text
        else:
            linked.append(text)


def _of_token(token: Token, in_link: bool) -> str:
    if token.type in ("text", "code_inline"):
        return token.content
    if token.type == "softbreak":
        return " "
    if token.type == "hardbreak":
        return "\n"
    if token.type == "image":
        return "" if in_link or is_badge(str(token.attrGet("src") or "")) else token.content
    if token.type == "html_inline":
        return _of_tag(token.content, in_link)
    return ""


def _of_tag(tag: str, in_link: bool) -> str:
    """What a tag within a line stands for."""
    name = tag[1:4].lower().rstrip("/> \n")
    if name == "br":
        return "\n"
    if name == "img" and not in_link and not is_badge(attribute(tag, "src")):
        return attribute(tag, "alt")
    return ""
