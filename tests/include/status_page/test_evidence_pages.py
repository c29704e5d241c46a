"""The pages of a score and of two versions: what they show, what they refuse, and to whom."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.status_page import access, app, bounded, evidence_access, explain_form, tracking
from lakehouse import settings as place
from lakehouse import tables
from lakehouse.__main__ import main
from lakehouse.analyst.comparison import compared, text_report
from lakehouse.declaration import UseCase
from lakehouse.storage import arrow_dataset
from tests.lakehouse.analyst import compared_world
from tests.lakehouse.analyst.compared_world import FIRST, TASKS, World

HOSTILE = (
    "<script>alert(1)</script>", "' OR 1=1 --", "\"><img src=x onerror=alert(1)>", "../../etc/passwd", "{{ 7 * 7 }}", "%00", "\x00",
    "\ud7ff\uffff",
    "2024-02-30", "0001-01-01", "9999-12-31", "-1", "1e999", "NaN", "٣",
    "1" * 10_000, "a" * 10_000, "\r\nSet-Cookie: a=b",
)  # fmt: skip


class Manager:
    """An auth manager whose every answer is declared: what may be read of DAGs, and of their results."""

    def __init__(self) -> None:
        self.dags = {f"{stage}__{name}" for stage in ("score", "train") for name in TASKS}
        self.results = set(self.dags)

    def get_authorized_dag_ids(self, *, user: Any, method: str) -> set[str]:
        return self.dags

    def is_authorized_dag(self, *, method: str, user: Any, details: Any = None, access_entity: Any = None) -> bool:
        if access_entity is not None and access_entity.value == "XCOM":
            return details.id in self.results
        return bool(self.dags) if details is None else details.id in self.dags


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    made = Manager()
    for module in (access, evidence_access):
        monkeypatch.setattr(module, "get_auth_manager", lambda: made)
    return made


@pytest.fixture
def page(manager: Manager) -> Iterator[TestClient]:
    """The application, for somebody who is logged in."""
    made = app.make()
    made.dependency_overrides[access.get_user] = lambda: object()
    yield TestClient(made, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(params=TASKS)
def world(request: pytest.FixtureRequest, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return compared_world.made(request.param, lakehouse_root, monkeypatch, days=6, rows_a_day=20)


@pytest.fixture
def clinic(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return compared_world.made("appointments", lakehouse_root, monkeypatch, days=6, rows_a_day=20)


def entity(use_case: UseCase) -> dict[str, Any]:
    return {"shop": "left", "bread": "bread 1"} if use_case.name == "bakery_sales" else {use_case.entity.key[0]: 2}


def text_of(content: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


def test_a_score_has_the_numbers_of_the_command_line(
    world: World, page: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared_world.reachable(world, monkeypatch)
    monkeypatch.setattr(tracking, "away", lambda: False)
    use_case, key = world.use_case, entity(world.use_case)
    answer = page.get(f"/use-cases/{use_case.name}/explain?{explain_form.query(use_case, key, FIRST)}")
    assert answer.status_code == 200, answer.text
    parts = [part for name, value in key.items() for part in ("--key", f"{name}={value}")]
    assert main(["explain", "--use-case", use_case.name, *parts, "--partition", str(FIRST), "--format", "json"]) == 0
    said, shown = json.loads(capsys.readouterr().out), text_of(answer.text)
    assert said["reasoned"]["reasons"] and said["missing"] == []
    for reason in said["reasoned"]["reasons"]:
        assert f"{reason['contribution']:+.3f}" in shown
    for name, value in said["features"].items():
        assert f"{name} {value:.4g}" in shown
    words = "Predicted value" if use_case.name == "bakery_sales" else "Decided" if use_case.classes else "Score"
    assert words in shown and f"{said['score']['score']:.3f}"[:5] in shown.replace("Predicted value ", "")[:2000]
    assert f"Version {said['score']['model_version']} in MLflow" in shown
    # The other role is a link away, and says what it has decided.
    assert 'role=challenger"' in answer.text
    other = page.get(f"/use-cases/{use_case.name}/explain?{explain_form.query(use_case, key, FIRST, 'challenger')}")
    assert other.status_code == 200 and "Scored by version 2" in other.text


def test_two_versions_have_the_numbers_of_the_command_line(
    world: World, page: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared_world.reachable(world, monkeypatch)
    monkeypatch.setattr(tracking, "away", lambda: False)
    answer = page.get(f"/use-cases/{world.use_case.name}/compare?first=1&second=2")
    assert answer.status_code == 200, answer.text
    assert main(["compare", world.use_case.name, "--versions", "1", "2", "--json"]) == 0
    said, shown = json.loads(capsys.readouterr().out), text_of(answer.text)
    assert said["summary"] in shown
    for one in said["measured"]["metrics"]:
        for side in ("first", "second"):
            if one[side]["value"] is not None:
                assert f"{one[side]['value']:.4f}" in shown
        if one["difference"]["low"] is not None:
            assert f"{one['difference']['low']:+.4f} to {one['difference']['high']:+.4f}" in shown
    for one in said["importance"]["features"]:
        assert one["feature"] in shown and f"{one['second']:.1%}" in shown
    for one in said["calibration"]:
        assert f"gap {one['gap']:+.4f}, error {one['error']:.4f}" in shown
    for one in said["differences"]["made_from"]:
        assert f"{one['what']} {one['first']} {one['second']}" in shown
    # Without numbers the champion and the newest other version: the same.
    assert said["summary"] in text_of(page.get(f"/use-cases/{world.use_case.name}/compare").text)


@pytest.mark.parametrize(
    ("decided", "expected"),
    [
        (
            {"decided_by": "fallback", "decided_by_name": "rest", "score_from": "rest"},
            "The model's score is not used, since",
        ),
        (
            {"decided_by": "rule", "decided_by_name": "always", "score_from": "model", "model_score": 0.25}
            | {"model_decision": False},
            "The model alone scored 0.25, and would have decided no.",
        ),
    ],
)
def test_what_decided_beside_the_model_is_told(
    lakehouse_root: Path, page: TestClient, monkeypatch: pytest.MonkeyPatch, decided: dict[str, Any], expected: str
) -> None:
    rules = [{"name": "always", "when": "age > 0.5", "decide": True}]
    world = compared_world.made("appointments", lakehouse_root, monkeypatch, days=6, rows_a_day=20, rules=rules)
    table = tables.scores(world.use_case)
    compared_world.write(table, [row | decided for row in arrow_dataset.read(table).to_pylist()])
    shown = text_of(page.get(f"/use-cases/appointments/explain?day={FIRST}&key_appointment=1").text)
    assert expected in shown and f"{'Rule always decided' if decided['decided_by'] == 'rule' else 'Scored by'}" in shown


def test_the_empty_form_has_a_field_a_key_column_and_offers_entities(world: World, page: TestClient) -> None:
    use_case = world.use_case
    answer = page.get(f"/use-cases/{use_case.name}/explain")
    assert answer.status_code == 200
    for name in use_case.entity.key:
        assert f'name="key_{name}"' in answer.text
    assert f'value="{world.days[-1]}"' in answer.text
    links = re.findall(r'<a href="([^"]+explain\?[^"]+)"', answer.text)
    assert len(links) == 4
    for link in links:
        assert not link.startswith("/") and "://" not in link
        assert page.get(f"/use-cases/{use_case.name}/{html.unescape(link)}").status_code == 200


def test_every_link_of_its_own_is_relative(clinic: World, page: TestClient) -> None:
    for path in ("explain", f"explain?day={FIRST}&key_appointment=1", "compare"):
        shown = page.get(f"/use-cases/appointments/{path}").text
        own = [
            link
            for link in re.findall(r'(?:href|src|action)="([^"]+)"', shown)
            if not link.startswith("http://127.0.0.1:9/")
        ]
        assert own and all(
            not link.startswith("/") and "://" not in link for link in own if not link.startswith("http://127.0.0.1:9")
        )


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("day=2024-02-30&key_appointment=1", 400, "Day: expected a day as YYYY-MM-DD, found '2024-02-30'."),
        ("day=20240401&key_appointment=1", 400, "expected a day as YYYY-MM-DD"),
        ("day=2024-04-01", 400, "Expected a value of appointment, found none."),
        ("key_appointment=1", 400, "expected a day as YYYY-MM-DD, found none."),
        (
            "day=2024-04-01&key_appointment=one",
            400,
            "appointment: expected a whole number within 32 bits, found 'one'.",
        ),
        ("day=2024-04-01&key_appointment=1&role=king", 400, "Role: expected champion or challenger."),
        ("day=2024-04-01&key_appointment=999", 404, "has no appointment=999 among its 40 rows"),
        ("day=2025-04-01&key_appointment=1", 404, "expected scores of 2025-04-01, found 6 day(s)"),
        ("day=2024-04-01&key_appointment=" + "1" * 10_000, 400, "A field holds more than 500 characters."),
    ],
)
def test_a_wrong_question_gives_the_form_again_with_a_sentence(
    clinic: World, page: TestClient, query: str, status: int, expected: str
) -> None:
    answer = page.get(f"/use-cases/appointments/explain?{query}")
    assert answer.status_code == status and expected in text_of(answer.text)
    assert 'name="key_appointment"' in answer.text and "Traceback" not in answer.text
    if "key_appointment=one" in query:
        assert 'value="one"' in answer.text and 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("first=1&second=7", 404, "expected a version, 7 is none; recorded are 1, 2"),
        ("first=1&second=1", 400, "expected two different versions"),
        ("first=one&second=2", 400, "The first version: expected its number, found 'one'."),
        ("first=1", 400, "The second version: expected its number, found none."),
        ("first=1&second=" + "9" * 10_000, 400, "The second version: expected its number, found '999"),
        ("first=-1&second=2", 400, "found '-1'"),
    ],
)
def test_wrong_versions_give_the_form_again_with_a_sentence(
    clinic: World, page: TestClient, query: str, status: int, expected: str
) -> None:
    answer = page.get(f"/use-cases/appointments/compare?{query}")
    assert answer.status_code == status and expected in text_of(answer.text) and len(answer.text) < 20_000
    assert 'name="second"' in answer.text


TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=60)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(["explain", "compare"]))
def test_hostile_values_are_answered_and_escaped(
    clinic: World, page: TestClient, one: str, other: str, third: str, what: str
) -> None:
    names = ("day", "key_appointment", "role") if what == "explain" else ("first", "second", "third")
    query = urlencode(list(zip(names, (one, other, third), strict=True)), errors="surrogatepass")
    answer = page.get(f"/use-cases/appointments/{what}?{query}")
    assert answer.status_code in (200, 400, 404) and "Traceback" not in answer.text
    assert "<script>" not in answer.text and "<img" not in answer.text and "set-cookie" not in answer.headers
    assert "49" not in re.findall(r'value="([^"]*)"', answer.text) or "49" in (one, other)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS.filter(lambda text: text not in ("", ".", "..")))
def test_hostile_names_of_use_cases_are_not_there(clinic: World, page: TestClient, name: str) -> None:
    path = quote(name, safe="", errors="surrogatepass")
    for what in ("explain", "compare"):
        answer = page.get(f"/use-cases/{path}/{what}")
        assert answer.status_code == 404 and "<script>" not in answer.text


def test_a_key_with_hostile_characters_is_found_and_escaped(
    lakehouse_root: Path, page: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = compared_world.build(
        compared_world.declare("bakery_sales", lakehouse_root.parent / "compared", monkeypatch),
        day_count=2,
        rows_a_day=4,
    )
    table = tables.scores(world.use_case)
    rows = arrow_dataset.read(table).to_pylist()
    nasty = "<b>'\"; drop table & co</b>"
    compared_world.write(table, [row | {"shop": nasty} if row["shop"] == "left" else row for row in rows])
    key = {"shop": nasty, "bread": "bread 0"}
    answer = page.get(f"/use-cases/bakery_sales/explain?{explain_form.query(world.use_case, key, FIRST)}")
    assert answer.status_code == 200 and nasty not in answer.text and html.escape(nasty, quote=False)[:8] in answer.text
    assert nasty in text_of(answer.text.replace("&#39;", "'").replace("&#34;", '"'))


def test_nobody_sees_either_page_without_a_login(clinic: World, manager: Manager) -> None:
    made = app.make()

    def nobody() -> None:
        raise HTTPException(401, "Not authenticated")

    made.dependency_overrides[access.get_user] = nobody
    stranger = TestClient(made, raise_server_exceptions=False)
    for path in (f"explain?day={FIRST}&key_appointment=1", "compare", "explain"):
        answer = stranger.get(f"/use-cases/appointments/{path}")
        assert answer.status_code == 401 and "appointment" not in text_of(answer.text).lower()


def test_who_may_read_dags_and_no_results_sees_no_scores(clinic: World, page: TestClient, manager: Manager) -> None:
    paths = {
        "score": f"/use-cases/appointments/explain?day={FIRST}&key_appointment=1",
        "train": "/use-cases/appointments/compare",
    }
    for stage, path in paths.items():
        assert page.get(path).status_code == 200
        manager.results.discard(f"{stage}__appointments")
        refused = page.get(path)
        unknown = page.get(path.replace("appointments", "nothing"))
        assert (refused.status_code, text_of(refused.text)) == (404, text_of(unknown.text))
        manager.results.add(f"{stage}__appointments")
        manager.dags.discard(f"{stage}__appointments")
        assert page.get(path).status_code == 404
        manager.dags.add(f"{stage}__appointments")
    # Who may see one of both is led to that one alone.
    manager.results.discard("train__appointments")
    assert "/compare" not in page.get(paths["score"]).text


def test_a_damaged_table_and_an_empty_one_are_told(clinic: World, page: TestClient) -> None:
    for table in (tables.scores(clinic.use_case), tables.MODEL_EVENTS):
        compared_world.write(table, [])
    empty = page.get("/use-cases/appointments/explain")
    assert empty.status_code == 200 and "Nothing is scored yet" in empty.text
    empty = page.get("/use-cases/appointments/compare")
    assert empty.status_code == 200 and "There is nothing to compare yet" in empty.text
    for layer, name in (("gold", "appointments_scores"), ("ops", "model_events")):
        for file in (Path(place.load().lakehouse_root) / layer / name / "_delta_log").iterdir():
            file.write_text("{ no json")
    for path in (f"explain?day={FIRST}&key_appointment=1", "compare"):
        broken = page.get(f"/use-cases/appointments/{path}")
        assert broken.status_code == 503 and "expected logs and files that can be read" in text_of(broken.text)
        assert "Traceback" not in broken.text and ".venv" not in broken.text


def test_no_more_are_read_for_at_once_than_there_is_room_for(
    clinic: World, page: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "AT_ONCE", 0)
    monkeypatch.setattr(bounded, "IN_LINE", 0)
    answer = page.get("/use-cases/appointments/compare")
    assert answer.status_code == 503 and "Too many people ask at once." in text_of(answer.text)
    assert answer.headers["retry-after"] == "60" and "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_takes_too_long_is_given_up_and_holds_its_place_until_it_ends(
    clinic: World, page: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def slow(*_: Any) -> None:
        go_on.wait(30)
        ended.set()

    monkeypatch.setattr(compared, "compare", slow)
    monkeypatch.setattr(tracking, "away", lambda: True)
    monkeypatch.setattr(bounded, "SECONDS", 0.05)
    answer = page.get("/use-cases/appointments/compare")
    assert answer.status_code == 503 and "It takes longer than 0.05 seconds." in text_of(answer.text)
    assert bounded._working == 1
    go_on.set()
    assert ended.wait(30)


def test_values_of_keys_are_read_back_as_they_are_written() -> None:
    from lakehouse.analyst import keys
    from lakehouse.declaration import Column

    values = {
        "string": "a, b=c", "int": -7, "long": 2**40, "double": 0.1, "boolean": True, "date": dt.date(2024, 2, 29),
        "timestamp": dt.datetime(2024, 2, 29, 1, 2, 3, 45, tzinfo=dt.UTC),
    }  # fmt: skip
    for kind, value in values.items():
        column = Column(name="one", type=kind)  # type: ignore[arg-type]
        assert keys.typed(column, explain_form.written(value)) == value


def test_instants_and_names_are_told_in_words() -> None:
    assert text_report.instant(dt.datetime(2024, 2, 29, 1, 2, tzinfo=dt.UTC)) == "2024-02-29 01:02 UTC"
