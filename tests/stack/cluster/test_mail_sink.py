from __future__ import annotations

import datetime as dt
import smtplib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.cluster.authority import Authority
from stack.cluster.mail_sink import Sink

pytestmark = pytest.mark.process

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    authority = Authority.made("ours", NOW)
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "server.pem").write_bytes(authority.issue(["localhost"], NOW))
    server = Sink(("127.0.0.1", 0), tmp_path / "mail", str(tmp_path / "server.pem"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_message_that_is_sent_by_tls_is_kept(sink: Sink, tmp_path: Path) -> None:
    with smtplib.SMTP("localhost", sink.server_address[1]) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(tmp_path / "ca.pem")))
        client.sendmail("a@example.org", ["b@example.org"], "Subject: one\r\n\r\n.dotted\r\n")
    (kept,) = (tmp_path / "mail").glob("*.eml")
    assert kept.read_bytes() == b"Subject: one\r\n\r\n.dotted\r\n"


def test_nothing_is_taken_in_the_clear(sink: Sink, tmp_path: Path) -> None:
    with (
        smtplib.SMTP("localhost", sink.server_address[1]) as client,
        pytest.raises(smtplib.SMTPSenderRefused, match="STARTTLS first"),
    ):
        client.sendmail("a@example.org", ["b@example.org"], "Subject: one\r\n\r\n")
    assert not list((tmp_path / "mail").glob("*"))


def test_another_authoritys_client_sends_nothing(sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(Authority.made("another's", NOW).pem)
    with (
        smtplib.SMTP("localhost", sink.server_address[1]) as client,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        client.starttls(context=ssl.create_default_context(cafile=str(tmp_path / "other.pem")))
