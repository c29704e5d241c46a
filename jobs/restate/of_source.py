"""Restating every use case that reads a source, after it was corrected."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.restate.arguments import RestateArguments
from jobs.result import Result
from lakehouse.declaration import loader
from lakehouse.errors import NightjarError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SourceRestateResult(Result):
    """The result of each use case that reads the source, by its name."""

    use_cases: dict[str, dict[str, Any]] = field(default_factory=dict)


def restate(arguments: RestateArguments, of_use_case: Callable[[RestateArguments], Result]) -> SourceRestateResult:
    """Restate one use case after the other. What fails of one stops no other.

    Raises:
        NightjarError: the first error, when all were tried; it names the others in its message.
    """
    _, source = loader.by_source(arguments.source)
    done: dict[str, dict[str, Any]] = {}
    failed: dict[str, NightjarError] = {}
    for use_case in loader.readers(source):
        log.info("restate %s: %s", arguments.source, use_case.name)
        try:
            done[use_case.name] = of_use_case(replace(arguments, use_case=use_case.name, source="")).as_json()
        except NightjarError as error:
            log.error("restate %s: %s: %s", arguments.source, use_case.name, error)
            failed[use_case.name] = error
    if failed:
        first = next(iter(failed.values()))
        restated = ", ".join(done) or "none"
        first.args = (f"{first}; of the readers of {arguments.source} failed: {', '.join(failed)}; done: {restated}",)
        raise first
    statuses = {result["status"] for result in done.values()}
    status = next((one for one in ("restated", "planned") if one in statuses), "fresh")
    return SourceRestateResult(status=status, use_cases=done)
