"""A clinic with rules and fallbacks, and what was decided of its days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from jobs.score import job
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.storage import commits, small_tables
from tests.jobs.shelf import Shelf, day, live, open_clinic

RULES = [
    {"name": "not_asked", "when": "age < 0.1", "use_fallback": True},
    {"name": "closed", "when": "clinic = 'a' and appointment < 4", "block": True},
    {"name": "desk", "when": "clinic = 'b' and appointment < 8", "send_to": "desk"},
    {"name": "old_hand", "when": "missed_before < 0.2 and score > 0.3", "decide": False},
    {"name": "too_sure", "when": "true", "cap": 0.8, "floor": 0.2},
]
FALLBACK = [
    {"last_score": {"days": 2}},
    {"rule": {"name": "of_clinic_a", "when": "clinic = 'a'", "score": 0.7}},
    {"base_rate": True},
]
Rows = dict[int, dict[str, Any]]


def opened(root: Path, patch: pytest.MonkeyPatch, *numbers: int, **sections: Any) -> Shelf:
    declared = {"rules": RULES, "fallback": FALLBACK, **sections}
    shelf = open_clinic(root / "own", patch, root / "files", **declared)
    live(shelf.use_case, *numbers)
    for _ in range(2):
        shelf.add()
    shelf.promote(1)
    return shelf


def score(first: int, last: int | None = None, **more: Any) -> dict[str, Any]:
    through = None if last is None else day(last)
    return job.run(ScoreArguments(use_case="appointments", partition=day(first), through=through, **more)).as_json()


def rows_of(shelf: Shelf, number: int, role: str = "champion") -> Rows:
    found = small_tables.read(tables.scores(shelf.use_case))
    return {row["appointment"]: row for row in found if row["partition"] == day(number) and row["role"] == role}


def features_of(shelf: Shelf, number: int) -> Rows:
    found = small_tables.read(tables.features(shelf.use_case))
    return {row["appointment"]: row for row in found if row["partition"] == day(number)}


def stale_scores() -> dict[dt.date, list[str]]:
    found = stale.run(StaleArguments(use_case="appointments")).as_json()["partitions"]
    return {line["partition"]: line["reasons"] for line in found if line["table"] == "gold.appointments_scores"}


def by_hand(features: dict[str, Any], model: float) -> tuple[str, str | None, float]:
    """What decides a row that the model scores, by which name, and the score."""
    key, clinic = features["appointment"], "ab"[features["appointment"] % 2]
    if clinic == "a" and key < 4:
        return "rule", "closed", model
    if clinic == "b" and key < 8:
        return "rule", "desk", model
    if features["missed_before"] < 0.2 and model > 0.3:
        return "rule", "old_hand", model
    if not 0.2 <= model <= 0.8:
        return "rule", "too_sure", min(max(model, 0.2), 0.8)
    return "model", None, model


def by_hand_limit(model: float) -> str:
    return "model" if 0.2 <= model <= 0.8 else "rule"


def label(shelf: Shelf, number: int, values: dict[int, float]) -> None:
    lines = [
        {"appointment": key, "partition": day(number), "value": value, "label": value, "inputs_fingerprint": "l"}
        for key, value in values.items()
    ]
    commits.replace_rows(tables.outcomes(shelf.use_case), lines, f"partition = '{day(number)}'")


def ruled(shelf: Shelf) -> list[dict[str, Any]]:
    return [row for row in rows_of(shelf, 0).values() if row["decided_by"] == "rule"]


def in_a_worker(
    application: str, count: int, work: Callable[[int], Iterable[Any]], tasks: int | None = None
) -> Iterator[Any]:
    """What Spark does with work: pickles it, and has it done elsewhere."""
    sent = cloudpickle.loads(cloudpickle.dumps(work))
    for number in reversed(range(count)):
        yield from sent(number)
