"""What a run would do: how many calls, how many tokens, how much money. Nothing is sent and nothing written."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher
from lakehouse.teacher import folding, journal
from lakehouse.teacher.request import Request


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done.

    Attributes:
        requests: how many are asked for.
        shared: how many of them are the same as one before.
        recorded: how many have their outcome already.
        calls: how many would be made.
        input_tokens: of these calls, by the declared characters per token.
        output_tokens: of these calls, at most.
        estimated_micros: what they cost by these tokens, in millionths of the currency: the output is mostly shorter.
        most_micros: what they can cost at most, each of one attempt.
        spent_micros: what the dataset's calls have cost so far.
        spent_calls: how many calls of the budget they were.
        left_micros: what is left of the money; None without a budget.
        fits: whether money and calls are enough by the estimate.
    """

    requests: int
    shared: int
    recorded: int
    calls: int
    input_tokens: int
    output_tokens: int
    estimated_micros: int
    most_micros: int
    spent_micros: int
    spent_calls: int
    left_micros: int | None
    fits: bool


def plan(
    dataset: str,
    requests: Iterable[Request],
    teacher: ServiceTeacher | ExtractiveTeacher,
    budget: Budget | None = None,
    *,
    again: Collection[str] = (),
    folder: Path | None = None,
) -> Plan:
    """What `teaching.teach` would do with the same arguments."""
    known = journal.standing(dataset, folder or folding.folder_of(dataset), again)
    characters_per_token = teacher.characters_per_token if isinstance(teacher, ServiceTeacher) else 4.0
    seen = set[str]()
    count = shared = recorded = inputs = outputs = estimated = most = 0
    for request in requests:
        count += 1
        if request.key in seen:
            shared += 1
            continue
        seen.add(request.key)
        if request.key in known.final:
            recorded += 1
            continue
        tokens = math.ceil(request.input_characters / characters_per_token)
        inputs, outputs = inputs + tokens, outputs + request.max_tokens
        if budget is not None:
            estimated += budget.cost_micros(tokens, request.max_tokens)
            most += budget.cost_micros(request.input_bytes, request.max_tokens)
    calls = count - shared - recorded
    spent = known.spent
    left = None if budget is None else budget.micros - spent.micros
    enough = budget is None or budget.calls is None or spent.calls + calls <= budget.calls
    return Plan(
        requests=count,
        shared=shared,
        recorded=recorded,
        calls=calls,
        input_tokens=inputs,
        output_tokens=outputs,
        estimated_micros=estimated,
        most_micros=most,
        spent_micros=spent.micros,
        spent_calls=spent.calls,
        left_micros=left,
        fits=enough and (left is None or estimated <= left),
    )
