"""A drift page as a browser reads it: its text, its elements, its addresses."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "br"})


class Page(HTMLParser):
    """The parsed page; an element that is never closed, or closed twice, is an error.

    Attributes:
        texts: what is read, in order.
        tags: how often each element is there.
        marked: the attributes of each element, by its name.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: dict[str, int] = {}
        self.marked: dict[str, list[dict[str, str]]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.marked.setdefault(tag, []).append({name: value or "" for name, value in attrs})
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style" and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)
