"""Who may make which call of Airflow's API: written by hand, and not from the declaration that is tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.jobs.notes import NAME as DATASET
from tests.jobs.notes import SOURCE as DOCUMENTS

USERS = ("nobody", "viewer", "operator", "approver", "auditor", "admin")
ALL = frozenset({"viewer", "operator", "approver", "auditor", "admin"})
ADMIN = frozenset({"admin"})
NIGHTLY = (
    "alert__lakehouse",
    f"assemble__{DATASET}",
    "deliver__parcels",
    f"documents__{DATASET}",
    "fallback__parcels",
    "features__parcels",
    "ingest__depots",
    "maintain__lakehouse",
    "monitor__parcels",
    "restate__parcels",
    f"restate__{DATASET}",
    "retire__parcels",
    "score__parcels",
    f"teach__{DATASET}",
)
TRAIN, ROLLBACK, RELEASE, ERASE = "train__parcels", "rollback__parcels", f"release__{DATASET}", f"erase__{DOCUMENTS}"
DECISIONS = (TRAIN, ROLLBACK, RELEASE, ERASE)
APPROVED = (TRAIN, RELEASE, ERASE)
# A form of a DAG that needs one.
FORMS = {
    ROLLBACK: {"reason": "a test"},
    ERASE: {"secret_key": "x-4711", "reason": "a test"},
}


# Of the others only the start is tried: their rights are made by the same function.
ONE_NIGHTLY = ("score__parcels", f"teach__{DATASET}")


@dataclass(frozen=True)
class Call:
    """A call by a user, and who may make it."""

    user: str
    what: str
    method: str
    path: str
    body: Any
    allowed: frozenset[str]

    @property
    def id(self) -> str:
        return f"{self.user} {self.what}"

    @property
    def may(self) -> bool:
        return self.user in self.allowed


def all_calls() -> list[Call]:
    """Every call by every user, deletions last."""
    last = ("DELETE",)
    table = [*_of_dags(), *_of_others()]
    ordered = [one for one in table if one[1] not in last] + [one for one in table if one[1] in last]
    return [
        Call(user, what, method, path.replace("<user>", user), _of_user(body, user), frozenset(allowed))
        for what, method, path, body, allowed in ordered
        for user in USERS
    ]


def _of_user(body: Any, user: str) -> Any:
    if isinstance(body, dict):
        return {name: _of_user(value, user) for name, value in body.items()}
    if isinstance(body, list):
        return [_of_user(value, user) for value in body]
    return body.replace("<user>", user) if isinstance(body, str) else body


def _create(**entity: Any) -> dict[str, Any]:
    return {"actions": [{"action": "create", "entities": [entity]}]}


def _update(**entity: str) -> dict[str, Any]:
    return {"actions": [{"action": "update", "entities": [entity]}]}


def _delete(*entities: str) -> dict[str, Any]:
    return {"actions": [{"action": "delete", "entities": list(entities)}]}


def _of_dags() -> list[tuple[str, str, str, Any, set[str]]]:
    made = []
    for dag in (*NIGHTLY, *DECISIONS):
        base = f"/api/v2/dags/{dag}"
        run = f"{base}/dagRuns/of_<user>"
        starts = {"approver", "admin"} if dag in DECISIONS else {"operator", "admin"}
        clears = {"operator", "approver", "admin"} if dag == TRAIN else starts
        reads = ALL - {"viewer", "operator"} if dag == ERASE else ALL
        form = FORMS.get(dag, {})
        clear = {"dry_run": False, "dag_run_id": "of_<user>", "only_failed": False}
        made.append((f"starts {dag}", "POST", f"{base}/dagRuns", {"logical_date": None, "conf": form}, starts))
        if dag not in (*ONE_NIGHTLY, *DECISIONS):
            continue
        made += [
            (f"clears {dag}", "POST", f"{base}/clearTaskInstances", clear, clears),
            (f"reads {dag}", "GET", base, None, reads),
            (f"reads the runs of {dag}", "GET", run, None, reads),
            (f"reads the results of {dag}", "GET", f"{run}/taskInstances/~/xcomEntries", None, reads),
            (
                f"marks runs of {dag} at once",
                "PATCH",
                f"{base}/dagRuns",
                _update(dag_run_id="of_<user>", state="failed"),
                clears,
            ),
            (
                f"marks any runs of {dag} at once",
                "PATCH",
                "/api/v2/dags/~/dagRuns",
                _update(dag_id=dag, dag_run_id="of_<user>", state="failed"),
                clears,
            ),
            (f"deletes runs of {dag} at once", "PATCH", f"{base}/dagRuns", _delete("of_<user>_gone"), ADMIN),
            (f"marks a run of {dag}", "PATCH", run, {"state": "failed"}, clears),
            (f"clears a run of {dag}", "POST", f"{run}/clear", {"dry_run": True, "only_failed": False}, clears),
            (f"switches {dag} on", "PATCH", base, {"is_paused": False}, clears),
            (f"deletes a run of {dag}", "DELETE", run, None, ADMIN),
            (f"deletes {dag}", "DELETE", f"{base}?of=<user>", None, ADMIN),
        ]
    for dag in APPROVED:
        run = f"/api/v2/dags/{dag}/dagRuns/of_<user>"
        task = f"{run}/taskInstances/approval"
        clears = {"operator", "approver", "admin"} if dag == TRAIN else {"approver", "admin"}
        reads = ALL - {"viewer", "operator"} if dag == ERASE else ALL
        result = {"key": "return_value", "value": {"chosen_options": ["Approve"], "responded_by_user": {"name": "eve"}}}
        made += [
            (f"reads what {dag} asks", "GET", f"{task}/-1/hitlDetails", None, reads),
            (
                f"answers {dag}",
                "PATCH",
                f"{task}/-1/hitlDetails",
                {"chosen_options": ["Approve"]},
                {"approver", "admin"},
            ),
            (f"forges the answer of {dag}", "POST", f"{task}/xcomEntries", result, ADMIN),
            (
                f"marks the approval of {dag} at once",
                "PATCH",
                f"{run}/taskInstances",
                _update(task_id="approval", new_state="success"),
                clears,
            ),
            (f"marks the approval of {dag}", "PATCH", task, {"new_state": "success"}, clears),
            (f"tries to mark the approval of {dag}", "PATCH", f"{task}/dry_run", {"new_state": "success"}, clears),
        ]
    return made


def _of_others() -> list[tuple[str, str, str, Any, set[str]]]:
    examples = f"<gold.{DATASET}_examples>"
    days = {"from_date": "2024-03-01T00:00:00Z", "to_date": "2024-03-12T00:00:00Z"}
    some = {"connection_id": "of_<user>", "conn_type": "http"}
    user = {"username": "x_<user>", "password": "x", "email": "x_<user>@x.org", "first_name": "x", "last_name": "x"}
    rights = [{"action": {"name": "can_edit"}, "resource": {"name": "DAGs"}}]
    return [
        ("lists DAGs", "GET", "/api/v2/dags", None, ALL),
        ("lists approvals", "GET", "/api/v2/dags/~/dagRuns/~/hitlDetails", None, ALL),
        ("lists assets", "GET", "/api/v2/assets", None, ALL),
        ("lists pools", "GET", "/api/v2/pools", None, ALL),
        ("lists import errors", "GET", "/api/v2/importErrors", None, ALL),
        ("reads the audit log", "GET", "/api/v2/eventLogs", None, {"auditor", "admin"}),
        ("lists connections", "GET", "/api/v2/connections", None, {"auditor", "admin"}),
        ("reads a connection", "GET", "/api/v2/connections/database", None, {"auditor", "admin"}),
        ("lists plugins", "GET", "/api/v2/plugins", None, ALL),
        ("lists users", "GET", "/auth/fab/v1/users", None, {"auditor", "admin"}),
        ("lists roles", "GET", "/auth/fab/v1/roles", None, {"auditor", "admin"}),
        ("reads a variable", "GET", "/api/v2/variables/some", None, ADMIN),
        ("writes a variable", "POST", "/api/v2/variables", {"key": "of_<user>", "value": "1"}, ADMIN),
        ("writes many variables", "PATCH", "/api/v2/variables", _create(key="bulk_<user>", value="1"), ADMIN),
        ("makes a connection", "POST", "/api/v2/connections", some, ADMIN),
        (
            "changes a connection",
            "PATCH",
            "/api/v2/connections/database?update_mask=host",
            {"connection_id": "database", "conn_type": "postgres", "host": "elsewhere"},
            ADMIN,
        ),
        ("makes many pools", "PATCH", "/api/v2/pools", _create(name="bulk_<user>", slots=1), ADMIN),
        (
            "makes many connections",
            "PATCH",
            "/api/v2/connections",
            _create(connection_id="b_<user>", conn_type="http"),
            ADMIN,
        ),
        ("makes a pool", "POST", "/api/v2/pools", {"name": "of_<user>", "slots": 1}, ADMIN),
        ("says that examples came", "POST", "/api/v2/assets/events", {"asset_id": examples}, ADMIN),
        ("materializes an asset", "POST", f"/api/v2/assets/{examples}/materialize", {}, ADMIN),
        (
            "backfills the night",
            "POST",
            "/api/v2/backfills",
            {"dag_id": "maintain__lakehouse", **days},
            {"operator", "admin"},
        ),
        ("backfills a release", "POST", "/api/v2/backfills", {"dag_id": RELEASE, **days}, {"approver", "admin"}),
        ("backfills an erasure", "POST", "/api/v2/backfills", {"dag_id": ERASE, **days}, {"approver", "admin"}),
        ("makes a user", "POST", "/auth/fab/v1/users", {**user, "roles": [{"name": "Admin"}]}, ADMIN),
        ("gives itself another role", "PATCH", "/auth/fab/v1/users/<user>", {"roles": [{"name": "Admin"}]}, ADMIN),
        ("gives a role more", "PATCH", "/auth/fab/v1/roles/viewer", {"name": "viewer", "permissions": rights}, ADMIN),
        ("deletes a variable", "DELETE", "/api/v2/variables/of_admin", None, ADMIN),
        ("deletes a connection", "DELETE", "/api/v2/connections/of_admin", None, ADMIN),
        ("deletes what waits for an asset", "DELETE", f"/api/v2/assets/{examples}/queuedEvents", None, ADMIN),
    ]
