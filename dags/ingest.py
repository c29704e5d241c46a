"""Airflow DAGs ingest__<source>: take in each night's delivery of every source."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    assets,
    defaults,
    form,
    form_fields,
    form_values,
    late_night,
    schedules,
    source_docs,
    wanted,
)
from include.orchestration.extract import ExtractOperator
from include.orchestration.ingest import IngestOperator

for owner, source, readers in wanted.sources(__file__):
    names = [reader.name for reader in readers]
    with (
        apart.made_for(source.name),
        DAG(
            dag_id=f"ingest__{source.name}",
            description=source.description or f"Deliveries of {source.name}",
            doc_md=source_docs.ingest(owner, source, names),
            schedule=schedules.nightly(owner, source),
            start_date=schedules.start(owner),
            **late_night.of_source(source, readers),
            **{
                **defaults.common(owner.owner, "ingest", *names),
                "max_active_runs": schedules.nights_at_once(source),
            },
        ),
        form_fields.shown({**form.days("ingest"), **form.any_volume(), **form.any_gap(source), **form.cascade()}),
    ):
        ingest = IngestOperator(
            task_id="ingest",
            stage="ingest",
            options={"source": source.name, "partition": form_values.PARTITION, "through": form_values.THROUGH},
            switches={"any-volume": form_values.ANY_VOLUME},
            cascade=form_values.CASCADE,
            outlets=[assets.silver(source)],
            # Also when the task before is skipped: files are taken in where there is no such connection.
            trigger_rule="none_failed",
        )
        if source.extracted:
            extract = ExtractOperator(
                task_id="extract",
                source=source.name,
                partition=form_values.PARTITION,
                through=form_values.THROUGH,
                any_gap=form_values.ANY_GAP,
            )
            extract >> ingest
