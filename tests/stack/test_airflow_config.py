from configparser import ConfigParser
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from stack import airflow_config
from stack.credentials import Credentials
from stack.plan import Plan
from stack.ports import Ports


def test_airflow_reads_back_what_was_meant_also_a_percent_sign(tmp_path):
    plan = Plan(tmp_path / "100% state", Ports(airflow=8081), "/warehouse", "/landing", "/include")
    credentials = replace(Credentials.load_or_create(plan.state_root), jwt_secret="50%(half)s")
    airflow_config.write(plan, credentials)
    read = ConfigParser()
    read.read(plan.airflow_home / "airflow.cfg")
    assert read["api_auth"]["jwt_secret"] == "50%(half)s"
    assert read["api"]["host"] == "127.0.0.1"
    assert read["database"]["sql_alchemy_conn"] == f"sqlite:///{tmp_path}/100% state/airflow/airflow.db?timeout=60"
    assert read["core"]["execution_api_server_url"] == "http://127.0.0.1:8081/execution/"
    assert Path(read["core"]["simple_auth_manager_passwords_file"]).is_absolute()
    assert (plan.airflow_home / "airflow.cfg").stat().st_mode & 0o077 == 0


def test_workers_are_copied_from_a_process_with_modules_that_exist(tmp_path):
    plan = Plan(tmp_path, Ports(), "/warehouse", "/landing", "/include")
    scheduler = airflow_config.sections(plan, Credentials.load_or_create(plan.state_root))["scheduler"]
    assert scheduler["mp_start_method"] == "forkserver"
    # Python passes over a module that it does not find, without a word.
    assert all(find_spec(name) for name in scheduler["mp_forkserver_preload"].split(","))
