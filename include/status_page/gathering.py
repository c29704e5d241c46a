"""What a person may see of everything, read at once: the overview's content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from include.status_page import airflow_state, platform_lines
from include.status_page.access import Reader
from lakehouse.declaration import Owner, Source, datasets, loader
from lakehouse.declaration.declaration import Declaration
from lakehouse.status import dataset_state, sentence, source_state, use_case_state
from lakehouse.status.dataset_state import DatasetState
from lakehouse.status.orchestration import Orchestration
from lakehouse.status.sentence import LEVELS, Sentence
from lakehouse.status.source_state import SourceState
from lakehouse.status.unreadable import Unreadable
from lakehouse.status.use_case_state import Books, UseCaseState

# Each waits for files and lets go of the interpreter while delta-rs and Arrow read.
THREADS = 8
LEVEL_NAMES: tuple[str, ...] = LEVELS


@dataclass(frozen=True)
class OfUseCase:
    """A use case's line: how it stands, and its sentences, the most urgent first."""

    state: UseCaseState
    sentences: tuple[Sentence, ...]

    @property
    def first(self) -> Sentence:
        """What is said of it in one line."""
        return self.sentences[0]


@dataclass(frozen=True)
class OfDataset:
    """A dataset's line, likewise."""

    state: DatasetState
    sentences: tuple[Sentence, ...]

    @property
    def first(self) -> Sentence:
        """What is said of it in one line."""
        return self.sentences[0]


@dataclass(frozen=True)
class Overview:
    """Everything that a person may see.

    Attributes:
        use_cases, datasets: a line each, the most urgent first.
        sources: how each stands; that which lacks something first.
        wrong: declarations that are wrong, as name and what is wrong.
        platform: what failed of the platform's own DAGs, and erasures that failed or wait for a person.
        orchestrated: whether the scheduler's state is known.
        ledger: that the ledger can't be read; None where it can.
        hidden: whether there is something that the person may not see.
    """

    use_cases: tuple[OfUseCase, ...]
    datasets: tuple[OfDataset, ...]
    sources: tuple[SourceState, ...]
    wrong: tuple[tuple[str, str], ...]
    platform: tuple[Sentence, ...]
    orchestrated: bool
    ledger: Unreadable | None
    hidden: bool

    def count(self, level: str) -> int:
        """How many use cases and datasets are on a level."""
        return sum(one == level for one in self._levels)

    @property
    def todo(self) -> int:
        """How much needs somebody now."""
        return self.count("act") + len(self.wrong) + sum(one.level == "act" for one in self.platform)

    @property
    def level(self) -> str:
        """The most urgent level of all."""
        others = ["act"] * bool(self.wrong) + [one.level for one in self.platform]
        return min([*self._levels, *others], key=LEVEL_NAMES.index, default="idle")

    @property
    def _levels(self) -> list[str]:
        return [*(one.first.level for one in self.use_cases), *(one.first.level for one in self.datasets)]


def of_all(reader: Reader, now: dt.datetime) -> Overview:
    """The overview for a person."""
    found = loader.find()
    use_cases = loader.use_cases_of(found)
    made = datasets.among(found)
    sources = loader.sources_of(found)
    wrong = [item for item in found if item.error is not None]
    permitted = reader.may_read(
        [
            *(f"score__{one.name}" for one in use_cases),
            *(f"documents__{one.name}" for one in made),
            *(f"ingest__{source.name}" for _, source in sources),
            *(_stands_for(item) for item in wrong),
        ]
    )
    seen = [one for one in use_cases if f"score__{one.name}" in permitted]
    seen_datasets = [one for one in made if f"documents__{one.name}" in permitted]
    seen_sources = [(owner, source) for owner, source in sources if f"ingest__{source.name}" in permitted]
    seen_wrong = [item for item in wrong if _stands_for(item) in permitted]
    books = use_case_state.read_books(seen, now, seen_sources)
    with ThreadPoolExecutor(THREADS) as threads:
        states = list(threads.map(lambda one: use_case_state.of(one, now, books), seen))
        of_datasets = list(threads.map(dataset_state.of, seen_datasets))
    dags = [*(dag for one in states for dag in one.dags), *(dag for one in of_datasets for dag in one.dags)]
    every = [source for _, source in sources]
    orchestration = orchestrated(reader, [*dags, *platform_lines.dags(every)], now)
    lines = [OfUseCase(one, linked(reader, sentence.of(one, orchestration.of(one.dags), now))) for one in states]
    of_made = [
        OfDataset(one, linked(reader, dataset_state.sentences(one, orchestration.of(one.dags)))) for one in of_datasets
    ]
    counted = len(seen) + len(seen_datasets) + len(seen_sources) + len(seen_wrong)
    return Overview(
        tuple(sorted(lines, key=lambda one: (LEVELS.index(one.first.level), one.state.use_case.name))),
        tuple(sorted(of_made, key=lambda one: (LEVELS.index(one.first.level), one.state.dataset.name))),
        tuple(sorted(_sources(seen_sources, books, now), key=_need)),
        tuple((item.name, str(item.error)) for item in seen_wrong),
        tuple(platform_lines.sentences(orchestration, every)),
        orchestration.known,
        books.ledger if isinstance(books.ledger, Unreadable) else None,
        counted < len(use_cases) + len(made) + len(sources) + len(wrong),
    )


def orchestrated(reader: Reader, dags: Sequence[str], now: dt.datetime) -> Orchestration:
    """What the scheduler knows of those of these DAGs that the person may read; nothing where they may see no tasks."""
    if not reader.sees_tasks:
        return Orchestration()
    return airflow_state.of(reader.dags & set(dags), now)


def linked(reader: Reader, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The sentences with links to those DAGs and sources alone that the person may read: another would lead to nothing."""
    own = {one.source: f"ingest__{one.source}" for one in sentences if one.source}
    permitted = reader.may_read([*own.values(), *(one.dag for one in sentences if one.dag)])
    return tuple(
        replace(
            one,
            dag=one.dag if one.dag in permitted else "",
            run=one.run if one.dag in permitted else "",
            source=one.source if own.get(one.source) in permitted else "",
        )
        for one in sentences
    )


def _sources(sources: Sequence[tuple[Owner, Source]], books: Books, now: dt.datetime) -> list[SourceState]:
    if isinstance(books.ledger, Unreadable):
        return []
    ledger = books.ledger
    return [source_state.of(owner, source, ledger.get(source.name, ()), now) for owner, source in sources]


def _need(state: SourceState) -> tuple[int, str]:
    lacks = state.ended is None and bool(state.missing[-1:] or state.refused[-1:])
    return (0 if lacks else 1), state.source.name


def _stands_for(item: Declaration) -> str:
    """The DAG that what is declared would have."""
    kind = {"source": "ingest", "use case": "score", "dataset": "documents"}.get(item.kind, "group")
    return f"{kind}__{item.name}"
