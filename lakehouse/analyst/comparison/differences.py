"""What was different in the making of two versions: features, parameters, windows, the declaration, what was learned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.analyst.comparison import limits
from lakehouse.analyst.comparison.version_record import VersionRecord


@dataclass(frozen=True)
class Difference:
    """Something that differs: ``what``, and the text of each version; None where it has none."""

    what: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Differences:
    """What differs.

    Attributes:
        only_first, only_second: features that one alone reads; None where that is not known of both.
        retyped: features that are a category in one and a number in the other.
        made_from: windows, candidate, code and the like.
        parameters: that the search chose.
        learned: what ``learn_from`` declared of each.
        declared: fields of the declaration, by their path; None where it is not known of both.
        declared_left_out: how many more differ.
    """

    only_first: tuple[str, ...] | None
    only_second: tuple[str, ...] | None
    retyped: tuple[str, ...]
    made_from: tuple[Difference, ...]
    parameters: tuple[Difference, ...]
    learned: tuple[Difference, ...]
    declared: tuple[Difference, ...] | None
    declared_left_out: int


def between(first: VersionRecord, second: VersionRecord) -> Differences:
    """From the records of both."""
    known = first.features is not None and second.features is not None
    ours, theirs = first.features or (), second.features or ()
    declared = None
    if first.declared is not None and second.declared is not None:
        declared = tuple(_between(first.declared, second.declared))
    both = set(ours) & set(theirs)
    return Differences(
        only_first=tuple(name for name in ours if name not in theirs) if known else None,
        only_second=tuple(name for name in theirs if name not in ours) if known else None,
        retyped=tuple(sorted(both & (set(first.categories) ^ set(second.categories)))),
        made_from=tuple(_between(_made_from(first), _made_from(second))),
        parameters=tuple(_between(first.parameters, second.parameters)),
        learned=tuple(_between(_learned(first), _learned(second))),
        declared=None if declared is None else declared[: limits.MOST_LINES],
        declared_left_out=0 if declared is None else max(0, len(declared) - limits.MOST_LINES),
    )


def _made_from(record: VersionRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        "trained for": record.trained_for,
        **{f"{name} window": days for name, days in record.windows.items()},
        **{f"{name} rows": rows for name, rows in record.rows.items()},
        "candidate": record.candidate,
        "features' table version": record.features_version,
        "code": record.code_version,
    }
    return {name: value for name, value in found.items() if value is not None}


def _learned(record: VersionRecord) -> dict[str, Any]:
    said = record.learned
    numbers = {name: said[name] for name in ("learned_rows", "effective_rows", "measured_share") if name in said}
    return {**dict(said.get("declared") or {}), **numbers}


def _between(first: Any, second: Any, path: str = "") -> Iterator[Difference]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in dict.fromkeys([*first, *second]):
            yield from _between(first.get(name), second.get(name), f"{path}.{name}".removeprefix("."))
    elif (named := _by_name(first, second)) is not None:
        yield from _between(*named, path)
    elif first != second:
        yield Difference(path, _text(first), _text(second))


def _by_name(first: Any, second: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Lists of named things, such as features, by their names: one that moved is no difference."""
    lists = []
    for value in (first, second):
        if not isinstance(value, Sequence) or isinstance(value, str):
            return None
        if not value or not all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in value):
            return None
        lists.append({str(one["name"]): one for one in value})
    return lists[0], lists[1]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= limits.LONGEST else f"{text[: limits.LONGEST]}..."
