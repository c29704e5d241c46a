"""The rows of a search: binned once by each process that needs them, and handed to workers as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from lakehouse.evaluation.labelled_rows import TrainingSet


def binned(rows: TrainingSet, params: Mapping[str, Any], reference: Any = None) -> Any:
    """The rows as XGBoost's histogram matrix; a ``reference``'s bins are used where it is given."""
    return xgboost.QuantileDMatrix(
        rows.features,
        rows.label,
        feature_names=list(rows.names),
        max_bin=int(params["max_bin"]),
        nthread=int(params["nthread"]),
        ref=reference,
    )


def save_memmap(folder: Path, name: str, rows: TrainingSet) -> None:
    """Write features and labels as files that any number of processes map into memory."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, values in (("features", rows.features), ("label", rows.label)):
        draft = folder / f"{name}.{part}.part"
        with draft.open("wb") as file:
            np.save(file, values)
        draft.replace(folder / f"{name}.{part}.npy")


def load_memmap(folder: Path, name: str, names: tuple[str, ...]) -> TrainingSet:
    """Rows that were laid down, mapped and not read: only binning touches them. Their days stay behind."""
    features, label = (np.load(folder / f"{name}.{part}.npy", mmap_mode="r") for part in ("features", "label"))
    return TrainingSet(names, features, label, np.empty(0, dtype="datetime64[D]"))
