"""A fact that people are told, and the words for it: what happened, what it means, what to do, where to look."""

from __future__ import annotations

import datetime as dt
import html
from dataclasses import dataclass

from lakehouse import fingerprints, settings
from lakehouse.declaration.alerts import Event

# What an event means, what to do, and the part of the run book that has more.
MEANING: dict[Event, tuple[str, str, str]] = {
    "late": (
        "The scores of this night are not there at the declared hour; who reads them has those of the day before.",
        "See which run waits or failed; it says what for. A delivery that is missing has to come first.",
        "is-it-waiting-or-is-it-stuck",
    ),
    "failed": (
        "The task has used up its tries, or failed for a reason that a retry can't clear. What follows it in this night waits.",
        "Remove the cause, then clear the task: running it again is safe.",
        "on-call-what-failed-is-it-safe-to-run-again-what-to-do",
    ),
    "refused": (
        "The delivery as a whole breaks its contract. Nothing of it was taken in; silver is as it was.",
        "Have it delivered again and clear the task, or change the contract and replay.",
        "a-delivery-was-refused",
    ),
    "violated": (
        "The rows, the scores or their quality differ from training beyond the declared limits. Scoring goes on.",
        "Look at the day's page. Several such days ask for a retraining by themselves, where that is declared.",
        "a-verdict-is-violated",
    ),
    "retraining": (
        "A training of a new model was asked for. The champion goes on scoring until the gate has decided.",
        "Nothing, unless it fails: then the next night asks again.",
        "a-retraining-that-was-asked-for-failed",
    ),
    "promoted": (
        "Another version decides from the next scored day on. Days that were scored keep their version.",
        "Nothing. If its scores look wrong, roll back.",
        "the-champion-is-bad",
    ),
    "held": (
        "The new version stays challenger, and the champion goes on scoring.",
        "Read the reasons; most need nothing.",
        "the-gate-held-a-challenger",
    ),
    "approval": (
        "A person has the last word on what would be promoted, published or erased. Without an answer in time it is not done.",
        "Open the run's task `approval` or Required Actions, read the evidence, and approve or reject.",
        "a-run-waits-at-approval",
    ),
    "rolled_back": (
        "An earlier version decides again.",
        "See why the version was bad before the next one is promoted.",
        "the-champion-is-bad",
    ),
    "fallback": (
        "The champion could not score all entities; for the others a declared fallback decided.",
        "See what was missing, and score the day again when it is there.",
        "a-fallback-decided",
    ),
    "budget": (
        "The runs that have started in this time cost so much by the rate card. Nothing is stopped.",
        "See which stage it is (python -m lakehouse costs --by stage); raise the budget, or let fewer or smaller runs start.",
        "a-budget-is-used-up",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened, to be told once.

    Attributes:
        event: of which kind.
        identity: with the event what it is told apart by from all other facts: the same fact seen twice has the same.
        whose: the use case or source.
        title: in a few words.
        happened: what happened, with the numbers.
        at: when.
        dag: the DAG whose run it is about; may be empty.
        page: the address of a page with more, such as the run in MLflow; may be empty.
    """

    event: Event
    identity: str
    whose: str
    title: str
    happened: str
    at: dt.datetime
    dag: str = ""
    page: str = ""

    @property
    def id(self) -> str:
        """What identifies it in the books."""
        return fingerprints.digest(self.event, self.identity)


@dataclass(frozen=True)
class Message:
    """What is sent of a fact."""

    id: str
    event: str
    whose: str
    subject: str
    body: str
    run: str
    page: str
    at: dt.datetime

    @classmethod
    def of(cls, fact: Fact, run: str) -> Message:
        """The words for the fact; ``run`` is the address of its run or DAG, may be empty."""
        means, do, anchor = MEANING[fact.event]
        links = {"Run": run, "Page": fact.page, "Run book": f"{settings.load().run_book}#{anchor}"}
        parts = [f"What happened: {fact.happened}", f"What it means: {means}", f"What to do: {do}"]
        parts += [f"{name}: {address}" for name, address in links.items() if address]
        subject = f"[nightjar] {fact.title}"
        return cls(fact.id, fact.event, fact.whose, subject, "\n".join(parts), run, fact.page, fact.at)

    @property
    def as_html(self) -> str:
        """The body for an e-mail. What was delivered or typed by people stays text."""
        return "".join(f"<p>{html.escape(line)}</p>" for line in self.body.splitlines())
