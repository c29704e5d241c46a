"""What the examples' tests share: an example on few days, with a small budget, in a lakehouse of its own."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from lakehouse.declaration import loader
from lakehouse.settings import PROJECT_ROOT
from tests.examples import chain, feed
from tests.jobs.trained import without_pictures

# The search is not what these tests are about.
BUDGET = {"trials": 2, "max_rounds": 100, "early_stopping_rounds": 10}


@dataclass(frozen=True)
class Small:
    """Where examples are run small."""

    folder: Path

    def run(self, name: str, first: dt.date, day: dt.date, **windows: tuple[int, int]) -> dict[str, Any]:
        """Land and take in an example's deliveries from ``first`` on, and run its chain for ``day``.

        Args:
            name: of the example.
            first: the first day that is delivered.
            day: the day that is scored, and that the model is trained for.
            windows: first and last day of train, validation and holdout, in days back.

        Returns:
            The results of the ingestion by source, and of each stage by its name.
        """
        copy = shutil.copytree(chain.EXAMPLES / name, self.folder / "use_cases" / name)
        declared = yaml.safe_load((copy / "use_case.yaml").read_text(encoding="utf-8"))
        declared["model"] |= BUDGET
        declared["split"] = {part: {"first": begin, "last": end} for part, (begin, end) in windows.items()}
        (copy / "use_case.yaml").write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
        feed.deliver(name, self.folder / "landing", first, day)
        taken_in = chain.take_in(loader.by_name(name), first, day)
        return taken_in | chain.run(name, day)


@pytest.fixture(scope="module")
def small(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """A lakehouse, a landing zone and a folder of use cases of the module's own, beside the shared sources that ship."""
    folder = tmp_path_factory.mktemp("example")
    use_cases = folder / "use_cases"
    use_cases.mkdir()
    (use_cases / "sources").symlink_to(PROJECT_ROOT / "include" / "sources")
    (use_cases / "features").symlink_to(chain.EXAMPLES / "features")
    with chain.place(folder, use_cases), pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        yield Small(folder)
