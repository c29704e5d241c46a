"""The plan of retention for every table and landing zone: what goes next, what is older than declared and stays, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lakehouse import tables
from lakehouse.declaration import Dataset, loader, retention_file
from lakehouse.ops.retention import REMOVING, Removal
from lakehouse.retention import days as of_days
from lakehouse.retention import decision, known_rows, landed, subjects
from lakehouse.retention.all_needs import AllNeeds
from lakehouse.retention.days import Days, DaySize
from lakehouse.retention.decision import Decision, Need
from lakehouse.retention.subjects import Subject
from lakehouse.tables import ALERTS, Table

NEWEST_OF_ITS_KEY = "its rows are the newest of their keys, which later days read"
IN_FORCE = "it is the snapshot that later days read"
UNBUILT = "nothing is built yet of what reads it"
IN_SILVER = "silver has the day: a correction or a replay checks all deliveries of it again"
NOT_TAKEN_IN = "not all of it is taken in"


@dataclass(frozen=True)
class Plan:
    """Of one subject.

    Attributes:
        subject: the table, or the landed files of a source.
        present: what there is of each day.
        decision: what goes, and why what is older than declared stays.
        whole_from: of tables that are read by what is known: the first day that reads what it read before.
    """

    subject: Subject
    present: Days
    decision: Decision = field(default_factory=Decision)
    whole_from: dt.date | None = None

    def removals(self, actor: str, now: dt.datetime) -> list[Removal]:
        """The lines of what goes: ranges in which no day stays."""
        going, ranges = set(self.decision.going), list[list[dt.date]]()
        before = False
        for day in sorted(self.present):
            if day in going:
                ranges[-1].append(day) if before else ranges.append([day])
            before = day in going
        return [self._removal(days, actor, now) for days in ranges]

    def without(self, days: Collection[dt.date]) -> Plan:
        """The plan when these days stay."""
        return replace(
            self, decision=replace(self.decision, going=[one for one in self.decision.going if one not in days])
        )

    def gone_before(self, line: Removal) -> Removal | None:
        """The part of an earlier line whose days, from its first on, are gone: all of it, or None where nothing is."""
        left = sorted(filter(line.has, self.present))
        if not left or line.first_day is None:
            return line
        size = sum((self.present[day] for day in left), DaySize())
        days, files = line.days - len(left), line.files - size.files
        if days <= 0:
            return None
        return replace(
            line, last_day=left[0] - dt.timedelta(days=1), days=days, rows=max(0, line.rows - size.rows),
            files=max(0, files), bytes=max(0, line.bytes - size.bytes),
        )  # fmt: skip

    def _removal(self, days: Sequence[dt.date], actor: str, now: dt.datetime) -> Removal:
        size = sum((self.present[day] for day in days), DaySize())
        return Removal(
            table=self.subject.name,
            first_day=days[0],
            last_day=days[-1],
            days=len(days),
            rows=size.rows,
            files=size.files,
            bytes=size.bytes,
            whole_from=self.whole_from,
            rule=str(self.subject.rule),
            state=REMOVING,
            actor=actor,
            planned_at=now,
            removed_at=None,
        )


def make(now: dt.datetime, without_rule: bool = False) -> list[Plan]:
    """The plan for everything that has a rule, by layer and name; without a rule anywhere nothing is asked of anybody.

    Args:
        now: the present instant.
        without_rule: with it also what stays for ever.

    Raises:
        DeclarationError: when ``retention.yaml`` is wrong. RetentionRefused: when another declaration is.
    """
    retention, found = retention_file.load(), loader.find()
    every = subjects.all_of(found, retention)
    # What others are made from or of is looked at, with a rule or without.
    listed = [one for one in every if one.rule is not None or without_rule or one.layer in ("silver", "gold")]
    needed = AllNeeds(found, now) if any(subject.rule for subject in listed) else None
    plans: dict[str, Plan] = {}
    if needed is None and not without_rule:
        return []
    # Documents before silver, and silver before bronze: what something is made from stays as long as that does.
    order = {"silver": 1, "bronze": 2}
    for subject in sorted(listed, key=lambda one: (order.get(one.layer, 0), one.name)):
        holds = subject.holds(retention, now.date())
        plans[subject.name] = _of(subject, holds, needed, plans, now)
    made = [one for one in plans.values() if one.subject.rule is not None or without_rule]
    return sorted(made, key=lambda plan: (plan.subject.layer, plan.subject.name))


def _of(subject: Subject, holds: list[Need], needed: AllNeeds | None, plans: dict[str, Plan], now: dt.datetime) -> Plan:
    if subject.table is None:
        return _of_landing(subject, holds, now)
    present = of_days.of_table(subject.table)
    if subject.rule is None or needed is None:
        return Plan(subject, present)
    asked = [*holds, *needed.of(subject.name)]
    if subject.table is ALERTS:
        asked += [Need(day, day, "a message could not be sent yet") for day in of_days.unsent()]
    if subject.source is not None and subject.layer == "bronze":
        asked += _still_there(plans[tables.silver(subject.source).full_name], IN_SILVER)
    if subject.source is not None and subject.table == tables.silver(subject.source):
        for dataset in needed.made_from(subject.source):
            documents = tables.documents(dataset).full_name
            asked += _still_there(plans[documents], f"documents of {dataset.name} are made from it")
    decided = decision.decide(present, subject.rule, asked, now.date())
    plan = Plan(subject, present, decided)
    return _by_known_rows(plan, needed, now) if decided.going else plan


def _of_landing(subject: Subject, holds: list[Need], now: dt.datetime) -> Plan:
    assert subject.source is not None
    name = subject.source.name
    files = landed.landed(name)
    present = {day: of_day.size for day, of_day in files.items()}
    waiting = landed.not_taken_in(name, files) if subject.rule else set()
    asked = [*holds, *(Need(day, day, NOT_TAKEN_IN) for day in waiting)]
    plan = Plan(subject, present, decision.decide(present, subject.rule, asked, now.date()))
    return _keep(plan, landed.unknown(name, files, plan.decision.going), NOT_TAKEN_IN)


def _still_there(made: Plan, why: str) -> Iterator[Need]:
    """A need for each day that stays in another table."""
    stays = set(made.present).difference(made.decision.going)
    return (Need(day, day, why) for day in stays)


def _by_known_rows(plan: Plan, needed: AllNeeds, now: dt.datetime) -> Plan:
    """The same where days are read by what is known: what still counts stays."""
    subject, table = plan.subject, plan.subject.table
    assert subject.rule is not None and table is not None
    newest = max(day for day in plan.present if day <= now.date())
    cutoff = newest - dt.timedelta(days=subject.rule.days - 1)
    source = subject.source
    if source is not None and subject.layer == "silver" and table == tables.silver(source):
        reference = source.cadence == "occasional"
        if not reference and not needed.made_from(source):
            return plan
        again = needed.again_from(source)
        if again is None:
            return _keep(plan, plan.decision.going, UNBUILT)
        cutoff = min(cutoff, again)
        if source.delivers == "snapshot" and reference:
            in_force = known_rows.snapshot_in_force(plan.present, cutoff)
            later = [day for day in plan.decision.going if day == in_force or day >= cutoff]
            return replace(_keep(plan, later, IN_FORCE), whole_from=cutoff)
        return _superseded(plan, table, source.key, cutoff)
    if (dataset := _of_documents(table, needed.datasets)) is not None:
        key = [name for name in table.key if name != "partition"]
        return _superseded(plan, table, key, cutoff) if table != tables.profile(dataset) else plan
    return plan


def _superseded(plan: Plan, table: Table, key: Sequence[str], cutoff: dt.date) -> Plan:
    going = [day for day in plan.decision.going if day < cutoff]
    counts = known_rows.still_newest(table, key, going, cutoff)
    later = [day for day in plan.decision.going if day >= cutoff]
    return replace(_keep(plan, {*counts, *later}, NEWEST_OF_ITS_KEY), whole_from=cutoff)


def _keep(plan: Plan, days: Collection[dt.date], why: str) -> Plan:
    kept = plan.decision.kept | {day: why for day in days}
    return replace(plan, decision=Decision([day for day in plan.decision.going if day not in days], kept))


def _of_documents(table: Table, datasets: Iterable[Dataset]) -> Dataset | None:
    made = (tables.documents, tables.summaries, tables.profile)
    return next((one for one in datasets if table in [make(one) for make in made]), None)
