"""What a job imports before it knows what to do: each of a night's jobs is a process, and waits for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("numpy", "pyarrow", "pandas", "deltalake", "pyspark", "requests", "scipy", "sqlglot", "mlflow")
BEGINNING = f"""
import json, sys
import jobs.__main__
from lakehouse.declaration.section import Section

def all_of(section):
    return [section, *(below for one in section.__subclasses__() for below in all_of(one))]

loaded = [name for name in {HEAVY!r} if name in sys.modules]
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
def test_a_stage_of_the_night_imports_no_pandas(stage: str) -> None:
    code = (
        "import sys; from jobs.__main__ import WITHOUT_PANDAS; from lakehouse.storage import arrow_alone\n"
        f"assert {stage!r} in WITHOUT_PANDAS; arrow_alone.import_alone()\n"
        f"import jobs.{stage}.job, lakehouse.ops.releases\n"
        "print(sorted({'pandas', 'scipy.special', 'scipy.sparse'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
