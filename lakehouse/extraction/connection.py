"""The client for an address, for jobs outside Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI

from lakehouse.errors import BadArguments, SourceRefused

# How long to look for a server, in ms, unless the address says otherwise. The driver's own 30 s are long for a person.
LOOK_FOR_MS = 10_000


@contextmanager
def to(uri: str | None) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client for ``MONGO_URI``; no call is made yet.

    Raises:
        BadArguments: when it is not set. SourceRefused: when it is no address.
    """
    if uri is None:
        raise BadArguments(
            "MONGO_URI: expected the address of a MongoDB server such as mongodb://user:password@host:27017/, it is not set"
        )
    looking: dict[str, Any] = (
        {} if "serverselectiontimeoutms" in uri.lower() else {"serverSelectionTimeoutMS": LOOK_FOR_MS}
    )
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(uri, appname="nightjar", **looking)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        # Not the driver's words, and not as their consequence: they quote the address, and so the password.
        raise SourceRefused(
            "MONGO_URI: expected mongodb://user:password@host:port/ or mongodb+srv://..., with user and password "
            f"percent-encoded, found something else ({type(error).__name__}); its text is not shown, it may hold a password"
        ) from None
    with client:
        yield client
