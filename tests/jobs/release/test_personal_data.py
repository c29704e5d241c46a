"""What texts say of persons: the same found in this process and in others, and each text looked at once."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from jobs.release import personal_data
from jobs.release.personal_data import COLUMNS, Personal
from lakehouse.corpus import pii
from tests.jobs import notes
from tests.jobs.release import versions


def found(rows: list[dict[str, Any]], few: int = personal_data.FEW) -> Personal:
    lines = [{name: row[name] for name in COLUMNS} for row in rows]
    table = pa.Table.from_pylist(lines, pa.schema([(name, pa.string()) for name in COLUMNS]))
    return personal_data.find(table.to_batches(max_chunksize=100), few)


def rows(count: int) -> list[dict[str, Any]]:
    text = notes.text(1)
    made = [versions.example(str(at), text=f"{text} {at}") for at in range(count)]
    made[3] = versions.example("3", text=f"{text} Ask ann@example.org, or bob@example.org.")
    made[5] = versions.example("5", text=text, summary="Ask ann@example.org for it.")
    return made


def test_what_is_found_is_counted_and_named() -> None:
    made = rows(10)
    expected = tuple(sorted([made[3]["example_id"], made[5]["example_id"]]))
    assert found(made) == Personal({"email": 3}, 2, expected)


def test_the_text_of_a_document_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counts(text: str) -> dict[str, int]:
        looked.append(text)
        return {}

    monkeypatch.setattr(pii, "counts", counts)
    text = notes.text(1)
    found([versions.example("a", text=text, variant=name, summary=name) for name in ("cold", "warm")])
    assert sorted(looked) == sorted([text, "Note a", "cold", "warm"])


@pytest.mark.process
def test_other_processes_find_the_same() -> None:
    made = rows(600)
    assert found(made, few=300) == found(made, few=10_000)
