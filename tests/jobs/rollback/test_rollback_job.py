"""A bad champion is undone in one step, its scores included, and a step that was killed is completed."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.command_line import parse
from jobs.deliver import job as deliver
from jobs.deliver.arguments import DeliverArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.rollback import job
from jobs.rollback.arguments import RollbackArguments
from jobs.score import job as score_job
from jobs.score.arguments import ScoreArguments
from lakehouse import tables
from lakehouse.analyst import query
from lakehouse.declaration import Target, loader
from lakehouse.errors import BadArguments, ChampionChanged, ModelMissing, ModelRefused
from lakehouse.models import champion_record, registry, shadow, version_selection
from lakehouse.ops import model_events, pending_verdicts
from lakehouse.storage import small_tables
from tests.jobs.shelf import NOON, ROWS, Shelf, day, live, open_clinic, scored

ROLLOUT = {"former_nights": 5, "rollback_margin": 0.01, "rollback_nights": 3, "rollback_rows": 100}


@pytest.fixture
def shelf(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Three versions, of which the first is champion and the only good one."""
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", rollout=ROLLOUT)
    for _ in range(3):
        made.add()
    made.promote(1)
    return made


class Stages:
    """In the place of the stages: what they leave in the log, and a place to be killed at."""

    def __init__(self, shelf: Shelf, die_at: int = 0) -> None:
        self.shelf, self.die_at, self.ran = shelf, die_at, list[str]()
        self.measured: set[dt.date] = set()

    def monitor(self, arguments: MonitorArguments) -> None:
        self._begin("monitor")
        self.measured |= set(arguments.days)

    def score(self, arguments: ScoreArguments) -> None:
        self._begin("score")
        assert arguments.model_version is not None and arguments.chosen_by is not None
        for on in arguments.days:
            scored(self.shelf.use_case, (on - day(0)).days, arguments.model_version, why=arguments.chosen_by)

    def _begin(self, stage: str) -> None:
        self.ran.append(stage)
        if len(self.ran) == self.die_at:
            raise KeyboardInterrupt


