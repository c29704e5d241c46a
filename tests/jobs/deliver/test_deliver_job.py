from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jobs.__main__ import main
from jobs.deliver import place
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.declaration.deliver import SCORE_COLUMNS
from lakehouse.errors import BadArguments, InputsMissing, TargetRefused
from lakehouse.ops import exports
from tests.jobs.deliver.scored import (
    DAY,
    assert_books_are_right,
    books,
    by_shop,
    declare,
    deliver,
    score,
    there,
)

SQL = {"name": "office", "sql": {"connection": "office", "table": "loaves_tomorrow"}}
NEXT = DAY + dt.timedelta(days=1)


def files(folder: Path, format: str = "csv") -> dict[str, Any]:
    return {"name": "office", "files": {"folder": str(folder), "format": format}}


def query(file: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute(sql).fetchall()
        connection.commit()
        return found


@pytest.fixture(params=["sql", "csv"])
def target(request: pytest.FixtureRequest, tmp_path: Path, office: Path) -> dict[str, Any]:
    """A target of each kind that needs no server."""
    return SQL if request.param == "sql" else files(tmp_path / "out", request.param)


of_each_format = pytest.mark.parametrize("target", ["sql", "csv", "parquet"], indirect=True)


@of_each_format
def test_what_was_scored_is_there_once_with_its_books(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, target)
    score(use_case, {"canal": 0.7, "market": 0.1 + 0.2})
    result = deliver(use_case)
    assert (result.status, result.rows, result.model_versions) == ("sent", 2, [1])
    assert there(use_case) == [
        {
            "shop": shop,
            "bread": "rye",
            "partition": DAY,
            "score": value,
            "decision": decision,
            "threshold": 0.5,
            "model_version": 1,
            "prediction_time": dt.datetime(2024, 3, 5, tzinfo=dt.UTC),
            "scored_at": dt.datetime(2024, 3, 4, 23, 0, 0, 123457, tzinfo=dt.UTC),
        }
        for shop, value, decision in (("canal", 0.7, True), ("market", 0.1 + 0.2, False))
    ]
    assert_books_are_right(use_case)
    assert books(use_case).model_versions == [1]


def test_a_rerun_of_an_unchanged_day_sends_nothing(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, target)
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    sent_at = books(use_case).sent_at
    assert deliver(use_case).status == "unchanged"
    assert books(use_case).sent_at == sent_at
    assert deliver(use_case, force=True).status == "sent"
    assert by_shop(use_case) == {"canal": 0.7}


def test_other_scores_of_a_day_replace_those_that_were_sent_and_the_books_keep_what_was(
    root: Path, target: dict[str, Any]
) -> None:
    use_case = declare(root, target)
    score(use_case, {"canal": 0.7, "market": 0.2})
    score(use_case, {"canal": 0.6}, NEXT)
    deliver(use_case, through=NEXT)
    first = books(use_case)
    score(use_case, {"canal": 0.8, "station": 0.4}, version=2)
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.8, "station": 0.4}
    assert by_shop(use_case, NEXT) == {"canal": 0.6}
    assert_books_are_right(use_case)
    assert [(line["rows"], line["checksum"], line["model_versions"]) for line in books(use_case).earlier] == [
        (2, first.checksum, [1])
    ]
    assert books(use_case).model_versions == [2]


def test_the_same_scores_made_again_are_sent_with_the_instant_of_their_making(
    root: Path, target: dict[str, Any]
) -> None:
    use_case = declare(root, target)
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    later = dt.datetime(2024, 3, 5, 9, tzinfo=dt.UTC)
    score(use_case, {"canal": 0.7}, at=later)
    deliver(use_case)
    assert [row["scored_at"] for row in there(use_case)] == [later]


def test_a_day_with_no_row_to_send_is_there_as_empty(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, {**target, "only_decided": True})
    score(use_case, {"canal": 0.7, "market": 0.2})
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.7}
    score(use_case, {"canal": 0.1, "market": 0.2})
    deliver(use_case)
    assert by_shop(use_case) == {}
    assert (books(use_case).state, books(use_case).rows) == (exports.SENT, 0)


