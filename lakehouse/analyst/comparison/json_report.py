"""A comparison as JSON, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from lakehouse.analyst.comparison import summary
from lakehouse.analyst.comparison.compared import Comparison
from lakehouse.analyst.comparison.version_record import VersionRecord
from lakehouse.analyst.rendering import plain
from lakehouse.declaration import UseCase


def content(use_case: UseCase, comparison: Comparison) -> dict[str, Any]:
    """The fields of `Comparison`, the use case, and the sentence above them, in the types of JSON."""
    said = asdict(comparison) | {
        "use_case": use_case.name,
        "summary": summary.sentence(comparison),
        "first": _record(comparison.first),
        "second": _record(comparison.second),
    }
    result: dict[str, Any] = plain(said)
    return result


def report(use_case: UseCase, comparison: Comparison) -> str:
    """The same as text."""
    return json.dumps(content(use_case, comparison), indent=1, ensure_ascii=False)


def _record(record: VersionRecord) -> dict[str, Any]:
    return {**vars(record), "events": [vars(event) for event in record.events]}
