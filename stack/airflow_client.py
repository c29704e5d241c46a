"""A client of the stack's Airflow, by its public REST interface: trigger runs of a partition and wait for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

import requests

from stack.errors import StackError

TIMEOUT_SECONDS = 30
PAUSE_SECONDS = 0.5
# A young Airflow has read a hundred use cases long before.
DAG_SECONDS = 120.0

Run = dict[str, Any]


class _Session(requests.Session):
    """A session whose failures are the stack's own errors.

    Args:
        trust: the file of the authority that servers are known by; None for the public ones.
    """

    def __init__(self, trust: str | None) -> None:
        super().__init__()
        self._trust = trust

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The answer.

        Raises:
            StackError: when there is none.
        """
        if self._trust is not None:
            # Here: what the environment names for all of requests would come before what the session has.
            kwargs["verify"] = self._trust
        try:
            return super().send(request, **kwargs)
        except requests.RequestException as error:
            raise StackError(
                f"Airflow: expected an answer from {request.url} within {TIMEOUT_SECONDS} s, found {type(error).__name__}; is it "
                "up, or busy? (make status) Run the same command again: what is done is not done again"
            ) from error


class Airflow(Protocol):
    """An Airflow and its user: a stack's, or a cluster's."""

    @property
    def airflow_url(self) -> str:
        """Its address."""

    @property
    def airflow_user(self) -> str:
        """Its user."""

    @property
    def airflow_password(self) -> str:
        """The user's password."""

    @property
    def trust(self) -> str | None:
        """The file of the authority that it is known by; None where it has no TLS."""


