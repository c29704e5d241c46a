"""What grade and teach have done, or would do, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.result import Result
from lakehouse.declaration.dataset_budget import Budget
from lakehouse.teacher.plan import Plan
from lakehouse.teacher.teaching import Outcome

# From the best to the worst.
STATUSES = ("unchanged", "done", "incomplete", "budget spent")


@dataclass(frozen=True, kw_only=True)
class CallsMade:
    """The calls of one purpose.

    Attributes:
        status: ``unchanged``, ``done``, ``incomplete`` or ``budget spent``.
        requests: how many were asked for, until the budget was spent.
        shared: how many of them are the same as one before.
        recorded: how many had their outcome already.
        calls: how often one was sent.
        ended: how many came to which outcome.
        open: how many have none yet.
        cost_micros: what this run cost, in millionths of the currency.
        unsure_micros: the part of it that nobody knows exactly.
    """

    status: str
    requests: int
    shared: int
    recorded: int
    calls: int
    ended: dict[str, int]
    open: int
    cost_micros: int
    unsure_micros: int

    @classmethod
    def of(cls, outcome: Outcome, open_calls: int) -> CallsMade:
        """Those of a run."""
        return cls(
            status=outcome.status,
            requests=outcome.requests,
            shared=outcome.shared,
            recorded=outcome.recorded,
            calls=outcome.attempts,
            ended=outcome.ended,
            open=open_calls,
            cost_micros=outcome.cost_micros,
            unsure_micros=outcome.unsure_micros,
        )


@dataclass(frozen=True, kw_only=True)
class AskedResult(Result):
    """What a run has done.

    Attributes:
        rounds: by purpose: teach, judge or grade.
        open: calls that have no outcome yet, of all of them.
        cost_micros: what the run cost, in millionths of the currency.
        spent_micros: what all calls of the dataset have cost.
        spent_calls: how many calls of the budget they were.
        left_micros: what is left of the money; None without a budget.
        currency: of the budget; None without one.
    """

    rounds: dict[str, CallsMade] = field(default_factory=dict)
    open: int = 0
    cost_micros: int = 0
    spent_micros: int = 0
    spent_calls: int = 0
    left_micros: int | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedResult(Result):
    """What a run would do; nothing is sent and nothing written.

    Attributes:
        rounds: by purpose. A judge's calls about answers that are missing yet are the most that they can be.
        calls: how many would be made.
        estimated_micros: what they cost by the declared characters per token, in millionths of the currency.
        most_micros: what they can cost at most, each of one attempt.
        left_micros: what is left of the money; None without a budget.
        fits: whether money and calls are enough by the estimate.
    """

    rounds: dict[str, Plan] = field(default_factory=dict)
    calls: int = 0
    estimated_micros: int = 0
    most_micros: int = 0
    left_micros: int | None = None
    fits: bool = True


def made(rounds: dict[str, CallsMade], last: Outcome, budget: Budget | None) -> AskedResult:
    """The result of these rounds, of which ``last`` is the last one's outcome."""
    status = max((one.status for one in rounds.values()), key=STATUSES.index)
    return AskedResult(
        status=status,
        message="; ".join(
            [*(_line(name, one) for name, one in rounds.items()), *_money(rounds, last, budget), *_to_do(rounds)]
        ),
        rounds=rounds,
        open=sum(one.open for one in rounds.values()),
        cost_micros=sum(one.cost_micros for one in rounds.values()),
        spent_micros=last.spent_micros,
        spent_calls=last.spent_calls,
        left_micros=None if budget is None else budget.micros - last.spent_micros,
        currency=None if budget is None else budget.currency,
    )


def planned(rounds: dict[str, Plan], budget: Budget | None) -> PlannedResult:
    """The plan of these rounds together."""
    calls = sum(one.calls for one in rounds.values())
    estimated = sum(one.estimated_micros for one in rounds.values())
    most = sum(one.most_micros for one in rounds.values())
    (first, *_) = rounds.values()
    paid = [one for one in rounds.values() if one.left_micros is not None]
    left = paid[0].left_micros if paid else None
    paid_calls = sum(one.calls for one in paid)
    enough = budget is None or budget.calls is None or first.spent_calls + paid_calls <= budget.calls
    fits = enough and (left is None or estimated <= left)
    lines = [
        f"{name}: {one.calls} call(s), {one.input_tokens} tokens in, at most {one.output_tokens} out"
        for name, one in rounds.items()
    ]
    if budget is not None and left is not None:
        lines.append(f"about {budget.words(estimated)}, at most {budget.words(most)}; left: {budget.words(left)}")
        lines += [] if fits else ["that is not enough: raise budget.money or budget.calls, or it stops on the way"]
    return PlannedResult(
        status="planned",
        message="; ".join(lines),
        rounds=rounds,
        calls=calls,
        estimated_micros=estimated,
        most_micros=most,
        left_micros=left,
        fits=fits,
    )


def _line(name: str, one: CallsMade) -> str:
    if not one.requests:
        return f"{name}: there is nothing to ask about"
    ended = ", ".join(f"{count} {state}" for state, count in one.ended.items()) or "nothing new"
    before = f", {one.recorded} from before" if one.recorded else ""
    return f"{name}: {ended}{before}{f', {one.open} open' if one.open else ''}"


def _money(rounds: dict[str, CallsMade], last: Outcome, budget: Budget | None) -> list[str]:
    if budget is None:
        return []
    cost = sum(one.cost_micros for one in rounds.values())
    return [
        f"cost {budget.words(cost)}, all calls so far {budget.words(last.spent_micros)} of {budget.words(budget.micros)}"
    ]


def _to_do(rounds: dict[str, CallsMade]) -> list[str]:
    found = {one.status for one in rounds.values()}
    if "budget spent" in found:
        return ["the budget is spent: raise budget.money or budget.calls, and run again; what was answered is kept"]
    return ["the service did not answer all: run again"] if "incomplete" in found else []
