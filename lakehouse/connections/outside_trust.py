"""What services outside are known by: the public authorities, and those of SSL_CERT_FILE.

httpx would take the file *instead* of the public ones, and where the object store has an authority of its own that file has it
alone (`lakehouse.settings.store_access`): no source of the world outside could be read beside it.
"""

from __future__ import annotations

import ssl

from lakehouse.settings import store_access


def context() -> ssl.SSLContext:
    """For a client of a service outside. Making one takes a tenth of a second.

    Raises:
        OSError: the file of SSL_CERT_FILE can't be read.
    """
    # Imported here: a quarter of a second, and DAG files import this by way of the alerts.
    import httpx

    made = httpx.create_ssl_context(trust_env=False)
    for own in store_access.own_authorities():
        made.load_verify_locations(own)
    return made
