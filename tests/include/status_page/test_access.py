"""Each route is behind Airflow's login and permission: none is forgotten, for they are listed from the application itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from fastapi.routing import APIRoute

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

# A value for each parameter of a path; a new one has to be told here.
VALUES = {"use-cases": "good", "datasets": "nothing", "sources": "good_bookings", "assets": "page.css"}
READING = {"GET", "HEAD"}


def routes() -> list[APIRoute]:
    from include.status_page import app

    found = [route for route in app.make().routes if isinstance(route, APIRoute)]
    assert len(found) == len(app.make().routes)
    return found


def paths() -> list[str]:
    return [
        "/nightjar" + re.sub(r"\{\w+\}", VALUES.get(route.path_format.split("/")[1], "good"), route.path_format)
        for route in routes()
    ]


def test_no_route_is_without_the_login_and_none_does_more_than_read() -> None:
    from include.status_page import access

    for route in routes():
        called = {one.call for one in route.dependant.dependencies}
        assert access.reader in called, route.path
        assert route.methods is not None and route.methods <= READING, route.path


def test_every_route_refuses_anyone_who_has_no_login_one_that_has_run_out_or_too_small_a_role(page: TestClient) -> None:
    from tests import status_server

    logins = {
        401: [None, status_server.token(seconds=-3600)],
        403: [status_server.token(role=None), "not.a.token", status_server.token()[:-3] + "abc"],
    }
    asked = 0
    for path in paths():
        for status, tokens in logins.items():
            for one in tokens:
                for by_cookie in (True, False):
                    page.cookies.clear()
                    headers = {} if one is None or by_cookie else {"Authorization": f"Bearer {one}"}
                    if one is not None and by_cookie:
                        page.cookies.set(status_server.COOKIE, one)
                    answer = page.get(path, headers=headers)
                    assert answer.status_code == status, (path, one, by_cookie)
                    assert "good" not in answer.text and "version 1" not in answer.text
                    # Nor where the tracking server is, whose address is none of a stranger's business.
                    assert "127.0.0.1:9" not in answer.text and "MLflow" not in answer.text
                    asked += 1
    assert asked == 10 * len(paths()) >= 60


def test_anyone_who_may_read_some_dags_alone_sees_what_belongs_to_them(
    page: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import status_server

    monkeypatch.setattr(status_server.PerDag, "may_read", frozenset({"score__violated", "ingest__violated_visits"}))
    page.cookies.set(status_server.COOKIE, status_server.token(name="apart"))
    overview = page.get("/nightjar/").text
    assert "Visits of violated" in overview and "More is declared than is shown" in overview
    others = ("good", "rolled_back", "late_source", "violated_bookings")
    assert not [name for name in others if f"/{name}" in overview or f"Visits of {name}<" in overview]
    assert page.get("/nightjar/use-cases/violated").status_code == 200
    hidden = page.get("/nightjar/use-cases/good")
    missing = page.get("/nightjar/use-cases/nobody")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text == missing.text
    assert page.get("/nightjar/sources/violated_bookings").status_code == 404
    assert page.get("/nightjar/sources/violated_visits").status_code == 200


def test_nothing_is_linked_that_the_person_may_not_see(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import status_server

    monkeypatch.setattr(status_server.PerDag, "may_read", frozenset({"score__late_source", "score__violated"}))
    page.cookies.set(status_server.COOKIE, status_server.token(name="apart"))
    for path in ("", "use-cases/late_source", "use-cases/violated"):
        answer = page.get(f"/nightjar/{path}")
        assert answer.status_code == 200
        links = {urljoin(f"http://host/nightjar/{path}", link) for link in re.findall(r'href="([^"#]+)"', answer.text)}
        assert not [link for link in links if "ingest__" in link or "monitor__" in link or "/sources/" in link], path
        for link in links:
            if "/nightjar/" in link:
                assert page.get(link.removeprefix("http://host")).status_code == 200, (path, link)


def test_a_role_that_may_read_no_dag_sees_nothing(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import status_server

    monkeypatch.setattr(status_server.PerDag, "may_read", frozenset())
    page.cookies.set(status_server.COOKIE, status_server.token(name="apart"))
    answer = page.get("/nightjar/")
    assert "belongs to DAGs that your role in Airflow may not read" in answer.text
    assert "Visits of" not in answer.text


@pytest.mark.parametrize("method", ("POST", "PUT", "PATCH", "DELETE"))
def test_the_page_takes_nothing_but_questions(viewer: TestClient, method: str) -> None:
    answers = {viewer.request(method, path).status_code for path in paths()}
    assert answers == {405}


def test_what_is_not_there_leads_back_however_its_address_is_written(viewer: TestClient) -> None:
    for path in ("use-cases/a%2Fb", "use-cases/%2f%2F..%2f", "use-cases/a/b/c", "sources/%0A%00%E2%80%AE", "x"):
        answer = viewer.get(f"/nightjar/{path}")
        assert answer.status_code == 404 and ">Not Found<" not in answer.text, path
        links = re.findall(r'href="([^"#]+)"', answer.text)
        assert {urljoin(f"http://host/nightjar/{path}", link) for link in links} <= {
            f"http://host/nightjar/{here}" for here in ("", "run-book", "assets/icon.svg", "assets/page.css")
        }, (path, links)


def test_nobody_is_sent_to_an_address_of_this_host_that_a_proxy_before_it_does_not_have(viewer: TestClient) -> None:
    for path in paths():
        answer = viewer.get(f"{path.rstrip('/')}/" if path != "/nightjar/" else "/nightjar//", follow_redirects=False)
        assert answer.status_code == 404 and "location" not in answer.headers, path


def test_nothing_of_the_page_is_imported_before_somebody_opens_it() -> None:
    from include.status_page import lazy

    source = Path(lazy.__file__).read_text(encoding="utf-8")
    assert "import_module(self._module)" in source
    imported = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert imported == [
        "from __future__ import annotations",
        "import asyncio",
        "from collections.abc import Awaitable, Callable, MutableMapping",
        "from importlib import import_module",
        "from typing import Any",
    ]
