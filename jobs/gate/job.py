"""Gate: challenger against champion -> promoted or held, with the evidence in ops.model_events."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from jobs.gate import promotion_decision, provenance
from jobs.gate.arguments import Answer, GateArguments
from jobs.gate.checks import decide
from jobs.gate.evidence import ChallengerResult
from jobs.gate.promotion_decision import PromotionDecision
from jobs.result import Result
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import BadArguments, ModelMissing
from lakehouse.models import champion_record, registry
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
    """Judge one version; a version that was judged already keeps its verdict.

    Where the use case asks for a person, a promotion is proposed and nothing happens; a second call with the answer
    carries it out.
    """
    use_case = loader.by_name(arguments.use_case)
    model = choose(use_case, arguments.partition, arguments.model_version)
    judged, status = promotion_decision.declared_for(model), "judged"
    if judged is None and arguments.answer is not None:
        raise BadArguments(
            f"--answer {arguments.answer}: expected a proposal of {model.name} version {model.version} to answer, it was not "
            "judged yet; run the gate without --answer first, and read what it says"
        )
    if judged is None:
        judged = judge(use_case, registry.in_service(model), arguments.actor)
        promotion_decision.declare(model, judged)
    if waits(use_case, model, judged) and arguments.answer is None:
        status = PROPOSED
    else:
        if arguments.answer is not None:
            judged = answer(use_case, model, judged, arguments.answer, arguments.actor)
        judged, new = promotion_decision.carry_out(model, judged)
        status = status if new else "unchanged"
    verdict = PROPOSED if status == PROPOSED else judged.verdict
    log.info("gate %s: version %d %s: %s", use_case.name, model.version, verdict, "; ".join(judged.reasons))
    return GateResult(
        status=status,
        verdict=verdict,
        model_version=model.version,
        champion_version=judged.from_version,
        reasons=list(judged.reasons),
        metrics={name: judged.evidence[name] for name in ("challenger", "champion")},
        evidence=dict(judged.evidence),
        run_url=registry.run_url(model),
    )


def waits(use_case: UseCase, model: ModelVersion, judged: PromotionDecision) -> bool:
    """Whether a person has still to say yes or no to the promotion."""
    if use_case.gate.approval is None or judged.verdict != model_events.PROMOTED or judged.answer:
        return False
    # One that was promoted before approval was declared waits for nobody.
    return not promotion_decision.written(model, judged)


def answer(
    use_case: UseCase, model: ModelVersion, judged: PromotionDecision, said: Answer, actor: str
) -> PromotionDecision:
    """The judgement with a person's answer, declared.

    Raises:
        BadArguments: when nothing waits for an answer, or another one was given before.
    """
    if judged.answer == said:
        return judged
    if not waits(use_case, model, judged) or use_case.gate.approval is None:
        found = f"answered {judged.answer} by {judged.actor}" if judged.answer else f"{judged.verdict} by the gate"
        raise BadArguments(
            f"--answer {said}: expected a promotion of {model.name} version {model.version} that waits for an answer, it "
            f"was {found}; nothing is changed"
        )
    judged = judged.answered(said, actor, use_case.gate.approval.hours)
    promotion_decision.declare(model, judged)
    return judged


def choose(use_case: UseCase, day: dt.date, asked: int | None) -> ModelVersion:
    """The version to judge: the one asked for; else the newest trained for ``day``; else the alias ``challenger``.

    The day comes before the alias: clearing an old run must judge that run's version, not whichever came since.

    Raises:
        ModelMissing: when there is none.
    """
    if asked is not None:
        return registry.version(use_case.name, asked)
    trained = [v for v in registry.versions(use_case.name) if v.trained_for == day]
    found = trained[-1] if trained else registry.by_alias(use_case.name, registry.CHALLENGER)
    if found is None:
        raise ModelMissing(
            f"model {use_case.name}: expected a version trained for {day} or an alias {registry.CHALLENGER!r}, found "
            f"neither; train one: python -m jobs train --use-case {use_case.name} --partition {day}"
        )
    return found


def judge(use_case: UseCase, model: ModelVersion, actor: str) -> PromotionDecision:
    """Measure, decide, and put the decision into words."""
    champion = champion_record.current(use_case.name)
    if missing := provenance.missing(use_case, model):
        challenger, rival = ChallengerResult({}, missing=missing), None
        evidence: dict[str, Any] = {"challenger": None, "champion": None}
    else:
        from jobs.gate.comparison import compare

        # A champion that was set by hand and never judged has no rival but its limits.
        compared = compare(use_case, model, None if champion is None or champion.version == model.version else champion)
        challenger, rival, evidence = compared.challenger, compared.rival, compared.evidence
    decision = decide(use_case.gate, challenger, rival)
    proven = {
        name: model.tags.get(name)
        for name in (registry.TAG_SHA256, registry.TAG_FINGERPRINT, registry.TAG_CODE_VERSION)
    }
    return PromotionDecision(
        verdict=decision.verdict,
        reasons=decision.reasons,
        evidence={**evidence, "lineage": {**proven, "missing": list(missing)}},
        from_version=None if champion is None else champion.version,
        actor=actor,
        judged_at=dt.datetime.now(dt.UTC).isoformat(),
    )
