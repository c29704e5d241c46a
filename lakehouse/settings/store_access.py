"""How the object store of tables and deliveries is reached."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

# Where SSL_CERT_FILE is kept that the store's authority took the place of, for delta-rs reads no other.
OUTSIDE_CERTIFICATES = "NIGHTJAR_OUTSIDE_CERT_FILE"
# The name of a key, its secret, and the token of a key that is lent.
KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class ObjectStore:
    """How the store of an address such as ``s3://bucket/prefix`` is reached. Its ``repr`` shows no secret.

    Attributes:
        endpoint: its address, such as ``http://store:8333``; None: Amazon's own, by region.
        region: as the store calls it; None: whatever the machine's profile says.
        key_id: who asks; None: as the machine, its role or its profile says.
        secret: of the key.
        token: of a key that was lent for some hours.
        authority: a file of the certificates, PEM, by which the store is known, as AWS_CA_BUNDLE has it; None: the public ones.
    """

    endpoint: str | None
    region: str | None
    key_id: str | None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    authority: str | None = None


def load() -> ObjectStore:
    """The store that the environment names, by the variables of Amazon's own tools.

    What all of its readers then take from the environment is completed there: that an ``http://`` endpoint is meant, the region
    under both of its names, and the file of the authority, which delta-rs knows as SSL_CERT_FILE.
    """
    env = os.environ
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None
    # A store of one's own calls its region as Amazon calls its first one.
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ("us-east-1" if endpoint is not None else None)
    completed = {} if region is None else {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    if endpoint is not None:
        completed["AWS_ENDPOINT_URL"] = endpoint
        completed["AWS_ALLOW_HTTP"] = "true" if endpoint.startswith("http://") else "false"
    authority = env.get("AWS_CA_BUNDLE") or None
    if authority is not None and endpoint is not None and endpoint.startswith("https://"):
        completed["SSL_CERT_FILE"] = authority
        if (before := env.get("SSL_CERT_FILE")) and before != authority:
            completed[OUTSIDE_CERTIFICATES] = before
    for name, value in completed.items():
        if env.get(name) != value:
            env[name] = value
    key_id, secret, token = (env.get(name) or None for name in KEY_VARIABLES)
    return ObjectStore(endpoint, region, key_id, secret, token, authority)


def use(endpoint: str | None, region: str | None, key_id: str | None, secret: str | None, token: str | None) -> None:
    """Have this process, and those that it starts, ask a store in this way; what is None stays as the environment has it."""
    given = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }
    os.environ.update({name: value for name, value in given.items() if value})


def own_authorities() -> list[str]:
    """The files of the authorities, besides the public ones, by which services outside are known."""
    files = (os.environ.get(name) for name in ("SSL_CERT_FILE", OUTSIDE_CERTIFICATES))
    return [file for file in files if file]
