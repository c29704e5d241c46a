"""The client of a MongoDB server, from an address or from whoever has one; what is wrong with an address, without showing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI

from lakehouse.errors import BadArguments, SourceRefused

Client = MongoClient[dict[str, Any]]

# How long to look for a server, in ms, unless the address says otherwise. The driver's own 30 s are long for a person.
LOOK_FOR_MS = 10_000


def to(uri: str | None) -> AbstractContextManager[Client]:
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
    return by(lambda: MongoClient(uri, appname="nightjar", **looking), "MONGO_URI")


@contextmanager
def by(connect: Callable[[], Client], what: str) -> Iterator[Client]:
    """A client that ``connect`` makes, closed in the end; ``what`` says in words where its address stands.

    Raises:
        SourceRefused: when the driver can't make anything of the address.
    """
    try:
        client = connect()
    except (InvalidURI, ConfigurationError, ValueError, TypeError) as error:
        # Not the driver's words, and not as their consequence: they quote the address, and so the password.
        raise SourceRefused(
            f"{what}: expected mongodb://user:password@host:port/ or mongodb+srv://..., with user and password "
            f"percent-encoded, found something else ({type(error).__name__}); its text is not shown, it may hold a password"
        ) from None
    with client:
        yield client
