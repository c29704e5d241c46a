"""By which auth manager the embedded stack's Airflow lets people in."""

import json
from configparser import ConfigParser

import pytest

from stack import airflow_config
from stack.credentials import Credentials
from stack.errors import StackError
from stack.plan import FAB, SIMPLE, Plan


def written(tmp_path, **environ):
    plan = Plan.from_environ({"NIGHTJAR_HOME": str(tmp_path), **environ})
    airflow_config.write(plan, Credentials.load_or_create(plan.state_root))
    read = ConfigParser()
    read.read(plan.airflow_home / "airflow.cfg")
    return plan, read["core"]


def test_without_a_word_there_is_one_user_who_may_do_all(tmp_path):
    plan, core = written(tmp_path)
    assert plan.auth == SIMPLE and core["simple_auth_manager_users"] == "admin:admin"
    assert list(json.loads(airflow_config.passwords_file(plan).read_text())) == ["admin"]


def test_with_roles_no_password_is_left_in_a_file(tmp_path):
    written(tmp_path)
    plan, core = written(tmp_path, NIGHTJAR_AUTH="fab")
    assert plan.auth == FAB and core["auth_manager"].endswith(".FabAuthManager")
    assert "simple_auth_manager_users" not in core and not airflow_config.passwords_file(plan).exists()


@pytest.mark.parametrize("typed", ["FAB", "none", "simple,fab", "; rm -rf /"])
def test_another_word_is_refused_with_those_that_are_known(tmp_path, typed):
    with pytest.raises(StackError, match=r"NIGHTJAR_AUTH: expected simple \(one user\) or fab"):
        Plan.from_environ({"NIGHTJAR_HOME": str(tmp_path), "NIGHTJAR_AUTH": typed})
