"""The page of a night: what it says is what the tables say, whatever happened, and whatever the texts are."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from jobs.report import findings, page, words
from jobs.report.night import VERDICT, Night, of_all
from jobs.report.window_counts import Counted
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.models.registry import ModelVersion
from tests.bench import alarm_worlds
from tests.bench.alarm_worlds import Change
from tests.jobs.report import made_nights
from tests.jobs.report.made_nights import HOSTILE
from tests.jobs.report.reading import Page

GONE = Change("30 % gone", "skewed", features=alarm_worlds.on("skewed", alarm_worlds.gone(0.3)))
SOUTH = Change("shifted in one slice", "plain", "south", features=alarm_worlds.on("plain", lambda v, s, d: v + 1.0))
NEW = Change(
    "a new level", "kind", features=alarm_worlds.on("kind", lambda v, s, d: np.where(d.random(len(v)) < 0.2, 6, v))
)
LATE = Change("label rate doubled", needs_labels=True, rate=2.2)
WIDE = Change("shifted by two", "plain", features=alarm_worlds.on("plain", lambda v, s, d: v + 2.0))


FIRST = alarm_worlds.day(alarm_worlds.LEARNED + alarm_worlds.SCORED)


@cache
def night(change: Change | None, alarms: str = "measured") -> Night:
    return made_nights.of_world(change, alarms)


def drawn(of: Night) -> tuple[dict[str, Any], Page]:
    made = page.content(of)
    html = page.html(made)
    assert len(html.encode()) < 1_000_000
    json.loads(page.numbers(made))
    # Drawn twice it is the same: its digest says whether it has changed.
    assert page.html(page.content(of)) == html
    return made, Page(html)


def section(read: Page, start: str, end: str) -> str:
    text = read.text
    return text[text.index(start) : text.index(end)]


@pytest.mark.parametrize(
    ("change", "alarms"),
    [
        *((change, "measured") for change in (None, GONE, SOUTH, NEW)),
        *((change, "declared") for change in (None, NEW, WIDE)),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name if one else "quiet",
)
def test_a_page_says_the_verdict_and_what_drifted_with_the_tables_numbers(change: Change | None, alarms: str) -> None:
    of = night(change, alarms)
    made, read = drawn(of)
    violated = bool(of.verdict["violated"])
    assert ("✕ violated" if violated else "✓ ordinary") in read.text
    assert violated == ("What to do. Nothing to do." not in read.text)
    if change is not None and alarms == "measured":
        assert violated and change.column in [card["name"] for card in made["drifted"]["cards"]]
    told = section(read, "What drifted", "Each watched statistic")
    found = [row for row in of.of_day if row["violated"] and (alarms == "declared" or row["once_in_days"] is not None)]
    assert len({row["feature"] for row in found}) <= 12
    for row in found:
        value = words.value(row["statistic"], row["value"])
        assert row["feature"] in told and (value in told or row["reason"] in told)
        if not of_all(row):
            assert f"where {row['slice']} is {row['slice_value']}" in told
    for name in {row["advice"] for row in found if row.get("advice")}:
        assert f"To do: {name}" in told
    cells = [one for one in read.marked["span"] if one.get("title")]
    assert [one["title"].split(" ")[1].rstrip(":") for one in cells] == [day.isoformat() for day in of.days]
    assert [("violated" in one["class"]) for one in cells] == [of.verdicts[day]["violated"] for day in of.days]


@pytest.mark.parametrize("alarms", ["measured", "declared"])
def test_hostile_names_are_text_and_nothing_comes_from_elsewhere(alarms: str) -> None:
    _, read = drawn(night(NEW, alarms))
    assert "script" not in read.tags and HOSTILE in read.text
    assert not {"link", "img", "iframe", "object", "form"} & set(read.tags)
    assert f"zeppelin {HOSTILE}" in read.text and f"south {HOSTILE}" in read.text and f"by {HOSTILE}" in read.text
    for tag, elements in read.marked.items():
        for attributes in elements:
            assert not any(name.startswith("on") or name == "src" for name in attributes), tag
            assert attributes.get("href", "http://").startswith("http://")


def test_the_distributions_are_those_of_the_window_that_shows_it() -> None:
    of = night(GONE)
    made, _ = drawn(of)
    (card,) = [one for one in made["drifted"]["cards"] if one["name"] == "skewed"]
    row = max(
        (r for r in of.of_day if r["feature"] == "skewed" and r["violated"] and of_all(r)),
        key=lambda r: r["once_in_days"] or 0,
    )
    days = of.window(row["days"])
    total = sum(of.counted.features["skewed"][day] for day in days)
    bars = card["distribution"]["bars"]
    assert card["distribution"]["rows"] == total.sum()
    assert bars[-1]["label"] == "no value" and bars[-1]["now"] == pytest.approx(total[-1] / total.sum())
    assert sum(bar["now"] for bar in bars) == pytest.approx(1) == sum(bar["before"] for bar in bars)
    assert [one["day"] for one in card["by_day"]["days"]] == of.window()
    last = of.counted.features["skewed"][of.day]
    assert card["by_day"]["days"][-1]["now"] == words.share(last[-1] / last.sum())
    assert card["by_day"]["days"][-1]["usual"] == "0.0 %"


def test_of_a_slice_alone_the_slices_rows_are_drawn() -> None:
    of = night(SOUTH)
    only = [row for row in of.of_day if not (row["violated"] and of_all(row) and row["feature"] == "plain")]
    made, read = drawn(replace(of, rows=[*[row for row in of.rows if row["partition"] != of.day], *only, of.verdict]))
    (card,) = [one for one in made["drifted"]["cards"] if one["name"] == "plain"]
    assert card["where"] == f"region is south {HOSTILE}" and f"where region is south {HOSTILE}" in read.text
    place = of.profile.history.slices.index(("region", f"south {HOSTILE}"))  # type: ignore[union-attr]
    row = next(r for r in only if r["feature"] == "plain" and r["violated"] and r["once_in_days"])
    total = sum(of.counted.sliced["plain"][day][place] for day in of.window(row["days"]))
    assert card["distribution"]["rows"] == total.sum()


def test_labels_that_changed_are_drawn_over_the_matured_days() -> None:
    of = night(LATE)
    made, read = drawn(of)
    (card,) = [one for one in made["drifted"]["cards"] if one["name"] == "label"]
    assert card["window"].endswith(str(of.day - dt.timedelta(days=1)))
    row = next(r for r in of.of_day if r["kind"] == "label" and r["statistic"] == "rate")
    yes = card["distribution"]["bars"][1]
    assert (yes["label"], yes["now"]) == ("yes", pytest.approx(row["value"])) and row["value"] > yes["before"] + 0.1
    assert "turned out worse than when the model was judged" in read.text


def test_the_timeline_has_each_watched_statistic_once_the_violated_and_nearest_first() -> None:
    of = night(WIDE, "declared")
    made, _ = drawn(of)
    pictures = [*made["timeline"]["open"], *made["timeline"]["folded"]]
    watched = [row for row in of.of_day if row["limit"] is not None]
    assert len(pictures) == len(watched) == made["timeline"]["all"]
    assert sorted((one["name"], one["statistic"]) for one in pictures) == sorted(
        (row["feature"], words.statistic(row["statistic"])) for row in watched
    )
    assert [one["violated"] for one in pictures] == sorted((one["violated"] for one in pictures), reverse=True)
    for one in pictures:
        days = [
            row["partition"]
            for row in of.rows
            if row["feature"] == one["name"] and row["violated"] and row["kind"] != VERDICT
        ]
        assert len(one["marks"]) == len(days) and one["line"].startswith("M")
    assert 0 < len(made["timeline"]["open"]) <= 12


def test_days_without_a_verdict_are_gaps_and_say_why() -> None:
    of = night(None, "declared")
    lost, empty = of.days[3], of.days[5]
    made, read = drawn(
        replace(of, rows=[row for row in of.rows if row["partition"] not in (lost, empty)], nobody=[empty])
    )
    states = {cell["day"]: cell for cell in made["nights"]}
    assert (states[lost]["state"], states[empty]["state"]) == ("none", "none")
    assert "not scored" in states[lost]["title"] and "nobody was in the population" in states[empty]["title"]
    assert "no verdict (2)" in read.text
    # A gap in every line: the one begins anew after it.
    full = drawn(of)[0]["timeline"]["open"][0]["line"]
    assert made["timeline"]["open"][0]["line"].count("M") > full.count("M")


def test_where_another_version_scores_is_marked() -> None:
    of = night(None, "declared")
    later = [row | {"model_version": 2} if row["partition"] >= of.days[4] else row for row in of.rows]
    model = ModelVersion(of.use_case.name, 2, "r2", {})
    made, read = drawn(replace(of, rows=later, model=model, events=[*of.events, made_nights.promoted(of.use_case, 2)]))
    assert [cell["day"] for cell in made["nights"] if cell["promoted"]] == [of.days[4]]
    assert f"From {of.days[4]} on version 2 scores." in read.text
    assert f"version 2, since {of.days[4]}" in read.text
    back = [row | {"model_version": 2} if row["partition"] in of.days[2:4] else row for row in of.rows]
    assert f"(trained for 2024-04-30), again since {of.days[4]}" in drawn(replace(of, rows=back))[1].text
    assert all(len(one["promoted"]) == 1 for one in made["timeline"]["open"])


def test_since_when_is_the_first_of_the_violated_nights_in_a_row() -> None:
    of = night(GONE)
    made, read = drawn(of)
    in_a_row = 0
    for day in reversed(of.days):
        if not of.verdicts[day]["violated"]:
            break
        in_a_row += 1
    assert in_a_row > 1 and made["head"]["since"] == (of.days[-in_a_row], in_a_row)
    assert f"For {in_a_row} nights, since {of.days[-in_a_row]}." in read.text
    declared = night(WIDE, "declared")
    row = next(r for r in declared.of_day if r["violated"] and r["feature"] == "plain")
    same = [
        r["violated"] for r in declared.rows if (r["kind"], r["feature"], r["statistic"]) == ("feature", "plain", "psi")
    ]
    assert declared.since(row) == declared.days[len(same) - same[::-1].index(False)]


def test_quality_is_the_performance_tables_by_day_and_version() -> None:
    of = night(None, "declared")
    challenger = [
        row | {"role": "challenger", "model_version": 2} for row in of.performance if row["partition"] > of.days[5]
    ]
    made, read = drawn(replace(of, performance=[*of.performance, *challenger]))
    loss, gap = made["quality"]["charts"]
    assert [one["name"] for one in loss["lines"]] == ["challenger, version 2", "champion, version 1"]
    newest = max(row["partition"] for row in of.performance)
    of_newest = {
        row["metric"]: row["value"] for row in of.performance if row["partition"] == newest and row["slice"] == "all"
    }
    assert loss["lines"][-1]["told"] == f"{words.number(of_newest['log_loss'])} on {newest}"
    assert gap["lines"][-1]["told"] == f"{words.number(of_newest['calibration_gap'])} on {newest}"
    assert of.profile is not None and loss["usual_value"] == words.number(of.profile.metrics["log_loss"])
    assert gap["limit_values"] == "0.2 and -0.2" and "Dashed: the limit" in read.text


def test_slices_have_their_rows_share_missing_and_loss_and_what_is_beyond_chance() -> None:
    of = night(SOUTH)
    made, _ = drawn(of)
    lines = {line["value"]: line for line in made["slices"]["lines"]}
    assert set(lines) == {"north", "west", f"south {HOSTILE}"}
    window = of.matured_window()
    rows = [r for r in of.performance if r["partition"] in window and r["metric"] == "log_loss"]
    total = sum(r["rows"] for r in rows if r["slice"] == "all")
    for value, line in lines.items():
        its = [r for r in rows if r["slice_value"] == value]
        assert line["rows"] == words.number(sum(r["rows"] for r in its))
        assert line["share"] == words.share(sum(r["rows"] for r in its) / total)
        mean = sum(r["labelled_rows"] * r["value"] for r in its) / sum(r["labelled_rows"] for r in its)
        assert line["loss"] == words.number(mean) and line["judged"] != "-"
    losses = [float(line["loss"]) for line in made["slices"]["lines"]]
    assert losses == sorted(losses, reverse=True)
    assert "plain: moved" in lines[f"south {HOSTILE}"]["violated"] and lines["north"]["violated"] == ""
    assert all(line["missing"].endswith("%") for line in lines.values())


def test_the_first_night_says_what_it_waits_for() -> None:
    of = night(None, "declared")
    first = [
        row
        | (
            {"value": None, "violated": False}
            if row["kind"] != VERDICT
            else {"violated": False, "reason": "no feature measured"}
        )
        for row in of.rows
        if row["partition"] == of.day
    ]
    made, read = drawn(replace(of, days=[of.day], rows=first, performance=(), counted=Counted(), decision=("", "")))
    assert made["head"]["sign"] == "?" and "? not measured" in read.text and "Nothing to do" in read.text
    assert f"the first ones are due on {of.day + dt.timedelta(days=1)}" in read.text
    assert "No labels of the slices region have matured yet" in read.text
    assert all(one["value"] == "not measured" for one in made["timeline"]["open"])


def test_without_the_champions_profile_the_page_is_drawn_and_says_so() -> None:
    of = night(GONE)
    made, read = drawn(replace(of, profile=None, counted=Counted(), no_profile=f"run r has no artifact {HOSTILE}"))
    assert "training profile is not there" in read.text and f"run r has no artifact {HOSTILE}" in read.text
    assert all(card["distribution"] is None for card in made["drifted"]["cards"]) and made["drifted"]["cards"]


def test_a_champion_from_before_measured_alarms_is_judged_by_limits_and_the_page_says_until_when() -> None:
    of = night(WIDE, "declared")
    drift = of.use_case.drift.model_copy(update={"alarms": "measured"})
    rows = [row | {"once_in_days": None, "slice": "all", "slice_value": "all", "advice": None} for row in of.rows]
    made, read = drawn(replace(of, use_case=of.use_case.model_copy(update={"drift": drift}), rows=rows))
    assert "they begin with the next training" in read.text and made["drifted"]["cards"]


def test_a_night_that_fallbacks_scored_says_so_with_the_command_that_mends_it() -> None:
    of = night(None)
    _, read = drawn(replace(of, fallbacks=[of.day]))
    assert "python -m jobs restate --use-case world" in read.text and "#fallbacks-scored-the-night" in read.text
    assert "scored by the declared fallbacks" in read.marked["span"][len(of.days) - 1]["title"]


def test_thousands_of_columns_make_a_page_that_a_browser_opens() -> None:
    of = night(WIDE, "declared")
    more = [
        row | {"feature": f"{row['feature']}_{number}"}
        for number in range(120)
        for row in of.rows
        if row["kind"] == "feature"
    ]
    made, read = drawn(replace(of, rows=[*of.rows, *more]))
    assert len(made["drifted"]["cards"]) == 12 and made["drifted"]["others"]
    assert made["timeline"]["left_out"] > 500 and f"another {made['timeline']['left_out']} are in" in read.text


@pytest.mark.parametrize(("alarms", "change"), [("measured", GONE), ("declared", WIDE)])
def test_a_night_of_a_known_event_tells_what_differs_and_calls_nobody(alarms: str, change: Change) -> None:
    event = KnownEvent(name=f"fair {HOSTILE.replace(';', ',')}", start=FIRST, end=FIRST + dt.timedelta(days=30))
    made, read = drawn(made_nights.of_world(change, alarms, events=(event,)))
    assert not made["head"]["violated"] and "? known event" in read.text and "Nothing to do, unless" in read.text
    assert f"known event: {event.name}." in read.text and "told and not judged" in read.text
    assert "Nothing is judged this night." in read.text and "beyond its limit this night" not in read.text
    # What differs is drawn, and is no card.
    assert not made["drifted"]["cards"] and change.column in section(read, "Each watched statistic", "Matured quality")
    cells = [one["title"] for one in read.marked["span"] if one.get("title")]
    assert f"not judged, known event {event.name}" in cells[-1] and f", ? known event ({len(cells)})" in read.text


def test_the_distributions_of_a_night_after_an_event_are_of_the_days_that_are_compared() -> None:
    def rows(events: tuple[KnownEvent, ...], kept: int) -> tuple[int, int]:
        """Those of the night's newest ordinary days, and those that are drawn."""
        of = made_nights.of_world(None, watched=14, events=events)
        shown = findings.scores(of)
        ordinary = [day for day in of.window() if of.use_case.drift.known_event(day) is None]
        assert shown is not None and of.known_event(of.day) is None and len(ordinary) == kept
        return sum(int(of.counted.scores[day].sum()) for day in ordinary), int(shown["rows"])

    last = made_nights.of_world(None, watched=14).day
    fair = KnownEvent(name="fair", start=last - dt.timedelta(days=4), end=last - dt.timedelta(days=1))
    for events, kept in (((), 7), ((fair,), 3)):
        of_days, drawn_rows = rows(events, kept)
        assert of_days == drawn_rows
