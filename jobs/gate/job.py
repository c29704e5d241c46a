"""Gate: challenger against champion -> promoted or held, with the evidence in ops.model_events."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from jobs.gate import promotion_decision, provenance
from jobs.gate.arguments import Answer, GateArguments
from jobs.gate.checks import decide
from jobs.gate.promotion_decision import PromotionDecision
from jobs.gate.results import ChallengerResult
from jobs.result import Result
from lakehouse.declaration import Approval, UseCase, loader
from lakehouse.errors import BadArguments, ModelMissing
from lakehouse.models import champion_record, recorded_version, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events

log = logging.getLogger(__name__)

# The verdict while a person is asked.
PROPOSED = "proposed"


@dataclass(frozen=True, kw_only=True)
class GateResult(Result):
    """The verdict on a version, its reasons, and the numbers behind them."""

    verdict: str
    model_version: int
    champion_version: int | None
    reasons: list[str]
    metrics: dict[str, Any]
    evidence: dict[str, Any]
    run_url: str


def run(arguments: GateArguments) -> GateResult:
    """Decide on one version; a version that was decided on already keeps its verdict.

    Where the use case requires approval, a promotion is proposed and nothing happens; a second call with the answer
    carries it out.
    """
    use_case = loader.by_name(arguments.use_case)
    model = recorded_version.check(choose(use_case, arguments.partition, arguments.model_version))
    decision, status = promotion_decision.saved(model), "judged"
    if decision is None and arguments.answer is not None:
        raise BadArguments(
            f"--answer {arguments.answer}: expected a proposal of {model.name} version {model.version} to answer, it was not "
            "judged yet; run the gate without --answer first, and read what it says"
        )
    if decision is None:
        decision = measure_and_decide(use_case, registry.in_service(model), arguments.actor)
        promotion_decision.save(model, decision)
    if arguments.answer is None and pending_approval(use_case, model, decision):
        status = PROPOSED
    else:
        if arguments.answer is not None:
            decision = answer(use_case, model, decision, arguments.answer, arguments.actor)
        decision, new = promotion_decision.carry_out(model, decision)
        status = status if new else "unchanged"
    verdict = PROPOSED if status == PROPOSED else decision.verdict
    log.info("gate %s: version %d %s: %s", use_case.name, model.version, verdict, "; ".join(decision.reasons))
    return GateResult(
        status=status,
        verdict=verdict,
        model_version=model.version,
        champion_version=decision.from_version,
        reasons=list(decision.reasons),
        metrics={name: decision.evidence[name] for name in ("challenger", "champion")},
        evidence=dict(decision.evidence),
        run_url=registry.run_url(model),
    )


def pending_approval(use_case: UseCase, model: ModelVersion, decision: PromotionDecision) -> Approval | None:
    """The declared approval while the promotion waits for a person's answer; None when it does not wait."""
    approval = use_case.gate.approval
    if approval is None or decision.verdict != model_events.PROMOTED or decision.answer:
        return None
    # One that was promoted before approval was declared waits for nobody.
    return None if promotion_decision.is_recorded(model, decision) else approval


def answer(
    use_case: UseCase, model: ModelVersion, decision: PromotionDecision, given: Answer, actor: str
) -> PromotionDecision:
    """The decision with a person's answer, saved.

    Raises:
        BadArguments: when nothing waits for an answer, or another one was given before.
    """
    if decision.answer == given:
        return decision
    approval = pending_approval(use_case, model, decision)
    if approval is None:
        state = (
            f"answered {decision.answer} by {decision.actor}" if decision.answer else f"{decision.verdict} by the gate"
        )
        raise BadArguments(
            f"--answer {given}: expected a promotion of {model.name} version {model.version} that waits for an answer, it "
            f"was {state}; nothing is changed"
        )
    decision = decision.answered(given, actor, approval.hours)
    promotion_decision.save(model, decision)
    return decision


def choose(use_case: UseCase, day: dt.date, number: int | None) -> ModelVersion:
    """The version to decide on: that number; else the newest trained for ``day``; else the alias ``challenger``.

    The day comes before the alias: clearing an old run must decide on that run's version, not on a newer one.

    Raises:
        ModelMissing: when there is none.
    """
    if number is not None:
        return registry.version(use_case.name, number)
    trained = [v for v in registry.versions(use_case.name) if v.trained_for == day]
    model = trained[-1] if trained else registry.by_alias(use_case.name, registry.CHALLENGER)
    if model is None:
        raise ModelMissing(
            f"model {use_case.name}: expected a version trained for {day} or an alias {registry.CHALLENGER!r}, found "
            f"neither; train one: python -m jobs train --use-case {use_case.name} --partition {day}"
        )
    return model


def measure_and_decide(use_case: UseCase, model: ModelVersion, actor: str) -> PromotionDecision:
    """Measure the version and the champion, decide, and give the reasons; a version without its lineage is not measured."""
    # Also one that is not what was recorded: it can't be compared with, and prevents no promotion.
    champion = champion_record.as_registered(use_case.name)
    challenger_result, champion_result = ChallengerResult({}, missing=provenance.missing(use_case, model)), None
    evidence: dict[str, Any] = {"challenger": None, "champion": None}
    if not challenger_result.missing:
        from jobs.gate.comparison import compare

        # A champion that was set by hand and has no decision yet is held against the limits alone.
        other = None if champion is None or champion.version == model.version else champion
        comparison = compare(use_case, model, other)
        challenger_result, champion_result = comparison.challenger, comparison.champion
        evidence = comparison.evidence
    decision = decide(use_case.gate, challenger_result, champion_result)
    lineage = {
        name: model.tags.get(name)
        for name in (registry.TAG_SHA256, registry.TAG_FINGERPRINT, registry.TAG_CODE_VERSION)
    }
    return PromotionDecision(
        verdict=decision.verdict,
        reasons=decision.reasons,
        evidence={**evidence, "lineage": {**lineage, "missing": list(challenger_result.missing)}},
        from_version=None if champion is None else champion.version,
        actor=actor,
        judged_at=dt.datetime.now(dt.UTC).isoformat(),
    )
