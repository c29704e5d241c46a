"""The documentation of each DAG, shown by Airflow's UI, made from the declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from include.orchestration.schedules import daily_inputs
from lakehouse import tables
from lakehouse.declaration import DeltaServing, FeatureGroup, Owner, Source, Target, UseCase

RERUN = """
**Rerunning.** Clearing a task and running it again is always safe: every write replaces exactly its own partition.
"""


def ingest(owner: Owner, source: Source, readers: Sequence[str] = ()) -> str:
    """What ``ingest__<source>`` does, how to load days again, and what follows: ``readers`` are the use cases that read it."""
    arrives = {0: "before its day begins", 1: "the day after"}.get(
        source.arrives_after_days, f"{source.arrives_after_days} days after its day"
    )
    absent = (
        f"A day without a delivery {_patience(source)}."
        if source.cadence == "daily"
        else "Reference data: it comes when it changes, and a night without a delivery is skipped."
    )
    first = owner.calendar.start + dt.timedelta(days=30)
    last = first + dt.timedelta(days=9)
    return f"""
### Ingest {source.name}

{source.description or "A source"}, of **{owner.title}**. Read by {_named(readers)}. A day's delivery arrives {arrives}. {absent}
{_mongo(source)}{_sql(source)}{_fetch(source)}{_catch_up(owner)}
Each delivery is taken into `{tables.bronze(source).full_name}` as it is, checked against its contract, and lands in
`{tables.silver(source).full_name}`; rows that break the contract go to `{tables.rejects(source).full_name}` with their
reasons. More than {source.max_reject_share:.0%} of rejects fail the delivery as a whole.

**By hand.** Trigger with `partition` (and `through` for a range, one Spark application). Switch "Let the DAGs
that follow run" off for a long history.

**Backfill.** `airflow backfill create --dag-id ingest__{source.name} --from-date {first} --to-date {last}
--max-active-runs 4`; the dates are partitions. Days that already ran are left alone, unless you add
`--reprocess-behavior completed`. The features of a day follow when *all* daily sources that they need were ingested,
as the pages of the DAGs `features__<use_case>` list them: backfill them together.
{RERUN}"""


def _named(readers: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in readers) or "no use case"


def _catch_up(owner: Owner) -> str:
    nights = owner.calendar.catch_up_nights
    what = f"the newest {nights} at most, the oldest first" if nights > 1 else "the newest alone"
    return f"""
**After an outage or a pause** missed nights are caught up: {what} (`calendar.catch_up_nights`). Days before these are named by a
warning in the task's log, with the command that takes them in; `python -m lakehouse sources` lists them too.
"""


def _patience(source: Source) -> str:
    if source.freshness is None:
        return "fails, and is tried again for two minutes"
    hours = f"{source.freshness.hours:g} hours after the midnight that starts the day it arrives on"
    return f"is waited for (the task is deferred) until it is due, {hours}, and fails then"


def features(use_case: UseCase) -> str:
    """What ``features__<use_case>`` waits for and writes."""
    waits = "\n".join(
        f"- `{item.source}` of {_back(item.last)}, which reads back to {_back(item.first)}"
        for item in daily_inputs(use_case)
    )
    waits += "".join(f"\n- feature group `{taken.group.table_name}` of D" for taken in use_case.taken)
    return f"""
### Features of {use_case.title}

Builds day D of `{tables.features(use_case).full_name}`, {len(use_case.table_features)} features, from what was known when D
began. {_rhythm(use_case)}A day starts when these have arrived:

{waits}

`inputs_arrived` then reads the ledger for the whole window and logs what is missing, so that no day is built before its
inputs have arrived.

**By hand.** Trigger with `partition` and `through` to build a range again in one Spark application; scores and
monitoring follow, one run a day, unless you switch that off.
{RERUN}"""


def group(group: FeatureGroup) -> str:
    """What ``group__<name>_v<version>`` waits for, writes and publishes."""
    waits = "\n".join(
        f"- `{item.source}` of {_back(item.last)}, which reads back to {_back(item.first)}"
        for item in daily_inputs(group)
    )
    served = (
        f"""
