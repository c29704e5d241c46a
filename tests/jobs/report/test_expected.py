"""Quality before labels on the page of a night: charts, findings and facts, and what stands at the top."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from jobs.monitor.alarms import of_concept
from jobs.report import page, words
from jobs.report.drawing import Frame
from jobs.report.night import VERDICT, Night, Rows
from tests.bench import alarm_worlds
from tests.bench.alarm_worlds import Change
from tests.jobs.report import made_nights
from tests.jobs.report.reading import Page

# All rows lie where the model does not know.
UNSURE = Change("unsure", "plain", features=alarm_worlds.on("plain", lambda v, s, d: 0.2 * v + 0.9))
SPELL = "may be a spell that passes"


@cache
def night(change: Change | None, alarms: str = "measured") -> Night:
    return made_nights.of_world(change, alarms, estimate="isotonic")


def drawn(of: Night) -> tuple[dict[str, Any], Page]:
    made = page.content(of)
    return made, Page(page.html(made))


def with_rows(of: Night, rows: Rows, violated: bool, reason: str = "r") -> Night:
    """The night with these rows of the day alone."""
    verdict = {**of.verdict, "violated": violated, "reason": reason}
    return replace(of, rows=[*(row for row in of.rows if row["partition"] != of.day), *rows, verdict])


def chart(made: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in made["quality"]["charts"] if one["name"] == name]
    return dict(found)


@pytest.mark.parametrize(("name", "metric"), [("log loss", "log_loss"), ("ROC-AUC", "roc_auc")])
def test_a_chart_has_what_came_and_a_dashed_estimate_in_its_band_up_to_the_night(name: str, metric: str) -> None:
    of = night(None)
    made, read = drawn(of)
    found = chart(made, name)
    (estimate,) = found["estimates"]["lines"]
    rows = [row for row in of.estimates if row["metric"] == metric]
    assert [row["partition"] for row in rows][-len(of.days) :] == list(of.days)
    # A point a night of the estimate, one less of what came: the newest labels are not due.
    assert len(re.findall("[ML]", estimate["line"])) == len(of.days)
    assert len(re.findall("[ML]", found["lines"][0]["line"])) == len(of.days) - 1
    assert len(re.findall("[ML]", estimate["band"])) == 2 * len(of.days) and estimate["band"].count("Z") == 1
    last = rows[-1]
    low, high = max(last["estimated"] - 2 * last["error"], 0.0), last["estimated"] + 2 * last["error"]
    high = min(high, 1.0) if metric == "roc_auc" else high
    assert estimate["told"].startswith(
        f"{words.number(last['estimated'])} ({words.number(low)} to {words.number(high)}) on {of.day}"
    )
    came = {row["partition"]: row["value"] for row in of.metric(metric)}
    inside = [
        abs(came[row["partition"]] - row["estimated"]) <= 2 * row["error"] for row in rows if row["partition"] in came
    ]
    assert (
        f"{sum(inside[-len(of.days) + 1 :])} of the {len(of.days) - 1} days whose labels have come" in estimate["told"]
    )
    assert estimate["told"] in read.text and "Shaded: no labels are due yet." in read.text
    assert 0 < found["estimates"]["waiting"] < found["width"] and read.tags["rect"] == 2


def test_a_night_without_estimates_has_a_gap_and_before_any_label_the_estimate_is_alone() -> None:
    of = night(None)
    lost = of.days[3]
    kept = [row for row in of.estimates if row["partition"] != lost]
    cut = chart(drawn(replace(of, estimates=kept))[0], "ROC-AUC")["estimates"]["lines"][0]
    assert cut["line"].count("M") == cut["band"].count("Z") == 2
    unknown = [row | {"error": None} if row["partition"] == of.day else dict(row) for row in of.estimates]
    assert "(its error is not known)" in drawn(replace(of, estimates=unknown))[1].text
    made, read = drawn(replace(of, performance=()))
    assert "No labels of scored days have matured yet" in read.text
    for name in ("log loss", "ROC-AUC"):
        found = chart(made, name)
        assert not found["lines"] and found["estimates"]["lines"]
    # Of several classes it is the share that is decided right.
    classes = [row | {"metric": row["metric"].replace("roc_auc", "accuracy")} for row in of.estimates]
    assert chart(drawn(replace(of, estimates=classes))[0], "accuracy")["estimates"]["lines"]
    # By two versions there are two lines.
    two = [row | {"model_version": 2} if row["partition"] > lost else dict(row) for row in of.estimates]
    assert len(chart(drawn(replace(of, estimates=two))[0], "log loss")["estimates"]["lines"]) == 2


def test_a_band_of_hardly_any_rows_does_not_hide_all_others() -> None:
    of = night(None)
    wild = [row | {"error": 50.0} if row["partition"] == of.days[2] else dict(row) for row in of.estimates]
    assert float(chart(drawn(replace(of, estimates=wild))[0], "log loss")["high"]) < 3


def test_a_finding_says_that_the_model_expects_to_do_worse_since_when_how_surely_and_what_to_do() -> None:
    of = night(UNSURE)
    made, read = drawn(of)
    rows = [row for row in of.of_day if row["kind"] == "estimate" and row["violated"]]
    assert rows and made["quality"]["expected"]["worse"]
    for row in rows:
        name = words.metric(row["feature"])
        (card,) = [one for one in made["drifted"]["cards"] if one["kind"] == "quality expected before labels"
                   and one["name"] == name]  # fmt: skip
        said = f"{name[0].upper()}{name[1:]} is expected to be worse by {words.number(row['value'])}, before labels are known: "
        assert card["findings"][0]["reason"].startswith(said) and "when the model was judged" in read.text
        assert card["findings"][0]["since"] == row["since"] and row["advice"] in card["advice"]
        # It is a test of the scores: they are drawn.
        assert card["distribution"] is not None and f"limit {words.number(row['limit'])}" in read.text
        (picture,) = [one for one in made["timeline"]["open"] if (one["name"], one["kind"]) == (name, card["kind"])]
        assert picture["violated"] and picture["limit"] == words.number(row["limit"])
    assert "expects to do worse on these rows" in read.text
    only = drawn(with_rows(of, rows, violated=True))[1].text
    assert "expects to do worse on these rows" in only and "unlike those that the model learned from" not in only


def test_of_declared_limits_it_is_a_fact_beside_an_ordinary_verdict() -> None:
    of = night(UNSURE, "declared")
    rows = [row for row in of.of_day if row["kind"] == "estimate"]
    (beyond,) = [row for row in rows if row["value"] > row["limit"]]
    assert beyond["feature"] == "roc_auc" and not beyond["violated"]
    made, read = drawn(with_rows(of, rows, violated=False))
    assert made["head"]["word"] == "ordinary" and "expects to do worse on these rows" in read.text
    assert "says that this night's scores are worth less" not in read.text and "Nothing to do." not in read.text
    assert "Nothing else is beyond its limit" in read.text and len(made["facts"]) == 1
    fact = made["facts"][0]
    assert fact.startswith("ROC-AUC is expected to be worse by") and "only matured labels can show" in fact
    assert f"limit {words.number(beyond['limit'])}." in fact
    told = [row["partition"] for row in of.rows if row["kind"] == "estimate" and row["feature"] == "roc_auc"
            and row["value"] is not None and row["value"] > row["limit"]]  # fmt: skip
    assert f"Since {told[0]}," in fact and of.days[0] < told[0] < of.day
    assert {"log loss", "ROC-AUC"} <= {one["name"] for one in made["timeline"]["open"]}
    quiet = drawn(night(None, "declared"))[0]
    assert not quiet["facts"] and not quiet["quality"]["expected"]["worse"]


def test_a_version_from_before_says_so_and_without_the_declaration_there_is_nothing() -> None:
    of = night(None, "declared")
    why = (
        "not measured: version 1 was trained before drift.estimate was declared; the next training keeps what it needs"
    )
    row = next(row for row in of.of_day if row["kind"] == "estimate") | {"value": None, "limit": None, "reason": why}
    made, read = drawn(replace(with_rows(of, [row], violated=False), estimates=()))
    assert why in read.text and made["quality"]["charts"][0]["name"] == "log loss"
    assert len(made["quality"]["charts"]) == 2 and "Shaded" not in read.text
    plain = page.content(made_nights.of_world(None, "declared"))
    assert "expected" not in plain["quality"] and not any("estimates" in one for one in plain["quality"]["charts"])


def test_findings_of_confidence_and_of_a_relation_name_what_they_are() -> None:
    of = night(UNSURE)
    base = next(row for row in of.of_day if row["violated"] and row.get("once_in_days") is not None) | {
        "slice": "all", "slice_value": "all", "limit": None, "days": 3, "since": of.day, "value": 0.0712
    }  # fmt: skip
    relation = base | {"kind": "performance", "feature": "plain", "statistic": of_concept.RELATION,
                       "reason": "plain: labels where it is great are 0.071 lower than the scores say",
                       "advice": of_concept.CHANGED}  # fmt: skip
    sure = base | {"kind": "prediction", "feature": "score", "statistic": "confidence", "reason": "score: 0.071 surer"}
    made, read = drawn(with_rows(of, [relation, sure], violated=True))
    cards = {one["name"]: one for one in made["drifted"]["cards"]}
    assert (cards["plain"]["kind"], cards["score"]["kind"]) == ("relation to the label", "scores")
    assert cards["plain"]["about"].startswith("of plain") and cards["plain"]["advice"] == [of_concept.CHANGED]
    # What the feature is made of is drawn over the window that is counted.
    assert cards["plain"]["distribution"] is not None and cards["plain"]["window"] == f"the 7 days to {of.day}"
    assert {"plain", "score"} == {one["name"] for one in made["timeline"]["open"]}
    assert "labels beside what the scores say" in read.text and "the greater of p and 1 - p" in read.text
    assert "turned out worse than when the model was judged" in read.text


def test_the_head_says_why_a_violated_night_does_not_ask_yet() -> None:
    of = night(UNSURE)
    rows = [dict(row) for row in of.of_day if row["violated"] and row["kind"] != VERDICT]
    passes = with_rows(of, [row | {"newest_chance": 0.2} for row in rows], violated=True)
    lasts = with_rows(of, [row | {"newest_chance": 1e-9} for row in rows], violated=True)
    unknown = with_rows(of, [row | {"newest_chance": None} for row in rows], violated=True)
    assert f"By itself it would not ask for one yet: the newest days alone {SPELL}" in drawn(passes)[1].text
    assert SPELL not in drawn(lasts)[1].text and SPELL not in drawn(unknown)[1].text
    # The retraining's own words say so once, and a night that asks needs none.
    why = str(page.content(passes)["head"]["why"]).split("yet: ")[1]
    again = replace(passes, decision=("asked for no retraining", f"3 of the last 5 days violated, but {why}"))
    assert drawn(again)[1].text.count(SPELL) == 1
    assert SPELL not in drawn(replace(passes, decision=("asked for a retraining", "3 of 5")))[1].text


def test_a_band_has_a_gap_where_its_ends_are_not_known_and_a_lone_day_is_an_upright_bar() -> None:
    frame = Frame(4, 0.0, 1.0, 108, 108, 4)
    assert frame.band([None, None, None, None]) == ""
    assert frame.band([(0.0, 1.0), None, (0.0, 0.5), (0.5, 1.0)]) == (
        "M3 4L5 4L5 104L3 104ZM70.7 54L104 4L104 54L70.7 104Z"
    )
