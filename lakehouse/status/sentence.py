"""Whether tonight is all right, and if not what to do: a sentence for each thing that a person should know, the most urgent first.

Pure functions of what was read. The words for what an event means and asks for are those of the alerts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lakehouse.ops import model_events, retrainings
from lakehouse.status import beginning, lateness
from lakehouse.status.night import pair_words
from lakehouse.status.orchestration import FailedTask, Orchestration
from lakehouse.status.said import LEVELS, Level, Sentence, anchor, clock, do, first, for_day, question
from lakehouse.status.use_case_state import UseCaseState

__all__ = ["LEVELS", "Level", "Sentence", "of"]

# So long a rollback, a fallback or a failed training is news.
NEWS = dt.timedelta(days=3)


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
        *lateness.of(state, orchestration, now),
        *_questions(orchestration),
        *_verdict(state, now),
        *_fallback(state, now),
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
            anchor("failed"),
        )


def _failed(state: UseCaseState, orchestration: Orchestration) -> Iterator[Sentence]:
    day = state.night.day if state.night is not None else None
    tonight = [
        one
        for one in orchestration.failed
        if _hurts(one) and (one.day is None or one.day == day or _arrives_for(state, one))
    ]
    earlier = [one for one in orchestration.failed if one not in tonight]
    for one in tonight:
        yield Sentence(
            "act",
            "failed",
            f"Task {one.task} of {one.dag} failed{for_day(one.day)}.",
            do("failed"),
            anchor("failed"),
            one.dag,
            one.run,
        )
    if earlier:
        newest = max(earlier, key=lambda one: one.at)
        others = f", and {len(earlier) - 1} more" if len(earlier) > 1 else ""
        yield Sentence(
            "look", "failed", f"Task {newest.task} of {newest.dag} failed{for_day(newest.day)}{others}.", do("failed"),
            anchor("failed"), newest.dag, newest.run,
        )  # fmt: skip


def _hurts(failed: FailedTask) -> bool:
    """Whether somebody has to act now: not for a model that is not made while the champion scores, nor for tidying up."""
    stage = failed.dag.partition("__")[0]
    if stage == "train":
        return failed.task in ("approval", "answer")
    return stage not in ("retire", "restate")


def _arrives_for(state: UseCaseState, failed: FailedTask) -> bool:
    """Whether the task takes in a delivery that the night lacks."""
    lacking = () if state.night is None else (*state.night.refused, *state.night.missing)
    return any(failed.dag == f"ingest__{source}" and failed.day == day for source, day in lacking)


def _refused(state: UseCaseState) -> Iterator[Sentence]:
    built = None if state.night is None else state.night.step("built")
    if state.night is None or state.night.scored or (built is not None and built.state == "done"):
        return
    for source, day in state.night.refused[:3]:
        yield Sentence(
            "act",
            "refused",
            f"The delivery {pair_words((source, day))} was refused, so {state.night.day} can't be built.",
            do("refused"),
            anchor("refused"),
            f"ingest__{source}",
            source=source,
        )


def _questions(orchestration: Orchestration) -> Iterator[Sentence]:
    yield from map(question, orchestration.questions)


def _verdict(state: UseCaseState, now: dt.datetime) -> Iterator[Sentence]:
    night = state.night
    if night is None:
        return
    # Before tonight's verdict the newest one counts.
    judged = night.verdict or (state.verdicts[max(state.verdicts)] if state.verdicts else None)
    if judged is None or not judged.violated or (state.due.ended is not None and now - judged.at >= NEWS):
        return
    scored = (
        f"{night.day} is scored, but its verdict is violated"
        if judged is night.verdict
        else f"{judged.day} is violated"
    )
    reason = first(judged.reason)
    yield Sentence(
        "look",
        "violated",
        f"{scored}{f': {reason}' if reason else ''}.",
        do("violated"),
        anchor("violated"),
        f"monitor__{state.use_case.name}",
    )


def _fallback(state: UseCaseState, now: dt.datetime) -> Iterator[Sentence]:
    night = state.night
    if night is None or night.fallback == 0:
        return
    scored = night.step("scored")
    if state.due.ended is not None and scored is not None and scored.at is not None and now - scored.at >= NEWS:
        return
    many = "some" if night.fallback is None else f"{night.fallback:,} of {night.rows:,}"
    yield Sentence(
        "look",
        "fallback",
        f"On {night.day} a fallback decided {many} rows: the champion could not.",
        do("fallback"),
        anchor("fallback"),
        f"score__{state.use_case.name}",
    )


def _events(state: UseCaseState, now: dt.datetime) -> Iterator[Sentence]:
    champion = state.champion
    if champion is not None and champion.rolled_back and now - champion.since < NEWS:
        from_ = f" in the place of version {champion.before}" if champion.before is not None else ""
        yield Sentence(
            "look",
            "rolled_back",
            f"Version {champion.version} decides again{from_}, rolled back by {champion.actor}: {first(champion.reason)}.",
            do("rolled_back"),
            anchor("rolled_back"),
            f"train__{state.use_case.name}",
        )
    failures = [one for one in state.events if one.event == model_events.TRAINING_FAILED]
    made = [one for one in state.events if one.event == model_events.REGISTERED]
    if failures and now - failures[-1].happened_at < retrainings.PATIENCE + NEWS:
        last = failures[-1]
        if not any(one.happened_at > last.happened_at for one in made):
            yield Sentence(
                "look", "training", f"A retraining failed: {first(last.reason)}. The champion goes on scoring.",
                "Remove the cause; the next night asks again.", "a-retraining-that-was-asked-for-failed",
                f"train__{state.use_case.name}",
            )  # fmt: skip


def _quiet(state: UseCaseState, orchestration: Orchestration, now: dt.datetime) -> Sentence:
    """The one sentence where nothing is to be done."""
    night, name = state.night, state.use_case.name
    if night is None and state.due.ended is None:
        return Sentence("idle", "early", f"Nothing is due before {state.use_case.calendar.start}.")
    if state.is_new:
        return beginning.of(state)
    if night is None or state.due.ended is not None:
        return _ended(state, now)
    if night.nobody:
        return Sentence(
            "good", "nobody", f"{night.day} is all right: nobody is in its population, so there is nothing to score."
        )
    if not night.scored:
        by = "" if state.due.by is None else f" It is due by {clock(state.use_case, state.due.by)}."
        step = next((one for one in night.steps if one.state == "waits"), night.steps[0])
        return Sentence("wait", "under way", f"{night.day} is on its way: {step.detail}.{by}", dag=f"score__{name}")
    if night.verdict is None:
        return Sentence(
            "wait", "unjudged", f"{night.day} is scored: {night.words}. The verdict follows.", dag=f"monitor__{name}"
        )
    delivered = "" if not state.use_case.deliver or night.undelivered else ", delivered"
    return Sentence("good", "good", f"{night.day} is all right: {night.words}, judged ordinary{delivered}.")


def _ended(state: UseCaseState, now: dt.datetime) -> Sentence:
    """Of a use case whose calendar has ended; of its last day, while that is news, also that it was not scored."""
    ended, last, name = state.due.ended, state.due.day, state.use_case.name
    newest = "nothing was scored" if state.newest is None else f"{state.newest} was scored last"
    if last is not None and ended is not None and (state.newest or dt.date.min) < last and now.date() - ended <= NEWS:
        return Sentence(
            "look", "ended", f"Its calendar ended on {ended}, and {last} was not scored; {newest}.",
            f"See which of its runs waits or failed; where none does, trigger features__{name} for {last}.",
            "is-it-waiting-or-is-it-stuck", f"features__{name}",
        )  # fmt: skip
    return Sentence("idle", "ended", f"Its calendar ended on {ended}; {newest}. Nothing is due.")
