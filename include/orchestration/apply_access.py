"""``python -m include.orchestration.apply_access``: makes Airflow's roles what `include.orchestration.access` declares.

Run it after `airflow db migrate`, before DAG files are read, and after each upgrade; repeating it changes nothing. With
``--admin NAME`` there is a user of that name with Airflow's role Admin and the password that the variable AIRFLOW_ADMIN_PASSWORD
has. Exit code 1, with one line, when Airflow's database refuses or has no tables of FAB.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from include.orchestration import access

PASSWORD = "AIRFLOW_ADMIN_PASSWORD"
# Airflow's own roles that know no stages, and what that lets them do.
TOO_WIDE = {
    "User": "answers approvals and starts every DAG",
    "Op": "answers approvals and starts every DAG",
    "Viewer": "reads erasures, whose forms hold keys of persons",
}


def main(argv: list[str] | None = None) -> int:
    """Apply, and say in a line a role what changed."""
    parser = argparse.ArgumentParser(prog="python -m include.orchestration.apply_access", description=__doc__)
    parser.add_argument(
        "--admin", metavar="NAME", help=f"a user with all rights; its password is in the variable {PASSWORD}"
    )
    asked = parser.parse_args(argv)
    password = os.environ.get(PASSWORD)
    if asked.admin and not password:
        print(
            f"--admin {asked.admin}: expected its password in the variable {PASSWORD}, which is not set",
            file=sys.stderr,
        )
        return 1
    try:
        with security() as manager:
            for line in apply(manager):
                print(line)
            if asked.admin:
                print(user(manager, asked.admin, str(password)))
            for line in too_wide(manager):
                print(line, file=sys.stderr)
    except SQLAlchemyError as error:
        print(
            f"Airflow's database: expected the tables of FAB, found {type(error).__name__}; run airflow db migrate",
            file=sys.stderr,
        )
        return 1
    return 0


def apply(security: Any) -> list[str]:
    """Give each role its rights, and take those away that it should not have but on single DAGs; one line for each role."""
    # Airflow's own: among them Admin, and each right that there is.
    security.sync_roles()
    said = []
    for name in access.ROLES:
        role = security.find_role(name) or security.add_role(name)
        wanted = access.of_role(name)
        had = {(one.action.name, one.resource.name): one for one in role.permissions}
        general = {right for right in had if not right[1].startswith(("DAG:", "DAG Run:"))}
        for action, thing in sorted(wanted - general):
            security.add_permission_to_role(role, security.create_permission(action, thing))
        for right in sorted(general - wanted):
            security.remove_permission_from_role(role, had[right])
        said.append(f"{name}: {len(wanted - general)} rights given, {len(general - wanted)} taken")
    return said


def user(security: Any, name: str, password: str) -> str:
    """A user with the role Admin and this password; one that exists gets them too."""
    admin, found = security.find_role(access.ADMIN), security.find_user(username=name)
    if found is None:
        security.add_user(name, name, "", f"{name}@localhost", role=admin, password=password)
        return f"user {name}: made, with the role {access.ADMIN}"
    if admin not in found.roles:
        found.roles = [*found.roles, admin]
        security.update_user(found)
    if not security.check_password(name, password):
        security.reset_password(found.id, password)
        return f"user {name}: has a new password"
    return f"user {name}: unchanged"


def too_wide(security: Any) -> list[str]:
    """A line for each active user with a role of Airflow's own that goes round these, its own or by a group."""
    return [
        f"user {one.username} has Airflow's role {name}, which {TOO_WIDE[name]}: give it one of {', '.join(access.ROLES)} instead"
        for one in security.get_all_users()
        for name in sorted({role.name for role in _roles(one)} & TOO_WIDE.keys())
        if one.active
    ]


def _roles(user: Any) -> list[Any]:
    return [*user.roles, *(role for group in getattr(user, "groups", ()) for role in group.roles)]


@contextmanager
def security() -> Iterator[Any]:
    """Airflow's security manager without a web server; the application is there for the way in which it hashes passwords."""
    # It logs each right that it gives, by the hundred.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
    from airflow.providers.fab.www.security_appless import ApplessAirflowSecurityManager
    from airflow.utils.session import create_session

    with Flask(__name__).app_context(), create_session() as session:
        yield ApplessAirflowSecurityManager(session=session)


if __name__ == "__main__":
    sys.exit(main())
