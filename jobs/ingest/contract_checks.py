"""Checking delivered text against a contract: pure functions of Arrow tables.

A row that fails keeps every reason that applies, not only the first: the person who corrects the data needs to see all at once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.typed_values import typed
from lakehouse import declaration

if TYPE_CHECKING:
    from lakehouse import row_rules

# Added to the rows: why a row is rejected, a list of texts; null for a good one.
REASONS = "_reasons"
# What is kept of a bronze row besides the source's own columns.
KEPT = ("raw", "line", "delivered_file", "delivery_id", "ingested_at", "partition")

NOTHING: Mapping[str, dt.datetime] = {}

# Where a rule is broken, and the reason by the number of a row.
Finding = tuple[pa.Array, Callable[[int], str]]


def check(
    delivered: pa.Table, source: declaration.Source, zone: ZoneInfo, since: Mapping[str, dt.datetime] = NOTHING
) -> pa.Table:
    """Type every column and find every reason to reject.

    Args:
        delivered: rows of the source's bronze table.
        source: the contract.
        zone: of the calendar.
        since: for columns that were declared later than the first contract, since when: a row that arrived before has none.

    Returns:
        The source's columns typed (null where the text is not of the type), the kept columns, and ``_reasons``.
    """
    rows = delivered.combine_chunks()
    malformed = _column(rows, "malformed")
    values: dict[str, pa.Array] = {}
    reasons: dict[int, list[str]] = {
        int(row): [malformed[int(row)].as_py()] for row in np.flatnonzero(pc.is_valid(malformed).to_numpy(False))
    }
    whole = frozenset(reasons)
    for column in source.columns:
        arrived = _column(rows, "ingested_at")
        due = pc.greater_equal(arrived, since[column.name]) if column.name in since else pa.repeat(True, len(rows))
        values[column.name], findings = _check_column(_column(rows, column.name), column, source, zone, due)
        _note(findings, reasons, whole)
    _note(_check_rules(pa.table(values), source), reasons, whole)
    kept = {name: _column(rows, name) for name in KEPT}
    why = pa.array([reasons.get(row) for row in range(len(rows))] if reasons else [], pa.list_(pa.string()))
    return pa.table({**values, **kept, REASONS: why if reasons else pa.nulls(len(rows), why.type)})


def _note(findings: Iterator[Finding], reasons: dict[int, list[str]], except_for: frozenset[int]) -> None:
    for broken, reason in findings:
        for row in np.flatnonzero(pc.fill_null(broken, False).to_numpy(False)):
            if row not in except_for:
                reasons.setdefault(int(row), []).append(reason(int(row)))


def _check_column(
    texts: pa.Array, column: declaration.Column, source: declaration.Source, zone: ZoneInfo, due: pa.Array
) -> tuple[pa.Array, Iterator[Finding]]:
    found = typed(texts, column.type, zone, source.format.decimal)

    def reason(expected: str) -> Callable[[int], str]:
        return lambda row: f"{column.name}: expected {expected}, found '{texts[row].as_py()[:100]}'"

    def findings() -> Iterator[Finding]:
        yield found.wrong, reason(_type_in_words(column, zone))
        if not column.nullable:
            yield pc.and_(pc.is_null(texts), due), lambda row: f"{column.name}: expected a value, found none"
        if found.not_finite is not None:
            yield found.not_finite, reason("a finite number")
        if column.minimum is not None:
            yield pc.less(found.values, column.minimum), reason(f"at least {column.minimum:g}")
        if column.maximum is not None:
            yield pc.greater(found.values, column.maximum), reason(f"at most {column.maximum:g}")
        if column.allowed is not None:
            known = pc.is_in(texts, value_set=pa.array(column.allowed, pa.string()))
            yield pc.and_(pc.is_valid(texts), pc.invert(known)), reason(f"one of {', '.join(column.allowed)}")
        if column.pattern is not None:
            yield _of_another_form(texts, column.pattern), reason(f"the form {column.pattern}")

    return found.values, findings()


def _type_in_words(column: declaration.Column, zone: ZoneInfo) -> str:
    article = "an" if column.type == "int" else "a"
    # A document's date is an instant: which day it begins depends on the place.
    return f"{article} {column.type}" + (
        f", or the instant that begins it in {zone.key}" if column.type == "date" else ""
    )


def _of_another_form(texts: pa.Array, pattern: str) -> pa.Array:
    """Where the whole text does not match, by Python's dialect: each different text is matched once."""
    expression, different = re.compile(pattern), pc.unique(texts)
    wrong = [text for text in different.to_pylist() if text is not None and expression.fullmatch(text) is None]
    return pc.is_in(texts, value_set=pa.array(wrong, pa.string())) if wrong else pa.repeat(False, len(texts))


def _check_rules(values: pa.Table, source: declaration.Source) -> Iterator[Finding]:
    if not source.row_rules:
        return
    # The parser of expressions takes a fifth of a second to load.
    from lakehouse import row_rules

    types = {column.name: column.type for column in source.columns}
    for rule in source.row_rules:
        yield from _check_rule(rule, row_rules.evaluate(rule.expression, types, values))


def _check_rule(rule: declaration.RowRule, outcome: row_rules.Outcome) -> Iterator[Finding]:
    expected = f"{rule.name}: expected {rule.expression}"
    yield outcome.broken, lambda row: expected
    yield outcome.failed, lambda row: f"{expected}, which can't be evaluated: {outcome.reasons[row].as_py()}"


def _column(rows: pa.Table, name: str) -> pa.Array:
    column = rows.column(name)
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks)
        if column.num_chunks
        else (pa.array([], column.type))
    )
