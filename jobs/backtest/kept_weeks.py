"""The weeks that are done, on disk: a walk that is killed goes on after the last of them.

Each week has a folder under the state's, named by a fingerprint of all that it depends on: the rows, the declaration, the code, and
the weeks before it. So a walk to a later day goes on too, and one over restated days begins again where they begin to matter.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from jobs.backtest.past_week import Champions, PastChampion, PastWeek
from jobs.backtest.steps import Week
from jobs.train import input_snapshot
from jobs.train.split import DayRange, Split
from lakehouse import fingerprints, settings
from lakehouse.declaration import UseCase
from lakehouse.ops import builds

# Raise it when a week's numbers change with the code of this room.
VERSION = 1
WEEK, MODEL, LOGGED = "week.json", "champion.bin", "logged"


@dataclass(frozen=True)
class _Kept:
    """A week, and what its own model's file does not say of it; None where it was not promoted."""

    week: PastWeek
    trained_through: dt.date | None
    kind: str
    threshold: float | None


_JSON = TypeAdapter(_Kept)


def fingerprint(use_case: UseCase, week: Week, before: str, origin: str) -> str:
    """Of a week: what a training as of its first day is made from, and the labels to its last, after the weeks ``before`` it."""
    split = Split.for_day(use_case, week.first)
    read = Split(split.train, split.validation, DayRange(split.holdout.first, week.last))
    inputs = builds.fingerprint(input_snapshot.expected_inputs(use_case, read))
    gate = use_case.gate.model_dump_json()
    return fingerprints.digest(inputs, gate, before, origin, str(VERSION))


def read(folder: Path, before: Champions) -> tuple[PastWeek, Champions] | None:
    """A week that is done, and the champions after it; None when it is not."""
    file = folder / WEEK
    if not file.is_file():
        return None
    kept = _JSON.validate_json(file.read_bytes())
    if kept.trained_through is None:
        return kept.week, before
    content = (folder / MODEL).read_bytes()
    new = PastChampion(kept.week.first, kept.trained_through, kept.kind, content, kept.threshold)
    return kept.week, Champions(before.first or new, new)


def keep(folder: Path, week: PastWeek, after: Champions) -> None:
    """Keep a week: its model first, so that a week that can be read is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    new = after.now if after.now is not None and after.now.trained_for == week.first else None
    if new is not None:
        _write(folder / MODEL, new.content)
    kept = _Kept(week, None, "", None) if new is None else _Kept(week, new.trained_through, new.kind, new.threshold)
    _write(folder / WEEK, _JSON.dump_json(kept, indent=1))


def folder_of(use_case: UseCase, fingerprint: str) -> Path:
    """The folder of the week with this fingerprint."""
    return settings.load().state_root / "backtests" / use_case.name / fingerprint


def logged(folder: Path) -> str | None:
    """The run that has the walk that ends with this week; None when there is none."""
    file = folder / LOGGED
    return file.read_text(encoding="ascii") if file.is_file() else None


def mark_logged(folder: Path, run_id: str) -> None:
    """Keep which run has the walk that ends with this week."""
    _write(folder / LOGGED, run_id.encode("ascii"))


def _write(file: Path, content: bytes) -> None:
    draft = file.with_name(f"{file.name}.part")
    draft.write_bytes(content)
    draft.replace(file)
