"""All places of one erasure, in the order in which they are emptied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jobs.erase import entities, gold_rows, learned_versions, purged_tables
from jobs.erase.dataset_rows import DatasetRows
from jobs.erase.delivered import targets
from jobs.erase.delivered.targets import Elsewhere
from jobs.erase.delivered_rows import DeliveredRows
from jobs.erase.gold_rows import GoldRows
from jobs.erase.landing_zone import LandingZone
from jobs.erase.mlflow_samples import MlflowSamples
from jobs.erase.place import Place
from jobs.erase.purged_tables import Suspect
from jobs.erase.reach import Reach
from jobs.erase.recorded_calls import RecordedCalls
from jobs.erase.state_folder import StateFolder
from jobs.erase.subject import Subject
from jobs.erase.told_texts import ToldTexts
from jobs.erase.versions import Versions
from jobs.erase.wanted_rows import WantedRows
from lakehouse import tables
from lakehouse.declaration import Dataset, UseCase
from lakehouse.ops import retention


@dataclass(frozen=True)
class OfSource:
    """The places of one source, and of the datasets that read it."""

    subject: Subject
    landing: LandingZone
    delivered: DeliveredRows
    calls: list[RecordedCalls]
    datasets: list[DatasetRows]
    versions: list[Versions]

    @property
    def of_datasets(self) -> list[Place]:
        """The calls first: while the tables still say which texts were whose."""
        return [*self.calls, *self.datasets, *self.versions]

    @property
    def by_bronze(self) -> bool:
        """Whether its documents are known by its rows in bronze alone."""
        return bool(self.datasets) and not self.subject.by_key

    def suspects_of_datasets(self) -> list[Suspect]:
        """The tables of datasets whose earlier versions may have it."""
        return purged_tables.of_datasets(self.datasets, self.calls, self.versions)

    def suspects(self) -> list[Suspect]:
        """The tables of the source whose earlier versions may have it."""
        return purged_tables.of_source(self.delivered)


@dataclass(frozen=True)
class OfUseCase:
    """The places of one use case."""

    use_case: UseCase
    wanted: WantedRows
    rows: list[GoldRows]
    targets: list[Elsewhere]
    samples: MlflowSamples
    learned: list[dict[str, Any]]


class Erasing:
    """The places of an erasure. Which rows of gold are meant is read when they are first asked for, and holds to the end."""

    def __init__(self, reach: Reach, actor: str, reason: str, now: dt.datetime) -> None:
        """Nothing is read yet."""
        self._reach, self._actor, self._reason, self._now = reach, actor, reason, now

    @cached_property
    def sources(self) -> list[OfSource]:
        """Those of each source."""
        return [self._of_source(one) for one in self._reach.subjects]

    @cached_property
    def use_cases(self) -> list[OfUseCase]:
        """Those of each use case that reads one of the sources."""
        return [self._of_use_case(one) for one in self._reach.use_cases]

    @cached_property
    def groups(self) -> list[tuple[GoldRows, list[Elsewhere]]]:
        """Those of each feature group that does."""
        found = []
        for group in self._reach.groups:
            wanted = entities.of_group(self._reach, group)
            found.append((gold_rows.of_group(group, wanted), targets.of_group(group, wanted)))
        return found

    @property
    def samples(self) -> list[MlflowSamples]:
        """What is found by the values of features, and so comes before these."""
        return [one.samples for one in self.use_cases]

    @property
    def elsewhere(self) -> list[Elsewhere]:
        """What lies outside of the lakehouse."""
        found = [one for of in self.use_cases for one in of.targets]
        return [*found, *(one for _, serving in self.groups for one in serving)]

    @property
    def gold(self) -> list[GoldRows]:
        """Rows about its entities."""
        found = [rows for of in self.use_cases for rows in of.rows]
        return [*found, *(rows for rows, _ in self.groups)]

    @cached_property
    def told(self) -> ToldTexts:
        """What messages, reasons and examples name."""
        return ToldTexts(self._reach.subjects, self._reach.use_cases)

    @cached_property
    def state(self) -> StateFolder:
        """What lies beside the tables."""
        return StateFolder(self._reach.subjects, self._reach.use_cases)

    @property
    def datasets(self) -> list[Dataset]:
        """Those that read one of the sources."""
        return [dataset for one in self._reach.subjects for dataset in one.datasets]

    @property
    def by_bronze(self) -> bool:
        """Whether something of it is found by its rows in bronze alone."""
        wanted = [*(one.wanted for one in self.use_cases), *(rows.wanted for rows, _ in self.groups)]
        return any(one.by_bronze for one in wanted) or any(one.by_bronze for one in self.sources)

    def shared(self) -> Iterator[Place]:
        """The places that belong to no source alone."""
        yield from self.samples
        yield from self.elsewhere
        yield from self.gold
        yield self.told
        yield self.state

    @staticmethod
    def of(one: OfSource) -> list[Place]:
        """The places of one source; what is needed to find the rest goes last."""
        return [one.landing, *one.of_datasets, one.delivered]

    def unseen(self) -> list[str]:
        """What did not answer when it was looked at last."""
        asked: list[MlflowSamples | Elsewhere] = [*self.samples, *self.elsewhere]
        return [one.unseen for one in asked if one.unseen]

    def expired(self) -> list[str]:
        """Days of which retention has taken the delivered rows that would lead to entities: what is about these stays."""
        if not self.by_bronze:
            return []
        names = [tables.bronze(one.subject.source).full_name for one in self.sources]
        gone = [line for name in names for line in retention.lines(name) if line.rows]
        return [f"{line.table} of {line.first_day} to {line.last_day}" for line in gone]

    def published(self, one: OfSource) -> list[dict[str, Any]]:
        """The versions of datasets that have it."""
        return [found for versions in one.versions for found in versions.published()]

    def learned(self) -> list[dict[str, Any]]:
        """The versions of models that learned from it."""
        return [version for one in self.use_cases for version in one.learned]

    def _of_source(self, one: Subject) -> OfSource:
        rows = DeliveredRows(one)
        ids = entities.documents(one, rows)
        pairs = [(dataset, document) for dataset in one.datasets for document in ids]
        return OfSource(
            one,
            LandingZone(one, self._now),
            rows,
            [RecordedCalls(*pair) for pair in pairs],
            [DatasetRows(*pair) for pair in pairs],
            [Versions(*pair, self._actor, self._reason, self._now) for pair in pairs],
        )

    def _of_use_case(self, use_case: UseCase) -> OfUseCase:
        wanted = entities.of_use_case(self._reach, use_case)
        of_entities = gold_rows.of_use_case(use_case, wanted)
        features, _, _, outcomes = of_entities.tables
        days = of_entities.days(features) | of_entities.days(outcomes)
        learned = learned_versions.of(use_case, days)
        return OfUseCase(
            use_case,
            wanted,
            [of_entities, *gold_rows.of_slices(self._reach, use_case)],
            targets.of_use_case(use_case, wanted),
            MlflowSamples(use_case, wanted, learned),
            learned,
        )
