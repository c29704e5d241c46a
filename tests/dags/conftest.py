"""One process that has imported Airflow parses for all tests."""

import json
import os

import pytest

from lakehouse.settings import PROJECT_ROOT
from tests.forks import Forks


@pytest.fixture(scope="session")
def parse(tmp_path_factory):
    """What comes of the DAG folder where NIGHTJAR_HOME and USE_CASE_ROOTS are these; files to run before it may follow."""
    home = tmp_path_factory.mktemp("airflow")
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    forks = Forks("tests.dags.parse", home / "log", environ)

    def parsed(home, roots, *before):
        out = home / "parsed.json"
        home.mkdir(exist_ok=True)
        own = {"NIGHTJAR_HOME": str(home), "USE_CASE_ROOTS": str(roots)}
        ended = forks.run([str(PROJECT_ROOT / "dags"), str(out), *map(str, before)], environ | own)
        assert ended == 0, forks.said
        return json.loads(out.read_text())

    yield parsed
    forks.close()
