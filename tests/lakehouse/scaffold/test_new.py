"""What `python -m lakehouse new` makes of one sample or another, and what it refuses in which words."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lakehouse.__main__ import main
from lakehouse.declaration import loader
from lakehouse.errors import BadArguments
from lakehouse.scaffold import from_template, naming, sample_files, split_choice, written_days
from lakehouse.scaffold.column_profile import ColumnProfile
from tests.lakehouse.scaffold.samples import FIRST, all_rejects, new, rejects, written

HEADER = ["id", "day", "size", "kind", "result"]


def rows(days: int = 30, a_day: int = 8, step: int = 1, labels: tuple[str, ...] = ("yes", "no")) -> list[list[Any]]:
    dice = random.Random(days * a_day)
    return [
        [
            f"r{n}",
            FIRST + dt.timedelta(days=n // a_day * step),
            dice.randint(1, 99),
            dice.choice("ab"),
            labels[n % len(labels)],
        ]
        for n in range(days * a_day)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "orders.csv"
    place.write_bytes(written(HEADER, rows()))
    return place


def test_rows_and_what_became_of_them_land_apart(file: Path, tmp_path: Path) -> None:
    draft, use_case, landing = new(tmp_path, file, label="result", known_later=("size",), label_arrives_after=3)
    assert (use_case.entity.source, use_case.label.source) == ("orders", "orders_outcomes")
    assert use_case.entity.key == ("id",)  # the only column that identifies a row
    entity, outcomes = use_case.sources
    assert entity.column_names == ("id", "day", "kind") and outcomes.column_names == ("id", "result", "size")
    assert (entity.arrives_after_days, outcomes.arrives_after_days, use_case.label.maturity_days) == (0, 3, 3)
    assert (use_case.label.column, use_case.label.is_value) == ("result", "yes")
    # Means of the label read no day whose label has not arrived.
    assert [(item.source, item.first, item.last) for item in use_case.inputs] == [
        ("orders", 30, 0),
        ("orders_outcomes", 30, 3),
    ]
    assert "size" not in use_case.feature_names
    first = (landing / "orders" / f"{FIRST}.csv").read_text(encoding="utf-8").splitlines()
    assert first[0] == "id,day,kind" and len(first) == 9
    assert draft.split.day == FIRST + dt.timedelta(days=29)


def test_days_that_are_missing_make_occasional_sources_without_means(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(written(HEADER, rows(step=7)))
    _, use_case, _ = new(tmp_path, file, label="result")
    assert {source.cadence for source in use_case.sources} == {"occasional"}
    assert not [name for name in use_case.feature_names if name.startswith("label_mean")]


def test_days_are_made_up_only_when_asked_and_mix_a_sorted_file(tmp_path: Path) -> None:
    file = tmp_path / "flowers.csv"
    sorted_rows = sorted(([n, n % 7, "big" if n < 150 else "small"] for n in range(300)), key=lambda row: row[2])
    file.write_bytes(written(["nr", "length", "sort"], sorted_rows))
    with pytest.raises(BadArguments, match="--spread-from 2024-01-01"):
        new(tmp_path, file, label="sort")
    draft, use_case, landing = new(tmp_path, file, label="sort", positive="big", spread_from=FIRST, rows_a_day=20)
    assert len(list((landing / "flowers").iterdir())) == 15 and use_case.calendar.start == FIRST
    for delivery in (landing / "flowers_outcomes").iterdir():
        assert {"big", "small"} <= set(delivery.read_text().replace("\n", ",").split(","))
    assert "MADE UP" in (tmp_path / "brought/case/use_case.yaml").read_text(encoding="utf-8")
    assert not draft.means


def test_a_row_number_is_made_up_where_nothing_identifies_a_row(tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    file.write_bytes(written(["day", "size", "heat"], [[row[1], row[2], row[2] / 3] for row in rows()]))
    draft, use_case, landing = new(tmp_path, file, label="heat")
    assert use_case.entity.key == ("made_up_row_number",) and use_case.model.task == "regression"
    assert all_rejects(use_case, landing)[1] == [] and any("made up" in remark for remark in draft.remarks)


def test_an_entity_that_comes_again_gets_the_mean_of_its_own_labels(tmp_path: Path) -> None:
    dice = random.Random(3)
    table = [
        [FIRST + dt.timedelta(days=day), place, item, dice.randint(1, 50)]
        for day in range(40)
        for place in "xyz"
        for item in "pq"
    ]
    file = tmp_path / "sales.csv"
    file.write_bytes(written(["date", "place", "item", "sum"], table))
    draft, use_case, _ = new(tmp_path, file, label="sum", key=("place", "item", "date"))
    assert use_case.entity.key == ("place", "item")  # the day is the partition's
    assert [mean.by for mean in draft.means] == [(), ("place", "item"), ("place",), ("item",)]


def test_separate_sources_are_told_apart_and_a_reference_table_is_joined(tmp_path: Path) -> None:
    base = tmp_path / "in"
    for offset in range(20):
        day = FIRST + dt.timedelta(days=offset)
        (base / "plan").mkdir(parents=True, exist_ok=True)
        keys = range(12)
        (base / "plan" / f"plan_{day:%Y%m%d}.csv").write_bytes(
            written(["Item", "count"], [[k, k + offset] for k in keys])
        )
        (base / f"counted {day}.csv").write_bytes(written(["Item", "sold"], [[k, k * 2 + offset] for k in keys]))
    (base / "items.csv").write_bytes(written(["Item", "weight"], [[k, k / 4] for k in range(12)]))
    files = [base / "plan", *sorted(base.glob("counted *")), base / "items.csv"]
    draft, use_case, landing = new(tmp_path, *files, label="sold", key=("item",))
    assert [(s.name, s.cadence, s.arrives_after_days) for s in use_case.sources] == [
        ("plan", "daily", 0),
        ("counted", "daily", 1),
        ("items", "occasional", 0),
    ]
    assert use_case.feature_names[-1] == "items_weight" and draft.references[0].key == "item"
    assert all_rejects(use_case, landing)[1] == []
    assert use_case.calendar.end is None  # deliveries keep coming


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"label": "resultt"}, "--label resultt: expected a column of the sample"),
        ({"label": "result", "key": ("idd",)}, "--key idd: expected a column of orders, found id, day"),
        ({"label": "result", "key": ("result",)}, "--key result: is known later"),
        ({"label": "id"}, "--label id: expected a number, or a text of 2 to 20 values"),
        ({"label": "kind", "positive": "c"}, "--positive c: expected one of the values of kind: "),
        ({"label": "size", "task": "classification"}, "--label size: expected two values for a classification"),
        ({"label": "kind", "task": "regression"}, "--label kind: expected a column of numbers for a regression"),
        ({"label": "result", "date_column": "kind"}, "--date-column kind: expected days, found"),
        ({"label": "result", "label_arrives_after": 40}, "--label-arrives-after 40: expected 1 to 31 days"),
        ({"label": "result", "label_arrives_after": 20}, "expected days enough to train, tune and judge on"),
        ({"label": "result", "name": "No"}, "new No: expected a name of small letters"),
        ({"label": "result", "timezone": "Paris"}, "--timezone Paris: expected an IANA time zone"),
        ({"label": "result", "date_column": "day", "spread_from": FIRST}, "--spread-from: makes days up"),
    ],
)
def test_a_refusal_says_what_was_expected_and_nothing_is_written(
    file: Path, tmp_path: Path, how: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadArguments) as refused:
        new(tmp_path, file, **how)
    assert expected in str(refused.value)
    assert [place for place in tmp_path.rglob("*") if place.is_file()] == [file]
    assert not list(tmp_path.rglob(".new-*"))


def test_nothing_that_is_there_is_overwritten(file: Path, tmp_path: Path) -> None:
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    (tmp_path / "landing" / "orders" / "2020-01-01.csv").write_text("mine")
    _, use_case, _ = new(tmp_path, file, label="result")
    # Another source than the one whose deliveries lie there.
    assert use_case.entity.source == "case_orders"
    with pytest.raises(BadArguments, match="nothing is overwritten"):
        new(tmp_path, file, label="result")
    assert (tmp_path / "landing" / "orders" / "2020-01-01.csv").read_text() == "mine"


def test_a_contract_has_room_and_ends(tmp_path: Path) -> None:
    table = [
        [n, FIRST + dt.timedelta(days=n // 20), n % 50 + 100, "ab"[n % 2], f"AB-{n % 900:04d}", n % 2]
        for n in range(600)
    ]
    file = tmp_path / "t.csv"
    file.write_bytes(written(["id", "day", "size", "kind", "code", "y"], table))
    _, use_case, landing = new(tmp_path, file, label="y", key=("id",))
    columns = {column.name: column for column in use_case.source("t").columns}
    # 100 to 149, half the width on both sides.
    assert (columns["size"].minimum, columns["size"].maximum) == (75, 174)
    assert columns["kind"].allowed == ("a", "b") and columns["code"].pattern == "[A-Z]{2}-[0-9]{4}"
    assert columns["id"].maximum is None and not columns["size"].nullable
    bad = landing / "bad.csv"
    bad.write_bytes(written(list(columns), [[700, FIRST, 175, "c", "AB-1"], [701, FIRST, 174, "a", "AB-0001"]]))
    _, reasons = rejects(use_case.source("t"), bad)
    assert [len(why) for why in reasons] == [3]


def test_a_broken_line_is_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    content = written(HEADER, rows()).decode().splitlines()
    file.write_text("\n".join([*content[:50], "a,b", *content[50:], ",".join(HEADER)]) + "\n", encoding="utf-8")
    draft, use_case, landing = new(tmp_path, file, label="result")
    assert draft.sources[0].remarks == ("2 lines are no rows of their file and are left out.",)
    assert all_rejects(use_case, landing) == ({"orders": 240, "orders_outcomes": 240}, [])


def test_a_header_that_is_a_row_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "iris.data"
    file.write_text("5.1,3.5,1.4,0.2,a\n4.9,3.0,1.4,0.2,b\n", encoding="utf-8")
    with pytest.raises(BadArguments, match="which looks like a row"):
        new(tmp_path, file, label="a")


@pytest.mark.parametrize(
    ("texts", "format_"),
    [
        (["31/12/2023", "01/02/2024"], "%d/%m/%Y"),
        (["12/31/2023", "01/02/2024"], "%m/%d/%Y"),
        (["2024-01-05 10:00", "2024-01-06T11:30:00.5"], "%Y-%m-%d"),
        (["20240105", "20240131"], "%Y%m%d"),
        (["5 Jan 2024", "17 Feb 2024"], "%d %b %Y"),
        (["1/2/24", "31/2/24", "31/1/24"] * 0 + ["31.1.24", "1.2.24"], "%d.%m.%y"),
    ],
)
def test_the_way_days_are_written_is_seen(texts: list[str], format_: str) -> None:
    assert written_days.reader("c", texts, ZoneInfo("UTC")).format == format_


def test_days_that_may_be_read_in_two_ways_are_asked_for() -> None:
    with pytest.raises(BadArguments, match=r'may be a day in 2 ways; add --date-format .*"%d/%m/%Y" or "%m/%d/%Y"'):
        written_days.reader("c", ["01/02/2024", "03/04/2024"], ZoneInfo("UTC"))


def test_an_instant_lies_on_the_day_of_its_place() -> None:
    reader = written_days.reader("c", ["2024-01-05T23:30:00Z"], ZoneInfo("Asia/Tokyo"))
    assert reader.day("2024-01-05T23:30:00Z") == dt.date(2024, 1, 6)


@pytest.mark.parametrize("seed", range(60))
def test_a_drawn_history_gets_windows_that_a_declaration_may_have(seed: int) -> None:
    dice = random.Random(seed)
    length, maturity = dice.randint(5, 900), dice.randint(1, 31)
    days = sorted(dice.sample(range(length), dice.randint(max(1, length // 3), length)))
    counts = {FIRST + dt.timedelta(days=day): dice.randint(1, 400) for day in days}
    try:
        split = split_choice.choose(counts, maturity)
    except BadArguments:
        # Too few days: no window of a day each fits between the embargoes.
        known = [day for day in counts if (max(counts) - day).days >= maturity]
        assert not known or (max(known) - min(known)).days <= max(2 * (maturity + 1) + length, 0)
        return
    assert split.train[0] >= split.train[1] > split.validation[0] + maturity
    assert split.validation[0] >= split.validation[1] > split.holdout[0] + maturity
    assert split.holdout[0] >= split.holdout[1] >= maturity
    for (first, last), found in zip((split.train, split.validation, split.holdout), split.rows, strict=True):
        inside = [rows for day, rows in counts.items() if last <= (split.day - day).days <= first]
        assert sum(inside) == found > 0


def test_names_are_clean_different_and_nobodys() -> None:
    given = ["Größe (m²)", "CustomerID", "1st", "", "score", "Score", "slice_x", "yes", "%", "日本", "a" * 90]
    names = naming.of_columns(naming.different(given))
    assert list(names.values())[:8] == [
        *("groesse_m2", "customer_id", "c_1st", "unnamed_4", "score_given", "score_given_2", "c_slice_x", "yes_given")
    ]
    assert len(set(names.values())) == len(given)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", None], "long"),
        (["007", "12"], "string"),
        (["1.5", "2"], "double"),
        (["1,5", "2"], "string"),
        (["true", "FALSE"], "boolean"),
        (["2024-02-29"], "date"),
        (["2024-02-30"], "string"),
        (["2024-02-29 10:00", "2024-02-29T10:00:00.123456Z"], "timestamp"),
        (["9" * 25], "string"),
        (["1e999"], "string"),
        ([None, None], "string"),
        (["NA", "5"], "long"),
    ],
)
def test_a_column_is_of_the_narrowest_type_that_ingestion_reads(texts: list[str | None], kind: str) -> None:
    profile = ColumnProfile("x")
    for text in texts:
        profile.add([text])
    assert profile.kind(".") == kind


def test_files_of_a_source_are_known_by_their_names(tmp_path: Path) -> None:
    for name in (
        "plan_2024-03-01.csv",
        "plan_2024-03-02.csv.gz",
        "20240301-sales.jsonl",
        "shops.parquet",
        "2024.03.01.csv",
    ):
        (tmp_path / name).write_text("x")
    found = {source.name: source for source in sample_files.sources(map(str, sorted(tmp_path.iterdir())))}
    assert found["plan"].daily and len(found["plan"].files) == 2
    assert found["sales"].files[0].day == dt.date(2024, 3, 1) and not found["shops"].daily
    assert naming.clean(tmp_path.name, "rows") in found
    (tmp_path / "book.xlsx").write_text("x")
    with pytest.raises(BadArguments, match="a workbook: save each sheet as CSV"):
        sample_files.sources([str(tmp_path / "book.xlsx")])


@pytest.mark.parametrize("template", ["binary", "regression", "multiclass", "population"])
def test_a_template_loads_as_it_is(template: str, tmp_path: Path) -> None:
    from_template.make("mine", template, tmp_path)
    use_case = loader.load(tmp_path / "mine" / "use_case.yaml")
    assert use_case.name == "mine" and "$" not in (tmp_path / "mine" / "features.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(("labels", "classes"), [(("b", "a", "no"), ("a", "b", "no")), (("0", "2", "11"), (0, 2, 11))])
def test_few_texts_or_whole_numbers_become_classes(
    labels: tuple[str, ...], classes: tuple[Any, ...], tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(written(HEADER, rows(labels=labels)))
    _, use_case, _ = new(tmp_path, file, label="result", task="multiclass")
    assert tuple(use_case.label.classes) == classes and use_case.model.task == "multiclass"


def test_texts_before_the_names_are_told(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(b"# written by a machine\n" + written(HEADER, rows()))
    with pytest.raises(
        BadArguments, match=r"241 line.s. with another number of cells than the first has; is there text"
    ):
        new(tmp_path, file, label="result")


def test_texts_of_few_values_are_categories(file: Path, tmp_path: Path) -> None:
    draft, use_case, _ = new(tmp_path, file, label="result")
    categories = [feature.name for feature in draft.features if feature.category]
    assert categories == ["kind"]
    assert set(categories) <= set(use_case.feature_names)


def test_the_command_line_says_what_is_missing(capsys: pytest.CaptureFixture[str], lakehouse_root: Path) -> None:
    assert main(["new", "case", "--label", "x"]) == 2
    assert "expected --from with files of a sample, or --template with its name" in capsys.readouterr().err
    assert (
        main(["new", "case", "--from", "nowhere.csv", "--label", "x", "--into", str(lakehouse_root.parent / "b")]) == 2
    )
    assert "--from nowhere.csv: expected a file or a folder" in capsys.readouterr().err