`publish` then makes the serving table have the newest row of each key, all at once: {_serving(group)}. `compare` reads a
sample of keys there, and fails when one is not what gold has, to the last digit; `{tables.PARITY.full_name}` has a line a day.
"""
        if group.publish is not None
        else ""
    )
    return f"""
### Feature group {group.name}, version {group.version}

{group.description}

Builds day D of `{tables.group(group).full_name}`, {len(group.features)} features of {", ".join(group.key_names)}, from what was
known when D began. A day starts when these have arrived:

{waits}

The use cases that take the group wait for its day. A row is used {group.ttl_days} days at most after its own. A version
is built as long as it is the newest one, or a use case, or a model that scores, names it; else the task is skipped.
{served}
**By hand.** Trigger with `partition` and `through` to build a range again in one Spark application.
{RERUN}"""


def _serving(group: FeatureGroup) -> str:
    if isinstance(group.publish, DeltaServing):
        return f"`{tables.group_serving(group).full_name}`"
    return group.publish.address if group.publish is not None else ""


def score(use_case: UseCase) -> str:
    """What ``score__<use_case>`` writes."""
    key = ", ".join(use_case.entity.key)
    return f"""
### Score {use_case.title}

{use_case.description}

{_rhythm(use_case)}Scores every {key} of day D into `{tables.scores(use_case).full_name}` when its features were
built. The champion is resolved once, to a version number that every row carries.
{_fallbacks(use_case)}
**By hand.** Trigger with `partition`; `model_version` scores with another version than the champion.
{RERUN}"""


def _fallbacks(use_case: UseCase) -> str:
    if not use_case.fallback:
        return ""
    return """
**A night without the champion** is scored by the declared fallbacks, and the task succeeds: `fallback_days` in its result says
which and why. It stays stale until a model has scored it: mend what `fallback_failures` names, then run `restate__`.
"""


def fallback(use_case: UseCase) -> str:
    """What ``fallback__<use_case>`` does at its hour."""
    return f"""
### A late night of {use_case.title}

Every day at {use_case.fallback_at} ({use_case.calendar.timezone}): if `{tables.scores(use_case).full_name}` has no
scores of the day, score it now. The champion does it if it can; if its features are not built, or it is gone, or MLflow is
away, the declared fallbacks do. A day that has scores is skipped.

**Afterwards** the day is stale until a model has scored it: `score__{use_case.name}` does so when the features are built at
last, and `restate__{use_case.name}` at any time. The task fails when there is nobody to score: then the deliveries of
`{use_case.entity.source}` are what to look at.
{RERUN}"""


def deliver(use_case: UseCase) -> str:
    """Where ``deliver__<use_case>`` sends what."""
    targets = "\n".join(f"- `{target.name}`: {target.address}, rows: {_rows(target)}" for target in use_case.deliver)
    return f"""
### Deliver {use_case.title}

Sends the scores of day D, as they are in `{tables.scores(use_case).full_name}`, after the day was scored:

{targets}

Each target has exactly the day's rows, once: what it had of it is replaced, and a day that it has already is left alone.
`{tables.EXPORTS.full_name}` has a line for each target and day: rows, checksum, model versions, when.
`restate__{use_case.name}` and `rollback__{use_case.name}` replace what they have scored again.

**By hand.** Trigger with `partition` and `through` for a range; "Send again" after the target was restored from a backup.
{RERUN}"""


def _rows(target: Target) -> str:
    which = "those that decide" if target.rows == "deciding" else "the champion's"
    return f"{which}, of them those decided yes" if target.only_decided else which


def train(use_case: UseCase) -> str:
    """What ``train__<use_case>`` decides, and on what."""
    split, gate = use_case.split, use_case.gate
    floors = ", ".join(f"{metric} {value}" for metric, value in gate.floors.items()) or "none"
    return f"""
### Train {use_case.title}

