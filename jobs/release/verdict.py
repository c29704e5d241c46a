"""What is done with a version: published, held, or a person is asked first. A pure function of findings, answer and log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.release import gate
from jobs.release.gate import Finding
from lakehouse.declaration.learning import Approval
from lakehouse.errors import BadArguments
from lakehouse.ops.dataset_versions import APPROVED, HELD, PUBLISHED, VersionEvent

WAITING = "waiting"


@dataclass(frozen=True)
class Verdict:
    """``published``, ``held`` or ``waiting``, and why."""

    verdict: str
    reasons: tuple[str, ...]


def decide(
    found: tuple[Finding, ...], approval: Approval | None, answer: str | None, actor: str, log: Sequence[VersionEvent]
) -> Verdict:
    """Decide.

    Args:
        found: by the gate.
        approval: as declared; None: nobody is asked.
        answer: of the person who was asked; None: there is none yet.
        actor: who gives it.
        log: the lines about the examples as they are.

    Raises:
        BadArguments: when an answer is given and nobody is asked.
    """
    if answer is not None and approval is None:
        raise BadArguments(
            f"--answer {answer}: expected gate.approval to be declared, found nothing of it: nobody is asked; run the release "
            "without --answer"
        )
    if held := gate.reasons(found):
        return Verdict(HELD, held)
    if approval is None:
        return Verdict(PUBLISHED, ())
    if answer == "rejected":
        return Verdict(HELD, (f"rejected by {actor}",))
    if answer == "timeout":
        return Verdict(HELD, (f"nobody answered within {approval.hours:g} hours",))
    if answer is None and not approved(log):
        return Verdict(
            WAITING, (f"a person approves it within {approval.hours:g} hours: --answer approved or --answer rejected",)
        )
    return Verdict(PUBLISHED, (f"approved by {actor if answer else _approver(log)}",))


def approved(log: Sequence[VersionEvent]) -> bool:
    """Whether a person approved it, and it was not held since."""
    last = _last(log)
    return last is not None and last.state == APPROVED


def _approver(log: Sequence[VersionEvent]) -> str:
    last = _last(log)
    assert last is not None
    return last.actor


def _last(log: Sequence[VersionEvent]) -> VersionEvent | None:
    """The last decision."""
    return next((event for event in reversed(log) if event.state in (APPROVED, HELD)), None)
