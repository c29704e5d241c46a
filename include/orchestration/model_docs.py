"""The documentation of the DAGs that train, promote and retire models, shown by Airflow's UI, made from the declaration."""

from __future__ import annotations

from include.orchestration.rerun_docs import RERUN
from lakehouse.declaration import UseCase


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


def _approval(use_case: UseCase) -> str:
    if use_case.gate.approval is None:
        return ""
    return f"""

**A person decides.** Before a promotion the run waits at `approval`: open the task, or *Required Actions*, read the evidence, and
approve or reject. Without an answer in {use_case.gate.approval.hours:g} hours the version is held."""


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
