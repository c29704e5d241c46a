"""Why an entity was scored as it was: a form, and the answer below it, at an address that can be passed on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from include.status_page import bounded, evidence_access, explain_form, explain_view, tracking
from include.status_page.access import ReaderDep
from include.status_page.explain_form import Asked
from include.status_page.rendering import page
from lakehouse import tables
from lakehouse.analyst import explanation, lookup, readable
from lakehouse.analyst.explanation import Explanation
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, NightjarError, NotScored
from lakehouse.models import registry
from lakehouse.storage import delta_log

router = APIRouter()

# Entities of the newest day that the empty form offers.
OFFERED = 4


@dataclass(frozen=True)
class Outcome:
    """The answer's status, what is explained, and what is wrong."""

    status: int
    explained: Explanation | None = None
    problem: str = ""


@router.get("/use-cases/{name}/explain")
async def explain(name: str, request: Request, reader: ReaderDep) -> HTMLResponse:
    """The form, and the score that it asks for."""

    def work() -> HTMLResponse:
        use_case = evidence_access.required(reader, "score", name)
        asked = explain_form.read(use_case, request.query_params)
        found = outcome(use_case, asked)
        offered = _offered(use_case) if found.explained is None else ((), ())
        compare = evidence_access.may_read_results(reader, "train", name)
        return page(
            request, "explain.html.jinja", found.status, **content(use_case, asked, found, offered), may_compare=compare
        )

    return await bounded.answer(work)


def outcome(use_case: UseCase, asked: Asked) -> Outcome:
    """What is answered; never a trace."""
    if asked.empty:
        return Outcome(200)
    if asked.problem or asked.day is None:
        return Outcome(400, problem=asked.problem)
    try:
        with readable.of(use_case.name):
            found = explanation.explain(use_case, asked.key, asked.day, asked.role or None, no_registry())
            return Outcome(200, found)
    except NotScored as error:
        return Outcome(404, problem=sentence(error))
    except BadArguments as error:
        return Outcome(400, problem=sentence(error).removeprefix("--key "))
    except NightjarError as error:
        return Outcome(503, problem=sentence(error))


def no_registry() -> str | None:
    """Why MLflow is not asked: it did not answer a moment ago, and each question would be waited for."""
    if not tracking.away():
        return None
    return f"MLflow at {tracking.address()}: expected an answer, found none; is the stack up? (make up)"


def sentence(error: Exception) -> str:
    """What an error says, in one line with a full stop."""
    text = " ".join(str(error).split())
    return text if text.endswith(".") else f"{text}."


def content(
    use_case: UseCase,
    asked: Asked,
    found: Outcome,
    offered: tuple[tuple[dt.date, ...], tuple[Mapping[str, Any], ...]],
) -> dict[str, Any]:
    """What the template names."""
    days, entities = offered
    newest = days[-1] if days else None
    explained = found.explained
    return {
        "use_case": use_case,
        "asked": asked,
        "roles": explain_form.ROLES,
        "problem": found.problem,
        "explained": explained,
        "view": None if explained is None else explain_view.of(use_case, explained),
        "prefilled": asked.day_text or ("" if newest is None else str(newest)),
        "first_day": days[0] if days else None,
        "newest": newest,
        "offered": [] if newest is None else [_link(use_case, one, newest) for one in entities],
        "other_roles": []
        if explained is None
        else [
            (row["role"], explain_form.query(use_case, explained.key, row["partition"], row["role"]))
            for row in explained.others
        ],
    }  # fmt: skip


def _link(use_case: UseCase, key: Mapping[str, Any], day: dt.date) -> tuple[str, str]:
    """An entity in words, and the query that asks for it."""
    shown = ", ".join(f"{name} {explain_form.written(value)}" for name, value in key.items())
    return shown, explain_form.query(use_case, key, day)


def _offered(use_case: UseCase) -> tuple[tuple[dt.date, ...], tuple[Mapping[str, Any], ...]]:
    """The first and the newest scored day, and some entities of the newest; nothing where the table can't be read."""
    table = tables.scores(use_case)
    try:
        with readable.of(use_case.name):
            days = sorted(delta_log.rows_by_day(table, None, role=registry.CHAMPION))
            if not days:
                return (), ()
            where = (pc.field("partition") == days[-1]) & (pc.field("role") == registry.CHAMPION)
            found = lookup.rows(table, where, {}, columns=use_case.entity.key, most=OFFERED)
            return (days[0], days[-1]), tuple(found)
    except NightjarError:
        return (), ()