Trains a challenger as of day D, tunes it with Optuna ({use_case.model.trials} trials), and registers it in MLflow as
`{use_case.name}`. Days back from D: train {split.train.first} to {split.train.last}, validation
{split.validation.first} to {split.validation.last}, holdout {split.holdout.first} to {split.holdout.last}, which
tuning never sees.

The gate then compares it with the champion on the same holdout. It is promoted when {gate.metric} is better by
{gate.min_improvement} beyond noise, no limit is broken (floors: {floors}), no slice is harmed, and its lineage is whole;
else it is held, with the reasons in the log of the last task and in `ops.model_events`.{_approval(use_case)}

{_triggers(use_case)}; trigger it by hand with `partition` and a reason, which goes into `ops.model_events`. One training at a time.
{RERUN}"""


def _triggers(use_case: UseCase) -> str:
    retrain, drift = use_case.retrain, use_case.drift
    asks = []
    if retrain.triggers:
        kinds = " or ".join(retrain.triggers)
        asks.append(f"{drift.violated_days} of {drift.of_days} days are violated by {kinds}")
    if retrain.every_days is not None:
        asks.append(f"the last training is {retrain.every_days} days old")
    if retrain.new_labels is not None:
        asks.append(f"{retrain.new_labels:,} labels are new")
    if not asks:
        return "Nothing triggers this DAG by itself"
    budget = "" if retrain.at_most_a_month is None else f", {retrain.at_most_a_month} times in 30 days at most"
    return (
        f"Monitoring triggers this DAG when {', or when '.join(asks)}: {retrain.cooldown(drift)} days after the last training at "
        f"the earliest{budget}"
    )


def rollback(use_case: UseCase) -> str:
    """What ``rollback__<use_case>`` changes."""
    rollout = use_case.rollout
    trigger = (
        f"Monitoring triggers this DAG when the former champion, in shadow for {rollout.former_nights} nights after a promotion, "
        f"was better by {rollout.rollback_margin:g} ({use_case.gate.metric}) on at least {rollout.rollback_nights} nights and "
        f"{rollout.rollback_rows} labelled rows."
        if rollout.rollback_margin is not None
        else "Nothing triggers this DAG by itself: the use case declares no `rollout.rollback_margin`."
    )
    return f"""
### Roll back {use_case.title}

Makes the former champion the champion again, by the audit log in `ops.model_events`, or another former champion that you
name. With "Score the nights since again" it scores the nights of its successors again, and their performance and drift are
measured again. Versions, nights, reason and who asked are recorded. {trigger}

**By hand.** Trigger with a `reason`. Switch "Dry run" on to see in the log what would be done. A second run goes one
version further back.

**Rerunning.** A run is one rollback, however often its task is cleared: an attempt that was killed is completed.
"""


def retire(use_case: UseCase) -> str:
    """What ``retire__<use_case>`` retires."""
    rules = use_case.rollout.retirement
    rule = (
        f"""Once a week: versions that are neither champion, challenger nor in shadow, and that no score of the newest
{rules.scores_days} days names, are tagged as retired and refused by scoring. {rules.files_days} days later their files are removed;
their page, their tags and their lines in `ops.model_events` stay."""
        if rules is not None
        else "The use case declares no `rollout.retirement`: the task is skipped and every version stays."
    )
    return f"""
### Retire versions of {use_case.title}

{rule}

**Rerunning.** Clearing the task is always safe: it looks up again, as its last step, which versions are in use.
"""


def _approval(use_case: UseCase) -> str:
    if use_case.gate.approval is None:
        return ""
    return f"""

**A person decides.** Before a promotion the run waits at `approval`: open the task, or *Required Actions*, read the evidence, and
approve or reject. Without an answer in {use_case.gate.approval.hours:g} hours the version is held."""


def restate(use_case: UseCase) -> str:
    """What ``restate__<use_case>`` recomputes."""
    return f"""
### Restate {use_case.title}

