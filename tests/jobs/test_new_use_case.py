"""One CSV of a public kind becomes a use case, and the commands that `new` prints lead from it to a scored day without an edit."""

from __future__ import annotations

import csv
import datetime as dt
import random
import shlex
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.__main__ import main as job
from lakehouse.__main__ import main as lakehouse

FIRST, DAYS, A_DAY = dt.date(2023, 12, 11), 45, 16


def write_sample(file: Path) -> None:
    """Semicolons, commas in numbers, days as they are written in Germany, and a text in quotes."""
    dice = random.Random(7)
    with file.open("w", newline="", encoding="cp1252") as out:
        rows = csv.writer(out, delimiter=";")
        rows.writerow(["Fall-Nr.", "Eröffnet am", "Betrag (€)", "Größe", "Leer", "Stufe", "Überfällig"])
        for number in range(DAYS * A_DAY):
            day, size = FIRST + dt.timedelta(days=number // A_DAY), dice.random()
            level = dice.choice(["hoch", "tief", "mittel; fast"])
            late = dice.random() < 0.1 + 0.6 * size + (0.2 if level == "hoch" else 0)
            amount = f"{dice.uniform(1, 900):.2f}".replace(".", ",")
            given = "k. A." if dice.random() < 0.03 else f"{size:.4f}".replace(".", ",")
            rows.writerow(
                [
                    f"F{number:05d}",
                    f"{day:%d.%m.%Y}",
                    amount,
                    given.replace("k. A.", "NA"),
                    "",
                    level,
                    "ja" if late else "nein",
                ]
            )


def test_the_printed_commands_lead_from_one_file_to_a_scored_day(
    spark: SparkSession,
    lakehouse_root: Path,
    landing_root: Path,
    mlflow_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "brought"))
    file = tmp_path / "Fälle 2024.csv"
    write_sample(file)
    command = ["new", "cases", "--from", str(file), "--key", "Fall-Nr.", "--label", "Überfällig", "--positive", "ja"]
    assert lakehouse(command) == 0
    printed = capsys.readouterr().out
    use_case = tmp_path / "brought" / "cases" / "use_case.yaml"
    # Fewer trials than a night has, for the test's time alone.
    use_case.write_text(use_case.read_text(encoding="utf-8").replace("trials: 10", "trials: 1"), encoding="utf-8")

    commands = [shlex.split(line) for line in printed.splitlines() if line.startswith("  python -m ")]
    assert [words[3] for words in commands] == [
        "ingest",
        "ingest",
        *["features", "train", "gate", "score", "monitor", "sql"],
    ]
    for words in commands:
        run = job if words[2] == "jobs" else lakehouse
        assert run(words[3:]) == 0, words

    day = FIRST + dt.timedelta(days=DAYS - 1)
    ledger = DeltaTable(f"{lakehouse_root}/ops/deliveries").to_pyarrow_table().to_pylist()
    assert sum(line["accepted_rows"] for line in ledger) == DAYS * A_DAY + (DAYS - 1) * A_DAY
    assert not any(line["rejected_rows"] or line["duplicate_rows"] for line in ledger)
    scores = DeltaTable(f"{lakehouse_root}/gold/cases_scores").to_pyarrow_table().to_pylist()
    assert len(scores) == A_DAY and {row["partition"] for row in scores} == {day}
    assert len({row["score"] for row in scores}) > 1
    # The first day has no labels before it, and each later one those of the days before alone.
    features = DeltaTable(f"{lakehouse_root}/gold/cases_features").to_pyarrow_table().to_pylist()
    means = {row["partition"]: row["label_mean_28d"] for row in features}
    outcomes = DeltaTable(f"{lakehouse_root}/silver/{printed_source(printed)}").to_pyarrow_table().to_pylist()
    first = [row["ueberfaellig"] == "ja" for row in outcomes if row["partition"] == FIRST]
    assert means[FIRST] is None
    assert means[FIRST + dt.timedelta(days=1)] == pytest.approx(sum(first) / len(first), abs=1e-6)


def printed_source(printed: str) -> str:
    return next(word for word in printed.split() if word.endswith("_outcomes"))