class AirflowClient:
    """Calls one Airflow as its admin."""

    def __init__(self, stack: Airflow) -> None:
        self._url = stack.airflow_url
        self._session = _Session(stack.trust)
        login = {"username": stack.airflow_user, "password": stack.airflow_password}
        answer = self._session.post(f"{self._url}/auth/token", json=login, timeout=TIMEOUT_SECONDS)
        self._session.headers["Authorization"] = f"Bearer {_allowed(answer).json()['access_token']}"

    def await_dags(self, *dag_ids: str, seconds: float = DAG_SECONDS) -> None:
        """Wait until Airflow has read these DAGs: a young one answers before it has read every file.

        Raises:
            StackError: when it did not in time.
        """
        deadline = time.monotonic() + seconds
        for dag_id in dag_ids:
            url = f"{self._url}/api/v2/dags/{dag_id}"
            while (answer := self._session.get(url, timeout=TIMEOUT_SECONDS)).status_code == requests.codes.not_found:
                if time.monotonic() > deadline:
                    raise StackError(
                        f"Airflow: expected the DAG {dag_id} within {seconds:.0f} s, found none: is it declared? What can't be "
                        f"imported stands at {self._url}/dags"
                    )
                time.sleep(PAUSE_SECONDS)
            _allowed(answer)

    def trigger(
        self, dag_id: str, run_id: str, partition: str | None = None, conf: Mapping[str, object] | None = None
    ) -> bool:
        """Start a run, of a partition or with the form's fields in ``conf``; False when a run of that name exists.

        Raises:
            StackError: Airflow refuses, or has not read the DAG in time.
        """
        self.await_dags(dag_id)
        body: Any = {"dag_run_id": run_id, "logical_date": None, "partition_key": partition, "conf": dict(conf or {})}
        answer = self._session.post(f"{self._url}/api/v2/dags/{dag_id}/dagRuns", json=body, timeout=TIMEOUT_SECONDS)
        if answer.status_code == requests.codes.conflict:
            return False
        self._check(answer)
        return True

    def ensure(
        self, dag_id: str, run_id: str, partition: str | None = None, conf: Mapping[str, object] | None = None
    ) -> None:
        """Start a run; when it exists already, run its failed tasks again, and leave a run that succeeded alone."""
        if not self.trigger(dag_id, run_id, partition, conf):
            before = self.run(dag_id, run_id)
            if before is not None and before["state"] == "failed":
                self.clear(dag_id, run_id)

    def run(self, dag_id: str, run_id: str) -> Run | None:
        """That run; None when there is none."""
        answer = self._session.get(f"{self._url}/api/v2/dags/{dag_id}/dagRuns/{run_id}", timeout=TIMEOUT_SECONDS)
        if answer.status_code == requests.codes.not_found:
            return None
        return dict(self._check(answer))

    def runs_of(self, partition: str) -> list[Run]:
        """All runs of all DAGs for a partition."""
        answer = self._session.get(
            f"{self._url}/api/v2/dags/~/dagRuns",
            params={"partition_key_pattern": partition, "limit": "100"},
            timeout=TIMEOUT_SECONDS,
        )
        return [run for run in self._check(answer)["dag_runs"] if run["partition_key"] == partition]

    def under_way(self, dag_id: str) -> list[Run]:
        """The runs of a DAG that have not ended."""
        answer = self._session.get(
            f"{self._url}/api/v2/dags/{dag_id}/dagRuns",
            params={"state": ["queued", "running"], "limit": "100"},
            timeout=TIMEOUT_SECONDS,
        )
        return list(self._check(answer)["dag_runs"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """State of each task of a run, by its id."""
        return {task["task_id"]: task["state"] for task in self._instances(dag_id, run_id)}

    def tries(self, dag_id: str, run_id: str) -> dict[str, int]:
        """How often each task of a run was begun, by its id."""
        return {task["task_id"]: int(task["try_number"]) for task in self._instances(dag_id, run_id)}

    def hosts(self, dag_id: str, run_id: str) -> set[str]:
        """The hosts that a run's tasks ran on last."""
        return {task["hostname"] for task in self._instances(dag_id, run_id) if task["hostname"]}

    def busy_hosts(self) -> set[str]:
        """The hosts that run a task in this moment."""
        answer = self._session.get(
            f"{self._url}/api/v2/dags/~/dagRuns/~/taskInstances", params={"state": "running"}, timeout=TIMEOUT_SECONDS
        )
        return {task["hostname"] for task in self._check(answer)["task_instances"] if task["hostname"]}

    def clear(self, dag_id: str, run_id: str, only_failed: bool = True) -> None:
        """Run a run's failed tasks again, or all of them."""
        answer = self._session.post(
            f"{self._url}/api/v2/dags/{dag_id}/dagRuns/{run_id}/clear",
            json={"dry_run": False, "only_failed": only_failed},
            timeout=TIMEOUT_SECONDS,
        )
        self._check(answer)

    def wait(self, dag_id: str, run_id: str, seconds: float) -> Run:
        """Wait until a run has succeeded.

        Raises:
            StackError: when it failed, or did not end in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            run = self.run(dag_id, run_id)
            if run is not None and run["state"] == "success":
                return run
            if run is not None and run["state"] == "failed":
                raise StackError(self.explain(dag_id, run_id))
            if time.monotonic() > deadline:
                state = "does not exist" if run is None else f"is still {run['state']}"
                raise StackError(
                    f"run {run_id} of {dag_id} {state} after {seconds:.0f} s: see {self._url}/dags/{dag_id}"
                )
            time.sleep(PAUSE_SECONDS)

    def explain(self, dag_id: str, run_id: str) -> str:
        """Which tasks of a failed run failed, and where to look."""
        failed = [name for name, state in self.tasks(dag_id, run_id).items() if state == "failed"]
        return (
            f"run {run_id} of {dag_id} failed in {', '.join(failed) or 'no task'}: the reason is the last line of the "
            f"task's log at {self._url}/dags/{dag_id}/runs/{run_id}"
        )

    def page_size(self, address: str) -> int:
        """Open a page of Airflow's, and return how many bytes it has."""
        return len(_allowed(self._session.get(f"{self._url}{address}", timeout=TIMEOUT_SECONDS)).content)

    def _instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        url = f"{self._url}/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = self._check(self._session.get(url, timeout=TIMEOUT_SECONDS))["task_instances"]
        return found

    def _check(self, answer: requests.Response) -> Any:
        return _allowed(answer).json()


def _allowed(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise StackError(f"Airflow refused {answer.request.method} {answer.url}: {answer.text[:300]}")
    return answer
