"""Facts, made from the platform's records: anyone who looks finds the same, so that no kill loses one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from lakehouse import tables
from lakehouse.alerts import budget_facts
from lakehouse.alerts.fact import Fact
from lakehouse.declaration import UseCase
from lakehouse.declaration.alerts import Event
from lakehouse.ops import deliveries, model_events, rowless
from lakehouse.storage import delta_log, partition_rows

# What happened before is no news: not in a new deployment, and not after a week in which nobody could be told.
NEWS_DAYS = 7
NEWS = dt.timedelta(days=NEWS_DAYS)

LONGEST = 1500

OF_MODELS: dict[str, tuple[Event, str]] = {
    model_events.REQUESTED: ("retraining", "a retraining is asked for"),
    model_events.PROMOTED: ("promoted", "is champion now"),
    model_events.HELD: ("held", "is held by the gate"),
    model_events.ROLLED_BACK: ("rolled_back", "is champion again"),
}


def of_records(use_case: UseCase, now: dt.datetime, pages: str = "") -> list[Fact]:
    """What the records have of the use case's last days.

    Args:
        use_case: whose facts, those of the sources that it reads among them.
        now: the present.
        pages: address of the tracking server that has the runs' pages; empty: no page is linked.
    """
    since = now - NEWS
    return [
        *of_models(use_case.name, since, pages),
        *of_verdicts(use_case, now, pages),
        *of_deliveries(use_case.reads, since),
        *budget_facts.of_use_case(use_case, now),
    ]


def of_models(name: str, since: dt.datetime, pages: str = "") -> Iterator[Fact]:
    """What became of the model's versions."""
    for event in model_events.of_model(name):
        if event.event not in OF_MODELS or event.happened_at < since:
            continue
        kind, what = OF_MODELS[event.event]
        title = f"{name}: {what}" if kind == "retraining" else f"{name}: version {event.model_version} {what}"
        yield Fact(
            event=kind,
            identity=f"{name} {event.model_version} {event.event} {event.happened_at.astimezone(dt.UTC).isoformat()}",
            whose=name,
            title=title,
            happened=_cut(f"{title}, by {event.actor}: {event.reason}"),
            at=event.happened_at,
            dag=f"{'rollback' if kind == 'rolled_back' else 'train'}__{name}",
            page=f"{pages}/#/models/{name}/versions/{event.model_version}" if pages else "",
        )


def of_verdicts(use_case: UseCase, now: dt.datetime, pages: str = "") -> Iterator[Fact]:
    """The violated verdicts of the newest days."""
    table = tables.drift(use_case)
    judged = sorted(delta_log.rows_by_day(table))[-NEWS_DAYS:] if delta_log.exists(table) else []
    for row in partition_rows.read(table, judged) if judged else []:
        if row["kind"] == "verdict" and row["violated"]:
            day = row["partition"]
            yield Fact(
                event="violated",
                identity=f"{use_case.name} {day}",
                whose=use_case.name,
                title=f"{use_case.name}: {day} is violated",
                happened=_cut(
                    f"the verdict of {day}, of the scores of version {row['model_version']}: {row['reason']}"
                ),
                at=now,
                dag=f"monitor__{use_case.name}",
                # The experiment whose runs have the pages of the days.
                page=f"{pages}/#/experiments?searchFilter={use_case.name}" if pages else "",
            )


def of_deliveries(sources: Iterable[str], since: dt.datetime, cause: str = "") -> Iterator[Fact]:
    """The refused deliveries of these sources; with a ``cause``, an error's message, those alone that it names."""
    for line in deliveries.lines_of(sources):
        if line.status == deliveries.REFUSED and line.ingested_at >= since and (not cause or line.origin in cause):
            yield Fact(
                event="refused",
                identity=f"{line.source} {line.delivery_id}",
                whose=line.source,
                title=f"{line.source}: the delivery of {line.partition} was refused",
                happened=_cut(
                    f"{line.origin} of {line.partition}, {line.delivered_rows} rows, {line.rejected_rows} of them rejected, was "
                    f"refused: {cause or 'the log of the task has the reason'}"
                ),
                at=line.ingested_at,
                dag=f"ingest__{line.source}",
            )


