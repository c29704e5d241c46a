"""Whether the certificate that a store shows is one that its readers will take, asked in one handshake.

Each of the readers tells a stranger by itself, delta-rs and Arrow after trying for up to two minutes and a half, and none says
which authority it expected.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakehouse.errors import StoreRefused
from lakehouse.settings.store_access import ObjectStore

# Imported for a store by TLS alone.
if TYPE_CHECKING:
    import ssl

HANDSHAKE_SECONDS = 10
HTTPS_PORT = 443
# Of OpenSSL: what is wrong with a certificate.
EXPIRED, NOT_YET = 10, 9
OTHER_NAME = (62, 64)
# Of OpenSSL too: the answer is none of TLS. Any other failed handshake may be one of a store that starts or ends.
NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")


def expect_known(store: ObjectStore) -> None:
    """Nothing where the store has no address of its own, none by TLS, or one whose certificate is known; nor where it is away.

    Raises:
        StoreRefused: the certificate is another authority's, another host's or has expired; or what should know it can't be read.
    """
    if store.endpoint is None or not store.endpoint.startswith("https://"):
        return
    import ssl

    context = _trust(store)
    address = urlsplit(store.endpoint)
    host, port = address.hostname or "", address.port or HTTPS_PORT
    try:
        with (
            socket.create_connection((host, port), timeout=HANDSHAKE_SECONDS) as line,
            context.wrap_socket(line, server_hostname=host),
        ):
            return
    except ssl.SSLCertVerificationError as error:
        raise refused(store, error.verify_code, error.verify_message) from error
    except ssl.SSLError as error:
        if error.reason not in NO_TLS:
            return
        raise StoreRefused(
            f"object store {store.endpoint}: expected TLS at this address, found none ({error.reason}): correct AWS_ENDPOINT_URL "
            "to http://..., or give the store its certificate"
        ) from error
    except OSError:
        # Away, or behind a proxy that this way does not take: its readers are patient, and have errors of their own.
        return


def refused(store: ObjectStore, code: int, found: str) -> StoreRefused:
    """The error about a store's certificate.

    Args:
        store: that showed it.
        code: what OpenSSL says is wrong; 0: not known.
        found: the same in words.
    """
    if code == EXPIRED:
        remedy = "renew it (for the cluster: python -m stack.cluster certificates), and start the store again"
    elif code == NOT_YET:
        remedy = "set this machine's clock, or wait"
    elif code in OTHER_NAME:
        remedy = "correct AWS_ENDPOINT_URL to a name that is in the certificate, or have it made for this name too"
    else:
        remedy = "set AWS_CA_BUNDLE to a file with the authority that signed it; if none should have, somebody else answers there"
    return StoreRefused(
        f"object store {store.endpoint}: expected a certificate by {_expected(store)}, found one that is refused ({found}); "
        f"nothing was read or written: {remedy}"
    )


def _expected(store: ObjectStore) -> str:
    return (
        f"an authority in {store.authority} (AWS_CA_BUNDLE)"
        if store.authority is not None
        else "a public authority (AWS_CA_BUNDLE is not set)"
    )


def _trust(store: ObjectStore) -> ssl.SSLContext:
    import ssl

    if store.authority is None:
        # Imported here: with an authority of one's own there is no need for it.
        import certifi

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context
    try:
        text = Path(store.authority).read_text(encoding="utf-8")
        return ssl.create_default_context(cadata=text)
    except (OSError, ValueError) as error:
        raise StoreRefused(
            f"AWS_CA_BUNDLE: expected a file of certificates in PEM, found {error} at {store.authority}: correct it, or put the "
            "certificate of the store's authority there"
        ) from error
