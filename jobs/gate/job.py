"""Gate: challenger against champion -> promoted or held, with the evidence in ops.model_events."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from jobs.arguments import Arguments
from jobs.gate import judgement
from jobs.gate.decision import decide
from jobs.gate.judgement import Judgement
from lakehouse import championship, registry, use_cases
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing
from lakehouse.registry import ModelVersion

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> dict[str, Any]:
    """Judge one version; a version that was judged already keeps its verdict."""
    assert arguments.use_case is not None and arguments.partition is not None
    use_case = use_cases.by_name(arguments.use_case)
    model = choose(use_case, arguments.partition, arguments.model_version)
    judged = judgement.of(model)
    if judged is None:
        judged = judge(use_case, model, arguments.actor)
        judgement.declare(model, judged)
    judged, new = judgement.carry_out(model, judged)
    log.info("gate %s: version %d %s: %s", use_case.name, model.version, judged.verdict, "; ".join(judged.reasons))
    return {
        "status": "judged" if new else "unchanged",
        "verdict": judged.verdict,
        "model_version": model.version,
        "champion_version": judged.from_version,
        "reasons": list(judged.reasons),
        "metrics": {name: judged.evidence[name] for name in ("challenger", "champion")},
        "evidence": judged.evidence,
    }


def choose(use_case: UseCase, day: dt.date, asked: int | None) -> ModelVersion:
    """The version to judge: the one asked for; else the newest trained for ``day``; else the alias ``challenger``.

    The day comes before the alias: clearing an old run must judge that run's version, not whichever came since.

    Raises:
        ModelMissing: when there is none.
    """
    if asked is not None:
        return registry.version(use_case.name, asked)
    trained = [v for v in registry.versions(use_case.name) if v.tags.get(registry.TAG_TRAINED_FOR) == day.isoformat()]
    found = trained[-1] if trained else registry.by_alias(use_case.name, registry.CHALLENGER)
    if found is None:
        raise ModelMissing(
            f"model {use_case.name}: expected a version trained for {day} or an alias {registry.CHALLENGER!r}, found "
            f"neither; train one: python -m jobs train --use-case {use_case.name} --partition {day}"
        )
    return found


def judge(use_case: UseCase, model: ModelVersion, actor: str) -> Judgement:
    """Measure, decide, and put the decision into words."""
    from jobs.gate.comparison import compare

    champion = championship.current(use_case.name)
    # A champion that was set by hand and never judged has no rival but its floors.
    compared = compare(use_case, model, None if champion is None or champion.version == model.version else champion)
    decision = decide(use_case.gate, compared.challenger, compared.rival)
    return Judgement(
        verdict=decision.verdict,
        reasons=decision.reasons,
        evidence=compared.evidence,
        from_version=None if champion is None else champion.version,
        actor=actor,
        judged_at=dt.datetime.now(dt.UTC).isoformat(),
    )
