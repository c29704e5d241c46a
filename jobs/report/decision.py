"""Whether the night asked for a retraining, and what became of it, in words."""

from __future__ import annotations

import datetime as dt

from jobs.monitor import retraining
from jobs.monitor.retraining import Trainings
from lakehouse.declaration import UseCase
from lakehouse.ops import model_events, retrainings

ASKED, NOT_ASKED = "asked for a retraining", "asked for no retraining"


def of_day(use_case: UseCase, day: dt.date, version: int, newest: bool) -> tuple[str, str]:
    """What was decided, and why or what came of it.

    Args:
        use_case: whose.
        day: of the verdict.
        version: the champion that scored it.
        newest: whether no later day is scored.
    """
    known = retraining.trainings(use_case, dt.datetime.now(dt.UTC))
    asked = retrainings.requests(use_case.name).get(day)
    if asked is None:
        decided = retraining.decide(use_case, day, version, known, newest)
        return (ASKED if decided.retrain else NOT_ASKED), "; ".join(decided.reasons)
    return ASKED, f"{asked.event.reason}; {_outcome(use_case, day, known)}"


def _outcome(use_case: UseCase, day: dt.date, known: Trainings) -> str:
    answers = [number for number, trained_for in known.made.items() if trained_for == day]
    if not answers:
        said = known.running.get(day) or known.lost.get(day, "")
        return f"the training for {day} {said}"
    number = max(answers)
    judged = [
        event.event
        for event in model_events.of_model(use_case.name, number)
        if event.event in (model_events.PROMOTED, model_events.HELD)
    ]
    what = {model_events.PROMOTED: "promoted to champion", model_events.HELD: "held by the gate"}
    return f"version {number} was trained for it, and {what[judged[-1]] if judged else 'not judged by the gate yet'}"
