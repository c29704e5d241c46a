"""What an erasure says: what was taken out of where, what learned from it, and what is left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.erase import unlinked
from jobs.erase.reach import Reach
from jobs.result import Result


@dataclass(frozen=True, kw_only=True)
class EraseResult(Result):
    """What was taken out of where, or would be.

    Attributes:
        source: the one that was named, or the first that has the subject; ``sources``: all that have it.
        places: how many rows, files or calls of each place.
        published: the versions of datasets that had it, and where they were: what others have of them can't be called back.
        learned: the versions of models that learned from it: their trees keep no row, and stay.
        retrain: by use case the day to train for, where it declares that and its champion has learned from it.
        unlinked: rows of other sources that have its values under the same names; they stay, since nobody has declared a link.
        reason: why, without the key, of a dry run.
        held: the holds of ``retention.yaml`` on what would be erased, of a dry run.
        use_cases: those whose features may have been computed from it: `stale` lists their days.
    """

    source: str
    sources: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    published: list[dict[str, Any]] = field(default_factory=list)
    learned: list[dict[str, Any]] = field(default_factory=list)
    retrain: dict[str, str] = field(default_factory=dict)
    use_cases: list[str] = field(default_factory=list)
    reason: str = ""
    held: list[str] = field(default_factory=list)
    unlinked: dict[str, int] = field(default_factory=dict)


def message(
    reached: Reach,
    there: Mapping[str, int],
    published: list[dict[str, Any]] | None = None,
    unseen: list[str] | None = None,
    retrain: Mapping[str, str] | None = None,
    expired: list[str] | None = None,
    held: Sequence[str] = (),
) -> str:
    """What a person has to know besides the counts."""
    told = []
    if held:
        told.append(
            f"held by retention.yaml: {'; '.join(held)}: the erasure is refused unless it is to go before the hold"
        )
    if not there:
        told.append("nothing of it is here; once it is asked for, it stays out if it is delivered later")
    told += [f"not looked at: {one}" for one in unseen or ()]
    if expired:
        told.append(
            f"retention has taken delivered rows, by which entities would be found ({', '.join(expired)}): what is about those of "
            "these days stays, unless it is erased by its own key"
        )
    if reached.use_cases:
        names = ", ".join(one.name for one in reached.use_cases)
        told.append(
            f"features of others of {names} may have been computed from it: stale lists their days, and restate builds them again"
        )
    for name, day in (retrain or {}).items():
        told.append(f"{name}: a training is asked for: python -m jobs train --use-case {name} --partition {day}")
    hub = [one for one in published or [] if one.get("commit")]
    if hub:
        where = ", ".join(sorted({f"{one['repository']} at {one['tag']} ({one['commit']})" for one in hub}))
        told.append(
            f"the Hub has it still: {where}: the next release goes there, and docs/erasure.md says what is left to do"
        )
    return "; ".join(told)


def parted(found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Versions of datasets, and of models."""
    return [one for one in found if "dataset" in one], [one for one in found if "use_case" in one]


def result(
    reached: Reach,
    status: str,
    there: Mapping[str, int],
    published: list[dict[str, Any]],
    learned: list[dict[str, Any]],
    message: str,
    retrain: Mapping[str, str] | None = None,
    held: Sequence[str] = (),
    reason: str = "",
) -> EraseResult:
    """The result of an erasure that reached so far."""
    return EraseResult(
        status=status,
        message=message,
        source=reached.subjects[0].source.name,
        sources=[one.source.name for one in reached.subjects],
        places=dict(there),
        published=published,
        learned=learned,
        retrain=dict(retrain or {}),
        use_cases=[one.name for one in reached.use_cases],
        unlinked=unlinked.found(reached),
        reason=reason,
        held=list(held),
    )
