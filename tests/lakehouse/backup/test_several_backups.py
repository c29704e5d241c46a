"""Backups of one platform one after the other, and while others write or take one."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from lakehouse.analyst import listing
from lakehouse.backup import cut, restoring, table_files, verifying
from lakehouse.backup.covered import Covered
from lakehouse.backup.store import Store
from lakehouse.errors import BackupIncomplete
from lakehouse.ops import builds
from lakehouse.storage import delta_log, file_layout
from lakehouse.tables import BUILDS
from tests.lakehouse.backup import platform
from tests.lakehouse.backup.taken import NOW, take


def test_a_second_backup_copies_only_what_is_new(root: Path) -> None:
    first = take(root)
    again = take(root, now=NOW + dt.timedelta(hours=1))
    assert (first.new_files > 10, again.new_files) == (True, 0)
    platform.build(platform.FIRST + dt.timedelta(days=3))
    third = take(root, now=NOW + dt.timedelta(hours=2))
    # A data file and a commit of the features, the same of the builds.
    assert third.new_files == 4
    assert Store(str(root / "backups")).ids() == [taken.manifest.id for taken in (first, again, third)]


def test_an_earlier_backup_is_restored_by_its_name(root: Path) -> None:
    first = take(root)
    before = platform.contents(str(root / "warehouse"))
    platform.build(platform.FIRST, 99.0)
    take(root, now=NOW + dt.timedelta(hours=1))
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"), first.manifest.id)
    assert platform.contents(str(root / "new" / "warehouse")) == before


def test_older_backups_go_and_what_only_they_had(root: Path) -> None:
    take(root)
    platform.build(platform.FIRST, 5.0)
    file_layout.compact(platform.FEATURES)
    later = take(root, now=NOW + dt.timedelta(hours=1))
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
        take(root)
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


def test_a_checkpoint_that_a_writer_makes_meanwhile_is_no_hint_to_what_the_backup_has_not(root: Path) -> None:
    place = str(delta_log.location(platform.FEATURES))
    for number in range(4):
        platform.build(platform.FIRST, 10.0 + number)
    # The log of the backup begins with a checkpoint, whose hint is overwritten by a later one.
    delta_log.open_anew(place).create_checkpoint()
    version = delta_log.version(platform.FEATURES)
    found = listing.FoundTable("gold", platform.FEATURES.name, place)
    log = table_files.of_version(found, version).log
    assert any(path.endswith(".parquet") for path in log) and not any("_last_checkpoint" in path for path in log)
    take(root)
    restoring.restore(Store(str(root / "backups")), Covered.below(root / "new"))
    restored = root / "new" / "warehouse" / "gold" / platform.FEATURES.name
    assert delta_log.open_anew(str(restored)).version() == version
    assert not (restored / "_delta_log" / "_last_checkpoint").exists()


def test_tables_are_read_against_the_way_of_the_data() -> None:
    names = ["bronze.s", "silver.s", "ops.deliveries", "ops.builds", "gold.u_features", "gold.u_scores", "gold.u_drift"]
    assert sorted(names, key=cut.rank) == [*reversed(names[3:]), *reversed(names[:3])]


def test_a_backup_whose_files_another_one_has_removed_meanwhile_is_none(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = next(one.sha256 for one in take(root).manifest.files if one.path.endswith(".parquet"))
    removed, chosen = root / "backups" / "objects" / digest[:2] / digest, cut.make

    def make(where: str) -> cut.Cut:
        # It is there when the second one begins, which does not copy it again.
        removed.unlink()
        return chosen(where)

    monkeypatch.setattr(cut, "make", make)
    with pytest.raises(BackupIncomplete, match=r"found 1 gone.*: run the same command again"):
        take(root, now=NOW + dt.timedelta(hours=1))
    assert len(Store(str(root / "backups")).ids()) == 1
