"""What is done with a version: by findings, by the person who was asked, by what was decided before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from jobs.release import verdict
from jobs.release.gate import Finding
from jobs.release.log import held_already
from lakehouse.declaration.learning import Approval
from lakehouse.errors import BadArguments
from lakehouse.ops.dataset_versions import APPROVED, ASSEMBLED, HELD, VersionEvent

GOOD = (Finding("leaks", "0", "none", held=False),)
BAD = (Finding("leaks", "1", "none", held=True),)
ASKED = Approval(hours=4)
MADE = VersionEvent(
    dataset="d",
    version=1,
    state=ASSEMBLED,
    content_digest="c",
    fingerprint="f",
    partition=dt.date(2024, 1, 1),
    documents=1,
    train_rows=1,
    validation_rows=0,
    test_rows=0,
    cost_micros=0,
    actor="job",
    reason="r",
    happened_at=dt.datetime(2024, 6, 1, tzinfo=dt.UTC),
)
OF_APPROVAL = replace(MADE, state=APPROVED, actor="ann")
OF_HOLDING = replace(MADE, state=HELD, evidence={"reasons": ["rejected by ann"]})


@pytest.mark.parametrize(
    ("found", "approval", "answer", "log", "expected"),
    [
        (GOOD, None, None, [MADE], "published"),
        (BAD, None, None, [MADE], "held"),
        (GOOD, ASKED, None, [MADE], "waiting"),
        (GOOD, ASKED, "approved", [MADE], "published"),
        (GOOD, ASKED, "rejected", [MADE], "held"),
        (GOOD, ASKED, "timeout", [MADE], "held"),
        # No person can let through what the gate holds.
        (BAD, ASKED, "approved", [MADE], "held"),
        # Approved in a run that was killed.
        (GOOD, ASKED, None, [MADE, OF_APPROVAL], "published"),
        # Held since: asked again.
        (GOOD, ASKED, None, [MADE, OF_APPROVAL, OF_HOLDING], "waiting"),
        (GOOD, ASKED, "approved", [MADE, OF_HOLDING], "published"),
        # Approval is declared no more.
        (GOOD, None, None, [MADE, OF_HOLDING], "published"),
    ],
)
def test_the_verdict(
    found: tuple[Finding, ...], approval: Approval | None, answer: str | None, log: list[VersionEvent], expected: str
) -> None:
    assert verdict.decide(found, approval, answer, "bob", log).verdict == expected


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(BadArguments, match=r"gate\.approval"):
        verdict.decide(GOOD, None, "approved", "bob", [MADE])


def test_reasons_say_who_answered_and_how_long_was_waited() -> None:
    assert verdict.decide(GOOD, ASKED, "rejected", "bob", [MADE]).reasons == ("rejected by bob",)
    assert verdict.decide(GOOD, ASKED, "timeout", "bob", [MADE]).reasons == ("nobody answered within 4 hours",)
    assert verdict.decide(GOOD, ASKED, None, "bob", [MADE, OF_APPROVAL]).reasons == ("approved by ann",)


def test_the_same_holding_is_written_once() -> None:
    assert held_already([MADE, OF_HOLDING], ["rejected by ann"])
    assert not held_already([MADE, OF_HOLDING], ["leaks: found 1, expected none"])
    assert not held_already([MADE, OF_HOLDING, OF_APPROVAL], ["rejected by ann"])
    assert not held_already([MADE], ["rejected by ann"])
