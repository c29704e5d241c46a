"""A backup restored elsewhere answers as the platform did; one that is not whole is none."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import os
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.__main__ import main
from lakehouse.analyst import listing
from lakehouse.backup import cut, databases, restoring, taking, verifying
from lakehouse.backup.covered import Covered
from lakehouse.backup.store import Store
from lakehouse.errors import BackupIncomplete, BadArguments, RestoreRefused
from lakehouse.ops import builds
from lakehouse.storage import commits, delta_log, file_layout, small_tables
from lakehouse.tables import BUILDS
from tests.lakehouse.backup import platform

NOW = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)


@pytest.fixture
def root(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Other tests have an Airflow of their own.
    monkeypatch.delenv("AIRFLOW_HOME", raising=False)
    platform.make(lakehouse_root.parent)
    return lakehouse_root.parent


def _take(root: Path, name: str = "backups", now: dt.datetime = NOW) -> taking.Taken:
    return taking.take(Covered.by_settings(), str(root / name), now)


def test_a_restored_platform_has_the_same_rows_versions_and_history(root: Path) -> None:
    taken = _take(root)
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
    _take(root)
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
    _take(root)
    assert main(["backup", str(root / "backups"), "--verify"]) == 0
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    for file in landing.glob("2024*"):
        restored = root / "new" / "landing" / "s" / file.name
        assert restored.read_bytes() == file.read_bytes()
        assert restored.stat().st_mtime_ns == file.stat().st_mtime_ns
    assert _take(root, now=NOW + dt.timedelta(hours=1)).new_files == 0


def test_a_restored_platform_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(root / "new" / "warehouse"))
    version = delta_log.version(platform.FEATURES)
    platform.build(platform.FIRST + dt.timedelta(days=9))
    assert delta_log.version(platform.FEATURES) == version + 1


def test_a_second_backup_copies_only_what_is_new(root: Path) -> None:
    first = _take(root)
    again = _take(root, now=NOW + dt.timedelta(hours=1))
    assert (first.new_files > 10, again.new_files) == (True, 0)
    platform.build(platform.FIRST + dt.timedelta(days=3))
    third = _take(root, now=NOW + dt.timedelta(hours=2))
    # A data file and a commit of the features, the same of the builds.
    assert third.new_files == 4
    assert Store(str(root / "backups")).ids() == [taken.manifest.id for taken in (first, again, third)]


def test_an_earlier_backup_is_restored_by_its_name(root: Path) -> None:
    first = _take(root)
    before = platform.contents(str(root / "warehouse"))
    platform.build(platform.FIRST, 99.0)
    _take(root, now=NOW + dt.timedelta(hours=1))
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"), first.manifest.id)
    assert platform.contents(str(root / "new" / "warehouse")) == before


def test_older_backups_go_and_what_only_they_had(root: Path) -> None:
    _take(root)
    platform.build(platform.FIRST, 5.0)
    file_layout.compact(platform.FEATURES)
    later = _take(root, now=NOW + dt.timedelta(hours=1))
    store = Store(str(root / "backups"))
    long_after = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    old, _ = store.remove_before(1, long_after)
    assert (len(old), store.ids()) == (1, [later.manifest.id])
    assert verifying.verify(store, store.manifest()) > 10


def test_writers_that_never_pause_leave_no_row_without_what_explains_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, started = threading.Event(), threading.Event()

    def write() -> None:
        number = 0.0
        while not stop.is_set():
            number += 1
            platform.build(platform.FIRST + dt.timedelta(days=number % 5), 100 + number)
            started.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        started.wait()
        chosen = [cut.make(str(root / "warehouse")) for _ in range(15)]
        _take(root)
    finally:
        stop.set()
        writer.join()
    for one in chosen:
        versions = {table.full_name: (table, version) for table, version in one.versions}
        _expect_explained(*versions["gold.bakery_features"], versions["ops.builds"][1])
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(root / "new" / "warehouse"))
    digests = delta_log.constant_by_partition(platform.FEATURES, "inputs_fingerprint")
    assert digests.keys() == builds.inputs_behind(platform.FEATURES, digests).keys()


def _expect_explained(table: listing.FoundTable, version: int, of_builds: int) -> None:
    rows = delta_log.open_at(table.location, version).to_pyarrow_table(columns=["inputs_fingerprint"])
    known = delta_log.opened(BUILDS, of_builds).to_pyarrow_table(columns=["fingerprint"])
    assert set(rows["inputs_fingerprint"].to_pylist()) <= set(known["fingerprint"].to_pylist())


def test_tables_are_read_against_the_way_of_the_data() -> None:
    names = ["bronze.s", "silver.s", "ops.deliveries", "ops.builds", "gold.u_features", "gold.u_scores", "gold.u_drift"]
    assert sorted(names, key=cut.rank) == [*reversed(names[3:]), *reversed(names[:3])]


class Killed(BaseException):
    """As a signal ends a process: nothing is caught."""


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.integers(0, 40))
def test_killed_anywhere_a_backup_is_none_and_the_next_one_is_whole(
    root: Path, tmp_path_factory: pytest.TempPathFactory, after: int
) -> None:
    place, left = tmp_path_factory.mktemp("killed") / "backups", [after]
    put, whole = Store._finish, platform.contents(str(root / "warehouse"))

    def until_killed(store: Store, spool: Path, path: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        put(store, spool, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "_finish", until_killed)
        with suppress(Killed):
            taking.take(Covered.by_settings(), str(place), NOW)
    if left[0] < 0:
        assert Store(str(place)).ids() == []
    taking.take(Covered.by_settings(), str(place), NOW + dt.timedelta(minutes=1))
    restoring.restore(Store(str(place)), Covered.below(place.parent / "new"))
    assert platform.contents(str(place.parent / "new" / "warehouse")) == whole


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.integers(0, 45))
def test_killed_anywhere_a_restore_shows_nothing_or_is_completed(
    root: Path, tmp_path_factory: pytest.TempPathFactory, after: int
) -> None:
    folder, left = tmp_path_factory.mktemp("restore"), [after]
    taking.take(Covered.by_settings(), str(folder / "backups"), NOW)
    put, rename = restoring._put, Path.rename

    def counted() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoring, "_put", lambda *of: (counted(), put(*of)))
        patch.setattr(Path, "rename", lambda *of: (counted(), rename(*of)))
        # A kill tidies nothing up.
        patch.setattr(restoring.Destinations, "remove_staged", lambda self: None)
        with suppress(Killed):
            restoring.restore(Store(str(folder / "backups")), Covered.below(folder / "new"))
    if left[0] < 0:
        assert not (folder / "new" / "warehouse").exists()
        restoring.restore(Store(str(folder / "backups")), Covered.below(folder / "new"))
    assert platform.contents(str(folder / "new" / "warehouse")) == platform.contents(str(root / "warehouse"))
    assert not list(folder.rglob("*.restoring*"))


def test_a_damaged_backup_is_told_and_not_restored(root: Path) -> None:
    taken = _take(root)
    store = Store(str(root / "backups"))
    assert main(["backup", str(root / "backups"), "--verify"]) == 0
    file = max((f for f in taken.manifest.files if f.path.endswith(".parquet")), key=lambda f: f.size)
    blob = root / "backups" / "objects" / file.sha256[:2] / file.sha256
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.write_bytes(content)
    with pytest.raises(BackupIncomplete, match=f"1 damaged, such as lakehouse/{file.path}"):
        verifying.verify(store, store.manifest())
    with pytest.raises(BackupIncomplete, match="nothing of this one is visible"):
        restoring.restore(store, Covered.below(root / "new"))
    assert not (root / "new" / "warehouse").exists()
    blob.unlink()
    with pytest.raises(BackupIncomplete, match=r"found 1 gone"):
        restoring.restore(store, Covered.below(root / "new"))
    # The next backup puts it again.
    assert _take(root, now=NOW + dt.timedelta(hours=1)).new_files == 1
    assert main(["backup", str(root / "backups"), "--verify"]) == 0


def test_a_place_that_has_something_is_not_restored_into(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _take(root)
    before = platform.contents(str(root / "warehouse"))
    assert main(["restore", str(root / "backups")]) == 79
    assert f"found files in {root}/warehouse" in capsys.readouterr().err
    assert platform.contents(str(root / "warehouse")) == before
    (root / "new" / ".nightjar" / "airflow").mkdir(parents=True)
    (root / "new" / ".nightjar" / "airflow" / "airflow.db").touch()
    with pytest.raises(RestoreRefused, match=r"airflow\.db"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_what_an_earlier_database_has_left_is_not_read_as_a_part_of_the_restored_one(root: Path, ending: str) -> None:
    _take(root)
    left = root / "new" / ".nightjar" / "mlflow" / f"mlflow.db{ending}"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of a database that was moved away")
    with pytest.raises(RestoreRefused, match=rf"mlflow\.db{ending}"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))


def test_a_database_that_was_made_while_a_restore_lay_half_done_is_not_overwritten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _take(root)
    with monkeypatch.context() as patch:
        patch.setattr("lakehouse.backup.destinations.Destinations.show", lambda places: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    database = root / "new" / ".nightjar" / "mlflow" / "mlflow.db"
    database.write_bytes(b"a server has started meanwhile")
    with pytest.raises(RestoreRefused, match=r"mlflow\.db"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    assert database.read_bytes() == b"a server has started meanwhile"
    database.unlink()
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    assert platform.contents(str(root / "new" / "warehouse")) == platform.contents(str(root / "warehouse"))


def test_a_folder_that_cannot_be_renamed_is_refused_before_anything_is_written(root: Path) -> None:
    _take(root)
    (root / "disk").mkdir()
    (root / "new").mkdir()
    (root / "new" / "landing").symlink_to(root / "disk", target_is_directory=True)
    with pytest.raises(RestoreRefused, match=r"new/landing \(a link\)"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    assert not list(root.rglob("*.restoring*"))


def test_a_backup_whose_files_another_one_has_removed_meanwhile_is_none(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = next(one.sha256 for one in _take(root).manifest.files if one.path.endswith(".parquet"))
    removed, chosen = root / "backups" / "objects" / digest[:2] / digest, cut.make

    def make(where: str) -> cut.Cut:
        # It is there when the second one begins, which does not copy it again.
        removed.unlink()
        return chosen(where)

    monkeypatch.setattr(cut, "make", make)
    with pytest.raises(BackupIncomplete, match=r"found 1 gone.*: run the same command again"):
        _take(root, now=NOW + dt.timedelta(hours=1))
    assert len(Store(str(root / "backups")).ids()) == 1


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("landing", "../../evil"),
        ("lakehouse", "/tmp/evil"),
        ("landing", "s/./evil"),
        ("elsewhere", "evil"),
        ("state", "x"),
    ],
)
def test_a_manifest_that_names_a_place_outside_is_refused(root: Path, part: str, path: str) -> None:
    taken = _take(root).manifest
    bad = replace(taken, files=(*taken.files, taken.files[-1]._replace(part=part, path=path)))
    (root / "backups" / "backups" / taken.id).write_bytes(bad.to_bytes())
    with pytest.raises(BackupIncomplete, match="a file out of its place"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "deep" / "new"))
    assert not list(root.rglob("evil")) and not (root / "deep").exists()


@pytest.mark.parametrize("inside", ["warehouse/gold/backups", "landing", ".", "state/mlflow"])
def test_a_backup_does_not_lie_in_what_it_is_of(root: Path, inside: str) -> None:
    with pytest.raises(BadArguments, match="expected backups in a place apart"):
        _take(root, inside)


@pytest.mark.parametrize("inside", ["backups", "backups/new", "backups/objects"])
def test_a_platform_is_not_restored_among_its_backups(root: Path, inside: str) -> None:
    _take(root)
    with pytest.raises(BadArguments, match="expected backups in a place apart"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / inside))
    assert verifying.verify(Store(str(root / "backups")), Store(str(root / "backups")).manifest()) > 0


def test_a_place_that_cannot_be_is_one_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _take(root)
    (root / "file").touch()
    for place, said in (("/proc/nothing", "No such file"), (f"{root}/file/x", "Not a directory")):
        assert main(["backup", place]) == 78
        error = capsys.readouterr().err
        assert error.startswith(f"error: {place}: expected a place that can be written") and said in error
        assert main(["restore", f"{root}/backups", "--into", place]) == 78
        error = capsys.readouterr().err
        assert said in error and "nothing is restored yet" in error
    assert main(["backup", "ftp://somewhere/x"]) == 2
    assert "such as s3://bucket/prefix, found ftp://" in capsys.readouterr().err


def test_a_place_with_other_files_is_refused(root: Path) -> None:
    (root / "other").mkdir()
    (root / "other" / "letter.txt").write_text("mine")
    with pytest.raises(BadArguments, match="found other files"):
        _take(root, "other")
    with pytest.raises(BadArguments, match="found a file"):
        _take(root, "other/letter.txt")


def test_a_full_disk_is_told_and_what_was_copied_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Store._finish

    def full(store: Store, spool: Path, path: str) -> None:
        if len(list((root / "backups" / "objects").rglob("*"))) > 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finish(store, spool, path)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_finish", full)
        with pytest.raises(BackupIncomplete, match="expected room for the files, found No space left"):
            _take(root)
    assert _take(root).new_files > 0
    assert main(["backup", str(root / "backups"), "--verify"]) == 0


def test_a_platform_of_nothing_is_not_backed_up(lakehouse_root: Path) -> None:
    with pytest.raises(BadArguments, match="found none"):
        _take(lakehouse_root.parent)


def test_a_database_of_postgresql_without_its_program_is_one_clear_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://me:secret@host/airflow")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert main(["backup", str(root / "backups")]) == 78
    told = capsys.readouterr().err
    assert "pg_dump" in told
    assert "secret" not in told


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


def test_what_was_erased_since_stays_out_of_an_older_backup(root: Path) -> None:
    from lakehouse.tables import ERASURES

    first = _take(root)
    line = dict.fromkeys(ERASURES.column_names, "x") | {"asked_at": NOW, "done_at": NOW}
    commits.replace_rows(ERASURES, [line], "source = 'x'")
    _take(root, now=NOW + dt.timedelta(hours=1))
    second = dict.fromkeys(ERASURES.column_names, "y") | {"asked_at": NOW, "done_at": NOW}
    commits.replace_rows(ERASURES, [second], "source = 'y'")
    last = _take(root, now=NOW + dt.timedelta(hours=2))
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
    taken = _take(root)
    stray = root / "warehouse" / "gold" / "bakery_features" / "partition=2024-03-01" / "stray.parquet"
    stray.write_bytes(b"not committed")
    later = _take(root, now=NOW + dt.timedelta(hours=1))
    assert later.new_files == 0
    assert taken.manifest.tables == {"gold.bakery_features": 4, "ops.builds": 4, "ops.deliveries": 3}
    assert small_tables.read(BUILDS)


def test_a_checkpoint_of_a_table_that_never_lost_a_file_is_read_too(root: Path) -> None:
    for found in listing.find(str(root / "warehouse")):
        DeltaTable(found.location).create_checkpoint()
    _take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    assert platform.contents(str(root / "new" / "warehouse")) == platform.contents(str(root / "warehouse"))
