"""A backup and a restoration that are killed anywhere."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.backup import restoring, taking
from lakehouse.backup.covered import Covered
from lakehouse.backup.store import Store
from tests.lakehouse.backup import platform
from tests.lakehouse.backup.taken import NOW


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
