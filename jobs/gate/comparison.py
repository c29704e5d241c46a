"""Both models measured on the same rows: the challenger's holdout, less the days that the champion was trained on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from jobs.gate import eligibility, evidence, holdout, measurement, simple_models
from jobs.gate.holdout import Holdout
from jobs.gate.results import BaselineGain, ChallengerResult, ChampionResult
from lakehouse.declaration import UseCase
from lakehouse.models.registry import ModelVersion


@dataclass(frozen=True)
class Comparison:
    """The results of the challenger and of the champion (None: there is none), and the evidence for the audit log."""

    challenger: ChallengerResult
    champion: ChampionResult | None
    evidence: dict[str, Any]


def compare(use_case: UseCase, challenger: ModelVersion, champion: ModelVersion | None) -> Comparison:
    """Measure both on the rows that are new to both, or the challenger alone when there are none.

    Raises:
        ModelRefused: when the challenger needs features that the use case does not declare (any more), or its file
            names others than its tags. TrainingDataMissing: when the holdout has no labelled rows.
    """
    held_out = holdout.read(use_case, challenger)
    eligibility.check_challenger(use_case, challenger)
    eligible = None if champion is None else eligibility.check_champion(use_case, champion, held_out)
    rows = held_out.labelled if eligible is None or eligible.rows is None else eligible.rows

    measured = measurement.measure(challenger, rows, use_case)
    challenger_result = ChallengerResult(
        measurement.metrics_of(use_case, measured),
        measurement.gaps(use_case, measured),
        _with_baselines(use_case, challenger, held_out),
    )
    champion_result = None if eligible is None else eligible.result
    if eligible is not None and eligible.rows is not None:
        champion_measured = measurement.measure(eligible.model, rows, use_case)
        gain, slices = measurement.gains(use_case, measured, champion_measured)
        champion_result = replace(
            eligible.result, metrics=measurement.metrics_of(use_case, champion_measured), gain=gain, slices=slices
        )

    read = evidence.describe_rows(held_out, rows)
    results = evidence.describe_results(use_case, challenger_result, champion_result)
    return Comparison(challenger_result, champion_result, {**read, **results})


def _with_baselines(use_case: UseCase, challenger: ModelVersion, held_out: Holdout) -> tuple[BaselineGain, ...]:
    """On the whole holdout, which is new to the baselines too; nothing where the gate does not ask for it."""
    if use_case.gate.baselines != "compare":
        return ()
    whole = measurement.measure(challenger, held_out.labelled, use_case)
    return simple_models.compare(use_case, whole, simple_models.read(challenger))
