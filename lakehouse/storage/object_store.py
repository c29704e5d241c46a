"""An object store as its readers take it: delta-rs, Arrow and DuckDB. For Spark see `lakehouse.storage.spark_config`.

Keys come from the environment of the process that reads, or from its machine, and are in no setting, file, log or argument.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakehouse.errors import StoreUnsafe
from lakehouse.settings import store_access
from lakehouse.settings.store_access import ObjectStore
from lakehouse.storage import store_certificate, store_errors

if TYPE_CHECKING:
    from pyarrow import fs

SCHEMES = ("s3", "s3a")
CONNECT_SECONDS = 10
REQUEST_SECONDS = 30
# A store that is away for a minute, or is started again, fails no job.
PATIENCE_SECONDS = 90
# Of Arrow, with the pauses between them about as long.
TRIES = 12


def is_address(place: str) -> bool:
    """Whether a place is an address such as ``s3://bucket/prefix``, and no folder."""
    return "://" in place


def prepare(location: str) -> None:
    """Complete what delta-rs reads from the environment, where ``location`` is an address."""
    if is_address(location):
        store_access.load()


def options(location: str) -> dict[str, str] | None:
    """What delta-rs gets besides the environment: how long it asks a store that does not answer."""
    prepare(location)
    return {"max_retries": "50", "retry_timeout": f"{PATIENCE_SECONDS}s"} if is_address(location) else None


def filesystem_of(location: str) -> tuple[fs.FileSystem, str]:
    """Arrow's file system of an address, and the path there: the bucket, and what follows it."""
    if urlsplit(location).scheme not in SCHEMES:
        # Where only stores at an address need it: a tenth of a second.
        from pyarrow import fs

        found: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(location)
        return found
    # Not by urlsplit, to which a question mark is none of the path.
    return _connected(store_access.load(), os.getpid()), location.partition("://")[2].rstrip("/")


def expect_answer(*places: str) -> None:
    """Nothing where the bucket of each place that is an address is there, and may be read.

    Raises:
        StoreUnsafe: an address of no S3 store. StoreRefused: no bucket, a wrong key, or a certificate that nobody here knows.
            ServiceUnavailable: no answer.
    """
    from pyarrow import fs

    addresses = [urlsplit(place) for place in places if is_address(place)]
    if addresses:
        # Asked first: each of the readers would try a stranger for up to two minutes and a half.
        store_certificate.expect_known(store_access.load())
    for scheme in {address.scheme for address in addresses}.difference(SCHEMES):
        raise StoreUnsafe(
            f"LAKEHOUSE_ROOT, LANDING_ROOT: expected a folder or an address such as s3://bucket/prefix, found {scheme}://...; "
            "whether that store keeps commits apart is not known here"
        )
    for bucket in sorted({address.netloc for address in addresses}):
        filesystem, path = filesystem_of(f"s3://{bucket}")
        try:
            if filesystem.get_file_info(path).type == fs.FileType.NotFound:
                raise OSError(f"S3: NoSuchBucket {bucket}")
        except OSError as error:
            raise store_errors.named(error) or error from error


@lru_cache(maxsize=8)
def _connected(store: ObjectStore, process: int) -> fs.FileSystem:
    """A file system; a copy of a process makes one of its own, since the threads of the first are not in it."""
    from pyarrow import fs

    given = {
        "endpoint_override": store.endpoint and store.endpoint.rstrip("/"),
        "region": store.region,
        "tls_ca_file_path": store.authority,
    }
    keys = {"access_key": store.key_id, "secret_key": store.secret, "session_token": store.token}
    return fs.S3FileSystem(
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
        **{name: value for name, value in given.items() if value is not None},
        **({} if store.key_id is None else keys),
    )
