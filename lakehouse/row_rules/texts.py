"""Functions of texts. A position counts characters (code points)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration.row_rules import Node
from lakehouse.row_rules.values import Rows, Value

_MOST = 2**31 - 1


def substring(text: str, start: int, length: int = _MOST) -> str:
    """SUBSTRING: from the first character on (1, or 0), or so many before the end (negative)."""
    begin = start - 1 if start > 0 else len(text) + start if start < 0 else 0
    end = begin + length
    return text[max(begin, 0) : end] if end > max(begin, 0) else ""


def replaced(text: str, old: str, new: str) -> str:
    """REPLACE; of nothing: the text."""
    return text.replace(old, new) if old else text


_OF_ONE: dict[str, Callable[[Any], Any]] = {
    "length": pc.utf8_length,
    "trim": lambda data: pc.utf8_trim(data, " "),
    "ltrim": lambda data: pc.utf8_ltrim(data, " "),
    "rtrim": lambda data: pc.utf8_rtrim(data, " "),
}
_CASES: dict[str, tuple[Callable[[Any], Any], Callable[[str], str]]] = {
    "lower": (pc.ascii_lower, str.lower),
    "upper": (pc.ascii_upper, str.upper),
}
_PATTERNS: dict[str, Callable[..., Any]] = {
    "startswith": pc.starts_with,
    "endswith": pc.ends_with,
    "contains": pc.match_substring,
}
_OF_ROWS: dict[str, tuple[Callable[..., Any], Any]] = {
    "startswith": (str.startswith, pa.bool_()),
    "endswith": (str.endswith, pa.bool_()),
    "contains": (lambda text, part: part in text, pa.bool_()),
    "replace": (replaced, pa.string()),
    "substring": (substring, pa.string()),
}
FUNCTIONS = frozenset({*_OF_ONE, *_CASES, *_OF_ROWS})


def of_texts(rows: Rows, node: Node, values: tuple[Value, ...]) -> Value:
    """The functions of :data:`FUNCTIONS`."""
    text = values[0]
    if node.op in _OF_ONE:
        return rows.strict(_OF_ONE[node.op](text.data), values)
    if node.op in _CASES:
        quick, exact = _CASES[node.op]
        if pc.all(pc.string_is_ascii(text.data)).as_py() is not False:
            return rows.strict(quick(text.data), values)
        return rows.each(exact, pa.string(), text)
    written = all(arg.op == "literal" for arg in node.args[1:])
    if written and node.op in _PATTERNS and node.args[1].value:
        return rows.strict(_PATTERNS[node.op](text.data, node.args[1].value), values)
    function, type_ = _OF_ROWS[node.op]
    if written:
        rest = [arg.value for arg in node.args[1:]]
        return rows.each(lambda one: function(one, *rest), type_, text)
    return rows.each_row(function, type_, *values)


def concat(rows: Rows, values: tuple[Value, ...]) -> Value:
    """CONCAT: null where any part is; every part is looked at."""
    data = pc.binary_join_element_wise(*(value.data for value in values), pa.scalar(""))
    result = Value(data)
    for value in values:
        if value.failure is not None:
            earlier = result.failure
            result = Value(data, value.failure if earlier is None else _either(earlier, value.failure))
    return result


def _either(earlier: Any, later: Any) -> Any:
    return earlier + later * (earlier == 0)


def like(rows: Rows, node: Node, value: Value) -> Value:
    """LIKE, ILIKE (RE2 patterns) and RLIKE (Python's)."""
    if node.op == "like":
        return rows.strict(pc.match_substring_regex(value.data, node.value), (value,))
    pattern = re.compile(node.value)
    return rows.each(lambda text: pattern.search(text) is not None, pa.bool_(), value)
