"""What holds a night up: a DAG that can't start, a delivery, a run; and what of it is late.

What can't be read is told as that (`lakehouse.status.sentence`), and nothing is concluded from it here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lakehouse.status.night import Night, pair_words
from lakehouse.status.orchestration import Orchestration
from lakehouse.status.said import Sentence, anchor, clock
from lakehouse.status.use_case_state import UseCaseState

# So long after the scores the verdict is waited for.
VERDICT_WAIT = dt.timedelta(hours=3)
STUCK = "is-it-waiting-or-is-it-stuck"
UNPAUSE = "Unpause {it} in Airflow; what was missed is then caught up as far as the calendar declares."
CORRECT = (
    "Read the import error on Airflow's home page, and correct what it names: until then Airflow starts no run of {it}."
)


def of(state: UseCaseState, orchestration: Orchestration, now: dt.datetime) -> Iterator[Sentence]:
    """What is said of a night that is not done, or late."""
    night, by = state.night, state.due.by
    if night is None or by is None or state.due.ended is not None or state.is_new or night.nobody:
        return
    if night.scored:
        yield from _after_scores(state, orchestration, night, by, now)
        return
    scored = night.step("scored")
    if scored is None or scored.state != "waits":
        # Whether there are scores is not known.
        return
    held = stopped(_before_scores(state, night), orchestration)
    if held is not None:
        dags, how, todo = held
        since = "" if state.newest is None else f"Nothing new since {state.newest}: "
        yield Sentence(
            "act", "paused", f"{since}{listed(dags)} {how}, so {night.day} is not scored.", todo, STUCK, dags[0]
        )
    elif now >= by and not night.refused:
        yield _late(state, orchestration, night, by)


def _before_scores(state: UseCaseState, night: Night) -> list[str]:
    """The DAGs that have to run before the night is scored: of what is there already none."""
    name = state.use_case.name
    if (built := night.step("built")) is not None and built.state == "done":
        return [f"score__{name}"]
    lacking = dict.fromkeys(source for source, _ in (*night.missing, *night.refused))
    groups = [dag for dag in state.night_dags if dag.startswith("group__")]
    return [*(f"ingest__{source}" for source in lacking), *groups, f"features__{name}", f"score__{name}"]


def _after_scores(
    state: UseCaseState, orchestration: Orchestration, night: Night, by: dt.datetime, now: dt.datetime
) -> Iterator[Sentence]:
    scored, judged, name = night.step("scored"), night.step("judged"), state.use_case.name
    since = by if scored is None or scored.at is None else scored.at
    if night.undelivered:
        held = stopped([f"deliver__{name}"], orchestration)
        if held is not None or now >= max(by, since + VERDICT_WAIT):
            lacking = f"The scores of {night.day} are there, but not delivered to {', '.join(night.undelivered)}"
            why, todo = "", "See why the delivery waits or failed; sending again is safe."
            if held is not None:
                why, todo = f": {listed(held[0])} {held[1]}", held[2]
            yield Sentence("act", "undelivered", f"{lacking}{why}.", todo, STUCK, f"deliver__{name}")
    if night.verdict is None and judged is not None and judged.state == "waits":
        held = stopped([f"monitor__{name}"], orchestration)
        if held is not None:
            dags, how, todo = held
            text = f"{night.day} is scored, but not judged: {listed(dags)} {how}."
            yield Sentence("look", "unjudged", text, todo, STUCK, dags[0])
        elif now - since > VERDICT_WAIT:
            text = f"{night.day} is scored, {night.words}, but not judged."
            todo = _run_of(f"monitor__{name}", orchestration, night)
            yield Sentence("look", "unjudged", text, todo, STUCK, f"monitor__{name}")


def _late(state: UseCaseState, orchestration: Orchestration, night: Night, by: dt.datetime) -> Sentence:
    name = state.use_case.name
    late = f"The scores of {night.day} are late: they were due by {clock(state.use_case, by)}"
    if state.newest is not None and state.newest not in state.use_case.calendar.scores.newest(night.day, 2):
        late = f"Nothing new since {state.newest}. {late}"
    if night.missing:
        source = night.missing[0][0]
        others = f" and {len(night.missing) - 1} more" if len(night.missing) > 1 else ""
        return Sentence(
            "act",
            "late",
            f"{late}, and wait for the delivery {pair_words(night.missing[0])}{others}.",
            f"Have {source} delivered, or look at its run: once the delivery is in the landing zone the night goes on by itself.",
            anchor("late"),
            f"ingest__{source}",
            source=source,
        )
    states = {step.name: step.state for step in night.steps}
    dag = f"score__{name}" if states.get("built") == "done" else f"features__{name}"
    todo = _run_of(dag, orchestration, night)
    if states.get("built") == "done":
        if state.champion is None and state.knows_models:
            text = f"{late}. The features are built, and there is no champion to score them."
            return Sentence("act", "late", text, f"Train a model: trigger train__{name}.", "", f"train__{name}")
        return Sentence(
            "act", "late", f"{late}. The features are built, and score has not written.", todo, anchor("late"), dag
        )
    if "unknown" in (states.get("built"), states.get("arrived")):
        return Sentence("act", "late", f"{late}. How far they are can't be read.", todo, anchor("late"), dag)
    text = f"{late}. Everything has arrived, and the features are not built."
    return Sentence("act", "late", text, todo, anchor("late"), dag)


def _run_of(dag: str, orchestration: Orchestration, night: Night) -> str:
    """What to do about a run that is waited for: to look at it, or to start one where there is none."""
    if not orchestration.known or dag in orchestration.running:
        return "See what the run waits for."
    return f"No run of {dag} is under way: see why its last one stopped, or trigger it for {night.day}."


def stopped(dags: list[str], orchestration: Orchestration) -> tuple[list[str], str, str] | None:
    """Those of these DAGs that start no run, with why, and what to do; None where all may."""
    for names, why, todo in (
        (orchestration.broken, "can't be imported", CORRECT),
        (orchestration.paused, "paused", UNPAUSE),
    ):
        found = [dag for dag in dags if dag in names]
        if found:
            several = len(found) > 1
            how = why if why.startswith("can't") else f"{'are' if several else 'is'} {why}"
            return found, how, todo.format(it="them" if several else "it")
    return None


def listed(dags: list[str]) -> str:
    """The first of these DAGs, and how many more there are."""
    if len(dags) <= 2:
        return " and ".join(dags)
    return f"{dags[0]}, {dags[1]} and {len(dags) - 2} more"
