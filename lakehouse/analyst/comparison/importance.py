"""What each version uses: every feature's share of what moves its score, from the model's own file, aligned by feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.analyst.comparison.version_record import Known
from lakehouse.declaration import UseCase
from lakehouse.errors import NightjarError
from lakehouse.models import artifacts
from lakehouse.scorers.importance_words import IMPORTANCE


@dataclass(frozen=True)
class ComparedFeature:
    """A feature in both versions.

    Attributes:
        feature: its name.
        description: as it is declared now; empty where it is not.
        first, second: its share; 0 where the model reads it and does not use it, None where it does not read it.
        first_rank, second_rank: its place, 1 is the greatest; None where it is not used.
        change: by how many places it rose from the first to the second; None where one of the two has none.
    """

    feature: str
    description: str
    first: float | None
    second: float | None
    first_rank: int | None
    second_rank: int | None
    change: int | None


@dataclass(frozen=True)
class Importance:
    """``first_means`` and ``second_means`` say what a share is; ``features``: the greatest of either first."""

    first_means: str
    second_means: str
    features: tuple[ComparedFeature, ...]


def read(use_case: UseCase, known: tuple[Known, Known], missing: list[str]) -> Importance | None:
    """None where the file of either can't be read; ``missing`` gets why."""
    found = [_of(one, missing) for one in known]
    if found[0] is None or found[1] is None:
        return None
    (first_kind, first), (second_kind, second) = found[0], found[1]
    descriptions = {feature.name: feature.description for feature in use_case.table_features}
    return Importance(IMPORTANCE[first_kind], IMPORTANCE[second_kind], aligned(first, second, descriptions))


def aligned(
    first: Mapping[str, float], second: Mapping[str, float], descriptions: Mapping[str, str]
) -> tuple[ComparedFeature, ...]:
    """Both by feature; each mapping has every feature that the model reads."""
    ranks = _ranks(first), _ranks(second)
    features = []
    for name in {*first, *second}:
        one, other = ranks[0].get(name), ranks[1].get(name)
        change = None if one is None or other is None else one - other
        features.append(
            ComparedFeature(
                name, descriptions.get(name, ""), first.get(name), second.get(name), one, other, change
            )
        )  # fmt: skip
    return tuple(sorted(features, key=lambda one: (-max(one.first or 0.0, one.second or 0.0), one.feature)))


def _ranks(shares: Mapping[str, float]) -> dict[str, int]:
    used = sorted((name for name, share in shares.items() if share > 0), key=lambda name: (-shares[name], name))
    return {name: place for place, name in enumerate(used, start=1)}


def _of(known: Known, missing: list[str]) -> tuple[str, dict[str, float]] | None:
    """The model's kind and the shares; every feature that it reads is there."""
    if known.model is None:
        missing.append(
            f"importance of version {known.record.version}: its file is in MLflow, which has not answered for it"
        )
        return None
    # Imported here: XGBoost takes a tenth of a second, and who has no file needs none.
    from lakehouse.scorers import model_files

    try:
        model = model_files.load(artifacts.model_bytes(known.model))
    except (NightjarError, ValueError):
        missing.append(
            f"importance of version {known.record.version}: the registry has no file for it that is what was recorded"
        )
        return None
    shares = model.importance()
    return model.kind, {name: float(shares.get(name, 0.0)) for name in model.feature_names}
