"""What an attempt makes of a call: pure functions of the call, and of the reply or the reason why there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.ops.call import FAILED, UNKNOWN, Call
from lakehouse.teacher.no_answer import Declined, Lost, NoAnswer, TimedOut
from lakehouse.teacher.outcomes import outcome
from lakehouse.teacher.reply import Reply
from lakehouse.teacher.request import MARKS, Request

# After so many that brought nothing in time nobody pays for a third.
TIMEOUTS = 2


def begun(request: Request, dataset: str, run_id: str, now: dt.datetime) -> Call:
    """The call of a request that was never sent."""
    return Call(
        dataset=dataset,
        request_key=request.key,
        purpose=request.purpose,
        document_id=request.document_id,
        content_digest=request.content_digest,
        variant=request.variant,
        endpoint=request.endpoint,
        model=request.model,
        parameters=request.parameters,
        prompt_digest=request.prompt_digest,
        run_id=run_id,
        first_sent_at=now,
        sent_at=now,
    )


def replied(
    call: Call, request: Request, reply: Reply, budget: Budget | None, refusals: Sequence[str] | None, now: dt.datetime
) -> Call:
    """The call after a reply. Without a usage in it, it cost what was reserved; without a budget nothing."""
    usage = reply.usage
    cost = 0 if budget is None else None
    if usage is not None and budget is not None:
        cost = budget.cost_micros(usage.input_tokens, usage.output_tokens)
    return call.replied(
        outcome(reply, request.text, request.instruction, refusals, request.purpose in MARKS),
        now,
        cost,
        input_tokens=None if usage is None else usage.input_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        returned_model=reply.model,
        finish_reason=reply.finish_reason,
        answer=reply.text or reply.refusal or "",
    )


def not_answered(call: Call, error: NoAnswer, now: dt.datetime) -> Call:
    """The call after an attempt that brought no answer: refused for good, or open, with what it may have cost."""
    if isinstance(error, Declined):
        return call.ended(FAILED, now, error=str(error))
    if isinstance(error, TimedOut):
        after = call.lost(str(error), timed_out=True)
        return after.ended(UNKNOWN, now) if after.timeouts >= TIMEOUTS else after
    return call.lost(str(error)) if isinstance(error, Lost) else call.not_sent(str(error))
