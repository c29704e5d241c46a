"""What a training logs to its run: all that the readers of its version look for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobs.train.card import page
from jobs.train.card.content import Trained
from jobs.train.evaluation import Evaluation
from jobs.train.fitted_model import FittedModel
from jobs.train.learned_rows import measured
from jobs.train.plots import class_plots, evaluation_plots, figure, search_plots
from jobs.train.search.tuning import Tuned
from jobs.train.tracking import manifest, registration
from jobs.train.tracking.manifest import Manifest
from jobs.train.tracking.mlflow_run import Run
from jobs.train.training_inputs import TrainingInputs
from jobs.train.training_profile import measure_profile
from lakehouse import code_version
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import Floats
from lakehouse.models import artifacts
from lakehouse.scorers import named_models

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def log_training(run: Run, inputs: TrainingInputs, tuned: Tuned, model: FittedModel, result: Mapping[str, Any]) -> str:
    """Log numbers, pictures, record, profile, files, card and, last, the model.

    Args:
        run: the run to log to.
        inputs: what the training was made from.
        tuned: the result of the search.
        model: the final model, measured.
        result: the training's result, see ``training.result_of``.

    Returns:
        The id of the logged model, to be registered.
    """
    _log_numbers(run, tuned, model, result)
    run.table("evaluation/slices.json", model.evaluation.slices)
    run.table("evaluation/confusion.json", model.evaluation.confusion)
    pictures = _log_pictures(run, inputs, tuned, model)
    record = manifest.build_manifest(inputs, tuned, model)
    run.text(manifest.RECORD_FILE, record.to_json())
    _log_inputs(run, inputs, record)
    _log_profile(run, inputs, tuned, model)
    run.content(artifacts.path_of(tuned.kind), model.content)
    run.text(artifacts.BASELINES, named_models.together(model.evaluation.baselines))
    run.text(artifacts.RESULT, json.dumps(result, indent=1))
    lineage = _lineage(run, inputs, model)
    decided = model.evaluation.decided
    parts = replace(inputs.parts, train=measured(inputs.parts.train))
    page.log(run, Trained(inputs.use_case, result, parts, model.scorer, model.score, lineage, pictures, decided))
    return registration.log_model(run.run_id, model.scorer, inputs.parts.train)


def _log_numbers(run: Run, tuned: Tuned, model: FittedModel, result: Mapping[str, Any]) -> None:
    run.params({**tuned.params, "rounds": tuned.rounds, "trials": len(tuned.trials)})
    if tuned.choice is not None:
        run.params({"candidate": tuned.kind, "strength": tuned.strength})
        losses = {kind: result.loss for kind, result in tuned.choice.candidates.items()}
        run.metrics({f"rolling_{tuned.choice.metric}_{kind}": loss for kind, loss in losses.items()})
    if learned := result.get("learned"):
        run.params({f"learn_from_{name}": said for name, said in learned["declared"].items()})
        run.metrics({name: learned[name] for name in ("learned_rows", "effective_rows")})
    run.params({f"window_{name}": days for name, days in result["windows"].items()})
    numbers = {f"validation_{name}": value for name, value in model.validation.items()}
    for name, values in model.metrics.items():
        prefix = "holdout_" if name == "model" else f"{name}_"
        numbers |= {f"{prefix}{metric}": value for metric, value in values.items()}
    numbers |= {f"holdout_{name}": value for name, value in model.evaluation.recalibration.items()}
    numbers |= {f"rows_{name}": float(count) for name, count in result["rows"].items()}
    run.metrics({**numbers, "threshold": model.threshold})


def _log_pictures(run: Run, inputs: TrainingInputs, tuned: Tuned, model: FittedModel) -> dict[str, bytes]:
    """Log them, and return them as PNG by name."""
    declared, parts, evaluation = inputs.use_case.costed_model, inputs.parts, model.evaluation
    searched = () if tuned.study is None else search_plots.search_figures(tuned.study, tuned.trials, declared.seed)
    figures = (
        *searched,
        *search_plots.model_figures(model.scorer),
        *_holdout_figures(inputs.use_case, parts.holdout.label, evaluation),
        *evaluation_plots.threshold_figures(declared, parts.validation.label, tuned.validation_score),
        *evaluation_plots.slice_figures(inputs.use_case, evaluation),
    )
    pictures = {name: figure.png(drawing) for name, drawing in figures}
    run.pictures(pictures)
    return pictures


def _holdout_figures(use_case: UseCase, label: Floats, evaluation: Evaluation) -> Iterator[tuple[str, Figure]]:
    if use_case.classes:
        assert evaluation.decided is not None
        return class_plots.holdout_figures(use_case.classes, label, evaluation.score, evaluation.decided.astype(int))
    decided = None if evaluation.decided is None else evaluation.decided.astype(bool)
    return evaluation_plots.holdout_figures(use_case.model, label, evaluation.score, decided)


def _log_inputs(run: Run, inputs: TrainingInputs, record: Manifest) -> None:
    """Which rows the model learned from: table, version and days, under a digest of the rows themselves."""
    for table, version in inputs.tables_read:
        run.dataset(table, version, inputs.parts.rows, record.windows, record.rows_sha256)


def _log_profile(run: Run, inputs: TrainingInputs, tuned: Tuned, model: FittedModel) -> None:
    use_case = inputs.use_case
    profile, reference = measure_profile(inputs.parts, tuned, model, use_case.drift, use_case.calendar.scores)
    run.text(artifacts.PROFILE, profile.to_json())
    run.file(artifacts.REFERENCE, lambda file: reference.to_parquet(file, index=False))


def _lineage(run: Run, inputs: TrainingInputs, model: FittedModel) -> dict[str, Any]:
    """Where the model comes from, as the model card says it."""
    return {
        "trained for": inputs.day.isoformat(),
        "MLflow run": run.run_id,
        "code version": code_version.version(),
        "model file, SHA-256": model.sha256,
        **{f"{table.full_name}, version": version for table, version in inputs.tables_read},
        "training fingerprint": inputs.snapshot.fingerprint,
    }
