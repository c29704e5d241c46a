"""What a training says of the rows that it learned from: in its result and card, and in the record that repeats it."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from jobs.train import fitting, learned_rows
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts
from lakehouse.declaration import UseCase, learn_from
from lakehouse.evaluation import class_metrics, metrics
from lakehouse.evaluation.labelled_rows import Floats
from lakehouse.scorers.nightjar_linear import score_of

SMALLEST = 1e-12


@dataclass(frozen=True)
class Recorded:
    """What a repetition reads by.

    Attributes:
        sha256: digest of which rows of train and validation were learned from, and how much each counted.
        measured_share: which share of the train window's rows were read to measure by.
        entities_version: Delta version of the entity's source that ``select`` was asked of; None where it was not asked.
    """

    sha256: str = ""
    measured_share: float | None = None
    entities_version: int | None = None

    @classmethod
    def of(cls, use_case: UseCase, parts: Parts) -> Recorded | None:
        """Of a training; None where nothing is declared."""
        if use_case.learn_from is None:
            return None
        drawn = parts.train.drawn
        sha256 = learned_rows.digest(use_case, fitting.joined(parts.train, parts.validation))
        return cls(sha256) if drawn is None else cls(sha256, drawn.measured_share, drawn.entities_version)

    def same(self, use_case: UseCase, parts: Parts) -> bool:
        """Whether the same rows would be learned from."""
        now = Recorded.of(use_case, parts)
        return now is None or now.sha256 == self.sha256


def described(use_case: UseCase, parts: Parts, tuned: Tuned) -> dict[str, Any]:
    """``learned``, the part of a training's result; empty where ``learn_from`` is not declared.

    ``declared``: the section, in words by field. ``days``: first and last day of the rows. ``classes``: by class (of a regression
    for all rows) the labelled rows, those for which the condition holds, those learned from, and their part of all weight.
    ``learned_rows``, ``effective_rows`` (Kish); ``searched_rows``, those of the train window alone. ``odds``: of the rows learned
    from, the odds of each class as a multiple of those of all rows, by which probabilities are corrected. ``calibration``: on the
    validation window, ``before`` and ``after`` the correction; left out without one. ``measured_share``: of the train window's rows
    that the others are measured by.
    """
    learn = use_case.learn_from
    if learn is None:
        return {}
    past = fitting.joined(parts.train, parts.validation)
    fitted = learned_rows.to_fit(use_case, past)
    before, selected = learned_rows.counts(use_case, past)
    weight = np.ones(len(fitted)) if fitted.weighting is None else fitted.weighting.weight
    code = fitted.label.astype(np.int64) if len(before) > 1 else np.zeros(len(fitted), dtype=np.int64)
    rows, part = (np.bincount(code, weights=values, minlength=len(before)) for values in (np.ones(len(code)), weight))
    offset = () if fitted.weighting is None else fitted.weighting.offset
    said: dict[str, Any] = {
        "declared": _words(learn),
        "days": [str(fitted.days.min()), str(fitted.days.max())],
        "classes": [
            {
                "name": name,
                "rows": before[name],
                "selected": selected[name],
                "learned": int(rows[number]),
                "weight": float(part[number] / weight.sum()),
            }
            for number, name in enumerate(before)
        ],
        "learned_rows": len(fitted),
        "effective_rows": learned_rows.effective(fitted),
        "searched_rows": int(learned_rows.taken(use_case, parts.train).sum()),
        "odds": dict(zip(learn_from.classes(use_case)[-len(offset) :], np.exp(offset).tolist(), strict=True))
        if offset
        else {},
        "measured_share": 1.0 if past.drawn is None else past.drawn.measured_share,
    }
    if offset := _offset_of_train(use_case, parts):
        label, after = parts.validation.label, tuned.validation_score
        said["calibration"] = {
            "before": _calibration(use_case, label, uncorrected(after, offset)),
            "after": _calibration(use_case, label, after),
        }
    return {"learned": said}


def uncorrected(score: Floats, offset: tuple[float, ...]) -> Floats:
    """The probabilities that a model would give without its correction; ``offset`` as in `drawn_rows.Weighting`."""
    clipped = np.clip(score, SMALLEST, 1 - SMALLEST)
    if score.ndim == 2:
        return np.asarray(score_of("softmax", np.log(clipped) + np.array(offset)))
    return np.asarray(score_of("logit", np.log(clipped) - np.log1p(-clipped) + offset[0]))


def _offset_of_train(use_case: UseCase, parts: Parts) -> tuple[float, ...]:
    weighting = learned_rows.to_fit(use_case, parts.train).weighting
    return () if weighting is None else weighting.offset


def _calibration(use_case: UseCase, label: Floats, score: Floats) -> dict[str, Any]:
    """``mean``: of the probabilities, of several classes of each; ``came``: the share that came; ``log_loss``."""
    if score.ndim == 2:
        names = use_case.classes
        came = np.bincount(label.astype(np.int64), minlength=len(names)) / len(label)
        shares = {"mean": dict(zip(names, score.mean(axis=0).tolist(), strict=True))}
        shares["came"] = dict(zip(names, came.tolist(), strict=True))
        loss = class_metrics.compute(label, score, score.argmax(axis=1))["log_loss"]
        return {**shares, "log_loss": loss}
    loss = metrics.compute("classification", label, score)["log_loss"]
    name = learn_from.YES
    return {"mean": {name: float(score.mean())}, "came": {name: float(label.mean())}, "log_loss": loss}


def _words(learn: learn_from.LearnFrom) -> dict[str, str]:
    """The declared fields as texts, for parameters of a run and lines of a card."""
    found: dict[str, str] = {}
    if learn.select is not None:
        found["select"] = learn.select
    if (sample := learn.sample) is not None:
        said = [f"{sample.share:g} of the rows"] if sample.share < 1 else []
        said += [f"at most {sample.rows_a_day} a day"] if sample.rows_a_day is not None else []
        for name, part in sample.by_class.items():
            said += [f"{part.share:g} of {name}"] if part.share < 1 or part.rows_a_day is None else []
            said += [f"at most {part.rows_a_day} of {name} a day"] if part.rows_a_day is not None else []
        found["sample"] = f"{', '.join(said)}; seed {sample.seed}"
    if isinstance(learn.class_weights, str):
        found["class_weights"] = learn.class_weights
    elif learn.class_weights is not None:
        found["class_weights"] = ", ".join(f"{name} {weight:g}" for name, weight in learn.class_weights.items())
    if learn.half_life_days is not None:
        found["half_life_days"] = f"{learn.half_life_days:g}"
    return found
