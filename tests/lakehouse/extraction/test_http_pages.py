"""Pages of a service: what passes is asked for again, what does not has a name. The service is a function; no server is started."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from lakehouse.connections.service import Service
from lakehouse.errors import SourceRefused, SourceUnavailable
from lakehouse.extraction import http_page, http_pages
from lakehouse.value_text import text_of

Answer = httpx.Response | Exception


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited before each next try, in s."""
    taken: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", taken.append)
    return taken


def service(*answers: Answer, asked: list[httpx.Request] | None = None) -> httpx.Client:
    """A client of a service that gives these answers, then the last one for ever."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    shop = Service("shop", "https", "api.example.org", login="ann", password="s3cret", path="/v1")
    return http_pages.client(shop, transport=httpx.MockTransport(answer))


def page(content: Any = None, status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(content, str):
        return httpx.Response(status, text=content, headers=named)
    return httpx.Response(status, json=content, headers=named)


PASSING: dict[str, Answer] = {
    "nobody there": httpx.ConnectError("refused"),
    "slow": httpx.ReadTimeout("slow"),
    "a body that is cut": httpx.RemoteProtocolError("peer closed connection"),
    "half of the JSON": page('{"rows": [1, 2'),
    "no JSON": page("<html>busy</html>"),
    "no body": page(""),
    "no text": httpx.Response(200, content=b'{"a": "\xff"}'),
    "too many": page("slow down", 429),
    "a limit as 403": page("slow down", 403, retry_after="1"),
    "an error": page("oops", 500),
    "a gateway": page("<html>", 502),
    "closed": page("", 503),
    "a time-out of its own": page("", 408),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_asked_for_again(answer: Answer, pauses: list[float]) -> None:
    with service(answer, answer, page({"rows": [1]})) as http:
        assert http_pages.get(http, "orders") == {"rows": [1]}
    assert len(pauses) == 2


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING.keys())
def test_what_does_not_pass_in_time_is_unavailable(answer: Answer, pauses: list[float]) -> None:
    with (
        service(answer) as http,
        pytest.raises(SourceUnavailable, match=r"^GET https://api.example.org/v1/orders: .* 6 times"),
    ):
        http_pages.get(http, "orders", {"token": "t0ken99"})
    assert len(pauses) == http_page.TRIES - 1
    assert max(pauses) <= 30


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7", 7),
        ("0", 0),
        ("-3", 0),
        ("86400", http_page.LONGEST_WAIT),
        ("9" * 5000, None),
        ("soon", None),
        ("", None),
        (
            email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(days=1), usegmt=True),
            http_page.LONGEST_WAIT,
        ),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
    ids=["seconds", "none", "negative", "a day", "huge", "a word", "empty", "a coming date", "a past date", "no date"],
)
def test_it_waits_as_long_as_it_is_asked_to_but_not_for_ever(
    asked: str, waited: float | None, pauses: list[float]
) -> None:
    with service(page("busy", 429, retry_after=asked), page([])) as http:
        assert http_pages.get(http, "orders") == []
    assert len(pauses) == 1
    assert pauses[0] == waited if waited is not None else pauses[0] <= 30


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_told_once_with_the_first_words(status: int, pauses: list[float]) -> None:
    refused = pytest.raises(SourceRefused, match=rf"found {status} .*: 'no such x+'")
    with service(page("no  such\n" + "x" * 5000, status)) as http, refused as raised:
        http_pages.get(http, "orders")
    assert pauses == []
    assert len(str(raised.value)) < 600 and "s3cret" not in str(raised.value)


def test_a_client_logs_in_and_may_send_more() -> None:
    asked: list[httpx.Request] = []
    with service(page([]), asked=asked) as http:
        http_pages.get(http, "orders?fixed=1")
        http_pages.get(http, "orders", {"page": 2})
    assert [str(one.url) for one in asked] == [
        "https://api.example.org/v1/orders?fixed=1",
        "https://api.example.org/v1/orders?page=2",
    ]
    assert asked[0].headers["authorization"].startswith("Basic ")


def test_a_number_keeps_the_digits_that_the_service_wrote() -> None:
    content = httpx.Response(
        200, content=b'{"price": 1.10, "id": 12345678901234567890, "share": 0.12345678901234567890}'
    )
    found = http_pages.get(service(content), "prices")
    assert {name: text_of(value) for name, value in found.items()} == {
        "price": "1.10",
        "id": "12345678901234567890",
        "share": "0.12345678901234567890",
    }


def test_pages_follow_a_link_of_the_header() -> None:
    asked: list[httpx.Request] = []
    first = page([1], link='<https://api.example.org/v1/orders?page=2>; rel="next"')
    with service(first, page([2]), asked=asked) as http:
        assert list(http_pages.pages(http, "orders", {"size": 1})) == [[1], [2]]
    assert [one.url.query for one in asked] == [b"size=1", b"page=2"]


def test_pages_follow_a_link_or_a_cursor_of_the_page() -> None:
    asked: list[httpx.Request] = []
    answers = page({"next": "orders?cursor=b"}), page({"next": "/v1/orders?cursor=c"}), page({"next": None})
    with service(*answers, asked=asked) as http:
        assert len(list(http_pages.pages(http, "orders", {"size": 1}, follow=lambda one: one["next"]))) == 3
    assert [str(one.url.copy_with(host="h")) for one in asked] == [
        "https://h/v1/orders?size=1",
        "https://h/v1/orders?cursor=b",
        "https://h/v1/orders?cursor=c",
    ]
    asked.clear()
    with service(page({"next": "b"}), page({"next": None}), asked=asked) as http:
        following = http_pages.pages(
            http, "orders", {"size": 1}, follow=lambda one: {"cursor": one["next"]} if one["next"] else None
        )
        assert len(list(following)) == 2
    assert [one.url.query for one in asked] == [b"size=1", b"size=1&cursor=b"]


@pytest.mark.parametrize(
    "follow",
    [lambda one: {"cursor": "a"}, lambda one: "orders?cursor=a", lambda one: {}],
    ids=["a cursor", "a link", "the page itself"],
)
def test_pages_in_a_circle_end(follow: Callable[[Any], Any]) -> None:
    with service(page([])) as http, pytest.raises(SourceUnavailable, match="leads back"):
        list(http_pages.pages(http, "orders", follow=follow))


def test_an_empty_link_is_the_end() -> None:
    with service(page([])) as http:
        assert list(http_pages.pages(http, "orders", follow=lambda one: "")) == [[]]


def test_addresses_that_lead_in_a_circle_are_refused() -> None:
    moved = page("", 302, location="https://api.example.org/v1/orders")
    with service(moved) as http, pytest.raises(SourceRefused, match="in a circle"):
        http_pages.get(http, "orders")


def test_a_server_that_another_address_leads_to_never_gets_the_login() -> None:
    asked: list[httpx.Request] = []
    moved = page("", 302, location="https://evil.example.org/orders")
    refused = pytest.raises(SourceRefused, match=r"found one of evil\.example\.org")
    with service(moved, page({"next": "orders?page=2"}), asked=asked) as http, refused:
        list(http_pages.pages(http, "orders", follow=lambda one: one["next"]))
    assert ["authorization" in one.headers for one in asked] == [True, False]


def test_another_servers_page_never_gets_the_login() -> None:
    asked: list[httpx.Request] = []
    with service(page([]), asked=asked) as http, pytest.raises(SourceRefused, match=r"found one of evil\.example\.org"):
        list(http_pages.pages(http, "orders", follow=lambda one: "https://evil.example.org/orders"))
    assert len(asked) == 1
