"""Airflow's configuration on one machine: the file airflow.cfg in its home.

A file and not variables: a user's AIRFLOW__SECTION__KEY overrides it, and no secret is in an environment that every task
inherits.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from lakehouse.settings import PROJECT_ROOT
from stack.credentials import Credentials, write_private
from stack.plan import FAB, Plan
from stack.ports import HOST

USER = "admin"
# The auth manager that knows users with roles, in Airflow's database.
FAB_AUTH_MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
# What the process has imported that Airflow's workers are copied from, and with them every task and its job.
PRELOADED = ("include.orchestration.preload", "jobs.preload")
# By the name that Airflow gives a plain folder of DAG files.
WATCHED_FOLDER = {
    "name": "dags-folder",
    "classpath": "include.orchestration.watching_bundle.WatchingBundle",
    "kwargs": {},
}


def sections(plan: Plan, credentials: Credentials) -> dict[str, dict[str, str]]:
    """Section, key and value of everything that differs from Airflow's own defaults."""
    return {
        "core": {
            "dags_folder": str(PROJECT_ROOT / "dags"),
            "plugins_folder": str(PROJECT_ROOT / "plugins"),
            # Airflow's LocalExecutor, which lets the scheduler rest until a task ends.
            "executor": "include.orchestration.waking_executor.WakingExecutor",
            # Airflow's 32 worker processes would be 5 GB and 32 claims on two cores.
            "parallelism": str(max(4, len(os.sched_getaffinity(0)) + 2)),
            "load_examples": "False",
            # A run that follows from an asset waits for ever while its DAG is paused.
            "dags_are_paused_at_creation": "False",
            "default_timezone": "utc",
            "fernet_key": credentials.fernet_key,
            # The default queries DNS, which on a laptop may take seconds or change its answer.
            "hostname_callable": "socket.gethostname",
            "execution_api_server_url": f"{plan.airflow_url}/execution/",
            **auth_manager(plan),
        },
        # How long the scheduler sleeps between two looks in the moments after a task ended: a night is a chain of a dozen short
        # waits for it, and a second each (the default) was a sixth of the night. At rest its executor makes it wait longer.
        "scheduler": {
            "scheduler_idle_sleep_time": "0.2",
            # Each beat of a component wakes the scheduler, and Airflow calls one dead after 30 s.
            "scheduler_heartbeat_sec": "10",
            "job_heartbeat_sec": "10",
            # What the scheduler looks for beside its work, every 5, 10 and 15 s by default: after a rest all of it was due.
            "pool_metrics_interval": "60",
            "task_instance_heartbeat_timeout_detection_interval": "30",
            "trigger_timeout_check_interval": "30",
            # A worker of a scheduler that forks has imported what the scheduler has, and every task imports the rest again.
            "mp_start_method": "forkserver",
            "mp_forkserver_preload": ",".join(PRELOADED),
        },
        # It beats after each rest, and so does the DAG processor.
        "triggerer": {"job_heartbeat_sec": "10", "triggerer_health_check_threshold": "60"},
        # A writer waits for another; by default it gives up after five seconds, and on a busy machine a click in the
        # page failed.
        "database": {"sql_alchemy_conn": f"sqlite:///{database_file(plan)}?timeout=60"},
        # What a task waits at most for a receiver of lineage, where one is configured; by default ten seconds, twice.
        "openlineage": {"execution_timeout": "3"},
        "logging": {"base_log_folder": str(plan.airflow_home / "logs"), "logging_level": "INFO"},
        "api": {
            "host": HOST,
            "port": str(plan.ports.airflow),
            "base_url": plan.airflow_url,
            "workers": "1",
            "secret_key": credentials.api_secret_key,
            "expose_config": "False",
        },
        "api_auth": {"jwt_secret": credentials.jwt_secret},
        # A new DAG file or a changed use case is seen within 15 s (default: five minutes), for the bundle watches the use cases'
        # folders too. So files need not be parsed again unchanged: every minute took 3 % of a core, and all of it with a hundred
        # use cases.
        "dag_processor": {
            "dag_bundle_config_list": json.dumps([WATCHED_FOLDER]),
            "health_check_threshold": "60",
            "refresh_interval": "5",
            "bundle_refresh_check_interval": "5",
            "min_file_process_interval": "3600",
            "parsing_processes": "2",
            # A table of files twice a minute would be most of the log.
            "print_stats_interval": "3600",
        },
    }


def auth_manager(plan: Plan) -> dict[str, str]:
    """By which of Airflow's auth managers people are let in."""
    if plan.auth == FAB:
        return {"auth_manager": FAB_AUTH_MANAGER}
    return {
        "simple_auth_manager_users": f"{USER}:admin",
        "simple_auth_manager_passwords_file": str(passwords_file(plan)),
    }


def database_file(plan: Plan) -> Path:
    """Airflow's metadata database."""
    return plan.airflow_home / "airflow.db"


def passwords_file(plan: Plan) -> Path:
    """The file that Airflow reads its user's password from."""
    return plan.airflow_home / "passwords.json"


def write(plan: Plan, credentials: Credentials) -> None:
    """Write airflow.cfg and the password file."""
    lines = []
    for section, options in sections(plan, credentials).items():
        # Airflow reads the file with interpolation: a percent sign is written twice.
        lines += [f"[{section}]", *(f"{key} = {value.replace('%', '%%')}" for key, value in options.items()), ""]
    write_private(plan.airflow_home / "airflow.cfg", "\n".join(lines))
    if plan.auth == FAB:
        # Its users are in Airflow's database.
        passwords_file(plan).unlink(missing_ok=True)
    else:
        write_private(passwords_file(plan), json.dumps({USER: credentials.admin_password}) + "\n")
