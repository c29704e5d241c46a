"""The plain text of HTML: of a page its main text, of a fragment all of it."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from typing import Any

import trafilatura
from lxml import etree
from lxml import html as lxml_html
from trafilatura.settings import Extractor

from jobs.documents.badges import is_badge

# What makes a text a page; all else is a fragment.
_PAGE = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
LOOKED_AT = 2_000
# A longer page is more than its main text can be found in with reasonable work; all of its text is taken.
LONGEST_PAGE = 2_000_000
# More elements than that in one another: no extractor is asked, whose work grows with the square of the depth.
DEEPEST = 200
# Sizes within which libxml2 builds a tree without its own limit for huge texts.
_PARSER = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)

_UNREAD = frozenset(
    ("script", "style", "head", "template", "noscript", "svg", "math", "object", "iframe", "canvas", "select", "button", "nav",
     "audio", "video", "map")
)  # fmt: skip
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt",
     "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "legend",
     "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul")
)  # fmt: skip
_AROUND = frozenset(("nav", "aside", "header", "footer", "main", "article"))
_ROLES = frozenset(("navigation", "banner", "complementary", "contentinfo", "main", "search"))
_CALLED_AROUND = re.compile(
    r"\b(?:nav|navbar|menu|sidebar|header|footer|breadcrumbs?|cookies?|share|related)\b", re.IGNORECASE
)
_APART = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "table", "ul", "ol", "dl"))
_TAG = re.compile(r"<(?:!--.*?--|[!/?a-zA-Z][^<>]*)>", re.DOTALL)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# It tells its log of every text that it finds nothing in.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
_EXTRACTION = Extractor(
    output_format="txt",
    fast=True,
    comments=False,
    formatting=False,
    links=False,
    images=False,
    tables=True,
    recall=True,
)


def html_text(text: str) -> str:
    """The plain text of HTML, whatever it is like.

    Of a page with a menu, a footer and the like the main text; where none is found, of a page without them, and of a fragment, all
    that a browser shows: an extractor takes headings and lists of a bare page for something around its text.
    """
    if _PAGE.search(text[:LOOKED_AT]) is None:
        return fragment_text(text)
    tree = _tree(text)
    if tree is None:
        return _without_tags(text)
    if len(text) <= LONGEST_PAGE and _depth(tree) < DEEPEST and _has_surroundings(tree):
        found = _main_text(tree)
        if found:
            return found
    return _visible(tree)


def fragment_text(text: str) -> str:
    """All the text that a browser would show: a line for each block, item and row; pictures by their alternative text."""
    if "<" not in text:
        return html.unescape(text)
    tree = _tree(text)
    return _without_tags(text) if tree is None else _visible(tree)


def attribute(tag: str, name: str) -> str:
    """The value of an attribute of a tag; empty where it has none."""
    found = re.search(rf"\b{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", tag, re.IGNORECASE)
    return html.unescape(next(filter(None, found.groups()), "")) if found else ""


def _tree(text: str) -> Any:
    clean = _NO_XML.sub(" ", text)
    try:
        return lxml_html.document_fromstring(clean.encode("utf-8"), parser=_PARSER)
    except (etree.LxmlError, ValueError, AssertionError):
        # A text without anything to show has no tree.
        return None


def _has_surroundings(tree: Any) -> bool:
    """Whether something in the page says that it stands around its text, or that something else is the text."""
    for element in tree.iter(etree.Element):
        if element.tag in _AROUND or element.get("role") in _ROLES:
            return True
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        if _CALLED_AROUND.search(named):
            return True
    return False


def _main_text(tree: Any) -> str:
    try:
        return trafilatura.extract(tree, options=_EXTRACTION) or ""
    except Exception:
        # Whatever an extractor trips over in somebody's page, the page still has its text.
        return ""


def _depth(tree: Any) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _without_tags(text: str) -> str:
    return html.unescape(_TAG.sub(" ", text))


def _visible(tree: Any) -> str:
    """The texts with the breaks between them: of several breaks in a row the largest."""
    parts: list[str] = []
    breaks = ""
    for piece in _pieces(tree):
        if not piece.strip("\n"):
            breaks = max(breaks, piece, key=len)
            continue
        if breaks or not parts:
            piece = piece.lstrip(" ")
            if not piece:
                continue
            parts.append(breaks if parts else "")
            breaks = ""
        parts.append(piece)
    return "".join(parts)


def _pieces(tree: Any) -> Iterator[str]:
    """Texts and line breaks in order. Without recursion: a tree may be deep."""
    unread = pre = 0
    cells = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            unread += tag in _UNREAD
            pre += tag == "pre"
            if not unread:
                if tag in _BLOCKS:
                    cells = 0
                    yield "\n\n" if tag in _APART else "\n"
                elif tag == "li":
                    yield "\n"
                    yield "- "
                elif tag == "br":
                    yield "\n"
                elif tag in ("td", "th"):
                    if cells:
                        yield " | "
                    cells += 1
                elif tag == "img":
                    yield _of_image(element)
                yield _spaced(element.text, pre)
            continue
        unread -= tag in _UNREAD
        pre -= tag == "pre"
        if not unread:
            if tag in _BLOCKS or tag == "li":
                yield "\n\n" if tag in _APART else "\n"
            yield _spaced(element.tail, pre)


def _of_image(element: Any) -> str:
    parent = element.getparent()
    badge = is_badge(element.get("src") or "") or (parent is not None and parent.tag == "a")
    return "" if badge else element.get("alt") or ""


def _spaced(text: str | None, pre: int) -> str:
    """A text as it is shown: line breaks in it count within <pre> alone."""
    if not text:
        return ""
    if pre:
        return text
    shown = " ".join(text.split())
    return f"{' ' if text[0].isspace() else ''}{shown}{' ' if shown and text[-1].isspace() else ''}"
