"""What the client of the Hub raises, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.release.hub_token import Token
from lakehouse.declaration.dataset_release import Hub
from lakehouse.errors import HubRefused, HubUnavailable

# Status codes that say: later. 412: another commit came in between; 408 and 429 by their names.
LATER = frozenset({408, 409, 412, 423, 425, 429})


@contextmanager
def named(hub: Hub, token: Token) -> Iterator[None]:
    """In the block the client's errors become ours. What the Hub says is quoted without the token."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        yield
    except (HubRefused, HubUnavailable):
        raise
    except Exception as error:
        cause = _cause(error, (HfHubHTTPError, httpx2.HTTPError, OfflineModeIsEnabled))
        if isinstance(cause, HfHubHTTPError):
            status = cause.response.status_code
            said = token.without(str(cause.server_message or cause).splitlines()[0])[:200]
            if status in LATER or status >= 500:
                raise HubUnavailable(
                    f"Hub {hub.repo}: expected an answer, found status {status}: {said}; run the release again: it goes on where "
                    "it was"
                ) from None
            what = (
                "no such repository, or the token may not see it"
                if isinstance(cause, RepositoryNotFoundError)
                else said
            )
            raise HubRefused(
                f"Hub {hub.repo}: expected that it takes the version, found status {status}: {what}; look at the token in "
                f"{hub.token_variable} and at its rights, and run the release again"
            ) from None
        if cause is not None:
            raise HubUnavailable(
                f"Hub {hub.repo}: expected an answer, found {type(cause).__name__}; it is in its folder: run the release again"
            ) from None
        if isinstance(error, ValueError):
            said = token.without(" ".join(str(error).split()))[:300]
            raise HubRefused(f"Hub {hub.repo}: expected that it takes the version, found: {said}") from None
        raise


def _cause(error: BaseException | None, kinds: tuple[type[BaseException], ...]) -> BaseException | None:
    """The first error of these kinds among those that an error comes from."""
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__ or error.__context__
    return error
