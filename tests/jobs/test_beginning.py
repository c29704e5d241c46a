"""What a job imports before it knows what to do: each of a night's jobs is a process, and waits for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jobs.stages import STAGES

HEAVY = ("numpy", "pyarrow", "pandas", "deltalake", "pyspark", "requests", "scipy", "sqlglot", "mlflow")
# What a part of the jobs needs: those that start processes, read a declaration that is not kept, ask an object store, and so on.
RARE = ("psutil", "yaml", "ssl", "urllib3", "tenacity", "asyncio", "concurrent.futures", "configparser", "html")
# What a night of a thousand rows, of which each is scored and watched in the job's own process, has no use for.
NOT_AT_NIGHT = {
    "pandas", "scipy", "scipy.special", "scipy.sparse", "sklearn", "xgboost.sklearn", "xgboost.plotting", "numpy.random",
    "requests", "urllib3", "charset_normalizer", "psutil", "yaml", "sqlglot", "mlflow", "pyspark", "tenacity", "tornado",
    "asyncio", "concurrent.futures", "multiprocessing", "configparser", "subprocess",
}  # fmt: skip
# The alarms' distributions are in it; its package alone is small.
OF_ALARMS = {"scipy", "subprocess"}
BEGINNING = f"""
import json, sys
import jobs.__main__
from lakehouse.declaration.section import Section

def all_of(section):
    return [section, *(below for one in section.__subclasses__() for below in all_of(one))]

loaded = [name for name in {(*HEAVY, *RARE)!r} if name in sys.modules]
made = [one.__name__ for one in all_of(Section)[1:] if one.__pydantic_complete__]
print(json.dumps([loaded, made, len(all_of(Section))]))
"""


@pytest.mark.process
def test_a_job_begins_without_an_engine_and_without_preparing_what_it_may_not_check() -> None:
    done = subprocess.run([sys.executable, "-c", BEGINNING], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded, made, sections = json.loads(done.stdout)
    assert loaded == []
    # A default that is an instance would prepare its class at import.
    assert made == []
    assert sections > 50


@pytest.mark.process
@pytest.mark.parametrize("stage", ["ingest", "score", "monitor"])
def test_a_stage_of_the_night_imports_nothing_that_only_others_need(stage: str) -> None:
    kept_out = NOT_AT_NIGHT - (OF_ALARMS if stage == "monitor" else set())
    code = (
        "import sys; from jobs.__main__ import WITHOUT_PANDAS; from lakehouse.storage import arrow_alone\n"
        f"assert {stage!r} in WITHOUT_PANDAS; arrow_alone.import_alone()\n"
        f"import jobs.{stage}.job, lakehouse.ops.releases\n"
        "from lakehouse.models import xgboost_model; xgboost_model.import_alone()\n"
        f"print(sorted({kept_out!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("name", STAGES)
def test_each_stage_names_the_class_of_arguments_that_its_room_takes(name: str) -> None:
    stage = STAGES[name]
    assert stage.run.__annotations__["arguments"] == stage.arguments.__name__


@pytest.mark.process
def test_a_command_line_imports_the_arguments_of_its_own_stage_alone() -> None:
    code = (
        "import sys; from jobs.command_line import parse\n"
        "parse(['score', '--use-case', 'any', '--partition', '2024-03-01'])\n"
        "print(sorted(name for name in sys.modules if name.startswith('jobs.') and name.endswith('.arguments')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("['jobs.arguments', 'jobs.score.arguments']", "")


@pytest.mark.process
def test_features_that_are_up_to_date_import_no_spark() -> None:
    code = "import sys, jobs.features.job; print('pyspark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
