"""What is recorded of one version: its training, its verdicts, its numbers on its own holdout; and what is not, and why."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing, ModelRefused, NightjarError, RegistryChanged, ServiceUnavailable
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event


@dataclass(frozen=True)
class VersionRecord:
    """One side of a comparison.

    Attributes:
        version: its number.
        run_id: the MLflow run that trained it.
        candidate: boosted, linear or blend; None where it is not known.
        registered_at, registered_by: when and by whom it was registered.
        trained_for: the partition that training ran for.
        trained_through: the last day of the rows that it was fitted to.
        windows: the days of train, validation and holdout, in words.
        rows: labelled rows of each window.
        metrics: on its own holdout, of the model and of the baselines.
        recalibration: intercept and slope of the recalibration line on its own holdout.
        slices: the gate's metric on the slices of its own holdout, with 95 % intervals.
        threshold: of decisions; None for a label that is no yes or no.
        parameters: that the search chose.
        features: that it reads, in its order; None where that is not known.
        categories: those of them that are categories.
        learned: which rows were learned from, where ``learn_from`` was declared.
        declared: the whole declaration as it was in training; None where it can't be read.
        features_version, code_version: what it was trained from.
        events: its lines of the audit log, oldest first.
        missing: what is not known, and why.
    """

    version: int
    run_id: str
    candidate: str | None
    registered_at: dt.datetime | None
    registered_by: str | None
    trained_for: str | None
    trained_through: dt.date | None
    windows: Mapping[str, str]
    rows: Mapping[str, int]
    metrics: Mapping[str, Mapping[str, Any]]
    recalibration: Mapping[str, float]
    slices: tuple[Mapping[str, Any], ...]
    threshold: float | None
    parameters: Mapping[str, Any]
    features: tuple[str, ...] | None
    categories: tuple[str, ...]
    learned: Mapping[str, Any]
    declared: Mapping[str, Any] | None
    features_version: int | None
    code_version: str | None
    events: tuple[Event, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """A version's record, and the registry's version where that answers and has it."""

    record: VersionRecord
    model: ModelVersion | None


def read(use_case: UseCase, number: int, away: str | None = None) -> Known:
    """What is known of the version.

    Args:
        use_case: whose.
        number: of the version.
        away: why the registry is not asked: it did not answer before.

    Raises:
        ModelMissing: when neither the audit log nor the registry has it, with those that there are.
    """
    events = tuple(model_events.of_model(use_case.name, number))
    model, missing = None, list[str]()
    if away is None:
        try:
            model = recorded_version.version(use_case.name, number)
        except (ServiceUnavailable, RegistryChanged, ModelMissing) as error:
            if isinstance(error, ModelMissing) and not events:
                raise _unknown(use_case, number) from error
            missing.append(f"what the registry knows of it: {error}")
    if model is None and not events:
        raise _unknown(use_case, number)
    return Known(_record(use_case, number, events, model, missing), model)


def _unknown(use_case: UseCase, number: int) -> ModelMissing:
    numbers = sorted({event.model_version for event in model_events.of_model(use_case.name)})
    known = f"recorded are {', '.join(map(str, numbers[-20:]))}" if numbers else "none is recorded yet"
    return ModelMissing(f"model {use_case.name}: expected a version, {number} is none; {known} in ops.model_events")


def _record(
    use_case: UseCase, number: int, events: Sequence[Event], model: ModelVersion | None, missing: list[str]
) -> VersionRecord:
    registered = next((event for event in events if event.event == model_events.REGISTERED), None)
    said: Mapping[str, Any] = registered.evidence if registered is not None else {}
    if registered is None:
        missing.append(
            "windows, metrics, slices and parameters of its training: ops.model_events has no line of its registration; "
            "a version that the train job did not register has none"
        )
    tags = dict(model.tags) if model is not None else {}
    windows = said.get("windows") or {}
    names, categories = _features(model, said, missing)
    threshold = said.get("threshold")
    if use_case.binary and threshold is None:
        threshold = _number(tags.get(registry.TAG_THRESHOLD))
        if threshold is None:
            missing.append("its threshold: neither its registration nor its tags have one")
    return VersionRecord(
        version=number,
        run_id=model.run_id if model is not None else events[-1].run_id,
        candidate=_candidate(model, said),
        registered_at=None if registered is None else registered.happened_at,
        registered_by=None if registered is None else registered.actor,
        trained_for=said.get(registry.TAG_TRAINED_FOR) or tags.get(registry.TAG_TRAINED_FOR),
        trained_through=_through(tags, windows, missing),
        windows=windows,
        rows=said.get("rows") or {},
        metrics=said.get("metrics") or {},
        recalibration=said.get("recalibration") or {},
        slices=tuple(said.get("slices") or ()),
        threshold=threshold,
        parameters=said.get("best_params") or {},
        features=names,
        categories=categories,
        learned=said.get("learned") or {},
        declared=_declared(model, missing),
        features_version=said.get("features_version"),
        code_version=tags.get(registry.TAG_CODE_VERSION),
        events=tuple(events),
        missing=tuple(missing),
    )


def _features(
    model: ModelVersion | None, said: Mapping[str, Any], missing: list[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    if model is None:
        missing.append("which features it reads: the registry's tags say that")
        return None, ()
    try:
        return model.features, model.categories or ()
    except ModelRefused as error:
        missing.append(f"which features it reads: {error}")
        return None, ()


def _candidate(model: ModelVersion | None, said: Mapping[str, Any]) -> str | None:
    if model is not None:
        return model.candidate or "boosted"
    choice = said.get("candidates") or {}
    return choice.get("kind")


def _through(tags: Mapping[str, str], windows: Mapping[str, str], missing: list[str]) -> dt.date | None:
    """The last day that it was fitted to: of its tags, or the end of the window that was tuned on."""
    texts = tags.get(registry.TAG_TRAINED_THROUGH), str(windows.get("validation", "")).rpartition("..")[2]
    for text in texts:
        try:
            return dt.date.fromisoformat(text or "")
        except ValueError:
            continue
    missing.append("the last day that it was trained on: compared days may be among those that it has learned from")
    return None


def _declared(model: ModelVersion | None, missing: list[str]) -> Mapping[str, Any] | None:
    if model is None:
        missing.append("the declaration that it was trained by: its MLflow run has it")
        return None
    try:
        said = json.loads(artifacts.local_copy(model, artifacts.RECORD).read_text(encoding="utf-8"))["use_case"]
        return said if isinstance(said, Mapping) else None
    except (NightjarError, OSError, ValueError, KeyError, TypeError) as error:
        missing.append(f"the declaration that it was trained by: {_first_line(error)}")
        return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
