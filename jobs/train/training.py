"""One training from its rows to a registered version, recorded in an MLflow run as it goes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jobs.train import baselines, fitting, plots, registration, threshold, tuning
from jobs.train.card import page
from jobs.train.card.content import Trained
from jobs.train.pinned import Pinned
from jobs.train.tracking import Run
from jobs.train.windows import Parts, Windows
from lakehouse import code, metrics, registry, tables
from lakehouse.declaration import UseCase
from lakehouse.profile import PARTITION, SCORE, Profile, reference_sample
from lakehouse.registry import ModelVersion
from lakehouse.training_set import Floats, TrainingSet

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def train(
    use_case: UseCase, day: dt.date, windows: Windows, pinned: Pinned, parts: Parts, seconds: dict[str, float]
) -> ModelVersion:
    """Tune, fit, measure, log and, last of all, register.

    Args:
        use_case: declares the model.
        day: the day that the training is for.
        windows: which days.
        pinned: which table versions.
        parts: the rows.
        seconds: gets the time of each part: tune, fit and log.

    A training that dies before its last step leaves a run marked failed (or, when killed, marked so by the next one)
    and no version.
    """
    model, loss = use_case.model, metrics.LOSS[use_case.model.task]
    # Equal on every run of the same training: by these a killed one is found again.
    tags = {"use_case": use_case.name, "partition": day.isoformat(), "stage": "train", "code_version": code.version()}
    run = Run(use_case.name, f"train {day}", tags)
    with run.ended():
        with _timed(seconds, "tune"):
            tuned = tuning.tune(model, parts.train, parts.validation, lambda trial: run.trial(trial, loss))
        with _timed(seconds, "fit"):
            past = fitting.joined(parts.train, parts.validation)
            booster = fitting.fit(tuned, parts.train, parts.validation)
            score = fitting.score(booster, parts.holdout.features)
            chosen = None
            if use_case.binary:
                chosen = threshold.cheapest(
                    parts.validation.label, tuned.validation_score, model.cost_of_miss, model.cost_of_false_alarm
                )
            measured = {
                "model": metrics.compute(model.task, parts.holdout.label, score),
                **baselines.measure(model, past, parts.holdout),
            }
            validation = metrics.compute(model.task, parts.validation.label, tuned.validation_score)
        log.info(
            "train %s: holdout %s %s", use_case.name, loss, {name: values[loss] for name, values in measured.items()}
        )
        with _timed(seconds, "log"):
            result = {
                "metrics": measured,
                "rows": parts.rows,
                "windows": {name: str(getattr(windows, name)) for name in ("train", "validation", "holdout")},
                "features_version": pinned.features_version,
                "best_params": {"rounds": tuned.rounds, **{name: tuned.params[name] for name in tuning.ranges(model)}},
                "threshold": chosen,
            }
            _log_numbers(run, use_case, tuned, result, validation)
            _log_pictures(run, use_case, tuned, booster, parts.holdout.label, score)
            _log_data(run, use_case, pinned, windows, parts)
            _log_profile(run, use_case, parts, past, tuned.validation_score, score, measured["model"])
            content = fitting.file_bytes(booster)
            run.file(registry.MODEL_FILE, lambda file: file.write_bytes(content))
            run.file(
                registration.RESULT_FILE, lambda file: file.write_text(json.dumps(result, indent=1), encoding="utf-8")
            )
            page.log(
                run, Trained(use_case, result, parts, booster, score, _lineage(run, use_case, day, pinned, content))
            )
            model_id = registration.log_model(run.run_id, booster, parts.train)
    version_tags = {
        **tags,
        registry.TAG_FINGERPRINT: pinned.fingerprint,
        registry.TAG_FEATURES: ",".join(use_case.feature_names),
        registry.TAG_FEATURES_VERSION: str(pinned.features_version),
        registry.TAG_TRAINED_FOR: day.isoformat(),
        registry.TAG_TRAINED_THROUGH: windows.validation.last.isoformat(),
        registry.TAG_HOLDOUT_FIRST: windows.holdout.first.isoformat(),
        registry.TAG_HOLDOUT_LAST: windows.holdout.last.isoformat(),
        registry.TAG_THRESHOLD: "" if chosen is None else repr(chosen),
        registry.TAG_SHA256: hashlib.sha256(content).hexdigest(),
    }
    registered = registration.register(
        use_case.name, run.run_id, model_id, version_tags, describe(day, windows, measured)
    )
    log.info("train %s: registered version %d", use_case.name, registered.version)
    return registered


def describe(day: dt.date, windows: Windows, measured: dict[str, dict[str, float | None]]) -> str:
    """What a version's page says first: its days, its metrics on the holdout and those of the baselines."""
    lines = [f"Trained for {day} on {windows.train} and {windows.validation}; on the holdout {windows.holdout}:"]
    for name, values in measured.items():
        numbers = ", ".join(f"{key} {value:.4f}" for key, value in values.items() if value is not None)
        lines.append(f"- {name.replace('_', ' ')}: {numbers}")
    return "\n".join(lines)


