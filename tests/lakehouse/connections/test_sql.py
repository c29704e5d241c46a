from __future__ import annotations

import pytest
from sqlalchemy import text

from lakehouse.connections import sql
from lakehouse.errors import ConnectionWrong
from tests.postgres_server import Postgres


def test_a_connection_is_an_address_in_the_environment(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"sqlite:///{tmp_path}/office.db")
    engine = sql.engine("office")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT 1 + 1")).scalar_one() == 2


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_an_address_that_names_postgresql_alone_gets_the_driver_that_is_installed(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"{scheme}://ann:s3cret@127.0.0.1/office")
    assert sql.engine("office").url.drivername == "postgresql+psycopg2"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "s3cret",
        "ann:s3cret@host/office",
        "postgresql://ann:s3cret@host:port/office",
        "postgresql://ann:s3cret@[::1/office",
    ],
)
def test_an_address_that_is_none_is_named_and_never_shown(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", address)
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_OFFICE") as raised:
        sql.engine("office")
    assert raised.value.__cause__ is None
    assert "s3cret" not in str(raised.value)


def test_a_database_whose_driver_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", "oracle+oracledb://ann:s3cret@host/office")
    with pytest.raises(ConnectionWrong, match=r"found 'oracle\+oracledb': install its driver") as raised:
        sql.engine("office")
    assert "s3cret" not in str(raised.value)


def test_a_real_postgresql_answers(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", postgres.url)
    with sql.engine("office").connect() as connection:
        assert connection.execute(text("SELECT current_setting('application_name')")).scalar_one() == "nightjar"
