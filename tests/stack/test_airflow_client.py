"""An Airflow that does not answer is a named error, not a traceback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stack.airflow_client import AirflowClient
from stack.credentials import Credentials
from stack.errors import StackError
from stack.plan import Plan
from stack.ports import Ports
from stack.running import RunningStack

# Looks for free ports by listening on them.
pytestmark = pytest.mark.server


def test_an_airflow_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    plan = replace(Plan.from_environ({}), state_root=tmp_path, ports=Ports.free())
    stack = RunningStack(plan, Credentials.load_or_create(tmp_path), was_up=True)
    with pytest.raises(
        StackError, match=r"Airflow: expected an answer from http://127.0.0.1:\d+/auth/token .*make status"
    ):
        AirflowClient(stack)
