"""A run that was made this very second may begin this second."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Column, DateTime, MetaData, Table, create_engine, func, select
from sqlalchemy.dialects import postgresql

import include.orchestration.sqlite_now  # noqa: F401

RUNS = Table("runs", MetaData(), Column("run_after", DateTime))


@pytest.mark.parametrize(
    ("seconds_from_now", "may_begin"), [(-0.005, True), (-3600, True), (0.5, False), (3600, False)]
)
def test_a_run_may_begin_when_its_time_has_come_to_the_thousandth(seconds_from_now: float, may_begin: bool) -> None:
    engine = create_engine("sqlite://")
    RUNS.metadata.create_all(engine)
    begun = []
    with engine.connect() as connection:
        # Somewhere among ten a whole second may pass: none may wait for one.
        for _ in range(10):
            now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
            connection.execute(RUNS.delete())
            connection.execute(RUNS.insert(), {"run_after": now + dt.timedelta(seconds=seconds_from_now)})
            begun.append(connection.execute(select(RUNS).where(RUNS.c.run_after <= func.now())).first() is not None)
    assert begun == [may_begin] * 10


def test_what_it_gives_is_read_back_as_the_present() -> None:
    with create_engine("sqlite://").connect() as connection:
        given = connection.execute(select(func.now())).scalar_one()
    assert abs(given - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(seconds=5)


def test_other_databases_keep_their_own() -> None:
    assert str(select(func.now()).compile(dialect=postgresql.dialect())) == "SELECT now() AS now_1"
