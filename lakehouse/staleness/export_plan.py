"""Which deliveries are not what they would be now: by the files of the scores, read from the log, and the books, ``ops.exports``.

A day's scores are known by the names of their files and not by the fingerprint of their inputs: what is delivered has to be what
is in gold, also after the same inputs were scored again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse import fingerprints, tables
from lakehouse.declaration import Target, UseCase
from lakehouse.models import registry
from lakehouse.ops import exports
from lakehouse.ops.exports import Export
from lakehouse.staleness.expired import Expired
from lakehouse.staleness.up_to_date import Reasons
from lakehouse.storage import delta_log


@dataclass(frozen=True)
class Scores:
    """The scores that could be delivered now: the table's version, and the files of each day."""

    version: int
    files: Mapping[dt.date, list[str]]

    @classmethod
    def now(cls, use_case: UseCase) -> Scores:
        """Of the newest version. Days without scores are not in it."""
        table = tables.scores(use_case)
        version = delta_log.version(table)
        if version < 0:
            return cls(version, {})
        by_role = [
            delta_log.files_by_day(table, version, role=role) for role in (registry.CHAMPION, registry.CHALLENGER)
        ]
        # A challenger's rows alone are no scores of the day.
        return cls(version, {day: [*files, *by_role[1].get(day, ())] for day, files in by_role[0].items()})

    def fingerprint(self, target: Target, day: dt.date, code: int) -> str:
        """What a delivery of the day to ``target`` is made from."""
        return fingerprints.digest(*self.files.get(day, ()), target.model_dump_json(), code)


def outdated(
    use_case: UseCase, target: Target, code: int, first: dt.date | None = None, last: dt.date | None = None
) -> dict[dt.date, str]:
    """Why each delivered day of the target, or of those from ``first`` to ``last``, is not what it would be now.

    A day that was never delivered is not in it.
    """
    scores, gone = Scores.now(use_case), Expired()
    found = {}
    for line in exports.of_use_case(use_case.name, [target.name]):
        day = line.partition
        if (first is not None and day < first) or (last is not None and day > last):
            continue
        if day not in scores.files and gone.has(tables.scores(use_case), day):
            # The target may keep what is gone here.
            continue
        if why := _why(line, scores.fingerprint(target, day, code), target):
            found[day] = why
    return found


def stale(
    use_case: UseCase, code: int, first: dt.date | None, last: dt.date | None, stale_scores: Iterable[dt.date]
) -> dict[str, Reasons]:
    """By target the delivered days that are outdated, or will be when their scores are recomputed, and why."""
    changing = set(stale_scores)
    found: dict[str, Reasons] = {}
    for target in use_case.deliver:
        reasons = {day: [why] for day, why in outdated(use_case, target, code, first, last).items()}
        for line in exports.of_use_case(use_case.name, [target.name], changing):
            reasons.setdefault(line.partition, []).append("its scores are stale")
        found[target.name] = reasons
    return found


def _why(line: Export, fingerprint: str, target: Target) -> str:
    if line.address != target.address:
        return f"it was sent to {line.address}"
    if line.state != exports.SENT:
        return "its delivery was interrupted"
    return "" if line.fingerprint == fingerprint else "its scores or the declared target have changed since it was sent"
