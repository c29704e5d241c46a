"""Airflow DAGs ingest__<source>: take in each night's delivery of every source."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import apart, assets, defaults, docs, form, form_fields, schedules, wanted
from include.orchestration.extract import ExtractOperator
from include.orchestration.ingest import IngestOperator

for use_case in wanted.use_cases(__file__):
    for source in use_case.sources:
        with (
            apart.made_for(source.name),
            DAG(
                dag_id=f"ingest__{source.name}",
                description=source.description or f"Deliveries of {source.name}",
                doc_md=docs.ingest(use_case, source),
                schedule=schedules.nightly(use_case, source),
                start_date=schedules.start(use_case),
                **{
                    **defaults.common(use_case.owner, "ingest", use_case.name),
                    "max_active_runs": schedules.nights_at_once(source),
                },
            ),
            form_fields.shown({**form.days("ingest"), **form.any_volume(), **form.cascade()}),
        ):
            ingest = IngestOperator(
                task_id="ingest",
                stage="ingest",
                options={"source": source.name, "partition": form.PARTITION, "through": form.THROUGH},
                switches={"any-volume": form.ANY_VOLUME},
                cascade=form.CASCADE,
                outlets=[assets.silver(source)],
                # Also when the task before is skipped: files are taken in where there is no such connection.
                trigger_rule="none_failed",
            )
            if source.extracted:
                extract = ExtractOperator(
                    task_id="extract", source=source.name, partition=form.PARTITION, through=form.THROUGH
                )
                extract >> ingest
