"""Some weeks of the bakery, taken in: what the tests of features, restatement and maintenance start from."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from tests.use_cases import bakery

START = dt.date(2024, 3, 1)
DAY = START + dt.timedelta(days=24)
SOURCES = ("bakery_plan", "bakery_sales_counted")


def ingest(first: dt.date, last: dt.date, *sources: str) -> None:
    for source in sources or SOURCES:
        job.run(IngestArguments(source=source, partition=first, through=last)).as_json()


def build(first: dt.date, last: dt.date) -> None:
    features.run(FeaturesArguments(use_case="bakery_sales", partition=first, through=last)).as_json()


@contextmanager
def prepared(folder: Path, origin: Path | None = None) -> Iterator[Path]:
    """Work in a lakehouse and a landing zone under ``folder``, copied from ``origin``, for tests to copy in their turn."""
    if origin is not None:
        copy(origin, folder / "warehouse", folder / "landing")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(folder / "warehouse"))
        environment.setenv("LANDING_ROOT", str(folder / "landing"))
        environment.setenv("NIGHTJAR_HOME", str(folder / "state"))
        environment.setenv("USE_CASE_ROOTS", str(Path(bakery.__file__).parent))
        yield folder


def copy(origin: Path, warehouse: Path, landing: Path) -> Path:
    """Both as they are under ``origin``."""
    shutil.copytree(origin / "warehouse", warehouse)
    shutil.copytree(origin / "landing", landing)
    return warehouse
