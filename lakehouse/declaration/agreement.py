"""Whether the sections of a use case agree: what one names another declares, and no day needs what is not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.declaration import (
    categories,
    class_agreement,
    class_names,
    estimate_agreement,
    group_use,
    label_column,
    label_input,
    learn_from,
    metric_names,
    population,
    reserved_names,
    rhythm_agreement,
    rule_agreement,
    worth,
    worth_metrics,
    xgboost_parameters,
)
from lakehouse.declaration.deliver import OF_RULES, SCORE_COLUMNS
from lakehouse.declaration.known import Known
from lakehouse.declaration.metric_names import CALIBRATION_GAP, NAMES, OF_DECISIONS, RATES
from lakehouse.declaration.section import twice, unknown

if TYPE_CHECKING:
    from lakehouse.declaration.feature_group import FeatureGroup
    from lakehouse.declaration.source import Source
    from lakehouse.declaration.use_case import Input, UseCase

# Metrics that no model has above 1.
_AT_MOST_ONE = ("roc_auc", "average_precision", "r2", "precision", "recall", "f1", "accuracy", "macro_roc_auc")


def of_names(use_case: UseCase, given: Known) -> Iterator[str]:
    """What is named and is not declared; the other rules need these names."""
    shared = given.sources
    yield from twice(
        "sources", (table for source in use_case.sources for table in reserved_names.of_silver(source.name))
    )
    own = [source.name for source in use_case.sources]
    known, what = [*own, *sorted(set(shared).difference(own))], "the declared and the shared sources"
    for name in use_case.reads:
        if name not in own and name in shared and shared[name] is None:
            yield f"sources: the declaration of the shared source {name}, which it reads, is wrong itself"
    yield from unknown("entity.source", [use_case.entity.source], known, what)
    yield from unknown(
        "label.inputs" if use_case.label.computed else "label.source", use_case.label.sources, known, what
    )
    yield from unknown("inputs", [item.source for item in use_case.inputs], known, what)
    yield from group_use.of_names(use_case.groups, given)


def of_sections(use_case: UseCase) -> Iterator[str]:
    """What the sections say against one another; ``of_names`` has found nothing."""
    yield from calendars(use_case)
    yield from _columns(use_case)
    yield from _features(use_case)
    yield from _task(use_case)
    yield from class_agreement.problems(use_case)
    yield from _inputs(use_case)
    yield from population.problems(use_case)
    yield from label_input.problems(use_case)
    yield from group_use.of_sections(use_case)
    yield from _maturity(use_case)
    yield from _embargo(use_case)
    yield from rhythm_agreement.problems(use_case)
    yield from _metrics(use_case)
    yield from _targets(use_case)
    yield from rule_agreement.problems(use_case)
    yield from worth.problems(use_case)
    yield from learn_from.problems(use_case)
    yield from xgboost_parameters.constraint_problems(use_case.model.fixed, use_case.feature_names)
    yield from categories.problems(use_case)
    yield from estimate_agreement.problems(use_case)


def calendars(use_case: UseCase | FeatureGroup) -> Iterator[str]:
    """A use case or a group waits for each day of a source that it reads, and means by a day what the source means."""
    for source in use_case.shared:
        own, other = use_case.calendar, source.calendar
        whose = f"the calendar of the shared source {source.name}"
        if own.timezone != other.timezone:
            yield f"calendar.timezone: expected {other.timezone} as in {whose}, by which its days begin, found {own.timezone}"
        if source.cadence == "occasional":
            continue
        if own.start < other.start:
            yield f"calendar.start: expected {other.start} at the earliest, where {whose} starts, found {own.start}"
        if other.end is not None and (own.end is None or own.end > other.end):
            yield f"calendar.end: expected {other.end} at the latest, where {whose} ends, found {own.end or 'none'}"


def _columns(use_case: UseCase) -> Iterator[str]:
    key, slices = use_case.entity.key, use_case.slices
    entities = use_case.source(use_case.entity.source)
    yield from twice("entity.key", key)
    yield from unknown("entity.key", key, entities.column_names, f"the columns of {entities.name}")
    yield from label_column.problems_of(use_case)
    if set(key) != set(entities.key):
        yield f"entity.key: expected the key of {entities.name} ({', '.join(entities.key)})"
    if taken := sorted(reserved_names.OF_USE_CASES.intersection(key)):
        yield f"entity.key: {', '.join(taken)} belong to the platform's tables of scores; expected other names of the columns"
    yield from twice("slices", slices)
    yield from unknown("slices", slices, entities.column_names, f"the columns of {entities.name}")
    if reserved_names.ALL in slices:
        yield f"slices: {reserved_names.ALL} means the rows of all slices; expected another name of the column"
    as_columns = {f"{reserved_names.SLICE}{name}" for name in slices}
    if taken := sorted(as_columns.intersection((*key, *use_case.feature_names))):
        yield f"slices: {', '.join(taken)} is what a slice is called beside keys and features; expected another name there"


def _features(use_case: UseCase) -> Iterator[str]:
    names = tuple(feature.name for feature in use_case.table_features)
    yield from twice("features", names)
    if taken := sorted(reserved_names.OF_USE_CASES.intersection(names)):
        yield f"features: {', '.join(taken)} belong to the platform, choose other names"
    if taken := sorted(set(use_case.entity.key).intersection(names)):
        yield f"features: {', '.join(taken)} is a column of entity.key too; expected another name of the feature"


def _task(use_case: UseCase) -> Iterator[str]:
    task, label, reasons = use_case.model.task, use_case.label, use_case.reasons
    if label.at_least is not None and label.is_value is not None:
        yield "label: at_least and is both say what a yes is; expected one of them"
    if task == "classification" and not label.binary:
        yield "label.at_least: a classification needs it (a label is column >= at_least), or is: and the value that is a yes"
    if task != "classification" and label.binary:
        field = "at_least" if label.at_least is not None else "is"
        whose = "a regression predicts the column's value", "the classes are the column's values"
        what = whose[task == "multiclass"]
        yield f"label.{field}: {what}, leave it out"
    if task != "classification" and reasons is not None and reasons.above_threshold:
        yield f"reasons.above_threshold: a {task} has no threshold; expected reasons.top"


def _inputs(use_case: UseCase) -> Iterator[str]:
    yield from twice("inputs", [item.source for item in use_case.inputs])
    entity = use_case.entity.source
    if entity not in [item.source for item in use_case.inputs]:
        yield f"inputs: {entity} is missing; expected it among them, its rows of day D are the entities that are scored"
    for item in use_case.inputs:
        source = use_case.source(item.source)
        found = list(window(item, source))
        yield from found
        of_day = item.source == entity and use_case.entity.rows == "of_day"
        if not found and source.cadence == "daily" and of_day and item.last:
            yield f"inputs.{item.source}.last: expected 0, the entities of day D are among the rows of D, found {item.last}"


def window(item: Input, source: Source) -> Iterator[str]:
    """A day reads what has arrived before it."""
    if source.cadence == "occasional":
        if item.first or item.last:
            yield f"inputs.{item.source}: is occasional and read as it is known on the day; expected neither first nor last"
    elif item.last < source.arrives_after_days:
        yield (
            f"inputs.{item.source}.last: day D may not read a day that has not arrived before D; expected at "
            f"least {source.arrives_after_days} (arrives_after_days of {source.name}), found {item.last}"
        )


def _maturity(use_case: UseCase) -> Iterator[str]:
    days = use_case.maturity_days
    for outcomes in map(use_case.source, () if use_case.label.computed else use_case.label.sources):
        if outcomes.cadence == "daily" and days < outcomes.arrives_after_days:
            yield (
                f"label.maturity_days: {outcomes.name} arrives {outcomes.arrives_after_days} days after its day "
                f"(arrives_after_days); expected at least that, found {days}"
            )
    if use_case.split.holdout.last < days:
        yield (
            f"split.holdout.last: labels mature after {days} days, a holdout that ends "
            f"{use_case.split.holdout.last} days back would have none; expected at least {days}"
        )


def _embargo(use_case: UseCase) -> Iterator[str]:
    """No window may have days whose labels are still open when the next window begins."""
    days, field = use_case.maturity_days, "label.inputs" if use_case.label.computed else "label.maturity_days"
    for earlier, later in (("train", "validation"), ("validation", "holdout")):
        end, start = getattr(use_case.split, earlier).last, getattr(use_case.split, later).first
        if end - start - 1 < days:
            yield (
                f"split.{earlier}.last: labels mature after {days} days ({field}), so {days} days of embargo "
                f"are kept before {later}, which starts {start} days back; expected at least {start + days + 1}, found {end}"
            )


def _metrics(use_case: UseCase) -> Iterator[str]:
    gate = use_case.gate
    names = (*NAMES[use_case.model.task], *(worth_metrics.NAMES if use_case.worth is not None else ()))
    what = f"the metrics of a {use_case.model.task}"
    decisions, rates = (OF_DECISIONS, RATES) if use_case.binary else ((), ())
    of_classes = metric_names.class_floors(map(class_names.in_column, class_names.texts(use_case.label)))
    yield from unknown("gate.metric", [gate.metric], names, what)
    yield from unknown("gate.floors", list(gate.floors), (*names, *decisions, *of_classes), what)
    for name, limit in gate.floors.items():
        if name in worth_metrics.NAMES:
            continue
        at_most_one = name in _AT_MOST_ONE or name in of_classes or name.startswith("macro_")
        if at_most_one and limit > 1:
            yield f"gate.floors.{name}: no model has more than 1; expected at most that, found {limit:g}"
        elif not at_most_one and limit < 0:
            yield f"gate.floors.{name}: no model has less than 0; expected at least that, found {limit:g}"
    limits = gate.fairness
    yield from unknown("gate.fairness.slice", [limit.slice for limit in limits], use_case.slices, "the declared slices")
    # Of several classes the gap is that of one class, which need not be the same in a slice.
    of_slices = NAMES[use_case.model.task]
    measured = of_slices if use_case.model.task == "multiclass" else (*of_slices, *decisions, *rates, CALIBRATION_GAP)
    yield from unknown("gate.fairness.metric", [limit.metric for limit in limits], measured, what)
    yield from twice("gate.fairness", [f"{limit.metric} of {limit.slice}" for limit in limits])
    if gate.max_slice_worsening is not None and not use_case.slices:
        yield "gate.max_slice_worsening: expected slices to be declared, found none"


def _targets(use_case: UseCase) -> Iterator[str]:
    yield from twice("deliver.name", [target.name for target in use_case.deliver])
    # Some databases take names that differ in their case for one.
    yield from twice("deliver", [target.address.lower() for target in use_case.deliver])
    of_rules = OF_RULES if use_case.judged else ()
    probabilities = class_names.probability_columns(use_case.label)
    known = (*use_case.entity.key, "partition", *SCORE_COLUMNS, *probabilities, *of_rules)
    for target in use_case.deliver:
        if target.only_decided and not use_case.binary:
            decides = "decides every row" if use_case.model.task == "multiclass" else "decides nothing"
            yield f"deliver.{target.name}.only_decided: a {use_case.model.task} {decides}; expected it to be left out"
        yield from unknown(f"deliver.{target.name}.columns", target.columns or (), known, "the columns of the scores")
