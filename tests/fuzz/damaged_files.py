"""Files as broken exporters, transfers and people leave them: drawn rows, written out, and damaged in one or more ways."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass

HEADER = "item,kind,count,price,note"
KINDS = ("rye", "wheat", "spelt")
NOTES = ("", "plain", "a, comma", 'a ""quote""', "two\nlines", "one, two\nand three, four\nfive", "é ü ß", "6 inch")
BAD = ("x,rye,1,2,", "y,oats,1,2,", "z,rye,1.5,2,", "w,rye,1,12D,", "v,rye,,2,", "u,rye,-1,2,")


@dataclass(frozen=True)
class DamagedFile:
    """A file and what was done to it.

    Attributes:
        content: its bytes.
        damage: the kinds of damage, by name.
        rows: the text of each row that was written, before the damage.
    """

    content: bytes
    damage: tuple[str, ...]
    rows: tuple[str, ...]


def drawn(dice: random.Random) -> DamagedFile:
    """A file with up to sixty rows, damaged up to three times."""
    rows = [_row(dice, number) for number in range(dice.randrange(1, 60))]
    text = "\n".join([HEADER, *rows]) + dice.choice(["\n", "\n", "\n", ""])
    kinds = dice.sample(sorted(IN_TEXT), dice.choice([0, 1, 1, 1, 2, 3]))
    for kind in kinds:
        text = IN_TEXT[kind](dice, text)
    content = text.encode("utf-8", "surrogateescape")
    if dice.random() < 0.25:
        kind = dice.choice(sorted(IN_BYTES))
        kinds.append(kind)
        content = IN_BYTES[kind](dice, content)
    return DamagedFile(content, tuple(kinds), tuple(rows))


def _row(dice: random.Random, number: int) -> str:
    if dice.random() < 0.03:
        return dice.choice(BAD)
    note = dice.choice(NOTES)
    quoted = f'"{note}"' if any(mark in note for mark in ',"\n') or dice.random() < 0.1 else note
    item = number if dice.random() < 0.9 else 0
    return f"item{item},{dice.choice(KINDS)},{dice.randrange(100)},{dice.randrange(1, 90) / 4},{quoted}"


def _somewhere(what: str) -> Callable[[random.Random, str], str]:
    def damage(dice: random.Random, text: str) -> str:
        place = dice.randrange(len(HEADER) + 1, len(text) + 1)
        return text[:place] + what + text[place:]

    return damage


def _at_a_line(what: str) -> Callable[[random.Random, str], str]:
    def damage(dice: random.Random, text: str) -> str:
        lines = text.split("\n")
        line = dice.randrange(1, len(lines)) if len(lines) > 1 else 0
        lines[line] = what + lines[line]
        return "\n".join(lines)

    return damage


def _without_a_quote(dice: random.Random, text: str) -> str:
    places = [place for place, mark in enumerate(text) if mark == '"']
    place = dice.choice(places) if places else len(text)
    return text[:place] + text[place + 1 :]


def _ends(end: str, share: float) -> Callable[[random.Random, str], str]:
    def damage(dice: random.Random, text: str) -> str:
        return "".join(end if mark == "\n" and dice.random() < share else mark for mark in text)

    return damage


def _cut(dice: random.Random, text: str) -> str:
    return text[: dice.randrange(len(HEADER) + 1, len(text) + 1)]


def _joined(dice: random.Random, text: str) -> str:
    return (
        text
        + ("" if text.endswith("\n") else "\n")
        + dice.choice(["", "\ufeff"])
        + HEADER
        + "\n"
        + _row(dice, 99)
        + "\n"
    )


IN_TEXT: dict[str, Callable[[random.Random, str], str]] = {
    "a stray quote": _somewhere('"'),
    "a quote at a line's beginning": _at_a_line('"'),
    "a quote lost": _without_a_quote,
    "a NUL": _somewhere("\0"),
    "a carriage return": _somewhere("\r"),
    "a line end": _somewhere("\n"),
    "a delimiter": _somewhere(","),
    "a byte order mark within": _at_a_line("\ufeff"),
    "a byte order mark": lambda dice, text: "\ufeff" + text,
    "the header again": _at_a_line(HEADER + "\n"),
    "another file behind it": _joined,
    "some ends of Windows": _ends("\r\n", 0.5),
    "all ends of Windows": _ends("\r\n", 1),
    "some ends of old Macs": _ends("\r", 0.3),
    "all ends of old Macs": _ends("\r", 1),
    "blank lines": _somewhere("\n\n"),
    "cut off": _cut,
    "a byte that is no text": _somewhere("\udcff"),
}
IN_BYTES: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "gzip": lambda dice, content: gzip.compress(content, mtime=0),
    "gzip of two members": lambda dice, content: _members(dice, content),
    "gzip cut off": lambda dice, content: gzip.compress(content, mtime=0)[: -dice.randrange(1, 20)],
    "gzip with rubbish behind it": lambda dice, content: gzip.compress(content, mtime=0) + b"rubbish",
    "UTF-16": lambda dice, content: content.decode("utf-8", "replace").encode("utf-16"),
    "UTF-16 without its mark": lambda dice, content: content.decode("utf-8", "replace").encode("utf-16-le"),
}


def _members(dice: random.Random, content: bytes) -> bytes:
    place = dice.randrange(len(content) + 1)
    return gzip.compress(content[:place], mtime=0) + gzip.compress(content[place:], mtime=0)
