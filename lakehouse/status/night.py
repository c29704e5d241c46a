"""One night of a use case: what has arrived, was built, scored, judged and delivered, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries, exports
from lakehouse.status import due
from lakehouse.status.books import ExportLine
from lakehouse.status.champion import CHAMPION
from lakehouse.status.ledger_files import Line
from lakehouse.status.unreadable import Unreadable
from lakehouse.status.verdicts import Verdict
from lakehouse.storage.day_index import DayIndex

State = Literal["done", "bad", "waits", "unknown"]
FALLBACK = "fallback"
# Of so many rows at most it is looked up what decided each.
FEW_ROWS = 200_000


@dataclass(frozen=True)
class Step:
    """A step of a night.

    Attributes:
        name: arrived, built, scored, judged or delivered.
        state: done; bad: refused or violated; waits; unknown: its table can't be read.
        detail: in a few words.
        at: when it was done; None before.
    """

    name: str
    state: State
    detail: str
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Night:
    """A night of a use case.

    Attributes:
        day: that is scored.
        steps: in their order; delivered only where targets are declared.
        refused: needed deliveries whose newest line is a refusal, as source and day.
        missing: needed deliveries without any line, likewise.
        rows: the scores of the day.
        versions: which versions made them.
        fallback: how many of them fallbacks decided; None: it is not known how many.
        verdict: of the day; None before.
        undelivered: the targets that do not have the day.
        nobody: whether it is built, and nobody is in its population: there is nothing to score.
    """

    day: dt.date
    steps: tuple[Step, ...]
    refused: tuple[tuple[str, dt.date], ...]
    missing: tuple[tuple[str, dt.date], ...]
    rows: int
    versions: tuple[int, ...]
    fallback: int | None
    verdict: Verdict | None
    undelivered: tuple[str, ...]
    nobody: bool = False

    @property
    def words(self) -> str:
        """What was scored, in words."""
        if not self.versions:
            return f"{self.rows:,} scores by fallbacks"
        return f"{self.rows:,} scores by version {' and '.join(map(str, self.versions))}"

    @property
    def scored(self) -> bool:
        """Whether the day has scores."""
        return self.rows > 0

    def step(self, name: str) -> Step | None:
        """The step of that name, where the night has one."""
        return next((one for one in self.steps if one.name == name), None)


def of(
    use_case: UseCase,
    day: dt.date,
    ledger: Mapping[str, Sequence[Line]] | Unreadable,
    features: DayIndex | Unreadable | None,
    scores: DayIndex | Unreadable | None,
    verdict: Verdict | Unreadable | None,
    sent: Sequence[ExportLine] | Unreadable,
) -> Night:
    """The night of ``day``, from what the tables have."""
    refused, missing, arrived = _arrived(use_case, day, ledger)
    steps = [arrived, _built(day, features)]
    rows = 0 if isinstance(scores, Unreadable) or scores is None else scores.rows(day, role=CHAMPION)
    versions, fallback = _decided(use_case, day, scores)
    steps.append(_scored(day, scores, rows, versions))
    steps.append(_judged(verdict))
    undelivered: tuple[str, ...] = ()
    if use_case.deliver:
        delivered, undelivered = _delivered(use_case, sent)
        steps.append(delivered)
    return Night(
        day,
        tuple(steps),
        refused,
        missing,
        rows,
        versions,
        fallback,
        None if isinstance(verdict, Unreadable) else verdict,
        undelivered,
    )


def without_anybody(night: Night) -> Night:
    """The night of a day that is built, and has nobody in its population."""
    built = Step("built", "done", "nobody is in the population")
    others = [Step(step.name, "done", "nothing to do") for step in night.steps[2:]]
    return replace(night, steps=(night.steps[0], built, *others), undelivered=(), nobody=True)


Pairs = tuple[tuple[str, dt.date], ...]


def _arrived(
    use_case: UseCase, day: dt.date, ledger: Mapping[str, Sequence[Line]] | Unreadable
) -> tuple[Pairs, Pairs, Step]:
    if isinstance(ledger, Unreadable):
        return (), (), Step("arrived", "unknown", f"{ledger.table} can't be read")
    wanted = due.needed(use_case, day)
    there = {
        (line.source, line.partition)
        for name in {source for source, _ in wanted}
        for line in ledger.get(name, ())
        if line.status == deliveries.INGESTED
    }
    said = {
        (line.source, line.partition)
        for name in {source for source, _ in wanted}
        for line in ledger.get(name, ())
        if line.status == deliveries.REFUSED
    }
    lacking = [pair for pair in wanted if pair not in there]
    refused = tuple(pair for pair in lacking if pair in said)
    missing = tuple(pair for pair in lacking if pair not in said)
    if refused:
        return refused, missing, Step("arrived", "bad", f"{pair_words(refused[0])} was refused")
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return refused, missing, Step("arrived", "waits", f"waits for {pair_words(missing[0])}{more}")
    if not wanted:
        return (), (), Step("arrived", "done", "reads no daily delivery")
    # The night's own deliveries, not those of the weeks before that its features read too.
    tonight = {name: max(last for source, last in wanted if source == name) for name, _ in wanted}
    sources = len(tonight)
    at = max(
        (
            line.ingested_at
            for name, last in tonight.items()
            for line in ledger.get(name, ())
            if line.partition == last and line.status == deliveries.INGESTED
        ),
        default=None,
    )
    return (), (), Step("arrived", "done", f"{sources} source{'s' if sources > 1 else ''}", at)


def _built(day: dt.date, features: DayIndex | Unreadable | None) -> Step:
    if isinstance(features, Unreadable):
        return Step("built", "unknown", f"{features.table} can't be read")
    rows = 0 if features is None else features.rows(day)
    if features is None or not rows:
        return Step("built", "waits", "no features yet")
    return Step("built", "done", f"{rows:,} rows", features.written(day))


def _scored(day: dt.date, scores: DayIndex | Unreadable | None, rows: int, versions: tuple[int, ...]) -> Step:
    if isinstance(scores, Unreadable):
        return Step("scored", "unknown", f"{scores.table} can't be read")
    if scores is None or not rows:
        return Step("scored", "waits", "no scores yet")
    by = f", version {' and '.join(map(str, versions))}" if versions else ""
    return Step("scored", "done", f"{rows:,} rows{by}", scores.written(day, role=CHAMPION))


def _judged(verdict: Verdict | Unreadable | None) -> Step:
    if isinstance(verdict, Unreadable):
        return Step("judged", "unknown", f"{verdict.table} can't be read")
    if verdict is None:
        return Step("judged", "waits", "no verdict yet")
    return Step("judged", "bad" if verdict.violated else "done", verdict.word, verdict.at)


def _delivered(use_case: UseCase, sent: Sequence[ExportLine] | Unreadable) -> tuple[Step, tuple[str, ...]]:
    if isinstance(sent, Unreadable):
        return Step("delivered", "unknown", f"{sent.table} can't be read"), ()
    there = {line.target: line for line in sent if line.state == exports.SENT}
    lacking = tuple(target.name for target in use_case.deliver if target.name not in there)
    if lacking:
        return Step("delivered", "waits", f"{', '.join(lacking)} does not have it yet"), lacking
    at = max((line.sent_at for line in there.values() if line.sent_at is not None), default=None)
    return Step("delivered", "done", f"{len(there)} target{'s' if len(there) > 1 else ''}", at), ()


def _decided(
    use_case: UseCase, day: dt.date, scores: DayIndex | Unreadable | None
) -> tuple[tuple[int, ...], int | None]:
    """The versions that scored the day, and how many rows fallbacks decided."""
    if isinstance(scores, Unreadable) or scores is None or not scores.files(day, role=CHAMPION):
        return (), 0
    versions = tuple(sorted(int(one) for one in scores.values("model_version", day, role=CHAMPION)))
    chosen = scores.values("chosen_by", day, role=CHAMPION)
    rows = scores.rows(day, role=CHAMPION)
    if chosen == {FALLBACK}:
        return (), rows
    if not use_case.fallback:
        return versions, 0
    if rows > FEW_ROWS:
        return versions, None if FALLBACK in chosen else 0
    decided = scores.read([day], ("decided_by",), role=CHAMPION).column("decided_by").to_pylist()
    return versions, sum(1 for one in decided if one == FALLBACK)


def pair_words(pair: tuple[str, dt.date]) -> str:
    """A delivery in words."""
    return f"{pair[0]} of {pair[1]}"
