"""A draft as the text of `use_case.yaml`, with comments that say what was seen and what was assumed."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.scaffold.contract import ContractColumn
from lakehouse.scaffold.draft import MEAN_DAYS, Draft, SourceDraft
from lakehouse.scaffold.yaml_values import flow, number, quoted, remark

# From so many rows on the platform's own ranges of a search fit.
MANY_ROWS = 20_000
# Of validation and holdout: steps of fewer rows follow chance.
MANY_TO_CALIBRATE = 2_000
METRICS = {"classification": "log_loss", "multiclass": "log_loss", "regression": "rmse"}


def text(draft: Draft) -> str:
    """The whole file."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield f"# A first draft, written by `python -m lakehouse new` from {remark(draft.sample)}."
    yield "# Comments say what was seen. What it is, what is known when, and what a mistake costs, only you know: correct it."
    for line in draft.remarks:
        yield f"# - {remark(line)}"
    yield f"name: {draft.name}"
    yield f"title: {quoted(draft.name.replace('_', ' ').capitalize())}"
    yield f"description: {quoted(f'Predicts {draft.label.column.delivered} of the rows of {draft.entity}.')}"
    yield f"owner: {quoted(draft.owner)}"
    yield ""
    yield "calendar:"
    yield f"  start: {draft.start}"
    if draft.end is not None:
        yield f"  end: {draft.end}    # the sample's last day; take this line out when deliveries keep coming"
    yield f"  timezone: {draft.timezone}    # its midnight begins a day, and is the instant of prediction"
    yield ""
    yield "sources:"
    for source in draft.sources:
        yield from _source(source)
    yield from _entity(draft)
    yield from _learning(draft)


def _source(source: SourceDraft) -> Iterator[str]:
    on = f" on {source.days:,} days" if source.days > 1 else ""
    yield f"  # {source.rows:,} rows{on} in the sample."
    for line in source.remarks:
        yield f"  # {remark(line)}"
    yield f"  - name: {source.name}"
    yield f"    description: {quoted(source.description)}"
    if not source.daily:
        yield "    cadence: occasional"
    if source.arrives_after_days:
        yield f"    arrives_after_days: {source.arrives_after_days}"
    if source.format:
        yield f"    format: {flow(source.format)}"
    yield f"    key: [{', '.join(source.key)}]"
    if source.volume is not None:
        low, high = source.volume.seen
        yield (
            f"    volume: {{at_least: {source.volume.at_least:g}, at_most: {source.volume.at_most:g}}}"
            f"    # seen: {low:.2g} to {high:.2g} times the median day"
        )
    yield "    columns:"
    for column in source.columns:
        yield f"      - {_column(column)}" + (f"    # {remark(column.seen)}" if column.seen else "")
    yield ""


def _column(column: ContractColumn) -> str:
    parts = [f"name: {quoted(column.name)}"]
    if column.delivered != column.name:
        parts.append(f"field: {quoted(column.delivered)}")
    parts.append(f"type: {column.type}")
    if column.nullable:
        parts.append("nullable: true")
    if column.low is not None:
        parts.append(f"minimum: {number(column.low)}")
    if column.high is not None:
        parts.append(f"maximum: {number(column.high)}")
    if column.allowed is not None:
        parts.append(f"allowed: [{', '.join(map(quoted, column.allowed))}]")
    if column.pattern is not None:
        parts.append(f"pattern: {quoted(column.pattern)}")
    return "{" + ", ".join(parts) + "}"