def _log_numbers(
    run: Run, use_case: UseCase, tuned: tuning.Tuned, result: dict[str, Any], validation: dict[str, float | None]
) -> None:
    run.params({**tuned.params, "rounds": tuned.rounds, "trials": len(tuned.trials)})
    run.params({f"window_{name}": window for name, window in result["windows"].items()})
    named = {f"validation_{name}": value for name, value in validation.items()}
    for name, values in result["metrics"].items():
        prefix = "holdout_" if name == "model" else f"{name}_"
        named |= {f"{prefix}{metric}": value for metric, value in values.items()}
    named |= {f"rows_{name}": float(count) for name, count in result["rows"].items()}
    run.metrics({**named, "threshold": result["threshold"]})


def _log_pictures(run: Run, use_case: UseCase, tuned: tuning.Tuned, booster: Any, label: Floats, score: Floats) -> None:
    model = use_case.model
    for name, figure in plots.all_of(model.task, label, score, booster, tuned.study, tuned.trials, model.seed):
        run.figure(name, figure)


def _log_data(run: Run, use_case: UseCase, pinned: Pinned, windows: Windows, parts: Parts) -> None:
    for table, version in (
        (tables.features(use_case), pinned.features_version),
        (tables.silver(use_case.source(use_case.label.source)), pinned.labels_version),
    ):
        run.dataset(table, version, parts.rows)


def _lineage(run: Run, use_case: UseCase, day: dt.date, pinned: Pinned, content: bytes) -> dict[str, Any]:
    """What the model card says of where the model comes from."""
    return {
        "trained for": day.isoformat(),
        "MLflow run": run.run_id,
        "code version": code.version(),
        "model file, SHA-256": hashlib.sha256(content).hexdigest(),
        f"{tables.features(use_case).full_name}, version": pinned.features_version,
        f"{tables.silver(use_case.source(use_case.label.source)).full_name}, version": pinned.labels_version,
        "training fingerprint": pinned.fingerprint,
    }


def _log_profile(
    run: Run,
    use_case: UseCase,
    parts: Parts,
    past: TrainingSet,
    validation_score: Floats,
    holdout_score: Floats,
    measured: dict[str, float | None],
) -> None:
    """The profile that drift is measured against, and the rows that its page draws."""
    import numpy as np

    unseen = fitting.joined(parts.validation, parts.holdout)
    scored = _frame(unseen)
    scored[SCORE] = np.concatenate([validation_score, holdout_score])
    profile = Profile.of(_frame(past), scored[[PARTITION, SCORE]], measured, use_case.drift)
    run.file(registry.PROFILE_FILE, lambda file: file.write_text(profile.to_json(), encoding="utf-8"))
    run.file(registry.REFERENCE_FILE, lambda file: reference_sample(scored).to_parquet(file, index=False))


def _frame(rows: TrainingSet) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows.features, columns=list(rows.names))
    frame.insert(0, PARTITION, rows.days.astype("datetime64[s]").astype(object))
    frame[PARTITION] = [stamp.date() for stamp in frame[PARTITION]]
    return frame


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[part] = time.monotonic() - started
