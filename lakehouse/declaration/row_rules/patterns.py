"""Patterns of LIKE and of regular expressions, checked when a declaration is loaded."""

from __future__ import annotations

import re

from lakehouse.declaration.row_rules.types import RuleError

_SPECIAL = frozenset("\\.+*?()|[]{}^$")


def of_like(pattern: str, escape: str) -> str:
    """The regular expression (of RE2, for a whole text) of LIKE's pattern.

    Raises:
        RuleError: the escape character stands before something that needs none.
    """
    result: list[str] = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == escape:
            char = pattern[index : index + 1]
            index += 1
            if char not in ("%", "_", escape) or not char:
                raise RuleError(f"LIKE expects %, _ or {escape} after {escape}, found {pattern!r}")
        elif char == "%":
            result.append(".*")
            continue
        elif char == "_":
            result.append(".")
            continue
        result.append("\\" + char if char in _SPECIAL else char)
    return rf"(?s)\A{''.join(result)}\z"


def of_regexp(pattern: str) -> str:
    r"""The pattern for `re.search`; ``$`` is the end of the text in it, not the last line break too.

    Raises:
        RuleError: it is no regular expression of Python's.
    """
    try:
        flags = re.compile(pattern).flags
    except (re.error, RecursionError, OverflowError) as error:
        raise RuleError(f"expected a regular expression as Python writes it, found {pattern!r}: {error}") from error
    if flags & (re.MULTILINE | re.VERBOSE):
        return pattern
    result: list[str] = []
    index, in_set = 0, False
    while index < len(pattern):
        char = pattern[index]
        taken = pattern[index : index + 2] if char == "\\" else char
        index += len(taken)
        if taken == "[" and not in_set:
            in_set = True
            # A ] that comes first is one of the set.
            first = re.match(r"\^?\]?", pattern[index:])
            taken += first.group() if first else ""
            index += len(taken) - 1
        elif taken == "]":
            in_set = False
        elif taken == "$" and not in_set:
            taken = r"\Z"
        result.append(taken)
    return "".join(result)