@pytest.mark.parametrize(
    ("rows", "expected"), [("deciding", {"canal": 0.9, "market": 0.2}), ("champion", {"canal": 0.7, "market": 0.2})]
)
def test_one_row_a_key_is_sent_the_one_that_decides_or_the_champions(
    root: Path, target: dict[str, Any], rows: str, expected: dict[str, float]
) -> None:
    use_case = declare(root, {**target, "rows": rows, "columns": ["score", "role"]})
    score(
        use_case,
        {"canal": 0.7, "market": 0.2},
        challenger={"canal": 0.9, "market": 0.3},
        decided_by_challenger=["canal"],
    )
    deliver(use_case)
    assert by_shop(use_case) == expected


def test_what_a_person_changed_in_the_target_is_found_and_mended_on_request(root: Path, office: Path) -> None:
    use_case = declare(root, SQL)
    score(use_case, {"canal": 0.7, "market": 0.2})
    deliver(use_case)
    query(office, "DELETE FROM loaves_tomorrow WHERE shop = 'canal'")
    query(office, "UPDATE loaves_tomorrow SET score = 0.3")
    assert deliver(use_case).status == "unchanged"
    assert deliver(use_case, verify=True).status == "sent"
    assert by_shop(use_case) == {"canal": 0.7, "market": 0.2}
    assert deliver(use_case, verify=True).status == "unchanged"


@pytest.mark.parametrize("target", ["csv"], indirect=True)
def test_corrections_are_sent_to_the_days_that_were_delivered_before_and_to_no_other(
    root: Path, target: dict[str, Any]
) -> None:
    use_case = declare(root, target)
    days = [DAY + dt.timedelta(days=offset) for offset in range(4)]
    for day in days:
        score(use_case, {"canal": 0.7}, day)
    deliver(use_case, days[0], through=days[1])
    score(use_case, {"canal": 0.9}, days[1])
    score(use_case, {"canal": 0.9}, days[2])
    assert [one.partition for one in deliver(use_case, None, corrections=True, dry_run=True).days] == [days[1]]
    assert by_shop(use_case, days[1]) == {"canal": 0.7}
    assert [one.partition for one in deliver(use_case, None, corrections=True).days] == [days[1]]
    assert by_shop(use_case, days[1]) == {"canal": 0.9}
    assert there(use_case, days[2]) == []


@pytest.mark.parametrize("target", ["csv"], indirect=True)
def test_a_target_that_is_declared_otherwise_gets_its_days_again(root: Path, target: dict[str, Any]) -> None:
    score(use_case := declare(root, {**target, "only_decided": True}), {"canal": 0.7, "market": 0.2})
    deliver(use_case)
    use_case = declare(root, target)
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.7, "market": 0.2}


@pytest.mark.parametrize("target", ["csv"], indirect=True)
def test_a_day_that_is_not_scored_is_named(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, target)
    with pytest.raises(InputsMissing, match=r"not scored, such as 2024-03-05; score them first: python -m jobs score"):
        deliver(use_case)
    score(use_case, {"canal": 0.7})
    with pytest.raises(InputsMissing, match="1 are not scored, such as 2024-03-06"):
        deliver(use_case, through=NEXT)


@pytest.mark.parametrize("target", ["csv"], indirect=True)
def test_a_use_case_without_targets_and_an_unknown_target_are_named(root: Path, target: dict[str, Any]) -> None:
    with pytest.raises(BadArguments, match="expected a declared target, found none"):
        deliver(declare(root))
    use_case = declare(root, target)
    with pytest.raises(BadArguments, match="expected a declared target kitchen, found office"):
        deliver(use_case, target="kitchen")


@of_each_format
def test_every_column_of_the_scores_can_be_delivered(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, {**target, "columns": list(SCORE_COLUMNS)})
    assert (*use_case.entity.key, "partition", *SCORE_COLUMNS) == tables.scores(use_case).column_names
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    assert_books_are_right(use_case)
    assert there(use_case)[0]["run_id"] == "a" * 32


@of_each_format
def test_keys_of_any_text_come_back_as_they_were(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, target)
    shops = [
        "",
        "o'clock",
        'the "canal"',
        "a,b",
        "line\nbreak",
        "line\r\nbreak",
        "ünï \U0001f950",
        "null",
        " edge ",
        "\\N",
        "%s :x",
    ]
    scores = {shop: place / 16 for place, shop in enumerate(shops)}
    score(use_case, scores)
    deliver(use_case)
    assert by_shop(use_case) == scores
    assert_books_are_right(use_case)


