"""What decided one row beside the model: the rule or fallback as it was declared then, and the values that it saw."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.analyst.lookup import Row
from lakehouse.declaration import Rule, UseCase, decision_path
from lakehouse.declaration.row_rules import RuleError
from lakehouse.declaration.rules import LAST_SCORE, MODEL, RULE
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.populations import population
from lakehouse.row_rules import evaluation
from lakehouse.staleness import expected_inputs


@dataclass(frozen=True)
class Decided:
    """What decided a row; the fields are the names in the JSON of an explanation.

    Attributes:
        by: model, rule or fallback.
        name: which rule or fallback.
        condition: its condition in SQL, as it was declared when the row was scored.
        does: what a rule does with its rows, in words.
        values: of the columns that the condition names; without those that are not known any more.
        score_from: model, or the fallback that the score before any rule is from.
        score_day: of a last score, the day that it was made for.
        not_by_model: why the model did not score the row, in words; empty when it did.
        model_score, model_decision: what the model alone said.
        withheld: whether the decision counts for nothing.
        sent_to: whom a rule sends the row to.
        rules_version: of the rules and fallbacks.
    """

    by: str
    name: str | None
    condition: str | None
    does: str
    values: Row
    score_from: str
    score_day: dt.date | None
    not_by_model: str
    model_score: float | None
    model_decision: Any
    withheld: bool
    sent_to: str | None
    rules_version: str | None


def of_score(use_case: UseCase, score: Row, features: Row | None, scores_from: Inputs) -> Decided | None:
    """Of a row of the scores; None for one that is from before rules and fallbacks were declared.

    Args:
        use_case: whose score.
        score: the row.
        features: that were scored, where they are known.
        scores_from: the inputs of the day's scores, which have the rules as they were declared.
    """
    if not score.get("decided_by"):
        return None
    declared = _declared(scores_from, score.get("decided_by_name"))
    rule = Rule.model_validate(declared) if score["decided_by"] == RULE and declared else None
    condition = declared.get("when")
    source = score.get("score_from") or MODEL
    return Decided(
        by=score["decided_by"],
        name=score.get("decided_by_name"),
        condition=condition,
        does="" if rule is None else rule.words,
        values=dict(_values(use_case, score, features, condition)) if condition else {},
        score_from=source,
        score_day=score.get("score_day"),
        not_by_model=_why(score, scores_from, source),
        model_score=score.get("model_score"),
        model_decision=score.get("model_decision"),
        withheld=bool(score.get("withheld")),
        sent_to=score.get("sent_to"),
        rules_version=score.get("rules_version"),
    )


def _declared(scores_from: Inputs, name: str | None) -> dict[str, Any]:
    """The rule or fallback of that name, as it was declared; empty when it is none, or not recorded."""
    said = json.loads(scores_from.get(expected_inputs.RULES) or "{}")
    rules = [*said.get("rules", ()), *(one["rule"] for one in said.get("fallback", ()) if "rule" in one)]
    return next((dict(one) for one in rules if one["name"] == name), {})


def _why(score: Row, scores_from: Inputs, source: str) -> str:
    if source == MODEL:
        return ""
    if (whole_night := scores_from.get(builds.WITHOUT_MODEL)) is not None:
        return whole_night
    if score.get("model_score") is not None:
        return "a rule says that its score is not used"
    return "the entity has no row of features, or none of them is known"


def _values(use_case: UseCase, score: Row, features: Row | None, condition: str) -> Iterator[tuple[str, Any]]:
    """The columns that the condition names, as it saw them; those of the entity as silver has them now."""
    try:
        named = evaluation.columns_of(condition, decision_path.scored_types(use_case))
    except RuleError:
        # It names what is declared no longer.
        return
    known: dict[str, Any] = {**(features or {}), "partition": score["partition"]}
    if score.get("score_from") == MODEL:
        known |= {decision_path.SCORE: score["model_score"], decision_path.DECISION: score["model_decision"]}
    else:
        known = {
            name: value for name, value in known.items() if name not in (decision_path.SCORE, decision_path.DECISION)
        }
    known |= {name: value for name, value in score.items() if name.startswith("probability_")}
    of_entity = [name for name in named if name not in known and name in decision_path.entity_types(use_case)]
    if of_entity:
        known |= _entity(use_case, score, of_entity)
    yield from ((name, known[name]) for name in sorted(named) if name in known)


def _entity(use_case: UseCase, score: Mapping[str, Any], names: list[str]) -> Row:
    key = use_case.entity.key
    columns = use_case.source(use_case.entity.source).column_names
    read = [name for name in names if name in columns]
    rows = population.read(use_case, [score["partition"]], list(dict.fromkeys([*key, *read])))
    for name in key:
        rows = rows.filter(pc.equal(rows.column(name), pa.scalar(score[name], rows.schema.field(name).type)))
    found: list[Row] = rows.select(read).to_pylist()
    return found[0] if found else {}


def words(decided: Decided) -> Iterator[str]:
    """Sentences for people: what decided, on which values, and what the model alone said."""
    saw = ", ".join(f"{name} = {_shown(value)}" for name, value in decided.values.items())
    where = f", where {decided.condition}" if decided.condition and decided.condition != "true" else ""
    if decided.by == RULE:
        yield f"Rule {decided.name} decided: it {decided.does or 'is declared no longer'}{where}{f' ({saw})' if saw else ''}."
        if decided.sent_to is not None:
            yield f"The decision counts for nothing: {decided.sent_to} decides."
        elif decided.withheld:
            yield "The decision counts for nothing."
    if decided.score_from != MODEL:
        what = {
            LAST_SCORE: f"the last score of a model, of {decided.score_day}, is taken",
            "base_rate": "the base rate of the labels known then is taken",
        }.get(decided.score_from, f"the fallback {decided.score_from} is taken{where if decided.by != RULE else ''}")
        shown = f" ({saw})" if saw and decided.by != RULE else ""
        yield f"The model's score is not used, since {decided.not_by_model}: {what}{shown}."
    if decided.model_score is not None and (decided.by, decided.score_from) != (MODEL, MODEL):
        said = "" if decided.model_decision is None else f", and would have decided {_shown(decided.model_decision)}"
        yield f"The model alone scored {decided.model_score:.4g}{said}."


def yes_or_no(score: Mapping[str, Any]) -> str:
    """The score of a row beside its threshold, and what follows."""
    decision = "yes" if score["decision"] else "no"
    if score.get("threshold") is None:
        # Only of a fallback's score, in the place of a champion that nobody knows any more.
        return f"Score {score['score']:.3f}, no threshold is known: decided {'nothing' if score['decision'] is None else decision}"
    side = "at or above" if score["score"] >= score["threshold"] else "below"
    measured = f"Score {score['score']:.3f}, {side} the threshold {score['threshold']:.3f}"
    if score.get("withheld"):
        return f"{measured}: it would be {decision}, and nothing is decided"
    return f"{measured}: decided {decision}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "not known" if value is None else repr(value) if isinstance(value, str) else str(value)
