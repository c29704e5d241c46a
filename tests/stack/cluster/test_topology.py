from __future__ import annotations

import re

import pytest

from lakehouse import settings
from stack.cluster import places, secrets, topology
from stack.cluster.host import PAIR, TRUST, Host

HOSTS = topology.hosts()
KNOWN = {*secrets.NAMES, *places.IMAGE}


def test_every_host_has_a_name_of_its_own_that_is_a_host_name() -> None:
    names = [host.name for host in HOSTS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in names)


def test_a_host_needs_only_hosts_that_come_before_it() -> None:
    for number, host in enumerate(HOSTS):
        assert set(host.needs) <= {one.name for one in HOSTS[:number]}, host.name


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_variables_ask_for_known_secrets_and_places_alone(host: Host) -> None:
    assert host.asks_for() <= KNOWN


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_no_command_holds_a_secret(host: Host) -> None:
    commands = [*host.command, *(host.native.command if host.native else ())]
    made = dict.fromkeys(secrets.NAMES, "hush")
    assert not any("$" in word for word in commands)
    assert all("hush" not in word for word in commands)
    assert (
        "hush" in "".join(host.filled({**made, **places.native()}).values())
        or not host.asks_for() & secrets.NAMES.keys()
    )


def test_every_secret_is_asked_for_by_some_host() -> None:
    asked = {name for host in HOSTS for name in host.asks_for()}
    # MongoDB's login is part of a place, since the emulator of a native cluster knows none.
    assert secrets.NAMES.keys() <= asked


def test_no_two_ports_of_the_machine_are_the_same() -> None:
    published = [port.published for host in HOSTS for port in host.ports if port.published]
    assert len(set(published)) == len(published)


def test_two_airflow_workers_and_two_spark_workers_have_the_same_variables() -> None:
    for pair in (("worker-1", "worker-2"), ("spark-worker-1", "spark-worker-2")):
        one, other = (topology.named(name) for name in pair)
        assert one.variables == other.variables
        assert one.needs == other.needs


def test_workers_find_tables_deliveries_models_and_spark_by_settings_alone() -> None:
    values = {**dict.fromkeys(secrets.NAMES, "x"), **places.native()}
    chosen = settings.load(topology.named("worker-1").filled(values))
    assert chosen.lakehouse_root == "s3://nightjar/warehouse"
    assert chosen.landing_root == "s3://nightjar/landing"
    assert chosen.mlflow_tracking_uri == "https://mlflow:5000"
    assert chosen.spark_remote is not None
    assert chosen.spark_remote.startswith("sc://spark-connect:15002/")


def test_every_address_in_a_variable_is_a_hosts_name_and_one_of_its_ports() -> None:
    by_name = {host.name: {port.number for port in host.ports} for host in HOSTS}
    for host in HOSTS:
        for name, text in host.variables.items():
            for there, port in re.findall(
                r"(?:https?|sc|mongo)://(?:[^/@]*@)?\$?\{?[A-Z_]*\}?([a-z][a-z0-9-]*):(\d+)", text
            ):
                if there != "localhost":
                    assert int(port) in by_name[there], f"{host.name}: {name}"


def test_airflow_on_many_machines_has_its_own_executor_and_nothing_that_is_for_sqlite() -> None:
    for name in ("airflow-scheduler", "airflow-api", "worker-1"):
        variables = topology.named(name).variables
        assert variables["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
        assert "sqlite" not in "".join(variables.values())
        assert not any("include.orchestration" in text for text in variables.values())


def test_only_what_is_asked_by_tls_has_a_key_and_its_service_is_told_where_it_lies() -> None:
    for host in HOSTS:
        told = " ".join([*host.command, *host.variables.values()])
        own = {"airflow-api", "mlflow", "smtp"}
        assert (PAIR in told or host.name in own) == host.serves, host.name


def test_every_address_of_another_host_is_by_tls() -> None:
    """But for Spark's, which encrypts what its processes say to one another, and not what a client says to it."""
    names = "|".join(re.escape(host.name) for host in HOSTS)
    for host in HOSTS:
        for name, text in host.variables.items():
            assert not re.search(rf"http://(?:{names})\b", text), f"{host.name}: {name}"
            for database in re.findall(r"postgresql[^\s]*", text):
                assert "verify-full" in database, f"{host.name}: {name}"
        assert not host.probe.startswith("http:")


def test_who_meets_the_store_or_a_database_knows_the_authority_alone() -> None:
    for host in HOSTS:
        if host.variables.get("AWS_ENDPOINT_URL"):
            assert {host.variables[name] for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE")} == {TRUST}, host.name
            assert "AWS_ALLOW_HTTP" not in host.variables
        if any("+asyncpg" in text for text in host.variables.values()):
            assert host.variables["PGSSLROOTCERT"] == TRUST
