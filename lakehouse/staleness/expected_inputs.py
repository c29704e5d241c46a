"""What each gold partition would be built from now: to be compared with what it was built from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from lakehouse import code_version, fingerprints, tables
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase, loader
from lakehouse.evaluation import metrics, shap_values
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from lakehouse.models.shadow import BESIDE, DECIDES_FOR, Shadow
from lakehouse.ops import deliveries
from lakehouse.ops.builds import Inputs
from lakehouse.storage import delta_log

FINGERPRINT = "inputs_fingerprint"


def features(use_case: UseCase, days: Iterable[dt.date], arrivals: Arrivals) -> dict[dt.date, Inputs]:
    """The deliveries that each day may read, and the use case's code and declared features."""
    by = loader.code_fingerprint(use_case)
    return {day: {**arrivals.inputs(day), "the feature code": by} for day in days}


def outcomes(use_case: UseCase, days: Iterable[dt.date]) -> dict[dt.date, Inputs]:
    """The deliveries of each day's population and label, and the declared label; only days for which both have arrived."""
    wanted = sorted(days)
    sources = (use_case.entity.source, use_case.label.source)
    arrived = deliveries.arrived(sources, wanted[0], wanted[-1]) if wanted else {}
    label = fingerprints.digest(use_case.label.model_dump_json())
    return {
        day: {f"{source} {day}": ",".join(arrived[source, day]) for source in sources} | {"the declared label": label}
        for day in wanted
        if all((source, day) in arrived for source in sources)
    }


def scores(
    features_built: Mapping[dt.date, str],
    models: Mapping[dt.date, ModelVersion],
    canary: Mapping[dt.date, str] | None = None,
) -> dict[dt.date, Inputs]:
    """The feature rows of each day by their fingerprint, its model's version, bytes and threshold, and the scoring code.

    ``canary`` says for which days, and how, a challenger's decision counts for some entities.
    """
    by, deciding = code_version.digest("jobs/score"), canary or {}
    return {
        day: {
            "features": features_built[day],
            "model version": str(model.version),
            "model file": model.tags.get(registry.TAG_SHA256, "")[:16],
            "threshold": str(model.threshold),
            "the scoring code": by,
            **({"the canary": deciding[day]} if deciding.get(day) else {}),
        }
        for day, model in models.items()
    }


def scores_beside(
    features_built: Mapping[dt.date, str], shadows: Mapping[dt.date, Shadow], models: Mapping[int, ModelVersion]
) -> dict[dt.date, Inputs]:
    """The same of the challenger's scores, and why it is there; of the days whose shadow is among ``models``."""
    known = {day: shadow for day, shadow in shadows.items() if shadow.version in models}
    inputs = scores(features_built, {day: models[shadow.version] for day, shadow in known.items()})
    return {day: {**inputs[day], BESIDE: shadow.why, DECIDES_FOR: f"{shadow.share:g}"} for day, shadow in known.items()}


def performance(use_case: UseCase, days: Iterable[dt.date]) -> dict[dt.date, Inputs]:
    """The scores of each day, by champion and challenger, and its labels by their fingerprints, the declared slices and the
    measuring code; only days that have labels. The labels' fingerprint stands for the population, and so for its slices.
    """
    built = delta_log.constant_by_partition(tables.outcomes(use_case), FINGERPRINT)
    scores = {
        f"scores of the {role}": delta_log.constant_by_partition(tables.scores(use_case), FINGERPRINT, role=role)
        for role in (registry.CHAMPION, registry.CHALLENGER)
    }
    slices = fingerprints.digest(use_case.model.task, *use_case.slices)
    measuring = fingerprints.digest(metrics.code_fingerprint(), code_version.digest("jobs/monitor"))
    by = {"the declared slices": slices, "the measuring code": measuring}
    return {
        day: {"outcomes": built[day], **{name: digests.get(day, "") for name, digests in scores.items()}, **by}
        for day in sorted(days)
        if day in built
    }


def reasons(use_case: UseCase, scored: Mapping[dt.date, str]) -> dict[dt.date, Inputs]:
    """The scores of each day by their fingerprint, which rows ask for reasons, and the code that explains; nothing when the
    use case asks for none.
    """
    if use_case.reasons is None:
        return {}
    declared = fingerprints.digest(use_case.reasons.model_dump_json())
    by = {"the declared reasons": declared, "the explaining code": shap_values.code_fingerprint()}
    return {day: {"scores": digest, **by} for day, digest in scored.items()}
