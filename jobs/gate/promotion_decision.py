"""A promotion decision, carried out so that running the gate again completes it after a crash at any point.

Three steps: the decision is saved in a tag of the version (what is meant to happen), then the audit log gets its line (it
has happened: from that commit on the version is champion, see `lakehouse.models.champion_record`), and last tags and aliases
follow. A decision without its line is carried out again; one with its line only has its tags and aliases repaired, so
that a rerun never undoes what people did since.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from lakehouse.errors import RegistryChanged
from lakehouse.models import champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

log = logging.getLogger(__name__)

TAG_DECISION = "gate_judgement"
# The same for people who read the version's page.
TAG_VERDICT = "gate_verdict"
TAG_REASONS = "gate_reasons"

# A person's possible answers to a proposed promotion.
APPROVED, REJECTED, TIMEOUT = "approved", "rejected", "timeout"


@dataclass(frozen=True)
class PromotionDecision:
    """A verdict on a version: its reasons and evidence, the champion at the time, who asked, and when (ISO, UTC).

    ``answer`` is a person's answer to a promotion that was proposed; empty where nobody was asked, or has answered yet.
    """

    verdict: str
    reasons: tuple[str, ...]
    evidence: Mapping[str, Any]
    from_version: int | None
    actor: str
    judged_at: str
    answer: str = ""

    def answered(self, answer: str, by: str, hours: float) -> PromotionDecision:
        """The decision after a person was asked: approved, rejected, or timeout when nobody answered in time."""
        now, approval = dt.datetime.now(dt.UTC).isoformat(), {"proposed_by": self.actor, "proposed_at": self.judged_at}
        reason = {
            APPROVED: f"approved by {by}",
            REJECTED: f"rejected by {by}",
            TIMEOUT: f"nobody approved it within {hours:g} hours",
        }[answer]
        return replace(
            self,
            verdict=model_events.PROMOTED if answer == APPROVED else model_events.HELD,
            reasons=(reason, *self.reasons),
            evidence={**self.evidence, "approval": {**approval, "answer": answer, "by": by}},
            actor=by,
            judged_at=now,
            answer=answer,
        )

    def event(self, model: ModelVersion) -> Event:
        """The line of the audit log."""
        return Event(
            model_name=model.name,
            model_version=model.version,
            event=self.verdict,
            from_version=self.from_version,
            actor=self.actor,
            reason="; ".join(self.reasons),
            evidence=self.evidence,
            run_id=model.run_id,
            happened_at=dt.datetime.fromisoformat(self.judged_at),
        )


_JSON = TypeAdapter(PromotionDecision)


def saved(model: ModelVersion) -> PromotionDecision | None:
    """The decision that the version's tag holds; None when there is none yet."""
    text = model.tags.get(TAG_DECISION)
    return _JSON.validate_json(text) if text else None


def save(model: ModelVersion, decision: PromotionDecision) -> None:
    """Save in a tag what is meant to happen."""
    registry.tag(model, TAG_DECISION, _JSON.dump_json(decision).decode())


def carry_out(model: ModelVersion, decision: PromotionDecision) -> tuple[PromotionDecision, bool]:
    """Write the line of the audit log; tags and aliases follow.

    Returns:
        The decision as it was carried out, held when another version became champion since it was made; and whether
        the line is new: nothing is done twice.
    """
    new = not is_recorded(model, decision)
    if new and decision.verdict == model_events.PROMOTED and not champion_record.change(decision.event(model)):
        # A run of the same gate that came first in this very moment has promoted the same version.
        new = not is_recorded(model, decision)
        if new:
            decision = _overtaken(model, decision)
            save(model, decision)
    if new and decision.verdict == model_events.HELD:
        model_events.record(decision.event(model))
    registry.tag(model, TAG_VERDICT, decision.verdict)
    registry.tag(model, TAG_REASONS, decision.event(model).reason)
    try:
        champion = champion_record.current(model.name)
    except RegistryChanged as error:
        # It was judged without that champion, and is held: the alias stays where it is.
        log.warning("%s", error)
        champion = None
    challenger = registry.by_alias(model.name, registry.CHALLENGER)
    if champion is not None and challenger is not None and champion.version == challenger.version:
        registry.drop(model.name, registry.CHALLENGER)
    return decision, new


def is_recorded(model: ModelVersion, decision: PromotionDecision) -> bool:
    """Whether the audit log has the decision's line, or that of a run which promoted the same version at the same time."""
    event = decision.event(model)
    return any(
        line.event == event.event
        and (
            line.happened_at == event.happened_at
            or (line.event, line.from_version) == (model_events.PROMOTED, event.from_version)
        )
        for line in model_events.of_model(model.name, model.version)
    )


def _overtaken(model: ModelVersion, decision: PromotionDecision) -> PromotionDecision:
    """The decision to promote, held because the champion that it was to replace is champion no more."""
    last = champion_record.changes(model.name)[-1]
    before = "no champion" if decision.from_version is None else f"version {decision.from_version}"
    reason = (
        f"champion changed meanwhile: this version was judged against {before}, and version {last.model_version} was "
        f"{last.event} on {last.happened_at:%Y-%m-%d %H:%M:%S} UTC by {last.actor}; train a new version to have it judged "
        "against that one"
    )
    return replace(
        decision, verdict=model_events.HELD, reasons=(reason, *decision.reasons), from_version=last.model_version
    )
