"""A platform that was restored has what it had when it was backed up, and goes on."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.__main__ import main
from lakehouse.analyst import listing
from lakehouse.backup import databases, restoring
from lakehouse.backup.covered import Covered
from lakehouse.backup.store import Store
from lakehouse.errors import BackupIncomplete
from lakehouse.storage import commits, delta_log, small_tables
from lakehouse.tables import BUILDS
from tests.lakehouse.backup import platform
from tests.lakehouse.backup.taken import NOW, take


def test_a_restored_platform_has_the_same_rows_versions_and_history(root: Path) -> None:
    taken = take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    before, after = str(root / "warehouse"), str(root / "new" / "warehouse")
    assert platform.contents(after) == platform.contents(before)
    assert [listing.state(t) for t in listing.find(after)] == [listing.state(t) for t in listing.find(before)]
    old = delta_log.open_at(f"{after}/gold/bakery_features", 1)
    assert old.to_pyarrow_table().num_rows == 2
    assert taken.manifest.one_instant
    assert (root / "new" / "landing" / "s" / "2024-03-01.csv").read_text() == "a,b\n1,2\n"
    assert not list((root / "new").rglob(".*partial"))
    assert not list((root / "new").rglob("*.restoring*"))


def test_the_databases_of_the_services_come_along_and_name_the_new_place(root: Path) -> None:
    take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    home = root / "new" / ".nightjar"
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as connection:
        found = dict(connection.execute("SELECT run_uuid, artifact_uri FROM runs").fetchall())
    assert found == {
        "r": f"{home}/mlflow/artifacts/1/r",
        "q": f"file://{home}/mlflow/artifacts/1/q",
        "p": "mlflow-artifacts:/1/p",
        "o": f"{root}/state/mlflow/artifacts2/o",
    }
    with closing(sqlite3.connect(home / "airflow" / "airflow.db")) as connection:
        assert connection.execute("SELECT run_id FROM dag_run").fetchall() == [("night",)]
    assert (home / "mlflow" / "artifacts" / "1" / "model.json").read_text() == "{}"


def test_a_packed_delivery_stays_packed_and_keeps_the_moment_when_it_landed(root: Path) -> None:
    landing = root / "landing" / "s"
    for name in ("2024-03-02.csv.gz", "2024-03-02.jsonl.gz"):
        (landing / name).write_bytes(gzip.compress(b"a,b\n1,2\n" * 99))
    # Packed by its name alone, as a delivery may come that ingest refuses.
    (landing / "2024-03-03.csv.gz").write_bytes(b"a,b\n1,2\n")
    # Of two deliveries of a day the one that landed last counts, and its name may come first.
    os.utime(landing / "2024-03-02.csv.gz", ns=(1_709_500_000_123_456_789,) * 2)
    os.utime(landing / "2024-03-02.jsonl.gz", ns=(1_709_400_000_123_456_789,) * 2)
    take(root)
    assert main(["backup", str(root / "backups"), "--verify"]) == 0
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    for file in landing.glob("2024*"):
        restored = root / "new" / "landing" / "s" / file.name
        assert restored.read_bytes() == file.read_bytes()
        assert restored.stat().st_mtime_ns == file.stat().st_mtime_ns
    assert take(root, now=NOW + dt.timedelta(hours=1)).new_files == 0


def test_a_restored_platform_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(root / "new" / "warehouse"))
    version = delta_log.version(platform.FEATURES)
    platform.build(platform.FIRST + dt.timedelta(days=9))
    assert delta_log.version(platform.FEATURES) == version + 1


def test_what_was_erased_since_stays_out_of_an_older_backup(root: Path) -> None:
    from lakehouse.tables import ERASURES

    first = take(root)
    line = dict.fromkeys(ERASURES.column_names, "x") | {"asked_at": NOW, "done_at": NOW}
    commits.replace_rows(ERASURES, [line], "source = 'x'")
    take(root, now=NOW + dt.timedelta(hours=1))
    second = dict.fromkeys(ERASURES.column_names, "y") | {"asked_at": NOW, "done_at": NOW}
    commits.replace_rows(ERASURES, [second], "source = 'y'")
    last = take(root, now=NOW + dt.timedelta(hours=2))
    middle = Store(str(root / "backups")).ids()[1]
    done = restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"), middle)
    rows = platform.contents(str(root / "new" / "warehouse"))["ops.erasures"]
    assert {row["source"] for row in rows} == {"x", "y"}
    assert "jobs erase --replay" in " ".join(done.notes)
    assert (first.manifest.tables.get("ops.erasures"), last.manifest.tables["ops.erasures"]) == (None, 2)


def test_the_commands_say_what_they_did(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(root / "backups"), "--keep", "3"]) == 0
    assert "3 tables, all of one instant" in capsys.readouterr().out
    assert main(["backup", str(root / "backups"), "--list"]) == 0
    assert main(["restore", str(root / "backups"), "--into", str(root / "new place")]) == 0
    told = capsys.readouterr().out
    assert f"export LAKEHOUSE_ROOT='{root}/new place/warehouse'" in told
    assert main(["restore", str(root / "nowhere")]) == 2
    capsys.readouterr()
    assert main(["backup", str(root / "nowhere"), "--list"]) == 0
    assert "nowhere: no backup" in capsys.readouterr().out


def test_a_table_that_is_not_in_the_log_is_no_part_of_it(root: Path) -> None:
    taken = take(root)
    stray = root / "warehouse" / "gold" / "bakery_features" / "partition=2024-03-01" / "stray.parquet"
    stray.write_bytes(b"not committed")
    later = take(root, now=NOW + dt.timedelta(hours=1))
    assert later.new_files == 0
    assert taken.manifest.tables == {"gold.bakery_features": 4, "ops.builds": 4, "ops.deliveries": 3}
    assert small_tables.read(BUILDS)


def test_a_checkpoint_of_a_table_that_never_lost_a_file_is_read_too(root: Path) -> None:
    for found in listing.find(str(root / "warehouse")):
        DeltaTable(found.location).create_checkpoint()
    take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    assert platform.contents(str(root / "new" / "warehouse")) == platform.contents(str(root / "warehouse"))


@pytest.mark.process
def test_pg_dump_is_told_all_that_an_address_says_of_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(
        f'#!/bin/sh\nenv > {tmp_path}/told\nfor one in "$@"; do :; done\necho dumped > "${{one#--file=}}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    # As the cluster's services have it: no certificate is taken but that of the authority.
    address = "postgresql://me:s%40crt@/air%20flow?host=db&port=5433&sslmode=verify-full&sslrootcert=/tls/authority.pem"
    assert databases.copy("airflow", address, tmp_path / "dump") == databases.POSTGRESQL
    told = set((tmp_path / "told").read_text().splitlines())
    assert {"PGHOST=db", "PGPORT=5433", "PGPASSWORD=s@crt", "PGDATABASE=air flow"} < told
    assert {"PGSSLMODE=verify-full", "PGSSLROOTCERT=/tls/authority.pem"} < told
    monkeypatch.setattr(databases, "SECONDS", 0.01)
    program.write_text("#!/bin/sh\nexec sleep 5\n")
    with pytest.raises(BackupIncomplete, match="found it still at work"):
        databases.copy("airflow", address, tmp_path / "dump")