Compares the inputs that every day of features, scores and outcomes was built from (`ops.builds`) with those of now: a
corrected or late delivery, other feature code, another model. `plan` says which days are stale and why. Unless this is a dry run,
`restate` rebuilds exactly these: features first, then scores, then labels, performance and drift.

**By hand.** Trigger with `partition` and `through` for some days, with neither for all; `champion` says which model
scores days again.
{RERUN}"""


def monitor(use_case: UseCase) -> str:
    """What ``monitor__<use_case>`` measures and when it requests a retraining."""
    drift = use_case.drift
    return f"""
### Monitor {use_case.title}

After day D was scored: drift of features and scores over the {drift.window_days} {_days(use_case)} to D against the champion's
training profile, in `{tables.drift(use_case).full_name}`; labels that have matured
({use_case.maturity_days} days after their day) and how good the scores were, in
`{tables.outcomes(use_case).full_name}` and `{tables.performance(use_case).full_name}`.

A retraining is requested when {drift.violated_days} of the last {drift.of_days} {_days(use_case)} were violated, and not again
within {drift.cooldown_days} days of one that made a version. One that made none is requested again the next night.
{_categories(use_case)}`report` logs the day's drift page to MLflow; no other task waits for it.{_matures(use_case)}
{RERUN}"""


def _rhythm(use_case: UseCase) -> str:
    rhythm = use_case.calendar.scores
    if rhythm.daily:
        return ""
    return f"Only the days of `calendar.scores` ({rhythm}) have runs; a run by hand leaves other days out.\n\n"


def _days(use_case: UseCase) -> str:
    return "days" if use_case.calendar.scores.daily else "scored days"


def _matures(use_case: UseCase) -> str:
    rhythm = use_case.calendar.scores
    if rhythm.daily:
        return ""
    return f"""

Scores come {rhythm}. A run on another day is one on which the labels of a scored day mature: it measures them and decides on a
rollback. It has no verdict, and its `report` is skipped."""


def _categories(use_case: UseCase) -> str:
    if not use_case.category_names:
        return ""
    return f"""
Of {", ".join(f"`{name}`" for name in use_case.category_names)}, categories, each level that the champion's training did not have is
named in the verdict's reasons with its rows of the day (`new_categories` of the result has the sums).

"""


def _mongo(source: Source) -> str:
    if source.mongo is None:
        return ""
    return f"""
**From MongoDB.** With a connection `mongo_default`, `extract` first lands what changed in
`{source.mongo.database}.{source.mongo.collection}` since the window before, by `{source.mongo.updated_at}`. Without it, that
task is skipped and files are taken in.
"""


def _sql(source: Source) -> str:
    if source.sql is None:
        return ""
    if source.sql.updated_at is not None:
        which = f"what changed since the windows before, by `{source.sql.updated_at}`"
    elif source.sql.partition_column is not None:
        which = f"the rows of the day, by `{source.sql.partition_column}`"
    else:
        which = "all rows"
    return f"""
**From a database.** With a connection `{source.sql.connection}`, `extract` first lands {which}, of `{source.sql.address}`. Without
it, that task is skipped and files are taken in.
"""


def _fetch(source: Source) -> str:
    if source.fetch is None:
        return ""
    by = f" with the connection `{source.fetch.connection}`" if source.fetch.connection else ""
    return f"""
**From a service.** `extract` first lands what `fetch(window, connection)` in the use case's `{source.fetch.file}` yields{by},
whole or not at all.
"""


def _back(days: int) -> str:
    return f"D - {days}" if days else "D"


MAINTAIN = f"""
### Maintain the lakehouse

Once a week: merges small files and removes files that no table version within the retention needs.
{RERUN}"""

ALERT = f"""
### Tell what could not be told

Once an hour: writes down what is new in the records of all use cases, and sends what a server that was away, or a killed task, has
left open. Messages go out when it happens, at the end of the task that made the news; this is the second chance. `ops.alerts` has
every message, who got it, and why not. `python -m lakehouse alerts --open` lists what is left.
{RERUN}"""
