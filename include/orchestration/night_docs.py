"""The documentation of the DAGs of a night behind ingestion, shown by Airflow's UI, made from the declaration."""

from __future__ import annotations

from include.orchestration.rerun_docs import RERUN
from include.orchestration.schedules import daily_inputs
from lakehouse import tables
from lakehouse.declaration import DeltaServing, FeatureGroup, Target, UseCase, nights


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
which and why. It stays stale until a model has scored it: fix what `fallback_failures` names, then run `restate__`.
"""


def fallback(use_case: UseCase) -> str:
    """What ``fallback__<use_case>`` does at its hour."""
    day = "the day before" if nights.days_after(use_case, use_case.fallback_at or "00:00") else "the day"
    return f"""
### A late night of {use_case.title}

Every day at {use_case.fallback_at} ({use_case.calendar.timezone}): if `{tables.scores(use_case).full_name}` has no
scores of {day}, score it now. The champion does it if it can; if its features are not built, or it is gone, or MLflow is
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


def _back(days: int) -> str:
    return f"D - {days}" if days else "D"
