"""What holds of a lakehouse at every moment, and at the end of everything."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path

import requests
from deltalake import DeltaTable

from lakehouse import tables
from lakehouse.declaration import loader
from tests.torture import digests
from tests.torture.place import USE_CASE, Place


def ledger_errors(warehouse: Path) -> list[str]:
    """The lines of the ledger that do not add up."""
    folder = warehouse / "ops" / "deliveries"
    if not DeltaTable.is_deltatable(str(folder)):
        return []
    columns, rows = digests.read(folder)
    lines = [dict(zip(columns, row, strict=True)) for row in rows]
    return [
        f"ops.deliveries: {line['origin']} does not add up: {line}"
        for line in lines
        if line["delivered_rows"] != line["accepted_rows"] + line["rejected_rows"] + line["duplicate_rows"]
    ]


def doubled_keys(place: Place) -> list[str]:
    """Keys that occur twice in a table whose declaration says that they identify a row."""
    use_case = loader.load(place.declaration)
    declared = [
        tables.DELIVERIES,
        tables.MODEL_EVENTS,
        tables.BUILDS,
        tables.OWED_VERDICTS,
        tables.EXPORTS,
        *tables.of_use_case(use_case),
    ]
    declared += [table for source in use_case.sources for table in tables.of_source(source)]
    said = []
    for table in declared:
        folder = place.warehouse / table.layer / table.name
        if not DeltaTable.is_deltatable(str(folder)):
            continue
        columns, rows = digests.read(folder)
        positions = [columns.index(name) for name in table.key]
        counted = Counter(tuple(row[position] for position in positions) for row in rows)
        said += [f"{table.full_name}: {key} occurs {times} times" for key, times in counted.items() if times > 1]
    return said


def registry(place: Place) -> dict[str, object]:
    """What the model registry holds, without the random names of runs; and how many runs never ended."""
    found = _mlflow(place, "get", "model-versions/search", {"filter": f"name='{USE_CASE}'"}).get("model_versions", [])
    model = _mlflow(place, "get", "registered-models/get", {"name": USE_CASE}).get("registered_model", {})
    experiment = _mlflow(place, "get", "experiments/get-by-name", {"experiment_name": USE_CASE}).get("experiment")
    running: list[object] = []
    if experiment is not None:
        asked = {"experiment_ids": [experiment["experiment_id"]], "filter": "attributes.status = 'RUNNING'"}
        running = _mlflow(place, "post", "runs/search", asked).get("runs", [])
    tags = ("trained_for", "training_fingerprint", "model_sha256", "gate_verdict")
    return {
        "versions": {
            version["version"]: {tag["key"]: tag["value"] for tag in version.get("tags", []) if tag["key"] in tags}
            for version in found
        },
        "aliases": {alias["alias"]: alias["version"] for alias in model.get("aliases", [])},
        "runs that never ended": len(running),
    }


def put_registry_away(place: Place) -> None:
    """Give what the registry holds another name, so that the next walk finds none."""
    aside = f"{USE_CASE} of {uuid.uuid4()}"
    _mlflow(place, "post", "registered-models/rename", {"name": USE_CASE, "new_name": aside})
    experiment = _mlflow(place, "get", "experiments/get-by-name", {"experiment_name": USE_CASE}).get("experiment")
    if experiment is not None:
        asked = {"experiment_id": experiment["experiment_id"], "new_name": aside}
        _mlflow(place, "post", "experiments/update", asked)


def _mlflow(place: Place, method: str, call: str, asked: dict[str, object]) -> dict[str, list[dict[str, str]]]:
    address = f"{place.plan.mlflow_url}/api/2.0/mlflow/{call}"
    given = {"params": asked} if method == "get" else {"json": asked}
    answer = requests.request(method, address, timeout=30, **given)
    # Before the first training there is no model and no experiment.
    return answer.json() if answer.ok else {}
