"""An authority of one's own: a certificate that signs those of the servers, and that every client knows them by."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)
# What a clock may be behind when a certificate that was made just now is shown to it.
EARLIER = dt.timedelta(hours=1)
AUTHORITY_DAYS, SERVER_DAYS = 3650, 397


@dataclass(frozen=True)
class Authority:
    """An authority.

    Attributes:
        certificate: that clients know.
        key: that signs; None where it is kept elsewhere.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | None

    @classmethod
    def made(cls, name: str, now: dt.datetime) -> Self:
        """A new one, for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        # It signs servers, and no other authority.
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _unsigned(whose, whose, key.public_key(), now, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def read(cls, certificate: bytes, key: bytes | None) -> Self:
        """One that was made before, of its PEM texts.

        Raises:
            ValueError: they are none.
        """
        private = None if key is None else serialization.load_pem_private_key(key, password=None)
        if private is not None and not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("expected a key on an elliptic curve")
        return cls(x509.load_pem_x509_certificate(certificate), private)

    @property
    def pem(self) -> bytes:
        """The certificate, for those who are to know it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key: a secret.

        Raises:
            ValueError: it is kept elsewhere.
        """
        return _private(self._signer())

    def issue(self, names: Sequence[str], now: dt.datetime) -> bytes:
        """A key and a certificate of a server, in one PEM text: a secret, and whole in one file, so that they always fit.

        Args:
            names: by which it is called: host names and addresses.
            now: from when on.

        Raises:
            ValueError: the authority's key is kept elsewhere.
        """
        signer, key = self._signer(), ec.generate_private_key(ec.SECP256R1())
        whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = (
            _unsigned(whose, self.certificate.subject, key.public_key(), now, SERVER_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        return _private(key) + certificate.public_bytes(serialization.Encoding.PEM)

    def has_signed(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate is one of its own, whatever its time and names."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except Exception:  # of a wrong signature, key or issuer, each another
            return False
        return True

    def problem(self, chain: Sequence[x509.Certificate], names: Sequence[str], now: dt.datetime) -> str | None:
        """Why a client that knows this authority alone does not take a server's certificate; None: it does.

        Args:
            chain: the server's own, and those between it and the authority.
            names: by which the server is called, each of which has to hold.
            now: the client's time.
        """
        policy = (
            verification.PolicyBuilder().store(verification.Store([self.certificate])).time(now.replace(tzinfo=None))
        )
        for name in names:
            try:
                subject: x509.IPAddress | x509.DNSName = x509.IPAddress(ipaddress.ip_address(name))
            except ValueError:
                verifier = policy.build_server_verifier(x509.DNSName(name))
            else:
                verifier = policy.build_server_verifier(subject)
            try:
                verifier.verify(chain[0], list(chain[1:]))
            except verification.VerificationError as error:
                return f"as {name}: {error}"
        return None

    def _signer(self) -> ec.EllipticCurvePrivateKey:
        if self.key is None:
            raise ValueError("the authority's key is kept elsewhere")
        return self.key


def days_left(certificate: x509.Certificate, now: dt.datetime) -> int:
    """Whole days until it expires; negative since it has."""
    return (certificate.not_valid_after_utc - now) // DAY


def _unsigned(
    whose: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + days * DAY)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
