"""Requests that write come one after the other: an event loop that waits for SQLite never waits for itself."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from airflow.api_fastapi.logging.decorators import action_logging
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from include.orchestration.one_writer import OneWriter, middlewares

BUSY_SECONDS = 0.3
APART_SECONDS = 0.03
TOGETHER = 5


@pytest.fixture
def server(tmp_path: Path) -> FastAPI:
    """An application that writes as Airflow's does: its log in the event loop, then what was asked for in a thread."""
    engine = create_engine(f"sqlite:///{tmp_path / 'server.db'}", connect_args={"timeout": BUSY_SECONDS})
    with engine.begin() as connection:
        connection.execute(text("pragma journal_mode=wal"))
        connection.execute(text("create table log (body text)"))
        connection.execute(text("create table written (body text)"))

    def a_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session
            session.commit()

    opened = Depends(a_session, scope="function")

    async def log(body: str, session: Session = opened) -> None:
        session.execute(text("insert into log values (:body)"), {"body": body})
        session.commit()

    app = FastAPI()

    @app.post("/write", dependencies=[Depends(log)])
    def write(body: str, session: Session = opened) -> None:
        session.execute(text("insert into written values (:body)"), {"body": body})
        # The lock is held, and the loop has time for the next request.
        time.sleep(2 * APART_SECONDS)

    @app.get("/written")
    def written(session: Session = opened) -> int:
        return int(session.execute(text("select count(*) from written")).scalar_one())

    return app


def ask(app: FastAPI | OneWriter) -> tuple[list[int], int]:
    """The status of each of TOGETHER requests that overlap, and how many rows the server has afterwards."""

    async def overlapping() -> tuple[list[int], int]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:

            async def post(number: int) -> httpx.Response:
                await asyncio.sleep(number * APART_SECONDS)
                return await client.post("/write", params={"body": str(number)})

            answers = await asyncio.gather(*map(post, range(TOGETHER)))
            count = (await client.get("/written")).json()
        return [answer.status_code for answer in answers], count

    return asyncio.run(overlapping())


def test_writers_that_come_at_once_are_all_served(server: FastAPI) -> None:
    assert ask(OneWriter(server)) == ([200] * TOGETHER, TOGETHER)


def test_without_turns_the_loop_waits_for_a_lock_that_only_it_can_free(server: FastAPI) -> None:
    statuses, written = ask(server)
    assert 500 in statuses
    assert written < TOGETHER


def test_airflow_still_writes_its_log_so() -> None:
    """When this fails, Airflow may write its log in a thread: then OneWriter can go."""
    log_action = action_logging("trigger")
    assert inspect.iscoroutinefunction(log_action)
    assert "session.commit()" in inspect.getsource(log_action)


def test_a_client_that_sends_its_body_slowly_holds_up_nobody() -> None:
    served: list[str] = []

    async def app(scope: object, receive: object, send: object) -> None:
        message = await receive()  # type: ignore[operator]
        served.append(message["body"].decode())

    async def both() -> None:
        writer, sent = OneWriter(app), asyncio.Event()  # type: ignore[arg-type]

        async def slowly() -> dict[str, object]:
            await sent.wait()
            return {"type": "http.request", "body": b"slow"}

        async def at_once() -> dict[str, object]:
            return {"type": "http.request", "body": b"quick"}

        async def send(message: object) -> None:
            del message

        scope = {"type": "http", "method": "POST"}
        slow = asyncio.create_task(writer(scope, slowly, send))  # type: ignore[arg-type]
        await asyncio.wait_for(writer(scope, at_once, send), timeout=5)  # type: ignore[arg-type]
        sent.set()
        await slow

    asyncio.run(both())
    assert served == ["quick", "slow"]


def test_a_body_in_parts_arrives_whole_and_in_order() -> None:
    parts = [
        {"type": "http.request", "body": b"one ", "more_body": True},
        {"type": "http.request", "body": b"two"},
        {"type": "http.disconnect"},
    ]
    seen: list[object] = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.extend([await receive() for _ in range(3)])  # type: ignore[operator]

    async def receive() -> dict[str, object]:
        return waiting.pop(0)

    waiting = list(parts)
    asyncio.run(OneWriter(app)({"type": "http", "method": "PATCH"}, receive, None))  # type: ignore[arg-type]
    assert seen == parts


def test_only_sqlite_needs_turns() -> None:
    assert [entry["middleware"] for entry in middlewares("sqlite:////state/airflow.db?timeout=60")] == [OneWriter]
    assert middlewares("postgresql+psycopg2://airflow@database/airflow") == []
