"""The run book, docs/on-call.md, as a page: what to do is one click away, also where nothing else can be reached."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from include.status_page import addresses
from include.status_page.addresses import safe
from include.status_page.rendering import page
from lakehouse.settings import PROJECT_ROOT

router = APIRouter()

FILE = PROJECT_ROOT / "docs" / "on-call.md"


@router.get(f"/{addresses.RUN_BOOK}")
def run_book(request: Request) -> HTMLResponse:
    """The whole run book; a part of it by its anchor."""
    return page(request, "run_book.html.jinja", text=_text(FILE.stat().st_mtime_ns) if FILE.is_file() else None)


@lru_cache(maxsize=1)
def _text(_: int) -> Markup:
    """The file as HTML, made again when it changes. HTML in it stays text; links to other files, which are not served, go."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(FILE.read_text(encoding="utf-8"))
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(following.content))
        if token.children:
            token.children = _served(token.children)
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def _served(tokens: list[Token]) -> list[Token]:
    """The tokens without links to what is not served here: their text stays."""
    kept, left_out = [], 0
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrGet("href") or "")
            if not target.startswith("#") and not safe(target):
                left_out += 1
                continue
        elif token.type == "link_close" and left_out:
            left_out -= 1
            continue
        if token.type != "image":
            kept.append(token)
    return kept


def anchor(heading: str) -> str:
    """The anchor of a heading, as the alerts name it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
