"""Why a document is not kept: every declared limit that it breaks, and what it breaks without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_check import Limits
from lakehouse.declaration.dataset_documents import Heuristics

BETWEEN = "; "
NO_TEXT, DELETED, NO_GRADE = "no text", "deleted by its source", "no grade yet"
# How the reasons begin that the making of a text gives; they stay with the text when the filter changes.
LEFT_OUT, NO_KIND = "left out by standardise.py", "format:"


def quality(measured: Mapping[str, Any], heuristics: Heuristics) -> float:
    """The share of the declared heuristics that a text keeps; 1 where none is declared."""
    kept = [_breaks(measured[name], limits) is None for name, limits in heuristics.limits()]
    return sum(kept) / len(kept) if kept else 1.0


def reasons(document: Mapping[str, Any], dataset: Dataset, made: str | None) -> list[str]:
    """Why a document is not kept, in order; of one without a text its measures say nothing, and so are not asked.

    Args:
        document: columns of the documents' table.
        dataset: whose ``filter`` holds.
        made: why its text could not be made, or None.
    """
    found = [made] if made is not None else []
    if document["deleted"]:
        found.append(DELETED)
    if document["text"]:
        found += _broken(document, dataset)
    elif made is None:
        found.append(NO_TEXT)
    return [_in_a_list(reason) for reason in found]


def made_reason(written: str) -> str | None:
    """Of reasons as they are written, the one that the making of the text gave."""
    first = written.split(BETWEEN)[0]
    return first if first.startswith((LEFT_OUT, NO_KIND)) else None


def no_kind(value: object, known: Mapping[str, object]) -> str:
    """The reason of a document whose column says a kind of text that is not declared."""
    found = "none" if value is None else repr(value)
    return _in_a_list(f"{NO_KIND} {found}, expected {', '.join(known)}")


def _broken(document: Mapping[str, Any], dataset: Dataset) -> Iterator[str]:
    declared = dataset.filter
    for name, limits in declared.limits():
        value = document[name]
        if name == "grade" and value is None:
            yield NO_GRADE
        elif (expected := _breaks(value, limits)) is not None:
            yield f"{name}: {value:.6g}, expected {expected}"
    for name, kept in (("language", declared.languages), ("licence", declared.licences)):
        if kept and document[name] not in kept:
            yield f"{name}: {document[name] or 'none'}, expected {', '.join(kept)}"


def _breaks(value: float | None, limits: Limits) -> str | None:
    """The limit that a value breaks, in words; a value that is not known breaks none."""
    if value is None:
        return None
    if limits.least is not None and value < limits.least:
        return f"at least {limits.least:g}"
    if limits.most is not None and value > limits.most:
        return f"at most {limits.most:g}"
    return None


def _in_a_list(reason: str) -> str:
    return reason.replace(BETWEEN.strip(), ",")
