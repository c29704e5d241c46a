"""One way to write a text: Unicode composed, lines ended alike, nothing in it that is not seen."""

from __future__ import annotations

import re
import unicodedata

# What ends a line, besides a line feed.
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Control characters, and those without width: soft hyphens, marks of direction and of byte order, tags, and no characters at all.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e007f]"
)
# Joiners are letters' business in scripts such as Persian and Hindi, and hold emoji together; elsewhere they hide.
_HIDDEN_JOINER = re.compile("[\u200c\u200d](?!(?<=[\u0600-\U0010ffff].)[\u0600-\U0010ffff])")
# More marks on one letter than any language has: Unicode's own bound for streams. The work of composing grows with the square.
MOST_MARKS = 30
_MAYBE_MARKS = re.compile(rf"[^\w\s\x00-\u02ff]{{{MOST_MARKS + 1},}}")
# An indentation, as of code, is kept up to so many blanks; a tab is four.
DEEPEST = 32
TAB = "    "


def seen(text: str) -> str:
    """The text composed (NFC), with line feeds alone and without what is not seen.

    A surrogate that stands alone becomes U+FFFD.
    """
    if text.isascii():
        return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", _paired(text)))
    return unicodedata.normalize("NFC", _MAYBE_MARKS.sub(_fewer_marks, _HIDDEN_JOINER.sub("", text)))


def normalised(text: str) -> str:
    """The same with at most one blank line in a row, and one blank between two words.

    The blanks before a line are kept, those behind it are not.
    """
    lines: list[str] = []
    for line in seen(text).split("\n"):
        words = line.split()
        if words:
            lines.append(_indentation(line) + " ".join(words))
        elif lines and lines[-1]:
            lines.append("")
    return "\n".join(lines).strip()


def in_one_line(text: str) -> str:
    """The same on one line, as titles are."""
    return " ".join(normalised(text).split())


def _indentation(line: str) -> str:
    if not line[0].isspace():
        return ""
    before = line[: len(line) - len(line.lstrip())].replace("\t", TAB)
    return " " * min(len(before), DEEPEST)


def _paired(text: str) -> str:
    """Surrogates in pairs are the character that they stand for."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _fewer_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for sign in run[0]:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= MOST_MARKS:
            kept.append(sign)
    return "".join(kept)
