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

from jobs.train import fitting
from jobs.train.card import page
from jobs.train.card.content import Trained
from jobs.train.evaluation import Evaluation
from jobs.train.fitted_model import fit_and_measure
from jobs.train.input_snapshot import InputSnapshot
from jobs.train.plots import evaluation_plots, figure, search_plots
from jobs.train.search import space, studies, tuning
from jobs.train.split import Parts, Split
from jobs.train.tracking import manifest, registration
from jobs.train.tracking.mlflow_run import Run
from lakehouse import code_version, tables
from lakehouse.declaration import UseCase, metric_names
from lakehouse.evaluation.drift_profile import PARTITION, SCORE, Profile, reference_sample
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models import artifacts, registry
from lakehouse.models.registry import ModelVersion

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def train(
    use_case: UseCase, day: dt.date, windows: Split, pinned: InputSnapshot, parts: Parts, seconds: dict[str, float]
) -> ModelVersion:
    """Tune, fit, measure, log and, last of all, register.

    Args:
        use_case: declares the model.
        day: the day that the training is for.
        windows: which days.
        pinned: which table versions.
        parts: the rows.
        seconds: gets the time of each part: tune, fit and log.

    A training that dies before its last step leaves no version. The next one of the same goes on with its search and its run.
    """
    model, loss = use_case.model, metric_names.LOSS[use_case.model.task]
    # Equal on every run of the same training: by these a killed one is found again.
    tags = {
        "use_case": use_case.name,
        "partition": day.isoformat(),
        "stage": "train",
        "code_version": code_version.version(),
    }
    run = Run(use_case.name, f"train {day}", tags, pinned.fingerprint)
    place = studies.folder(use_case, pinned.fingerprint)
    starts = studies.best_of_last(use_case, pinned.fingerprint, day)
    with run.ended():
        with _timed(seconds, "tune"):
            tuned = tuning.tune(
                model, parts.train, parts.validation, lambda trial: run.trial(trial, loss), place, starts
            )
        # Before anything is registered: a training that dies in between leaves later ones what it has found.
        if tuned.best is not None:
            studies.remember(place, day, tuned.best.params, tuned.best.loss)
        with _timed(seconds, "fit"):
            found = fit_and_measure(use_case, tuned, parts)
        booster, evaluated, measured = found.booster, found.evaluated, found.measured
        log.info(
            "train %s: holdout %s %s", use_case.name, loss, {name: values[loss] for name, values in measured.items()}
        )
        with _timed(seconds, "log"):
            result = {
                "metrics": measured,
                "recalibration": evaluated.recalibration,
                "slices": evaluated.slices,
                "rows": parts.rows,
                "windows": {name: str(getattr(windows, name)) for name in ("train", "validation", "holdout")},
                "features_version": pinned.features_version,
                "best_params": {"rounds": tuned.rounds, **{name: tuned.params[name] for name in space.ranges(model)}},
                "threshold": found.threshold,
            }
            _log_numbers(run, tuned, result, found.validation)
            run.table("evaluation/slices.json", evaluated.slices)
            drawn = _log_pictures(run, use_case, tuned, booster, parts, evaluated)
            outcome = manifest.outcome(measured, found.validation, found.threshold, booster)
            done = manifest.build_manifest(use_case, day, windows, pinned, parts, tuned.params, tuned.rounds, outcome)
            run.file(manifest.RECORD_FILE, lambda file: file.write_text(done.to_json(), encoding="utf-8"))
            _log_data(run, use_case, done, parts)
            _log_profile(run, use_case, parts, found.past, tuned.validation_score, found.score, measured["model"])
            content = fitting.file_bytes(booster)
            run.file(artifacts.MODEL, lambda file: file.write_bytes(content))
            run.file(artifacts.RESULT, lambda file: file.write_text(json.dumps(result, indent=1), encoding="utf-8"))
            came_from = _lineage(run, use_case, day, pinned, content)
            page.log(run, Trained(use_case, result, parts, booster, found.score, came_from, drawn))
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
        registry.TAG_THRESHOLD: "" if found.threshold is None else repr(found.threshold),
        registry.TAG_SHA256: hashlib.sha256(content).hexdigest(),
    }
    registered = registration.register(
        use_case.name, run.run_id, model_id, version_tags, describe(day, windows, measured)
    )
    log.info("train %s: registered version %d", use_case.name, registered.version)
    return registered


def describe(day: dt.date, windows: Split, measured: dict[str, dict[str, float | None]]) -> str:
    """What a version's page says first: its days, its metrics on the holdout and those of the baselines."""
    lines = [f"Trained for {day} on {windows.train} and {windows.validation}; on the holdout {windows.holdout}:"]
    for name, values in measured.items():
        known = {key: values[key] for key in values if key not in metric_names.CONFUSION}
        numbers = ", ".join(f"{key} {value:.4f}" for key, value in known.items() if value is not None)
        lines.append(f"- {name.replace('_', ' ')}: {numbers}")
    return "\n".join(lines)


def _log_numbers(run: Run, tuned: tuning.Tuned, result: dict[str, Any], validation: dict[str, float | None]) -> None:
    run.params({**tuned.params, "rounds": tuned.rounds, "trials": len(tuned.trials)})
    run.params({f"window_{name}": window for name, window in result["windows"].items()})
    named = {f"validation_{name}": value for name, value in validation.items()}
    for name, values in result["metrics"].items():
        prefix = "holdout_" if name == "model" else f"{name}_"
        named |= {f"{prefix}{metric}": value for metric, value in values.items()}
    named |= {f"holdout_{name}": value for name, value in result["recalibration"].items()}
    named |= {f"rows_{name}": float(count) for name, count in result["rows"].items()}
    run.metrics({**named, "threshold": result["threshold"]})


def _log_pictures(
    run: Run, use_case: UseCase, tuned: tuning.Tuned, booster: Any, parts: Parts, evaluated: Evaluation
) -> dict[str, bytes]:
    """Log them, and give them as PNG by name."""
    seed, holdout = use_case.model.seed, parts.holdout
    assert tuned.study is not None
    figures = (
        *search_plots.of_search(tuned.study, tuned.trials, booster, seed),
        *evaluation_plots.of_holdout(use_case.model, holdout.label, evaluated.score, evaluated.decided),
        *evaluation_plots.of_threshold(use_case.model, parts.validation.label, tuned.validation_score),
        *evaluation_plots.of_slices(use_case, evaluated),
    )
    drawn = {name: figure.png(drawn) for name, drawn in figures}
    run.pictures(drawn)
    return drawn


def _log_data(run: Run, use_case: UseCase, done: manifest.Manifest, parts: Parts) -> None:
    """Which rows were learned from: table, version and windows, under a digest of the rows themselves."""
    for table, version in (
        (tables.features(use_case), done.features_version),
        (tables.silver(use_case.source(use_case.label.source)), done.labels_version),
    ):
        run.dataset(table, version, parts.rows, done.windows, done.rows_sha256)


def _lineage(run: Run, use_case: UseCase, day: dt.date, pinned: InputSnapshot, content: bytes) -> dict[str, Any]:
    """What the model card says of where the model comes from."""
    return {
        "trained for": day.isoformat(),
        "MLflow run": run.run_id,
        "code version": code_version.version(),
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
    run.file(artifacts.PROFILE, lambda file: file.write_text(profile.to_json(), encoding="utf-8"))
    run.file(artifacts.REFERENCE, lambda file: reference_sample(scored).to_parquet(file, index=False))


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
