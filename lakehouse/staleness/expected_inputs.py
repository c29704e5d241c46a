"""The inputs that each gold partition would be built from now, to be compared with those that it was built from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from lakehouse import fingerprints, tables
from lakehouse.arrivals.label_windows import LabelArrivals
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase, label_transform, transform
from lakehouse.evaluation import base_rates
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from lakehouse.models.shadow import DECIDES_FOR, SHADOW_REASON, Shadow
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import up_to_date


def for_features(use_case: UseCase, days: Iterable[dt.date], arrivals: Arrivals, code: int) -> dict[dt.date, Inputs]:
    """The deliveries that each day may read, the use case's transform and declared features, and the building code."""
    by = {"the transform": transform.code_digest(use_case), "the building code": str(code)}
    return {day: {**arrivals.inputs(day), **by} for day in days}


def for_outcomes(use_case: UseCase, days: Iterable[dt.date], code: int) -> dict[dt.date, Inputs]:
    """The deliveries of each day's population and label, the declared label, and the labelling code.

    Of a computed label the deliveries of its whole window, and ``labels.py`` too. Only of days for which all of it has arrived.
    """
    ordered = sorted(days)
    arrivals = LabelArrivals(use_case, ordered)
    by = {"the declared label": _declared(use_case.label), "the labelling code": str(code)}
    if use_case.label.computed:
        by["the labels' transform"] = label_transform.code_digest(use_case)
    if not use_case.entity.as_delivered:
        by["the declared population"] = _declared(use_case.entity)
    return {day: {**inputs, **by} for day in ordered if (inputs := arrivals.inputs(day)) is not None}


# The declared rules and fallbacks.
RULES = "the rules"


def for_scores(features_fingerprint: str, model: ModelVersion, code: int, canary: str = "", rules: str = "") -> Inputs:
    """The feature rows of a day by their fingerprint, the model's version, bytes and threshold, and the scoring code.

    ``canary`` identifies how a challenger's decision counts for some entities; empty: it does not. ``rules``: as declared; empty:
    there are none.
    """
    return {
        "features": features_fingerprint,
        "model version": str(model.version),
        "model file": model.tags.get(registry.TAG_SHA256, "")[:16],
        "threshold": str(model.threshold),
        "the scoring code": str(code),
        **({"the canary": canary} if canary else {}),
        **({RULES: rules} if rules else {}),
    }


def for_fallback_scores(
    features_fingerprint: str | None, version: int, threshold: float | None, code: int, rules: str, why: str
) -> Inputs:
    """What the scores of a day are made from that the fallbacks score in the place of model ``version``.

    ``features_fingerprint`` is None where the day's features are not built. With the model the inputs are others, so the day is
    stale until it is scored by one.
    """
    return {
        "features": features_fingerprint or "not built",
        "model version": str(version),
        "threshold": str(threshold),
        "the scoring code": str(code),
        RULES: rules,
        builds.WITHOUT_MODEL: why,
    }


def for_challenger_scores(
    features_fingerprint: str, shadow: Shadow, model: ModelVersion, code: int, rules: str = ""
) -> Inputs:
    """The same for the challenger's scores, and why it is in shadow."""
    return {
        **for_scores(features_fingerprint, model, code, rules=rules),
        SHADOW_REASON: shadow.why,
        DECIDES_FOR: f"{shadow.share:g}",
    }


def for_performance(use_case: UseCase, days: Iterable[dt.date], code: int) -> dict[dt.date, Inputs]:
    """The scores of each day, by champion and challenger, and its labels by their fingerprints, the declared slices and the
    measuring code; only of days that have labels. The labels' fingerprint stands for the population, and so for its slices.

    Where a worth is declared also that, and the labels of the days before, of which a base rate is made.
    """
    labels = up_to_date.built(tables.outcomes(use_case))
    by_role = {
        f"scores of the {role}": up_to_date.built(tables.scores(use_case), role=role)
        for role in (registry.CHAMPION, registry.CHALLENGER)
    }
    slices = fingerprints.digest(use_case.model.task, *use_case.slices)
    by = {"the declared slices": slices, "the measuring code": str(code)}

    def of_worth(day: dt.date) -> dict[str, str]:
        if use_case.worth is None:
            return {}
        before = (labels.get(past, "") for past in base_rates.known_days(use_case, day))
        return {"the declared worth": _declared(use_case.worth), "the labels before": fingerprints.digest(*before)}

    return {
        day: {
            "outcomes": labels[day],
            **{name: digests.get(day, "") for name, digests in by_role.items()},
            **by,
            **of_worth(day),
        }
        for day in sorted(days)
        if day in labels
    }


def for_estimates(use_case: UseCase, days: Iterable[dt.date], code: int) -> dict[dt.date, Inputs]:
    """The scores of each day, by champion and challenger, the declared slices and the estimating code; only of days that have
    scores. The scores' fingerprint stands for the version that scored, whose profile has the estimator.

    Of a yes or no also the measured quality of the matured days before, which moves the chances.
    """
    measured = up_to_date.built(tables.performance(use_case)) if use_case.binary else {}
    by_role = {
        f"scores of the {role}": up_to_date.built(tables.scores(use_case), role=role)
        for role in (registry.CHAMPION, registry.CHALLENGER)
    }
    slices = fingerprints.digest(use_case.model.task, *use_case.slices)
    by = {"the declared slices": slices, "the estimating code": str(code)}

    def before(day: dt.date) -> dict[str, str]:
        past = [f"{one}={measured[one]}" for one in base_rates.known_days(use_case, day) if one in measured]
        return {"the matured days before": fingerprints.digest(*past)} if use_case.binary else {}

    return {
        day: {**{name: digests.get(day, "") for name, digests in by_role.items()}, **before(day), **by}
        for day in sorted(days)
        if any(day in digests for digests in by_role.values())
    }


def for_reasons(use_case: UseCase, scored: Mapping[dt.date, str], code: int) -> dict[dt.date, Inputs]:
    """The scores of each day by their fingerprint, which rows get reasons, and the explaining code; nothing when the
    use case declares none.
    """
    if use_case.reasons is None:
        return {}
    by = {"the declared reasons": _declared(use_case.reasons), "the explaining code": str(code)}
    return {day: {"scores": digest, **by} for day, digest in scored.items()}


def _declared(section: BaseModel) -> str:
    return fingerprints.digest(section.model_dump_json())
