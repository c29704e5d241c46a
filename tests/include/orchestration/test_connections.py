import json
import logging

import pytest
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from include.orchestration import connections
from include.orchestration.job import JobOperator
from lakehouse.connections import sql
from lakehouse.declaration import Target
from lakehouse.errors import ConnectionWrong
from lakehouse.settings import store_access
from tests.include.orchestration.test_job import run

SECRET = "s3cret/@:?#é"


@pytest.fixture
def office(monkeypatch):
    """Airflow has the connection ``office``, and no other."""

    def get(name):
        if name != "office":
            raise AirflowNotFoundException(name)
        return Connection(
            conn_id="office", conn_type="postgres", host="db", login="ann", password=SECRET, schema="sales", port=5433
        )

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(get))


def url_of(monkeypatch, **fields):
    address = connections.sql_url(Connection(conn_id="office", **fields))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", address)
    return sql.engine("office").url


def test_a_postgres_connection_is_an_address_for_sqlalchemy_with_every_sign_of_the_password(monkeypatch):
    extra = json.dumps({"sslmode": "require", "cursor": "dictcursor", "keepalives": 0, "options": {"a": 1}})
    url = url_of(
        monkeypatch,
        conn_type="postgres",
        host="db",
        login="a@b",
        password=SECRET,
        schema="sales",
        port=5433,
        extra=extra,
    )
    assert (url.drivername, url.host, url.port, url.database) == ("postgresql+psycopg2", "db", 5433, "sales")
    assert (url.username, url.password, dict(url.query)) == ("a@b", SECRET, {"sslmode": "require", "keepalives": "0"})


def test_a_sqlite_connection_names_a_file(monkeypatch):
    url = url_of(monkeypatch, conn_type="sqlite", host="/data/a file.db")
    assert (url.get_backend_name(), url.database) == ("sqlite", "/data/a file.db")


def test_another_driver_is_named_in_the_connection(monkeypatch):
    extra = json.dumps({"sqlalchemy_scheme": "sqlite+pysqlite"})
    assert url_of(monkeypatch, conn_type="generic", host="/x.db", extra=extra).drivername == "sqlite+pysqlite"


def test_a_mongo_connection_is_an_address_with_its_options():
    extra = json.dumps({"srv": True, "ssl": True, "allow_insecure": False})
    connection = Connection(conn_id="m", conn_type="mongo", host="db", login="ann", password="a/b", extra=extra)
    assert connections.mongo_uri(connection) == "mongodb+srv://ann:a%2Fb@db/?ssl=true"


def test_the_job_finds_its_connections_in_its_environment_and_no_log_has_them(fake_job, office, caplog, monkeypatch):
    monkeypatch.delenv("SPARK_REMOTE")
    fake_job('result(found=os.environ["NIGHTJAR_CONNECTION_OFFICE"], arguments=arguments)')
    operator = JobOperator(
        task_id="deliver",
        stage="deliver",
        options={"use-case": "parcels", "partition": "2024-03-01"},
        needs_spark=False,
        connections=["office", "elsewhere"],
    )
    with caplog.at_level(logging.DEBUG):
        result, _ = run(operator)
    assert result["found"] == "postgresql://ann:s3cret%2F%40%3A%3F%23%C3%A9@db:5433/sales"
    assert result["arguments"] == ["deliver", "--use-case=parcels", "--partition=2024-03-01"]
    said = [record.getMessage() for record in caplog.records if "done: " not in record.getMessage()]
    assert not [line for line in said if "s3cret" in line]


def test_a_use_case_needs_the_connections_of_its_targets(parcels):
    desk, archive = (
        {"name": "desk", "sql": {"connection": "desk", "table": "late"}},
        {"name": "a", "files": {"folder": "out"}},
    )
    documents = {"name": "documents", "mongo": {"database": "d", "collection": "c"}}
    targets = tuple(map(Target.model_validate, (desk, archive, documents)))
    assert connections.of_targets(parcels.model_copy(update={"deliver": targets})) == ["desk", "mongo_default"]


def test_a_use_cases_own_code_gets_the_connection_in_its_parts(office):
    found = connections.service("office")
    assert (found.url, found.login, found.password) == ("postgres://db:5433/sales", "ann", SECRET)
    assert SECRET not in repr(found)


def test_a_service_that_airflow_does_not_have_is_looked_for_in_the_environment(office, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", "https://ann:s3cret@host/v1")
    assert connections.service("shop").url == "https://host/v1"
    monkeypatch.delenv("NIGHTJAR_CONNECTION_SHOP")
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_SHOP"):
        connections.service("shop")


@pytest.fixture
def store_connection(monkeypatch):
    """Airflow has the connection ``object_store``; the tables lie at an address, and the environment has no key."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")
    for name in (*names, "AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP"):
        # Set first, so that what is set meanwhile is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://bucket/warehouse")
    extra = json.dumps({"endpoint_url": "http://store:8333", "region_name": "eu-west-1"})
    found = Connection(conn_id="object_store", conn_type="aws", login="AKIA", password=SECRET, extra=extra)

    def get(name):
        if name != "object_store":
            raise AirflowNotFoundException(name)
        return found

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(get))


STORE_BODY = f"""
assert os.environ['AWS_SECRET_ACCESS_KEY'] == {SECRET!r}
result(status='done', found=os.environ['AWS_ACCESS_KEY_ID'])
"""


def test_a_job_finds_the_key_of_the_store_in_its_environment_and_nowhere_else(
    store_connection, fake_job, caplog, capsys
):
    fake_job(STORE_BODY)
    with caplog.at_level(logging.DEBUG):
        result, _ = run(JobOperator(task_id="job", stage="score", options={}))
    assert result["found"] == "AKIA"
    assert SECRET not in caplog.text + capsys.readouterr().out
    assert store_access.load().endpoint == "http://store:8333"


def test_a_key_of_the_environment_comes_before_the_connection(store_connection, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    connections.reach_store()
    assert store_access.load().secret is None


def test_folders_need_no_key(store_connection, monkeypatch, tmp_path):
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path))
    monkeypatch.setenv("LANDING_ROOT", str(tmp_path))
    connections.reach_store()
    assert store_access.load().key_id is None
