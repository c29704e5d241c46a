"""Two assets of a day that are updated in the same moment make one waiting run of it, on a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from airflow.assets import manager
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from include.orchestration import one_partition_run
from tests.postgres_server import Postgres

SECONDS = 20


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "_lock_asset_model", manager._lock_asset_model)
    one_partition_run.install()


@pytest.fixture
def engine(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A table of waiting runs; Airflow's own lock of each asset is one of the asset's own, as its row is."""

    @contextmanager
    def of_the_asset(*, session: Session, asset_id: int) -> Iterator[None]:
        session.execute(text("SELECT pg_advisory_xact_lock(:asset)"), {"asset": asset_id})
        yield

    monkeypatch.setattr(one_partition_run, "_of_the_asset", of_the_asset)
    engine = create_engine(postgres.url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE waiting (day text)"))
    yield engine
    engine.dispose()


def updated(engine: Engine, asset: int, looked: threading.Barrier) -> None:
    """What Airflow does when an asset of a day is updated: look, and make one if there is none."""
    with Session(engine) as session, session.begin(), manager._lock_asset_model(session=session, asset_id=asset):
        if session.execute(text("SELECT count(*) FROM waiting")).scalar_one():
            return
        with suppress(threading.BrokenBarrierError):
            # The other, if it can, looks too before this one has made it.
            looked.wait(1)
        session.execute(text("INSERT INTO waiting VALUES ('2024-03-01')"))


def test_two_assets_of_a_day_make_one_waiting_run(engine: Engine) -> None:
    looked = threading.Barrier(2)
    assets = [threading.Thread(target=updated, args=(engine, asset, looked)) for asset in (1, 2)]
    for thread in assets:
        thread.start()
    for thread in assets:
        thread.join(SECONDS)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM waiting")).scalar_one() == 1


def test_airflow_still_takes_its_lock_by_the_name_that_is_replaced() -> None:
    names = manager.AssetManager._get_or_create_apdr.__func__.__code__.co_names  # type: ignore[attr-defined]
    assert "_lock_asset_model" in names
    assert manager._lock_asset_model is one_partition_run.one_at_a_time
