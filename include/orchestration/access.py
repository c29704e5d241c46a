"""Who may do what in Airflow: the one declaration of the roles, by families of DAGs.

    viewer    reads what ran, with logs and results; not erasures, whose forms hold keys of persons
    operator  the same, and runs and clears the nightly work; clears a training, and starts none
    approver  reads everything of the DAGs, answers approvals, and starts trainings, rollbacks, releases and erasures
    auditor   reads everything, with the audit log, users and roles; changes nothing
    Admin     everything; the role is Airflow's own

Airflow's FAB auth manager enforces it in its API server at each call. The rights on one DAG come with the DAG, as its
``access_control``; those that Airflow has for no single DAG come with the role (`include.orchestration.apply_access`).
"""

from __future__ import annotations

from functools import lru_cache

VIEWER, OPERATOR, APPROVER, AUDITOR, ADMIN = "viewer", "operator", "approver", "auditor", "Admin"
# Airflow's own Admin needs no declaration.
ROLES = (VIEWER, OPERATOR, APPROVER, AUDITOR)

# A family of DAGs is a stage: the part of the DAG's id before the two underscores.
NIGHTLY = frozenset(
    {
        "alert",
        "assemble",
        "deliver",
        "documents",
        "fallback",
        "features",
        "group",
        "ingest",
        "maintain",
        "monitor",
        "restate",
        "retire",
        "score",
        "teach",
    }
)
# What decides which model or version is used, or takes away for good.
DECISIONS = frozenset({"erase", "release", "rollback", "train"})
# The forms of these hold what identifies a person.
PERSONAL = frozenset({"erase"})
# Clearing a training that failed is the operator's work: it asks for nothing that was not asked for before.
CLEARED_BY_OPERATOR = NIGHTLY | {"train"}

READ, CREATE, EDIT, MENU = "can_read", "can_create", "can_edit", "menu_access"
Rights = frozenset[tuple[str, str]]


def reads(role: str, stage: str) -> bool:
    """Whether the role sees the DAGs of a stage, their runs, logs and results."""
    return role in (APPROVER, AUDITOR, ADMIN) or stage not in PERSONAL


def clears(role: str, stage: str) -> bool:
    """Whether the role clears and marks tasks of a stage, and switches its DAGs on and off."""
    if role == OPERATOR:
        return stage in CLEARED_BY_OPERATOR
    return role == ADMIN or (role == APPROVER and stage in DECISIONS)


def starts(role: str, stage: str) -> bool:
    """Whether the role starts runs and backfills of a stage."""
    return role == ADMIN or stage in {OPERATOR: NIGHTLY, APPROVER: DECISIONS}.get(role, frozenset())


@lru_cache
def of_dag(stage: str) -> dict[str, dict[str, set[str]]]:
    """``access_control`` of a DAG of this stage. A stage that no family names is read by all, and started by Admin alone."""
    granted: dict[str, dict[str, set[str]]] = {}
    for role in ROLES:
        if not reads(role, stage):
            continue
        granted[role] = {"DAGs": {READ, EDIT} if clears(role, stage) else {READ}}
        if starts(role, stage):
            granted[role]["DAG Runs"] = {CREATE}
    return granted


def of_role(role: str) -> Rights:
    """The rights of a role that Airflow has for no single DAG: on a DAG they count with a right on that DAG alone.

    Nobody but Admin writes XComs, variables, connections, pools or asset events, or deletes a run: a result that a decision is
    made from, its record, or what would start it.
    """
    rights = {(READ, thing) for thing in _READ_BY_ALL} | {(MENU, thing) for thing in _IN_MENU}
    # Of oneself.
    rights |= {(action, thing) for action in (READ, EDIT) for thing in ("My Password", "My Profile")}
    if role in (OPERATOR, APPROVER):
        rights |= {(EDIT, "DAG Runs"), (EDIT, "Task Instances")}
    if role == APPROVER:
        rights |= {(EDIT, "HITL Detail"), (MENU, "HITL Detail")}
    if role == AUDITOR:
        rights |= {(READ, thing) for thing in _READ_BY_AUDITOR} | {(MENU, thing) for thing in _AUDITORS_MENU}
    return frozenset(rights)


_READ_BY_ALL = (
    "Asset Aliases",
    "Assets",
    "Backfills",
    "Cluster Activity",
    "DAG Code",
    "DAG Dependencies",
    "DAG Runs",
    "DAG Versions",
    "DAG Warnings",
    "HITL Detail",
    "ImportError",
    "Jobs",
    # Airflow's page asks for the plugins to show the status page in its navigation.
    "Plugins",
    "Pools",
    "Task Instances",
    "Task Logs",
    "Website",
    "XComs",
)
_IN_MENU = (
    "Assets",
    "Browse",
    "Cluster Activity",
    "DAG Dependencies",
    "DAG Runs",
    "DAGs",
    "Docs",
    "Documentation",
    "Jobs",
    "Task Instances",
)
# Connections are shown without their passwords. Variables are not: Airflow hides a value by its name alone.
_READ_BY_AUDITOR = ("Audit Logs", "Configurations", "Connections", "Providers", "Roles", "Triggers", "Users")
_AUDITORS_MENU = ("Admin", "Audit Logs", "Connections", "HITL Detail", "Plugins", "Pools", "Providers", "XComs")
