"""Rows in the files of a version's run: the sample that drift pages draw, and the example of an input.

They have features and no key, and so are found by their values: those that the feature table has of the erased rows. They come
first of all places, while the feature table still has them.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jobs.erase.wanted_rows import WantedRows
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ExperimentDeleted, ServiceUnavailable
from lakehouse.models import artifacts, mlflow_client, mlflow_rest
from lakehouse.storage import arrow_dataset

# Of a logged model, as MLflow writes them.
EXAMPLES = ("input_example.json", "serving_input_example.json")
Values = tuple[Any, ...]


@dataclass
class MlflowSamples:
    """The samples of versions that learned from erased rows.

    Attributes:
        use_case: whose.
        wanted: which rows are erased.
        learned: the versions, as `jobs.erase.learned_versions` gives them.
        unseen: why MLflow could not be asked; empty where it could.
    """

    use_case: UseCase
    wanted: WantedRows
    learned: Sequence[Mapping[str, Any]]
    unseen: str = field(default="", init=False)

    def found(self) -> Mapping[str, int]:
        """Rows of samples."""
        return {f"MLflow samples of {self.use_case.name}": self._each(write=False)}

    def take_out(self) -> list[str]:
        """Write the samples again without them."""
        self._each(write=True)
        return [self.unseen] if self.unseen else []

    def _each(self, write: bool) -> int:
        self.unseen = ""
        names, rows = self._erased()
        if not rows:
            return 0
        found = 0
        try:
            for version in self.learned:
                if not version["retired"] and _is_there(version["run_id"]):
                    found += _in_reference(version["run_id"], names, rows, write)
                    found += _in_examples(self.use_case.name, version["model_version"], names, rows, write)
        except (ServiceUnavailable, ExperimentDeleted) as error:
            self.unseen = f"the samples of {self.use_case.name} in MLflow: {error}"
        return found

    def _erased(self) -> tuple[list[str], set[Values]]:
        """The features by name, and the values of the erased rows."""
        if not self.wanted or not self.learned:
            return [], set()
        names = [feature.name for feature in self.use_case.table_features]
        columns = list(dict.fromkeys([*self.wanted.columns, *names]))
        found = arrow_dataset.read(tables.features(self.use_case), columns=columns)
        return names, set(_rows(found.filter(self.wanted.mask(found)), names))


def _is_there(run_id: str) -> bool:
    """Whether the server has the run; asked without MLflow's client, which tries for minutes where no server is."""
    try:
        mlflow_rest.send("GET", "runs/get", {"run_id": run_id})
        return True
    except mlflow_rest.NotThere:
        return False


def _in_reference(run_id: str, names: Sequence[str], erased: set[Values], write: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
        try:
            file = mlflow_client.download(run_id, artifacts.REFERENCE, Path(folder))
        except FileNotFoundError:
            return 0
        rows = parquet.read_table(file)
        gone = _among(rows, names, erased)
        if write and gone.any():
            parquet.write_table(rows.filter(pa.array(~gone)), file)
            mlflow_client.client().log_artifact(run_id, str(file), str(Path(artifacts.REFERENCE).parent))
        return int(gone.sum())


def _in_examples(name: str, number: int, names: Sequence[str], erased: set[Values], write: bool) -> int:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    found = 0
    with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder, mlflow_client.tracking():
        try:
            place = mlflow_client.client().get_model_version_download_uri(name, str(number))
        except MlflowException:
            # The version is gone from the registry, and its files with it.
            return 0
        for example in EXAMPLES:
            try:
                file = Path(download_artifacts(artifact_uri=f"{place}/{example}", dst_path=folder))
            except (MlflowException, OSError):
                continue
            said = json.loads(file.read_text(encoding="utf-8"))
            table = said.get("dataframe_split", said)
            rows = _split_rows(table, names)
            known = [one for one in names if one in table.get("columns", ())]
            wanted = _of(names, known, erased)
            kept = [place for place, row in enumerate(rows) if row not in wanted]
            gone = len(rows) - len(kept)
            if gone and write:
                for part in ("data", "index"):
                    if part in table:
                        table[part] = [table[part][place] for place in kept]
                file.write_text(json.dumps(said), encoding="utf-8")
                get_artifact_repository(place).log_artifact(str(file))  # type: ignore[no-untyped-call]
            found += gone
    return found


def _split_rows(table: Mapping[str, Any], names: Sequence[str]) -> list[Values]:
    columns = {name: place for place, name in enumerate(table.get("columns", ()))}
    known = [columns[name] for name in names if name in columns]
    return [tuple(_plain(row[place]) for place in known) for row in table["data"]] if known else []


def _of(names: Sequence[str], known: Sequence[str], erased: set[Values]) -> set[Values]:
    """The erased rows with the features that are known: a version may know fewer than the table has now."""
    places = [names.index(name) for name in known]
    return {tuple(one[place] for place in places) for one in erased}


def _among(rows: pa.Table, names: Sequence[str], erased: set[Values]) -> np.ndarray:
    known = [name for name in names if name in rows.column_names]
    wanted = _of(names, known, erased)
    return np.array([row in wanted for row in _rows(rows, known)], bool)


def _rows(rows: pa.Table, names: Sequence[str]) -> Iterator[Values]:
    columns = [[_plain(value) for value in rows.column(name).to_pylist()] for name in names]
    return zip(*columns, strict=True)


def _plain(value: Any) -> Any:
    """A feature as a model knows it: numbers have 32 bits, and one that is not known is no value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return None if math.isnan(value) else float(np.float32(value))
