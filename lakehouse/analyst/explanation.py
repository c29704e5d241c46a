"""What explains one score: gathered from the gold tables, the models' audit log and, where it answers, MLflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from lakehouse import tables
from lakehouse.analyst import decided, keys, lookup, shap_reasons
from lakehouse.analyst.decided import Decided
from lakehouse.analyst.lookup import Row
from lakehouse.analyst.shap_reasons import ScoreReasons
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing, ModelRefused, NotScored, RegistryChanged, ServiceUnavailable
from lakehouse.models import recorded_version, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds, model_events
from lakehouse.ops.builds import Inputs
from lakehouse.storage import delta_log


@dataclass(frozen=True)
class Explanation:
    """Everything that explains one score; the fields are the names in its JSON.

    Attributes:
        key: the entity's key.
        score: the row of the scores table that decided.
        others: the rows of other roles for the same entity and day.
        reasoned: the reasons; None when they can't be read or computed.
        features: every feature's value; empty when the rows can't be read any more.
        model: what is known of the model version: training, windows, rows, metrics.
        history: the version's events, oldest first.
        built_from: inputs of the scores and of the features, by name.
        missing: what could not be read or computed, and why.
        decided: what decided beside the model, of a use case with rules or fallbacks.
    """

    key: Row
    score: Row
    others: tuple[Row, ...]
    reasoned: ScoreReasons | None
    features: Row
    model: Mapping[str, Any]
    history: tuple[model_events.Event, ...]
    built_from: Mapping[str, Inputs]
    missing: tuple[str, ...]
    decided: Decided | None = None


def explain(
    use_case: UseCase, key: Mapping[str, Any], day: dt.date, role: str | None = None, away: str | None = None
) -> Explanation:
    """Gather it.

    Args:
        use_case: whose score.
        key: values of key columns that identify one entity; not every column need be there.
        day: the partition.
        role: of the score, champion or challenger; None: the one that decided.
        away: why MLflow is not asked, where that is known before.

    Raises:
        NotScored: no such day, key or role. BadArguments: several entities have the key.
    """
    missing: list[str] = []
    rows = lookup.scores(use_case, key, day)
    score = _chosen(use_case, rows, key, day, role)
    whole_key = {name: score[name] for name in use_case.entity.key}
    scores_from = builds.inputs_behind(tables.scores(use_case), {day: score["inputs_fingerprint"]}).get(day, {})
    features = _features(use_case, whole_key, day, score, scores_from, missing)
    model = _model(score, away, missing)
    history = tuple(model_events.of_model(score["model_name"], score["model_version"]))
    return Explanation(
        key=whole_key,
        score=score,
        others=tuple(row for row in rows if row is not score),
        reasoned=_reasons(use_case, whole_key, day, score, features, model, missing),
        features={name: features[name] for name in use_case.feature_names} if features else {},
        model=_training(model, history, missing),
        history=history,
        built_from={"scores": scores_from, "features": _features_from(use_case, day, features)},
        missing=tuple(missing),
        decided=decided.of_score(use_case, score, features, scores_from),
    )


def _chosen(use_case: UseCase, rows: list[Row], key: Mapping[str, Any], day: dt.date, role: str | None) -> Row:
    if role is not None:
        if (of_role := next((row for row in rows if row["role"] == role), None)) is None:
            present = " and ".join(sorted(row["role"] for row in rows))
            raise NotScored(
                f"{tables.scores(use_case).full_name}: expected a score of {keys.text(key)} on {day} as {role}, it has one as "
                f"{present}"
            )
        return of_role
    decided_by = next((row for row in rows if row.get("decides")), None)
    return decided_by or next((row for row in rows if row["role"] == registry.CHAMPION), rows[0])


def _features(
    use_case: UseCase, key: Row, day: dt.date, score: Row, scores_from: Inputs, missing: list[str]
) -> Row | None:
    """The feature row that was scored: the present one if it has the same inputs, else by time travel."""
    table = tables.features(use_case)
    where = pc.field("partition") == day
    now = lookup.rows(table, where, key) if delta_log.exists(table) else []
    if now and now[0]["inputs_fingerprint"] == scores_from.get("features"):
        return now[0]
    version = score["features_version"]
    try:
        return lookup.rows(table, where, key, at=version)[0]
    except (DeltaError, OSError, IndexError) as error:
        missing.append(
            f"the features that were scored: the day was built again since, and version {version} of {table.full_name} "
            f"can't be read any more ({type(error).__name__}); to score the day again: python -m jobs restate --use-case "
            f"{use_case.name}"
        )
        return None


def _features_from(use_case: UseCase, day: dt.date, features: Row | None) -> Inputs:
    if features is None:
        return {}
    return builds.inputs_behind(tables.features(use_case), {day: features["inputs_fingerprint"]}).get(day, {})


def _model(score: Row, away: str | None, missing: list[str]) -> ModelVersion | None:
    if away is not None:
        missing.append(f"what the registry knows of the model: {away}")
        return None
    try:
        return recorded_version.version(score["model_name"], score["model_version"])
    except (ServiceUnavailable, ModelMissing, RegistryChanged) as error:
        missing.append(f"what the registry knows of the model: {error}")
        return None


def _reasons(
    use_case: UseCase,
    key: Row,
    day: dt.date,
    score: Row,
    features: Row | None,
    model: ModelVersion | None,
    missing: list[str],
) -> ScoreReasons | None:
    if score.get("score_from") not in (None, "model") and score.get("model_score") is None:
        missing.append("the reasons: no model scored this row")
        return None
    stored = _stored_reasons(use_case, key, day, score)
    if stored:
        return shap_reasons.from_rows(stored)
    if features is None or model is None:
        missing.append(
            "the reasons: none are stored for this row, and without its features and model none can be computed"
        )
        return None
    try:
        reasons = shap_reasons.compute(use_case, model, features)
    except (ServiceUnavailable, ModelMissing, ModelRefused) as error:
        missing.append(f"the reasons: none are stored for this row, and none can be computed: {error}")
        return None
    objective = use_case.model.objective
    computed = objective.score(reasons.margin) if reasons.score is None else reasons.score
    steepness = objective.steepness(reasons.margin)
    # Reasons are those of the model, also where a rule decided otherwise.
    own = "model_" if score.get("model_score") is not None else ""
    said, by_model = score[f"{own}score"], score[f"{own}decision"]
    if reasons.decision not in (None, by_model):
        missing.append(
            f"certainty of the reasons: computed again {reasons.decision} is decided, and {by_model} is stored"
        )
    if abs(computed - said) > reasons.rounding * steepness:
        missing.append(
            f"certainty of the reasons: computed again the score is {computed:.6f}, and {said:.6f} is stored"
        )
    return reasons


def _stored_reasons(use_case: UseCase, key: Row, day: dt.date, score: Row) -> list[Row]:
    table = tables.reasons(use_case)
    if not delta_log.exists(table):
        return []
    where = (pc.field("partition") == day) & (pc.field("role") == score["role"])
    rows = sorted(lookup.rows(table, where, key), key=lambda row: row["rank"])
    made_from = {row["inputs_fingerprint"] for row in rows}
    if len(made_from) != 1:
        return []
    # A run that was killed between scores and reasons leaves the earlier reasons, which explain another score.
    scores_fingerprint = builds.inputs_behind(table, {day: made_from.pop()}).get(day, {}).get("scores")
    return rows if scores_fingerprint == score["inputs_fingerprint"] else []


def _training(
    model: ModelVersion | None, history: tuple[model_events.Event, ...], missing: list[str]
) -> dict[str, Any]:
    """Windows, rows and metrics of the training from the audit log, which needs no MLflow; and the version's tags."""
    training: dict[str, Any] = {}
    registered = next((event for event in history if event.event == model_events.REGISTERED), None)
    if registered is not None:
        names = ("windows", "rows", "metrics", "features_version")
        training |= {name: registered.evidence.get(name) for name in names}
    else:
        missing.append("the model's windows and metrics: ops.model_events has no line of its registration")
    if model is not None:
        # As text: a tag that can't be read is shown too.
        training |= {
            "trained_for": model.tags.get(registry.TAG_TRAINED_FOR),
            "trained_through": model.tags.get(registry.TAG_TRAINED_THROUGH),
            "training_code_version": model.tags.get(registry.TAG_CODE_VERSION),
            "model_sha256": model.tags.get(registry.TAG_SHA256),
        }
    return training
