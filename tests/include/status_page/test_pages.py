"""What the pages say of the situations, what they do with hostile text, and what they do when something is broken."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ops import model_events
from tests import status_nights as nights
from tests.status_situations import SHOWN, SITUATIONS

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from sqlalchemy.orm import sessionmaker


class Seen(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [str(found[attribute]) for _, found in self.tags if attribute in found]


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_the_overview_has_a_line_for_each_situation_the_most_urgent_first(viewer: TestClient) -> None:
    answer = viewer.get("/nightjar/")
    assert answer.status_code == 200
    text = text_of(answer.text)
    for name in ("good", "late_source", "refused", "violated", "approval", "rolled_back", "fallback", "nothing_yet"):
        names = {"name": name, "source": f"{name}_bookings"}
        assert (SITUATIONS[name].says % names) in text, name
        assert (SITUATIONS[name].do % names) in text.replace("` ", "").replace(" `", ""), name
    order = [text.index(f"Visits of {name} ") for name in ("failed", "violated", "good")]
    assert order == sorted(order)
    acting = [name for name in SHOWN if SITUATIONS[name].level == "act"]
    assert f"{len(acting)} need you now" in text
    assert "MLflow does not answer." in text


def test_each_use_case_has_a_page_whatever_is_wrong_with_it(viewer: TestClient) -> None:
    for name in SHOWN:
        answer = viewer.get(f"/nightjar/use-cases/{name}")
        assert answer.status_code == 200, name
        assert "Traceback" not in answer.text and "/warehouse/" not in answer.text
        names = {"name": name, "source": f"{name}_bookings"}
        assert (SITUATIONS[name].says % names) in text_of(answer.text), name


def test_a_damaged_table_takes_its_own_part_of_the_page_away_and_no_other(viewer: TestClient) -> None:
    text = text_of(viewer.get("/nightjar/use-cases/missing_file").text)
    assert "gold.missing_file_drift can't be read: a file of it is missing" in text
    assert "Version 1" in text and "measured on" in text and "missing_file_bookings" in text


def test_a_page_answers_with_headers_that_let_nothing_else_run(viewer: TestClient) -> None:
    for path in ("", "use-cases/good", "run-book", "assets/page.js", "use-cases/nothing"):
        headers = viewer.get(f"/nightjar/{path}").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    for path in ("/nightjar/", "/nightjar/use-cases/violated", "/nightjar/sources/refused_bookings"):
        page = Seen(viewer.get(path).text)
        assert not page.values("style") and not [
            name for _, found in page.tags for name in found if name.startswith("on")
        ]
        assert [tag for tag, found in page.tags if tag == "script" and "src" not in found] == []
        assert "style" not in {tag for tag, _ in page.tags}


# Behind a proxy that gives Airflow a path, one page of each kind; else all.
KINDS = (
    "nightjar/",
    "nightjar/use-cases/good",
    "nightjar/sources/good_visits",
    "nightjar/run-book",
    "nightjar/assets/page.css",
)


@pytest.mark.parametrize(("prefix", "only"), (("", None), ("/proxied/airflow", KINDS)))
def test_all_links_are_relative_and_lead_somewhere(at_place: Path, prefix: str, only: tuple[str, ...] | None) -> None:
    from fastapi.testclient import TestClient

    from tests import status_server

    client = TestClient(status_server.mounted(prefix), raise_server_exceptions=False)
    client.cookies.set(status_server.COOKIE, status_server.token())
    answers: dict[str, str] = {}
    wanted = {f"{prefix}/nightjar/": {""}}
    while missing := wanted.keys() - answers.keys():
        path = min(missing)
        answer = client.get(path)
        assert answer.status_code == 200, path
        answers[path] = answer.text
        page = Seen(answer.text)
        for link in (*page.values("href"), *page.values("src")):
            if link.startswith("http://127.0.0.1:9"):
                continue
            assert not link.startswith("/") and "://" not in link, link
            target, _, anchor = urljoin(path, link).partition("#")
            if not target.startswith(f"{prefix}/nightjar/"):
                assert target.startswith(f"{prefix}/dags/"), (path, link)
            elif only is None or target.removeprefix(f"{prefix}/") in only:
                wanted.setdefault(target, set()).add(anchor)
    assert len(answers) > 30 if only is None else len(answers) == len(only)
    for path, anchors in wanted.items():
        assert anchors - {""} <= set(Seen(answers[path]).values("id")), path


HOSTILE = "\u202e\x1b<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7777*7 }}javascript:alert(3)"


def test_hostile_text_in_reasons_names_and_questions_stays_text(
    lakehouse_root: Path, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fastapi.testclient import TestClient

    from include.status_page import clock
    from tests import status_server

    root = tmp_path / "hostile"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "javascript:alert(4)//")
    monkeypatch.setattr(clock, "now", lambda: nights.NOW)
    use_case = nights.declare(root, "hostile", title=HOSTILE, description=HOSTILE, owner=HOSTILE)
    nights.ordinary(use_case)
    nights.judged(use_case, [nights.TODAY], [nights.TODAY], reason=HOSTILE)
    nights.judged(use_case, [nights.TODAY - dt.timedelta(days=1)], event=HOSTILE)
    nights.happened("hostile", model_events.ROLLED_BACK, 1, nights.NOW, 2, HOSTILE, HOSTILE)
    status_server.failed_run(airflow, "train__hostile", "approval", None, nights.NOW, HOSTILE)
    status_server.dag(airflow, "train__hostile", "score__hostile", "ingest__hostile_bookings")
    client = TestClient(status_server.mounted(), raise_server_exceptions=False)
    client.cookies.set(status_server.COOKIE, status_server.token())
    for path in ("/nightjar/", "/nightjar/use-cases/hostile", "/nightjar/sources/hostile_bookings"):
        answer = client.get(path)
        assert answer.status_code == 200
        page = Seen(answer.text)
        assert "\\u202e\\x1b" in answer.text and not {"\u202e", "\x1b"} & set(answer.text)
        assert "alert(1)" in answer.text and "54439" not in answer.text
        assert not [tag for tag, found in page.tags if tag == "img" or (tag == "script" and "src" not in found)]
        assert not [link for link in page.values("href") if link.startswith("javascript")]
        assert not [name for _, found in page.tags for name in found if name.startswith("on")]
        of_event = 0 if "sources" in path else 1
        assert [found.get("class") for tag, found in page.tags if tag == "rect"].count("event") >= of_event
        assert answer.text.count("1 of a known event") == of_event


@given(name=st.text(min_size=1, max_size=80))
def test_any_name_in_an_address_is_answered_in_words(name: str) -> None:
    from include.status_page.addresses import Addresses, safe

    at = Addresses("../", "http://mlflow")
    for link in (at.use_case(name), at.source(name), at.dag(name, name), at.version(name, 1)):
        assert not set(link) & set("<>\"' \n\r\\")
        assert "://" not in link.removeprefix("http://mlflow")
    assert safe(name) == "" or safe(name).startswith(("http://", "https://"))


NOTHING = ("use-cases/%2e%2e%2f%2e%2e%2fetc", "use-cases/'; drop table x", "sources/%00", "assets/..%2fapp.py")


@pytest.mark.parametrize("path", (*NOTHING, "use-cases/" + "x" * 9000))
def test_an_address_of_nothing_is_answered_in_words(viewer: TestClient, path: str) -> None:
    answer = viewer.get(f"/nightjar/{path}")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text and "import" not in answer.text.split("<main")[1]


def test_an_error_that_nobody_expected_is_told_without_its_trace(
    viewer: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.status_page import gathering

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret place")

    monkeypatch.setattr(gathering, "of_all", fail)
    answer = viewer.get("/nightjar/")
    assert answer.status_code == 500
    assert "The page could not be made" in answer.text and "secret" not in answer.text and "Zero" not in answer.text


def test_a_deployment_without_anything_says_how_to_begin(
    lakehouse_root: Path, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fastapi.testclient import TestClient

    from tests import status_server

    (tmp_path / "none").mkdir()
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "none"))
    client = TestClient(status_server.mounted(), raise_server_exceptions=False)
    client.cookies.set(status_server.COOKIE, status_server.token())
    answer = client.get("/nightjar/")
    assert "Nothing to see yet" in answer.text and "python -m lakehouse new" in answer.text


def test_a_wrong_declaration_is_told_with_its_error(
    lakehouse_root: Path, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fastapi.testclient import TestClient

    from tests import status_server

    root = tmp_path / "wrong"
    nights.declare(root, "mistaken")
    file = root / "mistaken" / "use_case.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("min_improvement", "min_improvment"), encoding="utf-8")
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    client = TestClient(status_server.mounted(), raise_server_exceptions=False)
    client.cookies.set(status_server.COOKIE, status_server.token())
    text = text_of(client.get("/nightjar/").text)
    assert "The declaration of mistaken is wrong" in text and "min_improvment" in text


def test_fifty_use_cases_are_one_list_with_what_is_to_be_done_first(
    lakehouse_root: Path, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fastapi.testclient import TestClient

    from include.status_page import clock
    from tests import status_server

    root = tmp_path / "fifty"
    for number in range(50):
        nights.declare(root, f"made_{number:02d}")
    nights.ordinary(nights.declare(root, "made_07"), 2)
    SITUATIONS["refused"].make(nights.declare(root, "made_33"))
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.setattr(clock, "now", lambda: nights.NOW)
    client = TestClient(status_server.mounted(), raise_server_exceptions=False)
    client.cookies.set(status_server.COOKIE, status_server.token())
    html = client.get("/nightjar/").text
    text = text_of(html)
    assert html.count('<li class="line') == 50
    assert "1 needs you now" in text
    assert text.index("Visits of made_33 ") < text.index("Visits of made_00 ") < text.index("Visits of made_07 ")


def test_the_run_book_has_every_part_that_a_sentence_names(viewer: TestClient) -> None:
    from lakehouse.alerts.fact import MEANING

    ids = set(Seen(viewer.get("/nightjar/run-book").text).values("id"))
    named = {anchor for _, _, anchor in MEANING.values()}
    assert named | {"is-it-waiting-or-is-it-stuck", "a-dataset-does-not-go-on", "an-erasure-failed"} <= ids


def test_an_erasure_that_waits_or_has_failed_is_told_to_who_may_read_it(
    viewer: TestClient, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from sqlalchemy import delete

    from tests import status_server

    before = text_of(viewer.get("/nightjar/").text)
    names = ("erase__good_bookings", "erase__good_visits")
    status_server.dag(airflow, *names)
    asked = "Erase what is about a key of good_bookings from everything?"
    status_server.failed_run(airflow, names[0], "approval", None, nights.NOW, asked)
    status_server.failed_run(airflow, names[1], "erase", None, nights.NOW)
    try:
        text = text_of(viewer.get("/nightjar/").text)
        assert asked in text and "Task erase of erase__good_visits failed" in text
        counts = [int(re.search(r"(\d+) need you now", one)[1]) for one in (before, text)]  # type: ignore[index]
        # One waits for a person, and of the other something may be left.
        assert counts[1] == counts[0] + 2
        monkeypatch.setattr(status_server.PerDag, "may_read", frozenset({"score__good", "ingest__good_bookings"}))
        viewer.cookies.set(status_server.COOKIE, status_server.token(name="apart"))
        text = text_of(viewer.get("/nightjar/").text)
        assert "Visits of good" in text and "Erase what" not in text and "erase__" not in text
    finally:
        with airflow() as session:
            session.execute(delete(DagRun).where(DagRun.dag_id.in_(names)))
            session.execute(delete(DagModel).where(DagModel.dag_id.in_(names)))
            session.commit()


def test_a_dataset_has_a_line_and_a_page_for_who_may_read_it(
    viewer: TestClient, airflow: sessionmaker[Any], lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lakehouse import settings as places
    from tests import status_server

    monkeypatch.setenv("USE_CASE_ROOTS", str(places.PROJECT_ROOT / "include"))
    name, path = "package_readmes", "/nightjar/datasets/package_readmes"
    assert "It has no documents yet." in text_of(viewer.get("/nightjar/").text)
    page = viewer.get(path)
    assert page.status_code == 200 and "No version is assembled yet." in page.text
    for link in Seen(page.text).values("href"):
        target, _, _ = urljoin(path, link).partition("#")
        if target.startswith("/nightjar/"):
            assert viewer.get(target).status_code == 200, link
    monkeypatch.setattr(status_server.PerDag, "may_read", frozenset({"score__flight_delays"}))
    viewer.cookies.set(status_server.COOKIE, status_server.token(name="apart"))
    assert viewer.get(path).text == viewer.get("/nightjar/datasets/nothing").text
    assert name not in viewer.get("/nightjar/").text


def test_airflow_that_does_not_answer_is_told_and_hides_nothing_else(
    viewer: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from include.status_page import airflow_state

    def away(*_: object) -> None:
        raise OperationalError("select", {}, Exception("locked"))

    monkeypatch.setattr(airflow_state, "read", away)
    text = text_of(viewer.get("/nightjar/").text)
    assert "What Airflow knows is not shown." in text and "Visits of good" in text


def test_what_has_failed_and_what_waits_is_read_from_airflow(airflow: sessionmaker[Any]) -> None:
    from include.status_page import airflow_state

    with airflow() as session:
        found = airflow_state.read(
            session, ["score__failed", "train__approval", "features__paused", "score__good"], nights.NOW
        )
        none = airflow_state.read(session, ["score__good"], nights.NOW + dt.timedelta(days=30))
    assert [(one.dag, one.task, one.day) for one in found.failed] == [("score__failed", "score", nights.TODAY)]
    assert [(one.dag, one.subject) for one in found.questions] == [
        ("train__approval", "Promote version 2 to champion?")
    ]
    assert found.paused == {"features__paused"} and found.running == {"train__approval"}
    assert not none.failed and not none.questions


def test_an_erasure_that_waits_or_failed_is_told_above_the_use_cases(
    lakehouse_root: Path, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fastapi.testclient import TestClient

    from include.status_page import clock
    from tests import status_server

    root = tmp_path / "erasing"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.setattr(clock, "now", lambda: nights.NOW)
    nights.ordinary(nights.declare(root, "erasing"))
    source = "erasing_bookings"
    status_server.dag(airflow, "score__erasing", f"ingest__{source}", f"erase__{source}")
    question = f"Erase what is about a key of {source} from everything?"
    earlier = nights.NOW - nights.A_DAY / 24
    # Each is of a key of its own: the later runs don't make the first good.
    status_server.failed_run(airflow, f"erase__{source}", "erase", None, earlier)
    status_server.failed_run(airflow, f"erase__{source}", "find", None, earlier + nights.A_DAY / 48)
    status_server.failed_run(airflow, f"erase__{source}", "approval", None, nights.NOW, question)
    client = TestClient(status_server.mounted(), raise_server_exceptions=False)
    client.cookies.set(status_server.COOKIE, status_server.token())
    text = text_of(client.get("/nightjar/").text)
    assert "2 need you now" in text
    assert f"A person has to decide: {question}" in text
    assert f"Task erase of erase__{source} failed: something may be left of it." in text
    assert f"Task find of erase__{source} failed: nothing was erased." in text
    monkeypatch.setattr(status_server.PerDag, "may_read", frozenset({"score__erasing", f"ingest__{source}"}))
    client.cookies.set(status_server.COOKIE, status_server.token(name="apart"))
    assert "erase__" not in client.get("/nightjar/").text
