"""An example's chain, from its deliveries to a monitored day, by the jobs themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.groups import job as group
from jobs.groups.arguments import GroupArguments
from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse.declaration import UseCase, loader
from lakehouse.settings import PROJECT_ROOT

EXAMPLES = PROJECT_ROOT / "docs" / "examples"
# One of them reads sources that stand on their own in include/.
ROOTS = (PROJECT_ROOT / "include", EXAMPLES)
ACTOR = "examples"


@contextmanager
def place(folder: Path, *roots: Path) -> Iterator[Path]:
    """A lakehouse, a landing zone and a state folder under ``folder``; ``roots`` have the use cases."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(folder / "warehouse"))
        environment.setenv("LANDING_ROOT", str(folder / "landing"))
        environment.setenv("NIGHTJAR_HOME", str(folder / "state"))
        environment.setenv("USE_CASE_ROOTS", ":".join(map(str, roots)))
        yield folder


def take_in(use_case: UseCase, first: dt.date, day: dt.date) -> dict[str, Any]:
    """Ingest what has arrived of every source by the night before ``day``; the results by source."""
    done = {}
    for name in use_case.reads:
        source = use_case.source(name)
        last = day if source.cadence == "occasional" else day - dt.timedelta(days=source.arrives_after_days)
        done[name] = ingest.run(IngestArguments(source=name, partition=first, through=last)).as_json()
    return done


def run(name: str, day: dt.date) -> dict[str, Any]:
    """Features of the days that training looks at and of ``day``, then a model of ``day``, its gate, its scores and its verdict.

    Returns:
        The result of each stage, by its name.
    """
    use_case, done = loader.by_name(name), {}
    first = max(day - dt.timedelta(days=use_case.split.train.first), use_case.calendar.start)
    last = day - dt.timedelta(days=use_case.split.holdout.last)
    for taken in use_case.groups:
        group.run(GroupArguments(group=taken.group, version=taken.version, partition=first, through=day))
    done["features"] = features.run(FeaturesArguments(use_case=name, partition=first, through=last)).as_json()
    features.run(FeaturesArguments(use_case=name, partition=day))
    done["train"] = train.run(TrainArguments(use_case=name, partition=day, actor=ACTOR)).as_json()
    done["gate"] = gate.run(GateArguments(use_case=name, partition=day, actor=ACTOR)).as_json()
    done["score"] = score.run(ScoreArguments(use_case=name, partition=day)).as_json()
    done["monitor"] = monitor.run(MonitorArguments(use_case=name, partition=day, actor=ACTOR)).as_json()
    return done
