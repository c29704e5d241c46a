"""Two versions of a use case's model side by side, at an address that can be passed on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from include.status_page import bounded, compare_view, evidence_access
from include.status_page.access import ReaderDep
from include.status_page.explain import no_registry, sentence
from include.status_page.rendering import page
from lakehouse.analyst import keys, readable
from lakehouse.analyst.comparison import compared
from lakehouse.analyst.comparison.compared import Comparison
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, ModelMissing, NightjarError

router = APIRouter()

FIRST, SECOND = "first", "second"
# The newest versions that the form offers; any other can be asked for by its number.
OFFERED = 50


@dataclass(frozen=True)
class Outcome:
    """The answer's status, the versions that are offered and asked for, what is compared, and what is wrong."""

    status: int
    versions: tuple[int, ...]
    asked: tuple[int, int] | None = None
    comparison: Comparison | None = None
    problem: str = ""


@router.get("/use-cases/{name}/compare")
async def compare(name: str, request: Request, reader: ReaderDep) -> HTMLResponse:
    """The form, and the two versions that it asks for."""

    def work() -> HTMLResponse:
        use_case = evidence_access.required(reader, "train", name)
        found = outcome(use_case, request.query_params)
        view = None if found.comparison is None else compare_view.of(found.comparison)
        explain = evidence_access.may_read_results(reader, "score", name)
        return page(
            request,
            "compare.html.jinja",
            found.status,
            use_case=use_case,
            found=found,
            comparison=found.comparison,
            view=view,
            offered=offered(found),
            may_explain=explain,
        )

    return await bounded.answer(work)


def outcome(use_case: UseCase, parameters: Mapping[str, str]) -> Outcome:
    """What is answered; never a trace. Without numbers the champion and the newest other version."""
    versions: tuple[int, ...] = ()
    asked: tuple[int, int] | None = None
    try:
        with readable.of(use_case.name):
            versions = tuple(compared.versions(use_case))
            asked = _asked(parameters) or (compared.newest_pair(use_case) if len(versions) > 1 else None)
            if asked is None:
                return Outcome(200, versions)
            return Outcome(200, versions, asked, compared.compare(use_case, *asked, no_registry()))
    except BadArguments as error:
        return Outcome(400, versions, asked, problem=sentence(error))
    except ModelMissing as error:
        return Outcome(404, versions, asked, problem=sentence(error))
    except NightjarError as error:
        return Outcome(503, versions, asked, problem=sentence(error))


def offered(found: Outcome) -> dict[str, list[tuple[int, bool]]]:
    """By field the versions to choose from, the newest first, each with whether it is chosen."""
    numbers = list(reversed(found.versions))[:OFFERED]
    chosen = found.asked or (None, None)
    return {
        field: [(number, number == own) for number in sorted({*numbers, *([] if own is None else [own])}, reverse=True)]
        for field, own in zip((FIRST, SECOND), chosen, strict=True)
    }


def _asked(parameters: Mapping[str, str]) -> tuple[int, int] | None:
    texts = [parameters.get(name, "") for name in (FIRST, SECOND)]
    if not any(texts):
        return None
    for name, text in zip((FIRST, SECOND), texts, strict=True):
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise BadArguments(f"The {name} version: expected its number, found {keys.shown(text) if text else 'none'}")
    return int(texts[0]), int(texts[1])
