"""How the environment names a store, and what its readers are told."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from lakehouse.errors import ClockWrong, ServiceUnavailable, StoreRefused
from lakehouse.settings import store_access
from lakehouse.settings.store_access import ObjectStore
from lakehouse.storage import object_store, places, spark_config, store_errors

NAMES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ALLOW_HTTP", "AWS_CA_BUNDLE", "SSL_CERT_FILE"),
    store_access.OUTSIDE_CERTIFICATES,
)


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        # Set first, so that what is completed meanwhile is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_an_http_endpoint_is_meant_and_the_region_has_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store:8333")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert store_access.load() == ObjectStore("http://store:8333", "eu-central-1", None, None, None)
    assert (os.environ["AWS_ALLOW_HTTP"], os.environ["AWS_DEFAULT_REGION"]) == ("true", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://other")
    assert store_access.load().endpoint == "https://other"
    assert (os.environ["AWS_ALLOW_HTTP"], os.environ["AWS_ENDPOINT_URL"]) == ("false", "https://other")


def test_the_stores_authority_has_the_name_that_delta_rs_knows_and_what_had_it_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/own/ca.pem")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store:8333")
    store_access.load()
    assert store_access.own_authorities() == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://store:8333")
    assert store_access.load().authority == "/own/ca.pem"
    assert os.environ["SSL_CERT_FILE"] == "/own/ca.pem"
    assert store_access.own_authorities() == ["/own/ca.pem"]
    monkeypatch.setenv("SSL_CERT_FILE", "/company/ca.pem")
    for _ in range(2):
        store_access.load()
        assert os.environ["SSL_CERT_FILE"] == "/own/ca.pem"
        assert store_access.own_authorities() == ["/own/ca.pem", "/company/ca.pem"]


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES[:3]:
        monkeypatch.setenv(name, f"{name} is this")
    shown = repr(store_access.load())
    assert "AWS_ACCESS_KEY_ID is this" in shown
    assert "SECRET" not in shown and "TOKEN" not in shown
    told = str(spark_config.of_store(store_access.load()))
    assert "is this" not in told


def test_a_store_of_ones_own_is_asked_by_path() -> None:
    own = spark_config.of_store(ObjectStore("http://store:8333", "us-east-1", None))
    assert own["spark.hadoop.fs.s3a.endpoint"] == "http://store:8333"
    assert own["spark.hadoop.fs.s3a.path.style.access"] == "true"
    amazons = spark_config.of_store(ObjectStore(None, "eu-central-1", None))
    assert amazons.keys() < own.keys()
    assert amazons["spark.hadoop.fs.s3a.endpoint.region"] == "eu-central-1"


def test_folders_are_no_addresses() -> None:
    assert object_store.options("/a/folder") is None
    assert type(places.of("/a/folder")) is type(Path("/a/folder"))
    assert places.is_local(places.of(Path("relative")))


def test_a_place_at_an_address_is_used_like_a_path() -> None:
    place = places.of("s3://bucket/landing") / "source" / "2024-01-01 a#b?.csv.gz"
    assert not places.is_local(place)
    assert str(place) == "s3://bucket/landing/source/2024-01-01 a#b?.csv.gz"
    assert (place.name, place.suffix, str(place.parent)) == (
        *("2024-01-01 a#b?.csv.gz", ".gz"),
        "s3://bucket/landing/source",
    )
    assert pickle.loads(pickle.dumps(place)) == place
    assert sorted([place, place.with_name("1")])[0].name == "1"


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("AWS Error NO_SUCH_BUCKET during ListObjectsV2", StoreRefused, "expected the bucket"),
        ("Generic S3 error <Code>ExpiredToken</Code>", StoreRefused, "found one that has expired"),
        ("AWS Error EXPIRED_TOKEN during HeadObject", StoreRefused, "found one that has expired"),
        ("Generic S3 error <Code>RequestTimeTooSkewed</Code>", ClockWrong, "found it minutes off"),
        ("Error performing PUT: 403 Forbidden", StoreRefused, "expected a key that may read and write"),
        ("AWS Error ACCESS_DENIED during HeadBucket", StoreRefused, "expected a key that may read and write"),
        ("Generic S3 error \x1b[31m↳\x1b[0m error sending request", ServiceUnavailable, "expected an answer"),
        ("AWS Error NETWORK_CONNECTION during HeadObject: curlCode: 7", ServiceUnavailable, "expected an answer"),
    ],
)
def test_what_each_reader_calls_an_error_has_one_name(text: str, kind: type[Exception], expected: str) -> None:
    found = store_errors.named(OSError(text))
    assert type(found) is kind
    assert expected in str(found) and "\x1b" not in str(found)


def test_an_error_of_something_else_is_none_of_the_store() -> None:
    assert store_errors.named(OSError("No space left on device")) is None
    assert store_errors.named(ValueError("Cannot add and remove the same file path")) is None


@pytest.mark.parametrize(
    ("code", "again"),
    [("RequestTimeTooSkewed", True), ("ExpiredToken", True), ("NoSuchBucket", False), ("InvalidAccessKeyId", False)],
)
def test_what_another_host_or_a_later_hour_may_not_meet_is_worth_another_try(code: str, again: bool) -> None:
    error = store_errors.named(OSError(f"Generic S3 error <Code>{code}</Code>"))
    assert error is not None and error.retryable is again