def test_a_target_that_refuses_does_not_keep_the_others_from_theirs(root: Path, tmp_path: Path, office: Path) -> None:
    query(office, "CREATE TABLE loaves_tomorrow (shop TEXT, price REAL NOT NULL)")
    use_case = declare(root, SQL, {**files(tmp_path / "out"), "name": "folder"})
    score(use_case, {"canal": 0.7})
    with pytest.raises(TargetRefused, match=r"column bread: expected text, found none.*column price: .* has a default"):
        deliver(use_case)
    assert by_shop(use_case, target="folder") == {"canal": 0.7}


def test_a_regression_delivers_without_decision_and_threshold(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(
        root,
        target,
        label={"source": "bakery_sales_counted", "column": "sold", "maturity_days": 7},
        model={"task": "regression"},
        gate={"metric": "rmse", "min_improvement": 0.0},
    )
    score(use_case, {"canal": 40.5})
    deliver(use_case)
    assert list(there(use_case)[0]) == [
        "shop", "bread", "partition", "score", "model_version", "prediction_time", "scored_at",
    ]  # fmt: skip


def test_the_same_rows_are_the_same_bytes(root: Path, tmp_path: Path) -> None:
    for format in ("csv", "parquet"):
        use_case = declare(root, files(tmp_path / "out", format))
        file = tmp_path / "out" / f"{DAY}.{format}"
        score(use_case, {"market": 0.2, "canal": 0.7})
        deliver(use_case)
        before = file.read_bytes()
        score(use_case, {"canal": 0.7, "market": 0.2})
        assert deliver(use_case).status == "sent"
        assert file.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".nightjar.lock",
        "2024-03-05.csv",
        "2024-03-05.parquet",
    ]


def test_a_csv_is_as_people_expect_it(root: Path, tmp_path: Path) -> None:
    use_case = declare(root, {**files(tmp_path / "out"), "columns": ["score", "decision", "scored_at"]})
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    assert (tmp_path / "out" / "2024-03-05.csv").read_text() == (
        '"shop","bread","partition","score","decision","scored_at"\n'
        '"canal","rye",2024-03-05,0.7,true,2024-03-04 23:00:00.123457Z\n'
    )


def test_a_restatement_names_what_was_delivered_and_is_stale_and_corrects_it(
    root: Path, target: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    use_case = declare(root, target)
    for day in (DAY, NEXT):
        score(use_case, {"canal": 0.7}, day)
    deliver(use_case)
    days = {"use_case": use_case.name}
    assert stale.run(StaleArguments(**days)).status == "fresh"
    assert restate.run(RestateArguments(**days)).status == "fresh"
    score(use_case, {"canal": 0.9})
    assert stale.run(StaleArguments(**days)).status == "stale"
    assert (
        "delivery to office 2024-03-05: its scores or the declared target have changed since" in capsys.readouterr().out
    )
    assert restate.run(RestateArguments(**days, dry_run=True)).deliver == [DAY]
    restate.run(RestateArguments(**days, no_deliver=True))
    assert by_shop(use_case) == {"canal": 0.7}
    result = restate.run(RestateArguments(**days))
    assert (result.status, result.deliver, by_shop(use_case)) == ("restated", [DAY], {"canal": 0.9})
    # What was never delivered is no correction.
    assert there(use_case, NEXT) == []
    assert restate.run(RestateArguments(**days)).status == "fresh"


@of_each_format
def test_a_large_day_is_sent_in_batches_in_the_order_of_the_key(root: Path, target: dict[str, Any]) -> None:
    use_case = declare(root, target)
    many = {f"shop {number * 7919 % 25_000:05}": number / 25_000 for number in range(25_000)}
    score(use_case, many)
    assert deliver(use_case).rows == 25_000
    assert by_shop(use_case) == many
    if "files" in target:
        declared = use_case.deliver[0]
        found = [row[0] for row in place.of(use_case, declared).there(DAY)]
        assert found == sorted(found)


@pytest.mark.parametrize("target", ["csv"], indirect=True)
def test_the_command_line_tells_what_was_done(root: Path, target: dict[str, Any], tmp_path: Path) -> None:
    use_case = declare(root, target)
    score(use_case, {"canal": 0.7})
    line = ["deliver", f"--use-case={use_case.name}", f"--partition={DAY}", f"--result={tmp_path / 'result.json'}"]
    assert main(line) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["status"], result["rows"], result["model_versions"]) == ("sent", 1, [1])
    assert [(one["target"], one["partition"], one["status"]) for one in result["days"]] == [
        ("office", str(DAY), "sent")
    ]
    assert main([*line[:2], "--partition=2024-03-09", line[-1]]) == InputsMissing.exit_code