@pytest.fixture
def light(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Stages:
    """Version 2 was promoted and has scored days 0 and 2; day 1 was scored by version 3, which somebody asked for."""
    shelf.promote(2)
    for number, version, why in ((0, 2, "champion"), (1, 3, "asked"), (2, 2, "now")):
        scored(shelf.use_case, number, version, why=why)
    made = Stages(shelf)
    monkeypatch.setattr(score_job, "run", made.score)
    monkeypatch.setattr(monitor, "run", made.monitor)
    return made


def score(first: int, last: int) -> dict[str, Any]:
    return score_job.run(ScoreArguments(use_case="appointments", partition=day(first), through=day(last))).as_json()


def measure(first: int, last: int) -> dict[str, Any]:
    return monitor.run(MonitorArguments(use_case="appointments", partition=day(first), through=day(last))).as_json()


def roll_back(reason: str = "it is bad", **more: Any) -> dict[str, Any]:
    return job.run(RollbackArguments(use_case="appointments", reason=reason, actor="ann", **more)).as_json()


def by_champion(shelf: Shelf) -> dict[tuple[dt.date, int], tuple[Any, ...]]:
    """What the champion's rows say of each entity and day."""
    said = ("model_version", "score", "decision", "threshold", "features_version", "code_version", "run_id")
    found = small_tables.read(tables.scores(shelf.use_case))
    champion = [row for row in found if row["role"] == registry.CHAMPION]
    return {(row["partition"], row["appointment"]): tuple(row[name] for name in said) for row in champion}


def measured(shelf: Shelf) -> list[dict[str, Any]]:
    """Performance of the champion, and the verdicts; not what was measured beside it, which the fingerprint names too."""
    found = small_tables.read(tables.performance(shelf.use_case)) + small_tables.read(tables.drift(shelf.use_case))
    mine = [row for row in found if row.get("role", registry.CHAMPION) == registry.CHAMPION]
    return [{name: value for name, value in row.items() if name != "inputs_fingerprint"} for row in mine]


def test_a_promotion_that_turns_out_worse_is_taken_back_by_the_platform_itself_scores_included(
    spark: SparkSession, shelf: Shelf, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(shelf.use_case, *range(6))
    score(0, 0)
    undisturbed = shutil.copytree(lakehouse_root, tmp_path / "undisturbed")
    shelf.promote(2)
    score(1, 4)
    told = measure(4, 4)
    assert told["roll_back"], told["roll_back_reasons"]
    wish = told["rollback"]
    assert (wish["from_version"], wish["to_version"], wish["rescore"]) == (2, 1, True)

    nights = [day(number) for number in (1, 2, 3, 4)]
    result = roll_back(**wish, request="rollback__2_to_1")
    assert (result["status"], result["from_version"], result["to_version"]) == ("rolled back", 2, 1)
    assert (result["window"], result["rescored"], result["judged"]) == ([str(day(1)), str(day(4))], nights, nights)
    assert shelf.aliases[registry.CHAMPION] == 1 == champion_record.champion("appointments").version
    event = model_events.of_model("appointments")[-1]
    assert (event.event, event.model_version, event.from_version, event.actor) == ("rolled back", 1, 2, "ann")
    assert event.reason == "; ".join(told["roll_back_reasons"]) and event.evidence["nights"] == list(map(str, nights))
    found = [row for row in small_tables.read(tables.scores(shelf.use_case)) if row["partition"] in nights]
    assert {(row["role"], row["model_version"], row["chosen_by"], row["decides"]) for row in found} == {
        ("champion", 1, "rolled back", True),
        ("challenger", 2, "rolled back", False),
    }
    # Asked again, it is done already; and the next night the good one scores, alone.
    assert not measure(4, 4)["roll_back"]
    assert roll_back(**wish, request="rollback__2_to_1")["status"] == "unchanged"
    after = score(5, 5)
    assert (after["model_versions"], after["challenger_versions"]) == ([1], [])
    assert shadow.former(shelf.use_case) is None and pending_verdicts.pending("appointments") == []
    rescored, judged = by_champion(shelf), measured(shelf)

    # The same days where version 2 never was.
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(undisturbed))
    score(1, 5)
    measure(1, 4)
    assert by_champion(shelf) == rescored and len(rescored) == 6 * ROWS
    assert measured(shelf) == judged


def test_nights_that_somebody_asked_a_version_for_stay_as_they_are(shelf: Shelf, light: Stages) -> None:
    result = roll_back(rescore=True)
    assert (result["nights"], result["rescored"]) == ([str(day(0)), str(day(2))], [day(0), day(2)])
    assert version_selection.scored_by(shelf.use_case) == {day(0): 1, day(1): 3, day(2): 1}
    # The labels of day 0 mature on day 1, whose verdict rests on them.
    assert light.measured == {day(0), day(1), day(2)}


def test_nights_that_came_back_once_go_further_back_with_the_champion(shelf: Shelf, light: Stages) -> None:
    shelf.promote(3)
    scored(shelf.use_case, 3, 3)
    assert roll_back("version 3 is bad", rescore=True)["rescored"] == [day(3)]
    assert version_selection.scored_by(shelf.use_case)[day(3)] == 2
    assert roll_back("version 2 as well", rescore=True)["rescored"] == [day(0), day(2), day(3)]


def test_what_was_delivered_of_the_nights_is_replaced_also_after_a_rollback_that_was_killed(
    shelf: Shelf, light: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    target = Target.model_validate({"name": "office", "files": {"folder": str(folder)}, "columns": ["model_version"]})
    delivered = shelf.use_case.model_copy(update={"deliver": (target,)})
    monkeypatch.setattr(loader, "by_name", lambda _: delivered)

    def versions() -> list[str]:
        return [file.read_text().splitlines()[1].rpartition(",")[2] for file in sorted(folder.glob("*.csv"))]

    deliver.run(DeliverArguments(use_case="appointments", partition=day(0), through=day(1)))
    assert versions() == ["2", "3"]
    light.die_at = 2
    with pytest.raises(KeyboardInterrupt):
        roll_back(rescore=True, request="run 7")
    light.die_at = 0
    assert versions() == ["2", "3"]
    roll_back(rescore=True, request="run 7", no_deliver=True)
    assert versions() == ["2", "3"]
    roll_back(rescore=True, request="run 7")
    # Day 2 was never delivered.
    assert versions() == ["1", "3"]


def test_without_rescoring_the_nights_keep_their_scores(shelf: Shelf, light: Stages) -> None:
    before = version_selection.scored_by(shelf.use_case)
    planned = roll_back(dry_run=True)
    assert (planned["status"], planned["to_version"], planned["nights"]) == ("planned", 1, [str(day(0)), str(day(2))])
    assert champion_record.champion("appointments").version == 2
    assert (roll_back()["rescored"], light.ran, version_selection.scored_by(shelf.use_case)) == ([], [], before)
    # Asked for afterwards in the same words, it is done; and then there is nothing left to do.
    assert roll_back(rescore=True)["rescored"] == [day(0), day(2)]
    assert roll_back(rescore=True)["status"] == "unchanged"


@pytest.mark.parametrize("killed_at", ["alias", "first night", "second night", "verdicts", "settling"])
def test_a_rollback_that_was_killed_comes_to_the_same_end(
    shelf: Shelf, light: Stages, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    light.die_at = {"first night": 1, "second night": 2, "verdicts": 3}.get(killed_at, 0)
    with monkeypatch.context() as patched:
        if killed_at == "alias":
            patched.setattr(registry, "point", die)
        if killed_at == "settling":
            patched.setattr(pending_verdicts, "clear", die)
        with pytest.raises(KeyboardInterrupt):
            roll_back(rescore=True, request="run 7")
    assert roll_back(rescore=True, request="run 7")["status"] in ("rolled back", "unchanged")
    assert roll_back(rescore=True, request="run 7")["status"] == "unchanged"
    assert shelf.aliases[registry.CHAMPION] == 1 and pending_verdicts.pending("appointments") == []
    assert version_selection.scored_by(shelf.use_case) == {day(0): 1, day(1): 3, day(2): 1}
    assert light.measured == {day(0), day(1), day(2)}
    assert [event.event for event in champion_record.changes("appointments")].count(model_events.ROLLED_BACK) == 1


def test_twice_goes_one_further_back_and_then_there_is_none(shelf: Shelf) -> None:
    shelf.promote(2)
    shelf.promote(3)
    assert roll_back("version 3 is bad")["to_version"] == 2
    # The same words again are the same rollback; other words, or another request, another one.
    assert (roll_back("version 3 is bad")["status"], shelf.aliases[registry.CHAMPION]) == ("unchanged", 2)
    assert roll_back("version 2 as well")["to_version"] == 1
    with pytest.raises(ModelMissing, match=r"expected a champion before version 1, found none in ops\.model_events"):
        roll_back("and version 1")
    # A mistake is taken back by naming the version.
    assert roll_back("it was the data", to_version=3)["to_version"] == 3
    # The second run of a cleared task changes nothing, also when others came since.
    assert roll_back("x", request="run 1")["to_version"] == 1
    shelf.promote(2)
    assert (roll_back("x", request="run 1")["status"], shelf.aliases[registry.CHAMPION]) == ("unchanged", 2)


def test_what_cannot_be_rolled_back_is_refused_and_says_why(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.promote(2)
    with pytest.raises(BadArguments, match="expected another version than the champion"):
        roll_back(to_version=2)
    with pytest.raises(ModelRefused, match=r"version 3: expected a version that was champion before.*these were: 1, 2"):
        roll_back(to_version=3)
    shelf.broken.add(1)
    with pytest.raises(ModelMissing, match="has no artifact"):
        roll_back()
    shelf.broken.clear()
    registry.tag(shelf.versions[1], registry.TAG_RETIRED, NOON.isoformat())
    with pytest.raises(ModelRefused, match="version 1: expected a version in service, it was retired"):
        roll_back()
    result = roll_back(from_version=7)
    assert (result["status"], result["message"]) == ("none", "version 7 is not champion any more, version 2 is")
    assert [event.event for event in champion_record.changes("appointments")] == ["promoted", "promoted"]


def test_without_a_champion_there_is_nothing_to_roll_back(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files")
    with pytest.raises(ModelMissing, match="expected a champion, found none"):
        roll_back()


def test_who_comes_too_late_is_told_who_is_champion(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.promote(2)
    really = job.decide

    def overtaken(*given: Any) -> Any:
        event = really(*given)
        shelf.promote(3)
        return event

    monkeypatch.setattr(job, "decide", overtaken)
    with pytest.raises(
        ChampionChanged, match="expected version 2 to be champion still, found version 3, promoted by tests"
    ):
        roll_back()
    assert shelf.aliases[registry.CHAMPION] == 3


def test_the_champion_of_any_past_day_is_one_question(shelf: Shelf, lakehouse_root: Path) -> None:
    sql = """
select model_version, event, actor from ops.model_events
where model_name = 'appointments' and event in ('promoted', 'rolled back') and happened_at < {end}
order by happened_at desc limit 1
"""
    shelf.promote(2)
    between = dt.datetime.now(dt.UTC)
    roll_back()
    now = dt.datetime.now(dt.UTC)

    def champion(end: dt.datetime) -> list[tuple[Any, ...]]:
        return list(query.ask(str(lakehouse_root), sql.format(end=f"timestamptz '{end.isoformat()}'")).rows)

    assert champion(NOON) == []
    assert champion(between) == [(2, "promoted", "tests")]
    assert champion(now) == [(1, "rolled back", "ann")]


def test_the_command_line_wants_a_reason_in_words() -> None:
    line = ["rollback", "--use-case", "u", "--reason"]
    asked = parse([*line, " it's bad; DROP ", "--to-version", "3", "--rescore", "--request", "T-1"]).arguments
    assert isinstance(asked, RollbackArguments)
    assert (asked.reason, asked.to_version, asked.rescore, asked.request) == ("it's bad; DROP", 3, True, "T-1")
    for wrong in ("", "  ", "two\nlines", "x" * 1001):
        with pytest.raises(BadArguments, match="expected 1 to 1000 printable characters"):
            parse([*line, wrong])
    with pytest.raises(BadArguments, match="required: --reason"):
        parse(line[:3])
