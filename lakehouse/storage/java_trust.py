"""What Java knows a store by: it reads no PEM, and so has the same certificates as a key store of the form PKCS 12."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from lakehouse.errors import StoreRefused


def options(key_store: str) -> str:
    """Java's options that have it know servers by the certificates of this file alone."""
    return f"-Djavax.net.ssl.trustStore={key_store} -Djavax.net.ssl.trustStoreType=PKCS12"


def made(authority: str, home: Path) -> Path:
    """The key store with the certificates of ``authority``, a file in PEM; made under ``home`` unless it is there.

    Raises:
        StoreRefused: there are no certificates.
    """
    try:
        pem = Path(authority).read_bytes()
        file = home / "trust" / f"{hashlib.sha256(pem).hexdigest()[:32]}.p12"
        if file.exists():
            return file
        content = of_pem(pem)
    except (OSError, ValueError) as error:
        raise StoreRefused(
            f"AWS_CA_BUNDLE: expected a file of certificates in PEM, found {error} at {authority}: correct it, or put the "
            "certificate of the store's authority there"
        ) from error
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
    draft.write_bytes(content)
    draft.replace(file)
    return file


def of_pem(pem: bytes) -> bytes:
    """The certificates of a PEM file as a key store without a password, for nothing in it is secret.

    Raises:
        ValueError: there are none.
    """
    # Imported here: where a store has an authority of its own alone.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    known = x509.load_pem_x509_certificates(pem)
    entries = [pkcs12.PKCS12Certificate(one, f"authority-{number}".encode()) for number, one in enumerate(known)]
    return pkcs12.serialize_java_truststore(entries, NoEncryption())
