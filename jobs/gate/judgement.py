"""A judgement carried out so that a crash at any point is mended by running the gate again.

Three steps: the judgement is written to the version as one tag (what is meant to happen), then the aliases move, and
last the diary gets its line (it has happened). A judgement without its line is carried out again; one with its line is
left alone, so that a rerun never undoes what people did since.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lakehouse import events, registry, settings
from lakehouse.events import Event
from lakehouse.registry import ModelVersion

log = logging.getLogger(__name__)

TAG_JUDGEMENT = "gate_judgement"
# The same for people who read the version's page.
TAG_VERDICT = "gate_verdict"
TAG_REASONS = "gate_reasons"


@dataclass(frozen=True)
class Judgement:
    """A verdict on a version: its reasons and evidence, the champion at the time, who asked, and when (ISO, UTC)."""

    verdict: str
    reasons: tuple[str, ...]
    evidence: Mapping[str, Any]
    from_version: int | None
    actor: str
    judged_at: str

    def event(self, model: ModelVersion) -> Event:
        """The diary's line."""
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


def of(model: ModelVersion) -> Judgement | None:
    """The judgement that the version carries; None when it was never judged."""
    text = model.tags.get(TAG_JUDGEMENT)
    if not text:
        return None
    content = json.loads(text)
    return Judgement(**{**content, "reasons": tuple(content["reasons"])})


def declare(model: ModelVersion, judgement: Judgement) -> None:
    """Write down what is meant to happen."""
    text = json.dumps(asdict(judgement), sort_keys=True)
    _client().set_model_version_tag(model.name, str(model.version), TAG_JUDGEMENT, text)


def carry_out(model: ModelVersion, judgement: Judgement) -> bool:
    """Move the aliases, then write the diary's line. False when the line was there: nothing is done twice."""
    event, diary = judgement.event(model), events.of_model(model.name)
    mine = (event.model_version, event.event, event.happened_at)
    if any((line.model_version, line.event, line.happened_at) == mine for line in diary):
        return False
    client, number = _client(), str(model.version)
    client.set_model_version_tag(model.name, number, TAG_VERDICT, judgement.verdict)
    client.set_model_version_tag(model.name, number, TAG_REASONS, event.reason)
    if judgement.verdict == events.PROMOTED:
        moved = (events.PROMOTED, events.ROLLED_BACK, events.RETIRED)
        if any(line.event in moved and line.happened_at > event.happened_at for line in diary):
            log.warning("gate %s: the champion changed since this judgement was made, its alias stays", model.name)
        else:
            client.set_registered_model_alias(model.name, registry.CHAMPION, number)
        challenger = registry.by_alias(model.name, registry.CHALLENGER)
        if challenger is not None and challenger.version == model.version:
            client.delete_registered_model_alias(model.name, registry.CHALLENGER)
    events.record(event)
    return True


def _client() -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=settings.load().mlflow_tracking_uri)