def failed(whose: str, dag: str, task: str, run: str, day: str, cause: str, now: dt.datetime) -> Fact:
    """A task that failed for good. Cleared, and failed again, it is the same fact as long as its run is."""
    return Fact(
        event="failed",
        identity=f"{dag} {task} {run}",
        whose=whose,
        title=f"{dag}.{task} failed for {day}",
        happened=_cut(cause),
        at=now,
        dag=dag,
    )


def late(use_case: UseCase, day: dt.date, hour: str, now: dt.datetime) -> Fact | None:
    """That the scores of ``day`` are not there at ``hour``; None when they are, or when none are due."""
    scores = tables.scores(use_case)
    if not use_case.calendar.scores.includes(day) or (delta_log.exists(scores) and delta_log.rows_in(scores, [day])):
        return None
    features = tables.features(use_case)
    if day in rowless.inputs(features, rowless.NOBODY) and not (
        delta_log.exists(features) and delta_log.rows_in(features, [day])
    ):
        return None
    built = delta_log.exists(features) and delta_log.rows_in(features, [day])
    waits = "its features are built, and score has not written yet" if built else "its features are not built yet"
    return Fact(
        event="late",
        identity=f"{use_case.name} {day}",
        whose=use_case.name,
        title=f"{use_case.name}: the scores of {day} are late",
        happened=f"{scores.full_name} has no rows of {day} at {hour} {use_case.calendar.timezone}; {waits}",
        at=now,
        dag=f"{'score' if built else 'features'}__{use_case.name}",
    )


def approval(name: str, version: int, reasons: Iterable[str], page: str, now: dt.datetime) -> Fact:
    """That a promotion waits for a person."""
    return Fact(
        event="approval",
        identity=f"{name} {version}",
        whose=name,
        title=f"{name}: version {version} waits for your approval",
        happened=_cut(f"the gate proposes version {version}: {'; '.join(reasons)}"),
        at=now,
        dag=f"train__{name}",
        page=page,
    )


def release_approval(dataset: str, version: int, now: dt.datetime) -> Fact:
    """That the publication of a dataset's version waits for a person."""
    return Fact(
        event="approval",
        identity=f"{dataset} release {version}",
        whose=dataset,
        title=f"{dataset}: version {version} waits for your approval",
        happened=f"the gate lets version {version} of the dataset pass; a person has to approve its publication",
        at=now,
        dag=f"release__{dataset}",
    )


def erasure_approval(source: str, run: str, now: dt.datetime) -> Fact:
    """That an erasure waits for a person; without its key, which is to be in no message."""
    return Fact(
        event="approval",
        identity=f"{source} erasure {run}",
        whose=source,
        title=f"{source}: an erasure waits for your approval",
        happened="somebody asks for what is about a key to be erased; a person has to approve it: its run says what was found",
        at=now,
        dag=f"erase__{source}",
    )


def fallback(name: str, day: dt.date, rows_by_way: Mapping[str, int], dag: str, now: dt.datetime) -> Fact:
    """That not the champion decided some rows of a day: the hook of those who decide without it.

    Args:
        name: of the use case.
        day: which was scored.
        rows_by_way: how many rows each fallback decided, by its name.
        dag: whose run scored it.
        now: when.
    """
    ways = ", ".join(f"{rows} by {way}" for way, rows in sorted(rows_by_way.items()))
    return Fact(
        event="fallback",
        identity=f"{name} {day}",
        whose=name,
        title=f"{name}: a fallback decided on {day}",
        happened=f"on {day} the champion did not score {sum(rows_by_way.values())} rows: {ways}",
        at=now,
        dag=dag,
    )


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= LONGEST else f"{one_line[:LONGEST]} ..."
