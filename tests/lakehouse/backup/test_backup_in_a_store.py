"""Backups in a bucket, of a lakehouse in one, and restored from folder to bucket and back; and a database of PostgreSQL."""

from __future__ import annotations

import datetime as dt
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.backup import databases, files, restoring, taking, verifying
from lakehouse.backup.covered import Covered
from lakehouse.backup.store import Store
from lakehouse.errors import BackupIncomplete, RestoreRefused
from tests.lakehouse.backup import platform
from tests.postgres_server import Postgres

NOW = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)


def test_a_lakehouse_in_a_bucket_is_backed_up_to_one_and_restored_to_a_folder_and_to_another(
    store_root: str, tmp_path: Path
) -> None:
    for ahead in range(2):
        platform.build(platform.FIRST + dt.timedelta(days=ahead))
    before = platform.contents(store_root)
    beside = store_root.removesuffix("/warehouse")
    backups = Store(f"{beside}-backups")
    first = taking.take(Covered.by_settings(), backups.place, NOW)
    again = taking.take(Covered.by_settings(), backups.place, NOW + dt.timedelta(hours=1))
    assert (first.new_files > 0, again.new_files) == (True, 0)
    assert verifying.verify(backups, backups.manifest()) == first.new_files
    restoring.restore(backups, Covered.below(tmp_path / "here"))
    assert platform.contents(str(tmp_path / "here" / "warehouse")) == before
    there = replace(Covered.below(tmp_path / "there"), lakehouse=f"{beside}-new/warehouse")
    restoring.restore(backups, there)
    assert platform.contents(there.lakehouse) == before
    with pytest.raises(RestoreRefused, match="found files in s3://"):
        restoring.restore(backups, there)
    assert "nightjar-backups" in files.listed(backups.place)


@pytest.mark.process
def test_a_database_of_postgresql_is_dumped_whole(postgres: Postgres, tmp_path: Path) -> None:
    postgres.query("CREATE TABLE runs (id int)")
    postgres.query("INSERT INTO runs VALUES (42)")
    assert databases.copy("mlflow", postgres.url, tmp_path / "dump") == databases.POSTGRESQL
    listed = subprocess.run(
        ["pg_restore", "--data-only", "--file=-", str(tmp_path / "dump")], capture_output=True, text=True, check=True
    )
    assert "\n42\n" in listed.stdout
    with pytest.raises(BackupIncomplete, match="expected pg_dump to copy the database at"):
        databases.copy("mlflow", f"{postgres.url}_other", tmp_path / "other")
