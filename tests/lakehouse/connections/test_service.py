from __future__ import annotations

import pytest

from lakehouse.connections import service
from lakehouse.errors import ConnectionWrong


def named(address: str, monkeypatch: pytest.MonkeyPatch) -> service.Service:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", address)
    return service.named("shop")


def test_an_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = named("https://an%40n:s3%2Fcret@api.example.org:8443/v1/orders?token=t%3D1&page_size=5", monkeypatch)
    assert (shop.conn_type, shop.host, shop.port, shop.path) == ("https", "api.example.org", 8443, "/v1/orders")
    assert (shop.login, shop.password) == ("an@n", "s3/cret")
    assert shop.extra == {"token": "t=1", "page_size": "5"}
    assert shop.url == "https://api.example.org:8443/v1/orders"


def test_an_address_may_be_short(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = named("http://[::1]:80", monkeypatch)
    assert (shop.url, shop.login, shop.password, shop.path, shop.extra) == ("http://[::1]:80", None, None, "", {})
    assert named("file:///srv/export", monkeypatch).path == "/srv/export"


def test_its_text_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = named("https://ann:s3cr%20et@host/v1?token=t0ken99", monkeypatch)
    assert "s3cr" not in f"{shop!r} {shop}" and "t0ken99" not in f"{shop!r} {shop}"
    quoting = "s3cr et s3cr%20et s3cr+et t0ken99 ann"
    assert shop.without_secrets(quoting) == "*** *** *** *** ann"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "s3cret",
        "ann:s3cret@host/v1",
        "https://ann:s3cr/et@host/v1",
        "https://ann:12/s3cret@host/v1",
        "https://ann:12?s3cret@host/v1",
        "https://ann:s3#cret@host/v1",
        "https://ann:s3cret@host:port/v1",
        "https://ann:s3cret@[::1/v1",
        "https://",
    ],
)
def test_an_address_that_is_none_is_named_and_never_shown(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_SHOP") as raised:
        named(address, monkeypatch)
    assert raised.value.__cause__ is None
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({"conn_type": "https", "host": "api.example.org", "schema": "v1/orders"}, "https://api.example.org/v1/orders"),
        ({"conn_type": "http", "host": "api.example.org", "schema": "https"}, "https://api.example.org"),
        ({"conn_type": "http", "host": "https://api.example.org/v1/"}, "https://api.example.org/v1"),
        ({"conn_type": "http", "host": "api.example.org:8080"}, "http://api.example.org:8080"),
        ({"conn_type": "http", "host": "api.example.org", "port": 8080}, "http://api.example.org:8080"),
        ({"conn_type": "http", "host": "::1", "port": 8080}, "http://[::1]:8080"),
    ],
    ids=str,
)
def test_a_connection_of_airflow_has_the_address_that_it_means(parts: dict[str, object], url: str) -> None:
    nothing: dict[str, object] = dict.fromkeys(("port", "login", "password", "schema"))
    shop = service.of_airflow("shop", **{**nothing, "extra": {"token": "t"}, **parts})  # type: ignore[arg-type]
    assert (shop.url, shop.extra) == (url, {"token": "t"})
