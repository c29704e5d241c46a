"""Two versions side by side: gathered from the audit log, the gold tables and, where it answers, MLflow."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from lakehouse.analyst.comparison import (
    decisions,
    differences,
    importance,
    judged,
    limits,
    live_days,
    measured,
    paired_rows,
    scored_again,
    version_record,
)
from lakehouse.analyst.comparison.decisions import Calibration, DecidedShares
from lakehouse.analyst.comparison.differences import Differences
from lakehouse.analyst.comparison.importance import Importance
from lakehouse.analyst.comparison.judged import Judged
from lakehouse.analyst.comparison.live_days import LiveDays
from lakehouse.analyst.comparison.measured import Measured
from lakehouse.analyst.comparison.paired_rows import PairedRows
from lakehouse.analyst.comparison.version_record import Known, VersionRecord
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, ModelMissing
from lakehouse.models import champion_record
from lakehouse.ops import model_events


@dataclass(frozen=True)
class Comparison:
    """Everything of two versions; the fields are the names in its JSON.

    Attributes:
        first, second: the record of each.
        champion: the champion's number, by the audit log; None where there is none.
        new_after: days after this one are new to both; None where that is not known.
        measured: both on the same rows; None where there are none.
        shares: what each decides on these rows; None where there are none.
        calibration: of each on these rows; None where no row has a label.
        live: each on the days that monitoring measured.
        judged: the gate's verdicts of one against the other.
        importance: what each uses; None where a file can't be read.
        differences: in their making.
        missing: what could not be read or computed, and why.
    """

    first: VersionRecord
    second: VersionRecord
    champion: int | None
    new_after: dt.date | None
    measured: Measured | None
    shares: tuple[DecidedShares, DecidedShares] | None
    calibration: tuple[Calibration | None, Calibration | None]
    live: LiveDays
    judged: tuple[Judged, ...]
    importance: Importance | None
    differences: Differences
    missing: tuple[str, ...]


def compare(use_case: UseCase, first: int, second: int, away: str | None = None) -> Comparison:
    """Gather it.

    Args:
        use_case: whose.
        first: a version.
        second: another.
        away: why MLflow is not asked, where that is known before.

    Raises:
        ModelMissing: when one of them is no version. BadArguments: when both are the same.
    """
    if first == second:
        raise BadArguments(f"versions {first} and {second}: expected two different versions of {use_case.name}")
    known, missing = _known(use_case, first, second, away)
    unreachable = bool(missing)
    one, other = (side.record for side in known)
    both = None if one.trained_through is None or other.trained_through is None else (one, other)
    after = None if both is None else max(side.trained_through for side in both if side.trained_through)
    pair = _pair(use_case, known, after, missing)
    compared = None if pair is None else measured.measure(use_case, pair)
    if pair is not None and compared is None:
        missing.append("metrics, slices and calibration: no row that both scored has a label yet")
    return Comparison(
        first=one,
        second=other,
        champion=_champion(use_case),
        new_after=after,
        measured=compared,
        shares=None if pair is None else (_shares(use_case, pair, 0, one), _shares(use_case, pair, 1, other)),
        calibration=(None, None) if pair is None else _calibration(use_case, pair),
        live=live_days.read(use_case, (first, second)),
        judged=judged.between((one, other)),
        # What MLflow's silence takes away is said in one line.
        importance=importance.read(use_case, known, [] if unreachable else missing),
        differences=differences.between(one, other),
        missing=tuple(missing),
    )


def newest_pair(use_case: UseCase) -> tuple[int, int]:
    """The versions that are compared where none are named: the champion, and the newest other one.

    Raises:
        ModelMissing: when fewer than two are recorded.
    """
    numbers = versions(use_case)
    if len(numbers) < 2:
        raise ModelMissing(
            f"model {use_case.name}: expected two versions in ops.model_events, found {len(numbers)}; train another: "
            f"python -m jobs train --use-case {use_case.name} --partition YYYY-MM-DD"
        )
    champion = _champion(use_case)
    first = numbers[-2] if champion is None else champion
    return first, next(number for number in reversed(numbers) if number != first)


def versions(use_case: UseCase) -> list[int]:
    """Every version that the audit log has a line of, in order."""
    return sorted({event.model_version for event in model_events.of_model(use_case.name)})


def _champion(use_case: UseCase) -> int | None:
    # By the audit log alone, which answers without MLflow.
    known = champion_record.changes(use_case.name)
    return known[-1].model_version if known else None


def _known(use_case: UseCase, first: int, second: int, away: str | None) -> tuple[tuple[Known, Known], list[str]]:
    """Both; a registry that does not answer is asked once, and said once."""
    one = version_record.read(use_case, first, away)
    away = away or _no_answer(one)
    other = version_record.read(use_case, second, away)
    if (away := away or _no_answer(other)) is None:
        return (one, other), []
    line = f"everything that only MLflow has (features, the declaration in training, importance, scoring again): {away}"
    return (_without_registry(one), _without_registry(other)), [line]


def _no_answer(known: Known) -> str | None:
    """That the registry has not answered, in its words."""
    said = next((line for line in known.record.missing if "expected an answer" in line), None)
    return None if said is None else said.partition(": ")[2]


def _without_registry(known: Known) -> Known:
    """The record without the lines that say the same of each thing that MLflow has."""
    kept = tuple(
        line
        for line in known.record.missing
        if not line.startswith(("what the registry knows", "which features", "the declaration"))
    )
    return replace(known, record=replace(known.record, missing=kept))


def _pair(
    use_case: UseCase, known: tuple[Known, Known], after: dt.date | None, missing: list[str]
) -> PairedRows | None:
    """Stored scores of both where they cover enough days; else both score again what is labelled."""
    numbers = known[0].record.version, known[1].record.version
    unsaid: list[str] = []
    pair = paired_rows.stored(use_case, numbers, after, unsaid)
    if pair is not None and pair.labelled_days >= limits.MIN_DAYS:
        missing += unsaid
        return pair
    again = scored_again.read(use_case, known, after, missing)
    if again is not None:
        return again
    missing += unsaid
    if pair is None:
        since = "" if after is None else f" after {after}, the last day that either was fitted to"
        missing.append(
            f"stored scores of both on the same day{since}: rollout.shadow lets a challenger score beside the champion"
        )
    return pair


def _shares(use_case: UseCase, pair: PairedRows, side: int, record: VersionRecord) -> DecidedShares:
    return decisions.shares(use_case, pair, side, record.threshold)


def _calibration(use_case: UseCase, pair: PairedRows) -> tuple[Calibration | None, Calibration | None]:
    """The calibration of each."""
    return decisions.calibration(use_case, pair, 0), decisions.calibration(use_case, pair, 1)
