"""Tables, deliveries and models as OpenLineage's datasets, with the facets that are known of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    documentation_dataset,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
    symlinks_dataset,
)

from lakehouse.lineage import column_facet, facets, names, of_use_case, redaction
from lakehouse.lineage.commits_made import Made
from lakehouse.lineage.declared import DeclaredTable
from lakehouse.models import registry
from lakehouse.ops import builds, deliveries
from lakehouse.storage import delta_log
from lakehouse.storage.touched import ModelUse
from lakehouse.tables import INPUTS_FINGERPRINT, Table

# So many deliveries or days are told one by one; a backfill of years would be an event of megabytes.
MOST = 400


def table_read(name: str, declared: DeclaredTable | None, version: int) -> InputDataset:
    """A table whose rows were read at a version; one that nobody declares any more has no schema."""
    namespace, called = names.of(name)
    return InputDataset(namespace=namespace, name=called, facets=_of_table(name, declared, version))


def table_written(name: str, declared: DeclaredTable | None, made: Made, models: Iterable[ModelUse]) -> OutputDataset:
    """A table of which a run has committed versions."""
    namespace, called = names.of(name)
    known = _of_table(name, declared, made.version)
    if declared is not None:
        known |= column_facet.facets_of(declared.origins, read_features(declared.table, models))
        if built := _builds(declared.table, made.days):
            known[facets.BUILDS] = built
    statistics: dict[str, OutputDatasetFacet] = {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=made.rows, size=made.size, fileCount=made.files
        )
    }
    return OutputDataset(namespace=namespace, name=called, facets=known, outputFacets=statistics)


def landing_read(source: str, first: dt.date | None, last: dt.date | None) -> InputDataset:
    """The deliveries of a source for these days, with what the ledger says of them."""
    lines = deliveries.lines_of([source], first, last)
    namespace, name = names.of(f"{names.LANDING}.{source}")
    told = [
        {
            "deliveryId": line.delivery_id,
            "partition": line.partition.isoformat(),
            "checksum": line.checksum,
            "status": line.status,
            "deliveredRows": line.delivered_rows,
            "acceptedRows": line.accepted_rows,
            "rejectedRows": line.rejected_rows,
            "duplicateRows": line.duplicate_rows,
        }
        for line in lines
    ]
    of_input: dict[str, InputDatasetFacet] = {
        facets.DELIVERIES: facets.DeliveriesFacet(told[-MOST:], max(len(told) - MOST, 0)),
        "dataQualityMetrics": data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
            columnMetrics={}, rowCount=sum(line.delivered_rows for line in lines)
        ),
    }
    return InputDataset(
        namespace=namespace, name=name, facets=_place(f"{names.LANDING}.{source}"), inputFacets=of_input
    )


def landing_written(source: str) -> OutputDataset:
    """The deliveries of a source, as extraction lands them."""
    full_name = f"{names.LANDING}.{source}"
    namespace, name = names.of(full_name)
    return OutputDataset(namespace=namespace, name=name, facets=_place(full_name))


def models_read(uses: Iterable[ModelUse]) -> list[InputDataset]:
    """The registered models among the versions that were read."""
    return [InputDataset(*names.of(of_use_case.models(name)), facets=known) for name, known in _models(uses)]


def models_made(uses: Iterable[ModelUse]) -> list[OutputDataset]:
    """The registered models among the versions that were made."""
    return [OutputDataset(*names.of(of_use_case.models(name)), facets=known) for name, known in _models(uses)]


def read_features(table: Table, models: Iterable[ModelUse]) -> frozenset[str] | None:
    """The features that the run's models read, for the table of scores or reasons; None where no model was met."""
    used = frozenset(name for one in models for name in one.features if name)
    return used if used and table.layer == "gold" else None


def _models(uses: Iterable[ModelUse]) -> list[tuple[str, dict[str, DatasetFacet]]]:
    by_name: dict[str, list[ModelUse]] = {}
    for one in sorted(uses, key=lambda use: (use.name, use.version)):
        by_name.setdefault(one.name, []).append(one)
    return [
        (
            name,
            {
                "version": dataset_version_dataset.DatasetVersionDatasetFacet(str(found[-1].version)),
                facets.MODEL: facets.ModelVersionFacet(
                    name,
                    [
                        {
                            "version": one.version,
                            "runId": one.run_id,
                            "sha256": one.digest,
                            "features": list(one.features),
                        }
                        for one in found
                    ],
                ),
            },
        )
        for name, found in by_name.items()
    ]


def _of_table(name: str, declared: DeclaredTable | None, version: int) -> dict[str, DatasetFacet]:
    known: dict[str, DatasetFacet] = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(str(version)),
        **_place(name),
    }
    if declared is None:
        return known
    table = declared.table
    known["documentation"] = documentation_dataset.DocumentationDatasetFacet(description=table.description)
    known["ownership"] = ownership_dataset.OwnershipDatasetFacet(
        [ownership_dataset.Owner(f"team:{declared.owner}", "OWNER")]
    )
    known["schema"] = schema_dataset.SchemaDatasetFacet(
        [
            schema_dataset.SchemaDatasetFacetFields(column.name, column.type, column.description or None, position)
            for position, column in enumerate(table.columns, start=1)
        ]
    )
    return known


def _place(name: str) -> dict[str, DatasetFacet]:
    where = names.location(name)
    if where is None:
        return {}
    identifier = symlinks_dataset.Identifier(names.of(name)[0], where, "LOCATION")
    return {"symlinks": symlinks_dataset.SymlinksDatasetFacet([identifier])}


def _builds(table: Table, days: Collection[dt.date]) -> facets.BuildsFacet | None:
    if INPUTS_FINGERPRINT not in table.column_names or not days:
        return None
    told: list[dict[str, Any]] = []
    for partition in _roles(table):
        carried = delta_log.constant_by_partition(table, INPUTS_FINGERPRINT, **partition)
        built = {day: digest for day, digest in carried.items() if day in days}
        inputs = builds.inputs_behind(table, built)
        told += [
            {
                "partition": day.isoformat(),
                **partition,
                "fingerprint": digest,
                "inputs": redaction.redacted(dict(inputs.get(day, {}))),
            }
            for day, digest in sorted(built.items())
        ]
    return facets.BuildsFacet(told[-MOST:], max(len(told) - MOST, 0)) if told else None


def _roles(table: Table) -> list[Mapping[str, str]]:
    if "role" not in table.partition_by:
        return [{}]
    return [{"role": role} for role in (registry.CHAMPION, registry.CHALLENGER)]
