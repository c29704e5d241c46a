"""Commits to a real store over a way that loses answers and requests: each that was told as done is in the log once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from lakehouse.__main__ import main as lakehouse
from lakehouse.errors import ServiceUnavailable, StoreRefused, StoreUnsafe
from lakehouse.storage import commits, delta_log, store_check, table_shape
from lakehouse.storage.commit_retry import MARK
from lakehouse.tables.table import col
from tests.lakehouse.storage import test_pairs_of_commits as pairs
from tests.lakehouse.storage.test_pairs_of_commits import DAY, MAKES, OTHER, found, table
from tests.store_proxy import Fate, Proxy

pytestmark = pytest.mark.process

FATES: tuple[Fate, ...] = ("cut", "error", "late", "lost")


@pytest.fixture
def over_the_way(losing_way: Proxy, store_root: str, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """The store, reached over a way that loses nothing yet."""
    losing_way.plan()
    monkeypatch.setenv("AWS_ENDPOINT_URL", losing_way.endpoint)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return losing_way


def marks() -> list[str | None]:
    """The mark of each version behind the first."""
    return [commit.get(MARK) for commit in DeltaTable(delta_log.location(table())).history()][:-1]


# An answer that is lost, of every kind of commit; a request that is, of those that a different part of delta-rs makes.
LOST = [(kind, fate) for fate in ("cut", "error") for kind in MAKES if kind is not pairs.compact]
LOST += [
    (kind, fate) for fate in ("late", "lost") for kind in (pairs.replace_day, pairs.replace_by_files, pairs.rebuild)
]


@pytest.mark.parametrize(("kind", "fate"), LOST)
def test_a_commit_whose_answer_is_lost_is_made_once(
    over_the_way: Proxy, kind: Callable[[dt.date, int], None], fate: Fate
) -> None:
    pairs.replace_day(OTHER, 0)
    if kind not in (pairs.add_day, pairs.rebuild):
        pairs.replace_day(DAY, 0)
    before = found()
    version = delta_log.version(table())
    over_the_way.plan(fate)
    if kind is pairs.rebuild and fate in ("late", "lost"):
        # Its rows can't be made again, so it says that it is not there.
        with pytest.raises(ServiceUnavailable, match="run the same command again"):
            kind(DAY, 1)
        return
    kind(DAY, 1)
    assert over_the_way.commits()[0] == (fate, version + 1)
    assert found() == MAKES[kind](before, DAY, 1)
    assert delta_log.version(table()) == version + 1
    assert len(set(marks())) == len(marks()) and None not in marks()


def test_a_change_that_counts_counts_once(over_the_way: Proxy) -> None:
    pairs.replace_day(DAY, 0)
    for fate in FATES:
        over_the_way.plan(fate)
        commits.amend_rows(
            table(),
            pc.field("partition") == DAY,
            f"partition = DATE '{DAY}'",
            lambda rows: [row | {"writer": row["writer"] + 1} for row in rows],
        )
    assert set(found().values()) == {len(FATES)}


@pytest.mark.parametrize("fate", FATES)
def test_a_table_is_made_once_and_gets_a_column_once(over_the_way: Proxy, fate: Fate) -> None:
    over_the_way.plan(fate)
    table_shape.create(table())
    assert over_the_way.commits()[0] == (fate, 0)
    assert delta_log.version(table()) == 0
    wider = replace(table(), columns=(*table().columns, col("more", "string", nullable=True)))
    over_the_way.plan(fate)
    table_shape.ensure(wider)
    assert delta_log.version(table()) == 1
    assert delta_log.column_names(table()) == set(wider.column_names)


def test_a_store_that_takes_both_of_two_versions_is_refused(
    over_the_way: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "another"))
    over_the_way.plan(unconditional=True)
    with pytest.raises(
        StoreUnsafe, match=r"expected it to put an object with If-None-Match: \* only where none is, found"
    ):
        pairs.replace_day(DAY, 1)
    assert not delta_log.exists(table())


def test_a_store_is_asked_once_a_day(over_the_way: Proxy, store_root: str) -> None:
    table_shape.create(table())
    asked = [path for _, _, path in over_the_way.seen() if store_check.FOLDER in path]
    assert len(asked) == store_check.AT_ONCE + 3
    over_the_way.plan()
    store_check._expect_safe.cache_clear()
    table_shape.create(table())
    assert not [path for _, _, path in over_the_way.seen() if store_check.FOLDER in path]


def test_a_key_that_expires_before_a_commit_is_named_and_worth_another_try(over_the_way: Proxy) -> None:
    pairs.replace_day(DAY, 0)
    over_the_way.plan(expired=True)
    with pytest.raises(StoreRefused, match="found one that has expired; no commit is half done") as refused:
        commits.replace_rows(table(), [], "true")
    assert refused.value.retryable
    over_the_way.plan()
    assert len(found()) == 2


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AWS_SECRET_ACCESS_KEY", "another", "expected a key that may read and write there, found it refused"),
        ("AWS_ACCESS_KEY_ID", "nobody", "expected a key that may read and write there, found it refused"),
        ("LAKEHOUSE_ROOT", "s3://no-such-bucket/warehouse", "expected the bucket of LAKEHOUSE_ROOT or LANDING_ROOT"),
    ],
)
def test_what_the_store_refuses_is_named(
    store_root: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    expected: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert lakehouse(["tables"]) == StoreRefused.exit_code
    assert expected in capsys.readouterr().err
