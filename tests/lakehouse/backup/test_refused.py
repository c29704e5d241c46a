"""What is not backed up or restored, and what is said of it."""

from __future__ import annotations

import datetime as dt
import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.__main__ import main
from lakehouse.backup import restoring, verifying
from lakehouse.backup.covered import Covered
from lakehouse.backup.store import Store
from lakehouse.errors import BackupIncomplete, BadArguments, RestoreRefused
from tests.lakehouse.backup import platform
from tests.lakehouse.backup.taken import NOW, take


def test_a_damaged_backup_is_told_and_not_restored(root: Path) -> None:
    taken = take(root)
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
    assert take(root, now=NOW + dt.timedelta(hours=1)).new_files == 1
    assert main(["backup", str(root / "backups"), "--verify"]) == 0


def test_a_place_that_has_something_is_not_restored_into(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(root)
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
    take(root)
    left = root / "new" / ".nightjar" / "mlflow" / f"mlflow.db{ending}"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of a database that was moved away")
    with pytest.raises(RestoreRefused, match=rf"mlflow\.db{ending}"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))


def test_a_database_that_was_made_while_a_restore_lay_half_done_is_not_overwritten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(root)
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
    take(root)
    (root / "disk").mkdir()
    (root / "new").mkdir()
    (root / "new" / "landing").symlink_to(root / "disk", target_is_directory=True)
    with pytest.raises(RestoreRefused, match=r"new/landing \(a link\)"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    assert not list(root.rglob("*.restoring*"))


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
    taken = take(root).manifest
    bad = replace(taken, files=(*taken.files, taken.files[-1]._replace(part=part, path=path)))
    (root / "backups" / "backups" / taken.id).write_bytes(bad.to_bytes())
    with pytest.raises(BackupIncomplete, match="a file out of its place"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / "deep" / "new"))
    assert not list(root.rglob("evil")) and not (root / "deep").exists()


@pytest.mark.parametrize("inside", ["warehouse/gold/backups", "landing", ".", "state/mlflow"])
def test_a_backup_does_not_lie_in_what_it_is_of(root: Path, inside: str) -> None:
    with pytest.raises(BadArguments, match="expected backups in a place apart"):
        take(root, inside)


@pytest.mark.parametrize("inside", ["backups", "backups/new", "backups/objects"])
def test_a_platform_is_not_restored_among_its_backups(root: Path, inside: str) -> None:
    take(root)
    with pytest.raises(BadArguments, match="expected backups in a place apart"):
        restoring.restore(Store(str(root / "backups")), Covered.below(root / inside))
    assert verifying.verify(Store(str(root / "backups")), Store(str(root / "backups")).manifest()) > 0


def test_a_place_that_cannot_be_is_one_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(root)
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
        take(root, "other")
    with pytest.raises(BadArguments, match="found a file"):
        take(root, "other/letter.txt")


def test_a_full_disk_is_told_and_what_was_copied_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Store._finish

    def full(store: Store, spool: Path, path: str) -> None:
        if len(list((root / "backups" / "objects").rglob("*"))) > 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finish(store, spool, path)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_finish", full)
        with pytest.raises(BackupIncomplete, match="expected room for the files, found No space left"):
            take(root)
    assert take(root).new_files > 0
    assert main(["backup", str(root / "backups"), "--verify"]) == 0


def test_a_platform_of_nothing_is_not_backed_up(lakehouse_root: Path) -> None:
    with pytest.raises(BadArguments, match="found none"):
        take(lakehouse_root.parent)


def test_a_database_of_postgresql_without_its_program_is_one_clear_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://me:secret@host/airflow")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert main(["backup", str(root / "backups")]) == 78
    told = capsys.readouterr().err
    assert "pg_dump" in told
    assert "secret" not in told
