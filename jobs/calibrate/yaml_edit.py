"""Numbers changed in the text of a declaration, and nothing else: comments, order, quotes and line ends stay byte for byte.

Values are found by the marks of PyYAML's nodes and replaced where they stand. A field that is missing is inserted: into a block as
a line of its own after the section's last plain value, into braces at their end. A changed line gets a comment, beside the one
that is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from lakehouse.errors import DeclarationError

# What ends a line to YAML.
BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
# By this a comment of an earlier calibration is known and replaced.
SIGN = "calibrated on"
OURS = re.compile(rf"(?:(?:^#\s*|;\s*){SIGN} [^;]*)+$")
REST_OF_LINE = re.compile(r"[ \t]*(?P<comment>#[^\r\n\x85\u2028\u2029]*)?(?=$|[\r\n\x85\u2028\u2029])")


@dataclass(frozen=True)
class Edit:
    """A field's new value, and what its line says of it."""

    value: float
    comment: str

    @property
    def text(self) -> str:
        """The number as people write it: 0.05, and never 5e-2, which YAML 1.1 reads as a text."""
        plain = format(Decimal(repr(self.value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain


@dataclass(frozen=True)
class _Change:
    """The text between two places, and what comes in its stead."""

    start: int
    end: int
    text: str


def edited(text: str, sections: Mapping[str, Mapping[str, Edit]]) -> str:
    """The text with these fields of these sections changed.

    Args:
        text: of the declaration, with its own line ends.
        sections: by section the fields to change.

    Raises:
        DeclarationError: when a section is not written in place, but as an alias of one elsewhere.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = dict(_pairs(root)) if isinstance(root, MappingNode) else {}
    by_name = {key.value: (key, value) for key, value in found.items()}
    changes: list[_Change] = []
    for name, edits in sections.items():
        key, node = by_name.get(name, (None, None))
        if key is None or not isinstance(node, MappingNode) or node.start_mark.index < key.end_mark.index:
            raise DeclarationError(
                f"{name}: expected a section that is written in its place, found none or an alias of one elsewhere; write the "
                f"values by hand: {', '.join(f'{field}: {edit.text}' for field, edit in edits.items())}"
            )
        changes += _changes(text, node, edits)
    # From the end, so that places stay; of two at one place the later one stands behind.
    for change in reversed(sorted(changes, key=lambda change: (change.start, change.end))):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def _pairs(node: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
    return ((key, value) for key, value in node.value if isinstance(key, ScalarNode))


def _changes(text: str, node: MappingNode, edits: Mapping[str, Edit]) -> Iterator[_Change]:
    there = {key.value: (key, value) for key, value in _pairs(node)}
    missing = {field: edit for field, edit in edits.items() if field not in there}
    for field, edit in edits.items():
        if field in there:
            start, end = _place(text, *there[field])
            yield _Change(start, end, edit.text)
            if not node.flow_style:
                yield from _commented(text, end, edit.comment)
    if node.flow_style:
        close = node.end_mark.index - 1
        if missing:
            yield _in_braces(text, node, close, missing)
        # One comment for all of them: what each stands on would make the line too long.
        stretches = dict.fromkeys(edit.comment.split(": ")[0] for edit in edits.values())
        yield from _commented(text, close + 1, "; ".join(stretches))
    elif missing:
        yield _as_lines(text, node, missing)


def _place(text: str, key: ScalarNode, value: Node) -> tuple[int, int]:
    """Where the value stands: its alias, where it is one; else behind its tag and anchor."""
    if value.start_mark.index < key.end_mark.index:
        alias = re.compile(r"\s*:\s*(\*[^\s,\]}]+)").match(text, key.end_mark.index)
        assert alias is not None
        return alias.span(1)
    before = re.compile(r"(?:[&!][^\s]*\s+)*").match(text, value.start_mark.index)
    assert before is not None
    return before.end(), value.end_mark.index


def _commented(text: str, end: int, comment: str) -> Iterator[_Change]:
    """The comment at the end of the line, where nothing else follows: beside that of people, in place of our own."""
    rest = REST_OF_LINE.match(text, end)
    if rest is None:
        return
    theirs = OURS.sub("", rest["comment"] or "").rstrip()
    kept = text[end : rest.start("comment")] if rest["comment"] else "  "
    yield _Change(end, rest.end(), f"{kept}{theirs}; {comment}" if theirs.strip("# ") else f"{kept}# {comment}")


def _in_braces(text: str, node: MappingNode, close: int, missing: Mapping[str, Edit]) -> _Change:
    added = ", ".join(f"{field}: {edit.text}" for field, edit in missing.items())
    if not node.value:
        return _Change(close, close, added)
    # Behind the last value, before blanks, a comma and comments.
    end = node.value[-1][1].end_mark.index
    if end <= node.value[-1][0].end_mark.index:
        end = _place(text, *node.value[-1])[1]
    return _Change(end, end, f", {added}")


def _as_lines(text: str, node: MappingNode, missing: Mapping[str, Edit]) -> _Change:
    """New lines after the last field whose value is on its own line alone; before all where there is none."""
    indent = " " * node.start_mark.column
    lines = [f"{field}: {edit.text}  # {edit.comment}" for field, edit in missing.items()]
    for key, value in reversed(node.value):
        one_line = isinstance(value, ScalarNode) and key.start_mark.line == value.start_mark.line == value.end_mark.line
        rest = REST_OF_LINE.match(text, value.end_mark.index)
        if one_line and rest is not None and key.start_mark.index <= value.start_mark.index:
            newline = BREAK.match(text, rest.end())
            if newline is not None:
                end = newline.group()
                return _Change(newline.end(), newline.end(), "".join(f"{indent}{line}{end}" for line in lines))
            return _Change(len(text), len(text), "".join(f"{_newline(text)}{indent}{line}" for line in lines))
    first = node.value[0][0].start_mark.index
    return _Change(first, first, "".join(f"{line}{_newline(text)}{indent}" for line in lines))


def _newline(text: str) -> str:
    found = BREAK.search(text)
    return "\n" if found is None else found.group()
