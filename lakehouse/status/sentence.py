"""Whether tonight is all right, and if not what to do: a sentence for each thing that a person should know, the most urgent first.

Pure functions of what was read. The words for what an event means and asks for are those of the alerts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from lakehouse.alerts.fact import MEANING
from lakehouse.declaration import UseCase
from lakehouse.ops import model_events, retrainings
from lakehouse.status.night import Night, pair_words
from lakehouse.status.orchestration import FailedTask, Orchestration
from lakehouse.status.use_case_state import UseCaseState

# act: tonight is not all right, and somebody has to do something. look: something to know by day. wait: under way. good. idle:
# nothing is due.
Level = Literal["act", "look", "wait", "good", "idle"]
LEVELS: tuple[Level, ...] = ("act", "look", "wait", "good", "idle")

# So long a rollback, a fallback or a failed training is news.
NEWS = dt.timedelta(days=3)
# So long after the scores the verdict is waited for.
VERDICT_WAIT = dt.timedelta(hours=3)


@dataclass(frozen=True)
class Sentence:
    """One thing to know.

    Attributes:
        level: how urgent it is.
        kind: what it is about; the part of the run book hangs on it.
        text: what is the case.
        todo: what to do; empty where nothing is.
        anchor: the part of the run book; empty where there is none.
        dag, run: where in the scheduler to do it; empty where nowhere.
        source: the source that it is about; empty where it is about none.
    """

    level: Level
    kind: str
    text: str
    todo: str = ""
    anchor: str = ""
    dag: str = ""
    run: str = ""
    source: str = ""


def of(state: UseCaseState, orchestration: Orchestration, now: dt.datetime) -> tuple[Sentence, ...]:
    """The sentences about a use case, the most urgent first; at least one.

    Args:
        state: how it stands.
        orchestration: what the scheduler knows of its DAGs.
        now: the present.
    """
    found = [
        *_unreadable(state),
        *_failed(state, orchestration),
        *_refused(state),
        *_late(state, orchestration, now),
        *_questions(orchestration),
        *_verdict(state),
        *_fallback(state),
        *_events(state, now),
    ]
    if not any(one.level in ("act", "look") for one in found):
        found.append(_quiet(state, orchestration, now))
    return tuple(sorted(found, key=lambda one: LEVELS.index(one.level)))


def _unreadable(state: UseCaseState) -> Iterator[Sentence]:
    for one in state.unreadable:
        yield Sentence(
            "act",
            "unreadable",
            f"{one.table} can't be read: {one.why}. What it says of tonight is not known here.",
            one.todo,
        )


def _failed(state: UseCaseState, orchestration: Orchestration) -> Iterator[Sentence]:
    day = state.night.day if state.night is not None else None
    tonight = [one for one in orchestration.failed if one.day is None or one.day == day or _arrives_for(state, one)]
    earlier = [one for one in orchestration.failed if one not in tonight]
    for one in tonight:
        yield Sentence(
            "act",
            "failed",
            f"Task {one.task} of {one.dag} failed{_for(one.day)}.",
            _do("failed"),
            _anchor("failed"),
            one.dag,
            one.run,
        )
    if earlier:
        newest = max(earlier, key=lambda one: one.at)
        others = f", and {len(earlier) - 1} more of earlier nights" if len(earlier) > 1 else ""
        yield Sentence(
            "look", "failed", f"Task {newest.task} of {newest.dag} failed{_for(newest.day)}{others}.", _do("failed"),
            _anchor("failed"), newest.dag, newest.run,
        )  # fmt: skip


def _arrives_for(state: UseCaseState, failed: FailedTask) -> bool:
    """Whether the task takes in a delivery that the night lacks."""
    lacking = () if state.night is None else (*state.night.refused, *state.night.missing)
    return any(failed.dag == f"ingest__{source}" and failed.day == day for source, day in lacking)


def _refused(state: UseCaseState) -> Iterator[Sentence]:
    if state.night is None or state.night.scored:
        return
    for source, day in state.night.refused[:3]:
        yield Sentence(
            "act",
            "refused",
            f"The delivery {pair_words((source, day))} was refused, so {state.night.day} can't be built.",
            _do("refused"),
            _anchor("refused"),
            f"ingest__{source}",
            source=source,
        )


def _late(state: UseCaseState, orchestration: Orchestration, now: dt.datetime) -> Iterator[Sentence]:
    night, by = state.night, state.due.by
    if night is None or by is None or state.due.ended is not None or _new(state):
        return
    if night.scored:
        yield from _undelivered(state, night, now)
        return
    paused = [dag for dag in state.night_dags if dag in orchestration.paused]
    if paused:
        since = "" if state.newest is None else f"Nothing new since {state.newest}: "
        yield Sentence(
            "act",
            "paused",
            f"{since}{' and '.join(paused[:2])} {'are' if len(paused) > 1 else 'is'} paused, so {night.day} is not scored.",
            "Unpause it in Airflow; the missed nights are then caught up as far as the calendar declares.",
            "is-it-waiting-or-is-it-stuck",
            paused[0],
        )
    elif now >= by and not night.refused:
        yield _late_because(state, night, by)


def _late_because(state: UseCaseState, night: Night, by: dt.datetime) -> Sentence:
    late = f"The scores of {night.day} are late: they were due by {_clock(state.use_case, by)}"
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
            _anchor("late"),
            f"ingest__{source}",
            source=source,
        )
    built = night.step("built")
    if built is not None and built.state == "done":
        if state.champion is None:
            return Sentence(
                "act", "late", f"{late}. The features are built, and there is no champion to score them.",
                f"Train a model: trigger train__{state.use_case.name}.", "", f"train__{state.use_case.name}",
            )  # fmt: skip
        return Sentence(
            "act", "late", f"{late}. The features are built, and score has not written.", "See what the run waits for.",
            _anchor("late"), f"score__{state.use_case.name}",
        )  # fmt: skip
    return Sentence(
        "act", "late", f"{late}. Everything has arrived, and the features are not built.", "See what the run waits for.",
        _anchor("late"), f"features__{state.use_case.name}",
    )  # fmt: skip


def _undelivered(state: UseCaseState, night: Night, now: dt.datetime) -> Iterator[Sentence]:
    scored = night.step("scored")
    by = state.due.by
    if not night.undelivered or by is None or scored is None or now < max(by, (scored.at or by) + VERDICT_WAIT):
        return
    yield Sentence(
        "act",
        "undelivered",
        f"The scores of {night.day} are there, but not delivered to {', '.join(night.undelivered)}.",
        "See why the delivery waits or failed; sending again is safe.",
        "is-it-waiting-or-is-it-stuck",
        f"deliver__{state.use_case.name}",
    )


def _questions(orchestration: Orchestration) -> Iterator[Sentence]:
    for one in orchestration.questions:
        yield Sentence(
            "act",
            "approval",
            f"A person has to decide: {one.subject.rstrip('?. ')}? It has waited since {one.since:%Y-%m-%d %H:%M} UTC.",
            _do("approval"),
            _anchor("approval"),
            one.dag,
            one.run,
        )


def _verdict(state: UseCaseState) -> Iterator[Sentence]:
    night = state.night
    if night is None:
        return
    # Before tonight's verdict the newest one counts.
    judged = night.verdict or (state.verdicts[max(state.verdicts)] if state.verdicts else None)
    if judged is None or not judged.violated:
        return
    scored = (
        f"{night.day} is scored, but its verdict is violated"
        if judged is night.verdict
        else f"{judged.day} is violated"
    )
    reason = _first(judged.reason)
    yield Sentence(
        "look",
        "violated",
        f"{scored}{f': {reason}' if reason else ''}.",
        _do("violated"),
        _anchor("violated"),
        f"monitor__{state.use_case.name}",
    )


def _fallback(state: UseCaseState) -> Iterator[Sentence]:
    night = state.night
    if night is None or night.fallback == 0:
        return
    many = "some" if night.fallback is None else f"{night.fallback:,} of {night.rows:,}"
    yield Sentence(
        "look",
        "fallback",
        f"On {night.day} a fallback decided {many} rows: the champion could not.",
        _do("fallback"),
        _anchor("fallback"),
        f"score__{state.use_case.name}",
    )


def _events(state: UseCaseState, now: dt.datetime) -> Iterator[Sentence]:
    champion = state.champion
    if champion is not None and champion.rolled_back and now - champion.since < NEWS:
        from_ = f" in the place of version {champion.before}" if champion.before is not None else ""
        yield Sentence(
            "look",
            "rolled_back",
            f"Version {champion.version} decides again{from_}, rolled back by {champion.actor}: {_first(champion.reason)}.",
            _do("rolled_back"),
            _anchor("rolled_back"),
            f"train__{state.use_case.name}",
        )
    failures = [one for one in state.events if one.event == model_events.TRAINING_FAILED]
    made = [one for one in state.events if one.event == model_events.REGISTERED]
    if failures and now - failures[-1].happened_at < retrainings.PATIENCE + NEWS:
        last = failures[-1]
        if not any(one.happened_at > last.happened_at for one in made):
            yield Sentence(
                "look", "training", f"A retraining failed: {_first(last.reason)}. The champion goes on scoring.",
                "Remove the cause; the next night asks again.", "a-retraining-that-was-asked-for-failed",
                f"train__{state.use_case.name}",
            )  # fmt: skip


def _quiet(state: UseCaseState, orchestration: Orchestration, now: dt.datetime) -> Sentence:
    """The one sentence where nothing is to be done."""
    night, name = state.night, state.use_case.name
    if _new(state):
        return _nothing_yet(state)
    if state.due.ended is not None:
        last = f"; {state.newest} was scored last" if state.newest is not None else ""
        return Sentence("idle", "ended", f"Its calendar ended on {state.due.ended}{last}. Nothing is due.")
    if night is None:
        return Sentence("idle", "early", f"Nothing is due before {state.use_case.calendar.start}.")
    if not night.scored:
        by = "" if state.due.by is None else f" It is due by {_clock(state.use_case, state.due.by)}."
        step = next((one for one in night.steps if one.state == "waits"), night.steps[0])
        return Sentence("wait", "under way", f"{night.day} is on its way: {step.detail}.{by}", dag=f"score__{name}")
    by = f"{night.rows:,} scores by version {' and '.join(map(str, night.versions))}"
    if night.verdict is None and _verdict_is_old(state, now):
        return Sentence(
            "look", "unjudged", f"{night.day} is scored, {by}, but not judged.", "See what the run waits for.",
            "is-it-waiting-or-is-it-stuck", f"monitor__{name}",
        )  # fmt: skip
    if night.verdict is None:
        return Sentence(
            "wait", "unjudged", f"{night.day} is scored: {by}. The verdict follows.", dag=f"monitor__{name}"
        )
    delivered = "" if not state.use_case.deliver or night.undelivered else ", delivered"
    return Sentence("good", "good", f"{night.day} is all right: {by}, judged ordinary{delivered}.")


def _verdict_is_old(state: UseCaseState, now: dt.datetime) -> bool:
    """Whether the verdict should be there by now."""
    scored = state.night.step("scored") if state.night is not None else None
    return scored is not None and scored.at is not None and now - scored.at > VERDICT_WAIT


def _new(state: UseCaseState) -> bool:
    """Whether nothing was ever scored."""
    return state.newest is None and not state.unreadable


def _nothing_yet(state: UseCaseState) -> Sentence:
    name, night = state.use_case.name, state.night
    built = night is not None and (step := night.step("built")) is not None and step.state == "done"
    arrived = night is not None and (step := night.step("arrived")) is not None and step.state == "done"
    if state.champion is None and (built or arrived):
        return Sentence(
            "look", "nothing yet", "Nothing is scored yet: there is no model.",
            f"Train the first one: trigger train__{name} for a day with enough history before it.", "", f"train__{name}",
        )  # fmt: skip
    source = state.use_case.entity.source
    return Sentence(
        "look", "nothing yet", "Nothing is scored yet: its deliveries have not been taken in.",
        f"Put them into the landing zone, unpause ingest__{source}, load the history by a backfill, then train a model.", "",
        f"ingest__{source}", source=source,
    )  # fmt: skip


def _do(event: str) -> str:
    return MEANING[event][1]  # type: ignore[index]


def _anchor(event: str) -> str:
    return MEANING[event][2]  # type: ignore[index]


def _for(day: dt.date | None) -> str:
    return "" if day is None else f" for {day}"


def _first(reason: str) -> str:
    """The first of several reasons, at most a line."""
    first = " ".join(reason.partition(";")[0].split()).rstrip(".")
    return first if len(first) <= 160 else f"{first[:157]}..."


def _clock(use_case: UseCase, at: dt.datetime) -> str:
    zone = ZoneInfo(use_case.calendar.timezone)
    return f"{at.astimezone(zone):%H:%M} ({use_case.calendar.timezone})"
