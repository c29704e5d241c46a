"""The client of a MongoDB server, from an address or from a function. An address that is wrong is reported without its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI

from lakehouse.errors import BadArguments, SourceRefused

Client = MongoClient[dict[str, Any]]

# How long to look for a server, in ms, unless the address has its own limit. The driver's 30 s are long for a person.
LOOK_FOR_MS = 10_000


def to(uri: str | None) -> AbstractContextManager[Client]:
    """A client for ``MONGO_URI``; no call is made yet.

    Raises:
        BadArguments: when the address is not set. SourceRefused: when it is no address.
    """
    if uri is None:
        raise BadArguments(
            "MONGO_URI: expected the address of a MongoDB server such as mongodb://user:password@host:27017/, it is not set"
        )
    options: dict[str, Any] = (
        {} if "serverselectiontimeoutms" in uri.lower() else {"serverSelectionTimeoutMS": LOOK_FOR_MS}
    )
    return by(lambda: MongoClient(uri, appname="nightjar", **options), "MONGO_URI")


@contextmanager
def by(connect: Callable[[], Client], what: str) -> Iterator[Client]:
    """A client that ``connect`` makes, closed at the end; ``what`` says in words where its address is set.

    Raises:
        SourceRefused: when the driver can't read the address.
    """
    try:
        client = connect()
    except (InvalidURI, ConfigurationError, ValueError, TypeError) as error:
        # Neither the driver's words nor its error as the cause: they quote the address, and so the password.
        raise SourceRefused(
            f"{what}: expected mongodb://user:password@host:port/ or mongodb+srv://..., with user and password "
            f"percent-encoded, found something else ({type(error).__name__}); its text is not shown, it may hold a password"
        ) from None
    with client:
        yield client
