"""Makes what others need: users, databases, buckets, MLflow's accounts, Airflow's tables and pools. Again, it changes nothing."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import Any

import boto3
import psycopg2
import psycopg2.sql
from botocore.exceptions import BotoCoreError, ClientError

from stack.airflow_config import USER
from stack.cluster import mlflow_accounts
from stack.cluster.airflow import POOLS
from stack.cluster.host import TRUST
from stack.cluster.variables import ARTIFACTS, BUCKET
from stack.errors import StackError

# Of each user: its databases.
DATABASES = {"airflow": ("airflow", "celery"), "mlflow": ("mlflow", "mlflow_accounts")}
SECONDS = 120


def main() -> int:
    """Do it all; exit code 1 and one line when a step failed."""
    try:
        databases()
        buckets()
        mlflow_accounts.ensure(os.environ)
        _airflow("db", "migrate")
        _roles()
        for name, (slots, about) in POOLS.items():
            _airflow("pools", "set", name, str(slots), about)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def databases() -> None:
    """Make the users with the passwords of the environment, and their databases.

    Raises:
        StackError: PostgreSQL does not answer within two minutes, or refuses.
    """
    with contextlib.closing(_connected()) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for user, names in DATABASES.items():
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            password = os.environ[f"{user.upper()}_DATABASE_PASSWORD"]
            statement = psycopg2.sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}")
            cursor.execute(statement.format(psycopg2.sql.Identifier(user), psycopg2.sql.Literal(password)))
            for name in names:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                if not cursor.fetchone():
                    made = psycopg2.sql.SQL("CREATE DATABASE {} OWNER {}")
                    cursor.execute(made.format(psycopg2.sql.Identifier(name), psycopg2.sql.Identifier(user)))


def buckets() -> None:
    """Make the buckets.

    Raises:
        StackError: the store does not answer within two minutes, or refuses.
    """
    client = boto3.client("s3")
    deadline = time.monotonic() + SECONDS
    for name in (BUCKET, ARTIFACTS):
        while True:
            try:
                client.create_bucket(Bucket=name)
                break
            except ClientError as error:
                if error.response["Error"]["Code"] in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    break
                if time.monotonic() > deadline:
                    raise StackError(
                        f"the object store: expected the bucket {name} to be made, found: {error}"
                    ) from error
            except BotoCoreError as error:
                if time.monotonic() > deadline:
                    raise StackError(f"the object store: expected an answer, found: {error}") from error
            time.sleep(1)


def _connected() -> Any:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            password = os.environ["DATABASE_PASSWORD"]
            return psycopg2.connect(
                host="database",
                user="nightjar",
                password=password,
                dbname="postgres",
                connect_timeout=10,
                sslmode="verify-full",
                sslrootcert=TRUST,
            )
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL on database: expected an answer, found: {error}") from error
            time.sleep(0.5)


def _roles() -> None:
    command = [sys.executable, "-m", "include.orchestration.apply_access", "--admin", USER]
    if subprocess.run(command).returncode != 0:
        raise StackError("Airflow's roles: expected exit code 0; the lines above have the reason")


def _airflow(*arguments: str) -> None:
    if subprocess.run(["airflow", *arguments]).returncode != 0:
        raise StackError(f"airflow {' '.join(arguments[:2])}: expected exit code 0; the lines above have the reason")


if __name__ == "__main__":
    sys.exit(main())