def _entity(draft: Draft) -> Iterator[str]:
    late = draft.maturity
    yield "# What is scored: the rows of a day, before the day begins. All that they say must be known by then."
    yield f"entity: {{source: {draft.entity}, key: [{', '.join(draft.key)}]}}"
    yield ""
    yield "inputs:"
    daily = draft.source(draft.entity).daily
    if draft.means and daily:
        yield f"  - {{source: {draft.entity}, first: {late + MEAN_DAYS - 1}, last: 0}}"
        yield f"  - {{source: {draft.label_source}, first: {late + MEAN_DAYS - 1}, last: {late}}}"
    else:
        yield f"  - {{source: {draft.entity}}}"
    for reference in draft.references:
        yield f"  - {{source: {reference.source}}}"
    yield ""
    yield "features:"
    for feature in draft.features:
        kind = ", type: category" if feature.category else ""
        yield f"  - {{name: {quoted(feature.name)}{kind}, description: {quoted(feature.description)}}}"
    for mean in draft.means:
        yield f"  - {{name: {mean.name}, description: {quoted(mean.description)}}}"
    for reference in draft.references:
        for column, name in reference.columns.items():
            yield f"  - {{name: {name}, description: {quoted(f'{column} of {reference.source}, as known last')}}}"
    yield ""


def _learning(draft: Draft) -> Iterator[str]:
    label, split = draft.label, draft.split
    yield "label:"
    yield f"  source: {draft.label_source}"
    yield f"  column: {quoted(label.column.name)}    # {remark(label.column.seen)}; {remark(label.why)}"
    if label.is_value is not None:
        value = label.is_value
        yield f"  is: {quoted(value) if isinstance(value, str) else str(value).lower()}"
    if label.at_least is not None:
        yield f"  at_least: {number(label.at_least)}"
    if label.classes:
        yield f"  classes: [{', '.join(quoted(one) if isinstance(one, str) else str(one) for one in label.classes)}]"
    yield f"  maturity_days: {draft.maturity}    # so many days after its day a label has arrived"
    yield ""
    train, validation, holdout = split.rows
    yield f"# Counted back from the day of training; for {split.day}: {train:,}, {validation:,} and {holdout:,} rows of the sample."
    yield "split:"
    for name in ("train", "validation", "holdout"):
        first, last = getattr(split, name)
        yield f"  {name}: {{first: {first}, last: {last}}}"
    yield ""
    yield "model:"
    yield f"  task: {label.task}"
    yield "  # The linear one, unless the other is better over several windows of validation."
    yield "  candidates: [linear, boosted]"
    yield from _search(split.rows[0])
    yield "  trials: 10"
    yield "  max_rounds: 300"
    yield "  early_stopping_rounds: 20"
    if label.task == "classification":
        yield "  # What a miss and a false alarm cost, in one unit: the threshold follows."
        yield "  cost_of_miss: 1"
        yield "  cost_of_false_alarm: 1"
    yield ""
    yield "# A challenger has to be better on the metric, beyond noise. Floors and limits come from what you can live with."
    yield "gate:"
    yield f"  metric: {METRICS[label.task]}"
    yield "  min_improvement: 0.0"
    yield "  # What is worse than a constant or a linear model, beyond noise, is held."
    yield "  baselines: compare"
    yield ""
    yield "# What is beyond chance is measured from the days of each training: docs/alarms.md."
    yield "drift:"
    yield "  alarms: measured"
    yield "  window_days: 7"
    if label.task == "classification":
        curve = "platt" if sum(split.rows[1:]) < MANY_TO_CALIBRATE else "isotonic"
        yield f"  estimate: {curve}    # quality is estimated before labels mature: docs/early-warning.md"
    if draft.slices:
        yield ""
        yield "# Performance is measured for each of their values too."
        yield f"slices: [{', '.join(draft.slices)}]"


def _search(rows: int) -> Iterator[str]:
    """Ranges for few rows; the platform's own are for many, and would leave a small sample without a tree."""
    if rows >= MANY_ROWS:
        return
    most = max(4, rows // 200)
    yield f"  # For a train window of {rows:,} rows. From {MANY_ROWS:,} on leave it out: the platform's ranges are better then."
    yield "  search:"
    yield "    max_depth: {low: 2, high: 6, integer: true}"
    yield f"    min_child_weight: {{low: 1, high: {most}, log: true}}"
    yield "    subsample: {low: 0.6, high: 1.0}"
    yield "    colsample_bynode: {low: 0.4, high: 1.0}"
    yield "    reg_lambda: {low: 0.5, high: 20, log: true}"
