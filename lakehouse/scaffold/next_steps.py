"""What to do with a new use case: the commands from its deliveries to a scored day, with the days that fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

from lakehouse.scaffold.draft import Draft


def commands(draft: Draft) -> list[str]:
    """The commands, each of which works as it is once those before it have."""
    return list(_commands(draft))


def _commands(draft: Draft) -> Iterator[str]:
    day, late = draft.split.day, dt.timedelta(days=draft.maturity)
    for source in draft.sources:
        last = day - late if source.name == draft.label_source else day
        if source.days == 1 and source.name not in (draft.entity, draft.label_source):
            last = draft.start
        yield f"python -m jobs ingest   --source {source.name} {_range(draft.start, last)}"
    whose = f"--use-case {draft.name}"
    yield f"python -m jobs features {whose} {_range(draft.split.first_day, day)}"
    for stage in ("train   ", "gate    ", "score   ", "monitor "):
        yield f"python -m jobs {stage} {whose} --partition {day}"
    yield f'python -m lakehouse sql "select * from gold.{draft.name}_scores limit 5"'


def report(draft: Draft, folder: Path, landed: Mapping[str, int], landing: Path) -> str:
    """What was seen, what was written, and what comes next."""
    return "\n".join(_report(draft, folder, landed, landing))


def _report(draft: Draft, folder: Path, landed: Mapping[str, int], landing: Path) -> Iterator[str]:
    yield "Seen"
    for source in draft.sources:
        empty = [column.delivered for column in source.columns if column.seen.startswith("empty")]
        yield f"  {source.name}: {source.rows:,} rows on {source.days:,} day(s), {len(source.columns)} columns" + (
            f"; empty: {', '.join(empty)}" if empty else ""
        )
        for remark in source.remarks:
            yield f"    {remark}"
    label = draft.label
    yield f"  label: {label.column.delivered} ({label.column.seen}), a {label.task}: {label.why}"
    for remark in draft.remarks:
        yield f"  {remark}"
    yield ""
    yield "Written"
    yield f"  {folder}/use_case.yaml and features.py: {len(draft.features) + len(draft.means)} features"
    for name, files in landed.items():
        yield f"  {landing / name}: {files:,} deliveries"
    yield ""
    yield "Next (make up && source .nightjar/env.sh, if the stack is not up)"
    for command in commands(draft):
        yield f"  {command}"
    yield ""
    yield f"Then read {folder}/use_case.yaml: its comments say what was seen and what was assumed."


def _range(first: dt.date, last: dt.date) -> str:
    return f"--partition {first}" + (f" --through {last}" if last > first else "")
