"""Whether an object store may have tables: asked before a process' first commit, and remembered for a day in ``NIGHTJAR_HOME``.

No two commits of a version may both be taken. delta-rs puts a version with the condition ``If-None-Match: *``, which means: only
where nothing is. A store that does not know the condition takes both, and tells nobody.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lakehouse import settings
from lakehouse.errors import NightjarError, StoreUnsafe
from lakehouse.settings import store_access
from lakehouse.storage import object_store, store_errors

# Beside the layers, in the lakehouse's own prefix.
FOLDER = ".store-check"
REMEMBERED_SECONDS = 86_400
AT_ONCE, TRIES = 8, 3
# How a store answers that something is there already: the second is of one that is busy with another such request.
REFUSALS = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


def expect_safe(root: str) -> None:
    """Nothing where the tables lie in a folder, or in a store that keeps commits apart.

    Args:
        root: ``LAKEHOUSE_ROOT``.

    Raises:
        StoreUnsafe: the store takes a second version in the place of the first. StoreRefused, ServiceUnavailable: no bucket, a
            wrong key, no answer.
    """
    if object_store.is_address(root):
        _expect_safe(root, store_access.load().endpoint, settings.load().state_root)


@lru_cache(maxsize=8)
def _expect_safe(root: str, endpoint: str | None, home: Path) -> None:
    bucket = urlsplit(root).netloc
    known = home / "stores" / f"{hashlib.sha256(f'{endpoint} {bucket}'.encode()).hexdigest()[:32]}.json"
    if _is_known(known):
        return
    object_store.expect_answer(root)
    problem = _problem(root)
    if problem is not None:
        raise StoreUnsafe(
            f"object store {endpoint or 'Amazon S3'}, bucket {bucket}: expected it to put an object with If-None-Match: * "
            f"only where none is, found that {problem}; two jobs would overwrite one another's commits in silence, so nothing was "
            "committed: use a store that honours the condition (docs/object-store.md)"
        )
    known.parent.mkdir(parents=True, exist_ok=True)
    draft = known.with_name(f"{known.name}.{uuid.uuid4().hex}")
    draft.write_text(json.dumps({"endpoint": endpoint, "bucket": bucket, "asked_at": time.time()}), encoding="utf-8")
    draft.replace(known)


def _is_known(file: Path) -> bool:
    try:
        asked = json.loads(file.read_text(encoding="utf-8"))["asked_at"]
    except (OSError, ValueError, KeyError):
        return False
    # A clock that was set back is no reason to believe for longer.
    return 0 <= time.time() - float(asked) < REMEMBERED_SECONDS


def _problem(root: str) -> str | None:
    """What the store does wrong; None: nothing."""
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = root.partition("://")[2].rstrip("/").partition("/")
    client = _client()
    problem = None
    try:
        for _ in range(TRIES):
            key = f"{prefix}/{FOLDER}/{uuid.uuid4().hex}".lstrip("/")
            try:
                problem = _asked(client, bucket, key)
                break
            except _Busy:
                problem = f"of {AT_ONCE} such requests at once it took none, {TRIES} times"
            finally:
                client.delete_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError) as error:
        named = store_errors.named(error)
        raise named if named is not None else NightjarError(f"object store: {error}") from error
    return problem


def _asked(client: Any, bucket: str, key: str) -> str | None:
    from concurrent.futures import ThreadPoolExecutor

    from botocore.exceptions import ClientError

    def put(number: int) -> bool:
        try:
            client.put_object(Bucket=bucket, Key=key, Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if code in REFUSALS:
                return False
            if code in ("NotImplemented", "InvalidArgument", "501"):
                raise _Unknown(code) from error
            raise
        return True

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            taken = [number for number, done in enumerate(pool.map(put, range(AT_ONCE))) if done]
        if not taken:
            raise _Busy
        if len(taken) > 1:
            return f"of {AT_ONCE} such requests at once it took {len(taken)}"
        if put(AT_ONCE):
            return "it put another in the place of one that was there"
    except _Unknown as error:
        return f"it answers {error}: it does not know the condition"
    there = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return None if there == str(taken[0]) else "the object is not the one that it said it took"


class _Busy(Exception):
    """The store took none of several requests at once, which it may."""


class _Unknown(Exception):
    """The store does not know the condition."""


def _client() -> Any:
    # Imported here: a third of a second, once a day.
    import boto3
    from botocore.config import Config

    store = store_access.load()
    style = {} if store.endpoint is None else {"addressing_style": "path"}
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        region_name=store.region,
        # A lost answer tried again would be taken for a refusal.
        config=Config(s3=style, retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30),
    )
