"""A store with a certificate of an authority of one's own: its readers and writers know it by that alone."""

from __future__ import annotations

import datetime as dt
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import duckdb
import pyarrow as pa
import pytest
from botocore.config import Config
from deltalake import DeltaTable, write_deltalake
from pyarrow import fs

from lakehouse.errors import StoreRefused
from lakehouse.settings import secret_variables, store_access
from lakehouse.storage import arrow_dataset, object_store, store_certificate, store_check, store_errors
from stack.cluster.authority import SERVER_DAYS, Authority
from tests.s3_server import S3

NOW = dt.datetime.now(dt.UTC)
ROWS = pa.table({"number": [1, 2, 3]})
TRIES = {"max_retries": "0", "retry_timeout": "1s"}


@pytest.fixture
def by_tls(store_root: str, s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """The store by TLS, and the environment that knows its authority."""
    know(monkeypatch, s3_server.secure_endpoint, s3_server.trust)
    return store_root


def know(monkeypatch: pytest.MonkeyPatch, endpoint: str, authority: Path) -> None:
    """The environment of a process that asks there and knows this authority; completed as a process completes its own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        if secret_variables.value(name) is None:
            monkeypatch.setenv(name, value)
    for name in (
        "SSL_CERT_FILE",
        store_access.OUTSIDE_CERTIFICATES,
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ALLOW_HTTP",
    ):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    store_access.load()


def by_delta_rs() -> None:
    """Read as delta-rs does, without patience."""
    DeltaTable("s3://bucket/table", storage_options=TRIES)


def by_arrow() -> None:
    """Read as Arrow does, without patience."""
    store = store_access.load()
    once = fs.AwsStandardS3RetryStrategy(max_attempts=1)
    found = fs.S3FileSystem(
        endpoint_override=store.endpoint, region="us-east-1", retry_strategy=once, tls_ca_file_path=store.authority
    )
    found.get_file_info("bucket/key")


def by_boto() -> None:
    """Read as Amazon's SDK does."""
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    boto3.client("s3", endpoint_url=store_access.load().endpoint, config=once).head_object(Bucket="bucket", Key="key")


@contextmanager
def server(pair: bytes, folder: Path) -> Iterator[int]:
    """A server by TLS with this key and certificate, that has nothing; gives its port."""
    (folder / "pair.pem").write_bytes(pair)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "pair.pem")

    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    class Server(http.server.ThreadingHTTPServer):
        def finish_request(self, request: object, client_address: object) -> None:
            try:
                secure = context.wrap_socket(request, server_side=True)  # type: ignore[arg-type]  # it is a socket
            except OSError:
                return
            Quiet(secure, client_address, self)

    running = Server(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.mark.process
def test_every_reader_and_writer_works_by_tls_with_an_authority_of_ones_own(by_tls: str) -> None:
    object_store.expect_answer(by_tls)
    store_check.expect_safe(by_tls)
    table = f"{by_tls}/gold/numbers"
    write_deltalake(table, ROWS, storage_options=object_store.options(table))
    read = DeltaTable(table, storage_options=object_store.options(table))
    numbers = arrow_dataset.open_dataset(read, table)
    assert duckdb.from_arrow(numbers).sum("number").fetchall() == [(6,)]
    filesystem, path = object_store.filesystem_of(f"{by_tls}/delivery.csv")
    with filesystem.open_output_stream(path) as stream:
        stream.write(b"a,b\n")
    with filesystem.open_input_stream(path) as stream:
        assert stream.read() == b"a,b\n"


@pytest.mark.process
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_store_whose_certificate_is_not_the_expected_one_gets_no_request(
    wrong: str, by_tls: str, s3_server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority.made("Nightjar tests", NOW).pem)
    if wrong == "authority":
        know(monkeypatch, s3_server.secure_endpoint, other)
    else:
        know(monkeypatch, s3_server.secure_endpoint.replace("localhost", "127.0.0.1"), s3_server.trust)
    with pytest.raises(
        StoreRefused, match=r"expected a certificate by an authority in .* found one that is refused"
    ) as error:
        object_store.expect_answer(by_tls)
    told = str(error.value)
    assert (str(other) if wrong == "authority" else "127.0.0.1") in told
    assert ("set AWS_CA_BUNDLE" if wrong == "authority" else "correct AWS_ENDPOINT_URL") in told
    assert not error.value.retryable


@pytest.mark.process
def test_with_tls_on_one_side_alone_it_is_told_on_which(
    by_tls: str, s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, s3_server.endpoint.replace("http", "https"), s3_server.trust)
    with pytest.raises(
        StoreRefused, match=r"expected TLS at this address, found none .* correct AWS_ENDPOINT_URL to http://"
    ):
        object_store.expect_answer(by_tls)
    know(monkeypatch, s3_server.secure_endpoint.replace("https", "http"), s3_server.trust)
    with pytest.raises(Exception, match=r"HTTPS|400|BAD_REQUEST|UNKNOWN") as error:
        by_boto()
    named = store_errors.named(error.value)
    assert named is None or "https" in str(named)


@pytest.mark.process
@pytest.mark.parametrize("reader", [by_delta_rs, by_arrow, by_boto])
@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ("authority", "set AWS_CA_BUNDLE"),
        ("name", "correct AWS_ENDPOINT_URL to a name that is in the certificate"),
        ("time", "renew it"),
    ],
)
def test_each_reader_refuses_a_stranger_and_its_error_is_named(
    reader: Callable[[], None], wrong: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = Authority.made("ours", NOW - 2 * SERVER_DAYS * dt.timedelta(days=1)), Authority.made("others", NOW)
    (tmp_path / "ca.pem").write_bytes(ours.pem)
    signer = others if wrong == "authority" else ours
    began = NOW - (SERVER_DAYS + 1) * dt.timedelta(days=1) if wrong == "time" else NOW
    with server(signer.issue(["elsewhere" if wrong == "name" else "localhost"], began), tmp_path) as port:
        know(monkeypatch, f"https://localhost:{port}", tmp_path / "ca.pem")
        with pytest.raises(Exception, match=r"(?i)certificate|ssl") as error:
            reader()
        named = store_errors.named(error.value)
        assert type(named) is StoreRefused
        assert remedy in str(named) and str(tmp_path / "ca.pem") in str(named) and f"localhost:{port}" in str(named)
        with pytest.raises(StoreRefused, match=remedy):
            store_certificate.expect_known(store_access.load())


@pytest.mark.process
def test_a_store_that_ends_in_the_middle_of_a_handshake_is_away_and_no_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").write_bytes(Authority.made("ours", NOW).pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        know(monkeypatch, f"https://localhost:{listening.getsockname()[1]}", tmp_path / "ca.pem")
        ending = threading.Thread(target=lambda: listening.accept()[0].close())
        ending.start()
        assert store_certificate.expect_known(store_access.load()) is None  # type: ignore[func-returns-value]
        ending.join()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_told_of(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    know(monkeypatch, "https://localhost:1", file)
    with pytest.raises(StoreRefused, match="AWS_CA_BUNDLE: expected a file of certificates in PEM"):
        store_certificate.expect_known(store_access.load())


def test_java_word_for_a_stranger_has_the_same_name() -> None:
    for text, remedy in (
        (
            "s3a: PKIX path building failed: unable to find valid certification path to requested target",
            "AWS_CA_BUNDLE",
        ),
        ("s3a: PKIX path validation failed: CertificateExpiredException: NotAfter: Mon Jan 01", "renew it"),
        ("s3a: java.security.cert.CertificateException: No subject alternative DNS name matching", "AWS_ENDPOINT_URL"),
    ):
        named = store_errors.named(OSError(text))
        assert type(named) is StoreRefused and remedy in str(named).rpartition("nothing was read")[2]
