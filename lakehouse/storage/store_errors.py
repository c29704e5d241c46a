"""What an object store's errors mean: each of its readers words them in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.errors import ClockWrong, NightjarError, ServiceUnavailable, StoreRefused
from lakehouse.settings import store_access
from lakehouse.storage import store_certificate

# Of the answer's code, as Arrow, delta-rs, Amazon's SDK for Python and Spark quote it, without case and underscores.
NO_BUCKET = ("nosuchbucket",)
EXPIRED = ("expiredtoken", "tokenrefreshrequired", "requestexpired")
CLOCK = ("requesttimetooskewed",)
DENIED = (
    *("accessdenied", "invalidaccesskeyid", "signaturedoesnotmatch", "invalidtoken", "invalidclienttokenid"),
    *("403 forbidden", "401 unauthorized", "lacked the necessary privileges", "unable to locate credentials", "(403)"),
)
# Of the certificate, as delta-rs, Arrow, Amazon's SDK for Python and Java word it; and what is wrong with it, by OpenSSL's code.
CERTIFICATE = (
    *(
        "invalid peer certificate",
        "curlcode: 60",
        "ssl peer certificate",
        "certificate verify failed",
        "certificateexception",
    ),
    *(
        "ssl validation failed",
        "pkix path",
        "unable to find valid certification path",
        "sslpeerunverified",
        "certificateexpired",
    ),
)
WRONG: dict[int, tuple[str, ...]] = {
    store_certificate.EXPIRED: ("expired", "notafter"),
    store_certificate.OTHER_NAME[0]: (
        *("not valid for name", "notvalidforname", "hostname mismatch", "no alternative certificate", "subject name"),
        *("doesn't match", "no subject alternative", "ip address mismatch", "is not valid for"),
    ),
}
# A server with TLS that is met without.
NO_TLS = ("http request to an https server",)
# Of a client that found no answer, or an error of the store's own. Whether what was asked for was done is not known.
UNCLEAR = (
    *("generic s3 error", "error sending request", "awserrornetworkconnection", "awserrorinternalfailure", "curlcode"),
    *("awserrorserviceunavailable", "awserrorslowdown", "awserrorunknown", "could not connect to the endpoint"),
    *("connection was closed", "operation timed out", "http error", "slowdown", "endpointconnectionerror"),
    *("read timeout on endpoint", "connect timeout on endpoint", "internalerror", "serviceunavailable"),
)
_STORES = re.compile(r"s3|aws|endpoint|error performing|ssl validation failed for", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def named(error: BaseException) -> NightjarError | None:
    """What a person has to know of an error of the store; None where it is another error."""
    if isinstance(error, StoreRefused | ServiceUnavailable):
        return error
    whole = _plain(error)
    if not _STORES.search(whole):
        return None
    text = whole if len(whole) <= 400 else f"{whole[:200]} ... {whole[-200:]}"
    folded = whole.lower().replace("_", "")
    compact = folded.replace(" ", "")
    where = store_access.load().endpoint or "Amazon S3"

    def has(signs: tuple[str, ...]) -> bool:
        return any(sign in folded or sign in compact for sign in signs)

    if has(NO_BUCKET):
        return StoreRefused(
            f"object store {where}: expected the bucket of LAKEHOUSE_ROOT or LANDING_ROOT, found none of that name: make it, or "
            f"correct the setting ({text})"
        )
    if has(CERTIFICATE):
        code = next((number for number, signs in WRONG.items() if has(signs)), 0)
        return store_certificate.refused(store_access.load(), code, text)
    if has(NO_TLS):
        return StoreRefused(
            f"object store {where}: expected this address to be met without TLS, found that the store has it: correct "
            f"AWS_ENDPOINT_URL to https://... ({text})"
        )
    if has(EXPIRED):
        refused = StoreRefused(
            f"object store {where}: expected a key that is valid still, found one that has expired; no commit is half done: renew "
            f"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and run the same command again ({text})"
        )
        # Another try finds whatever key there is then.
        refused.retryable = True
        return refused
    if has(CLOCK):
        return ClockWrong(
            f"object store {where}: expected this machine's clock to be right, found it minutes off: set it, and run the same "
            f"command again ({text})"
        )
    if has(DENIED):
        return StoreRefused(
            f"object store {where}: expected a key that may read and write there, found it refused: correct AWS_ACCESS_KEY_ID and "
            f"AWS_SECRET_ACCESS_KEY, or what the key may do ({text})"
        )
    if has(UNCLEAR):
        return ServiceUnavailable(
            f"object store {where}: expected an answer, found none: is it up, and AWS_ENDPOINT_URL right? No commit is half done: "
            f"run the same command again ({text})"
        )
    return None


@contextmanager
def explained(at_address: bool) -> Iterator[None]:
    """Give errors of the store their names, where what is read lies ``at_address``."""
    try:
        yield
    except OSError as error:
        if at_address and (of_store := named(error)) is not None:
            raise of_store from error
        raise


def is_unclear(error: BaseException) -> bool:
    """Whether nobody knows if the store has done what it was asked for."""
    return isinstance(named(error), ServiceUnavailable)


def _plain(error: BaseException) -> str:
    """The error's text on one line, without colours."""
    return " ".join(_COLOUR.sub("", f"{type(error).__name__}: {error}").split())
