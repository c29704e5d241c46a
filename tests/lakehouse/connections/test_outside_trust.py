from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509

from lakehouse.connections import outside_trust
from lakehouse.settings import store_access
from stack.cluster.authority import Authority

NOW = dt.datetime.now(dt.UTC)


def known() -> set[x509.Name]:
    """Whom a client of services outside knows."""
    return {
        x509.load_der_x509_certificate(one).subject for one in outside_trust.context().get_ca_certs(binary_form=True)
    }


def test_own_authorities_are_known_beside_the_public_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {name: Authority.made(name, NOW) for name in ("store", "company")}
    for name, authority in own.items():
        (tmp_path / name).write_bytes(authority.pem)
    for name in ("SSL_CERT_FILE", store_access.OUTSIDE_CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
    public = known()
    assert len(public) > 50
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store"))
    assert known() - public == {own["store"].certificate.subject}
    monkeypatch.setenv(store_access.OUTSIDE_CERTIFICATES, str(tmp_path / "company"))
    assert known() - public == {authority.certificate.subject for authority in own.values()}
