"""The platform's own tables on itself: releases, erasures, costs and retention."""

from __future__ import annotations

from lakehouse.tables.table import Table, col

RELEASES = Table(
    layer="ops",
    name="releases",
    columns=(
        col("release", "string", "the release whose upgrade this was"),
        col(
            "layout",
            "int",
            "how tables are laid out since: a release refuses a lakehouse with a higher number than it knows",
        ),
        col("code_version", "string", "version of the code that did it"),
        col("steps", "string", "what was changed, as a JSON list of sentences"),
        col("actor", "string", "the person or program that asked"),
        col("upgraded_at", "timestamp", "when it was done"),
    ),
    key=("release", "upgraded_at"),
    partition_by=(),
    few_rows=True,
    description="the releases that the lakehouse was upgraded to: when, by whom, and what was changed",
)

ERASURES = Table(
    layer="ops",
    name="erasures",
    columns=(
        col("source", "string", "the source that was erased from"),
        col("document_hash", "string", "salted digest of the key, or of a document's id: what has it stays out"),
        col("salt", "string", "of the digest"),
        col("state", "string", "asked: it stays out from now on; done: nothing of it is left here"),
        col("reason", "string", "why"),
        col("actor", "string", "the person or program that asked"),
        col(
            "published",
            "string",
            "versions of datasets that had it, with places, and of models that learned from it, as JSON",
        ),
        col("places", "string", "what was taken out of which place, as a JSON object"),
        col("asked_at", "timestamp", "when it was asked"),
        col("done_at", "timestamp", "when nothing was left; null before", nullable=True),
    ),
    key=("source", "document_hash"),
    partition_by=("source",),
    few_rows=True,
    description="erased keys and documents, by their digests: what was taken out of where, what was published or learned before",
)

COSTS = Table(
    layer="ops",
    name="costs",
    columns=(
        col("run_id", "string", "the run: one call of a job, with all stages that it runs inside"),
        col("stage", "string", "the job's stage"),
        col(
            "use_case",
            "string",
            "the use case that it works for, or whose own source; null where it is none",
            nullable=True,
        ),
        col("source", "string", "the source; null where it is none", nullable=True),
        col("dataset", "string", "the dataset; null where it is none", nullable=True),
        col("feature_group", "string", "the feature group and its version; null where it is none", nullable=True),
        col("partition", "date", "the day that it works on, the first of a range; null for all days", nullable=True),
        col("through", "date", "the last day of a range; null for one day", nullable=True),
        col(
            "model_version",
            "int",
            "the version that it trained, judged, or scored by; null where not one",
            nullable=True,
        ),
        col("started_at", "timestamp", "when it began"),
        col("ended_at", "timestamp", "when it ended; of one that was killed, when it was last seen"),
        col(
            "status", "string", "done, failed, or killed: it left no end, and its figures are those of a moment before"
        ),
        col("error", "string", "the class of the error; null when it is done", nullable=True),
        col("outcome", "string", "the status of its result, such as none; null when it failed", nullable=True),
        col("wall_seconds", "double", "how long it took"),
        col("processor_seconds", "double", "of its processes, their threads and children, and its part of Spark's"),
        col(
            "spark_seconds",
            "double",
            "the part of a Spark server that other runs share; null without one",
            nullable=True,
        ),
        col(
            "spark_known", "string", "how: alone; divided among runs; tasks: their seconds, an estimate", nullable=True
        ),
        col("memory_bytes", "long", "the most memory that its processes had, without a shared Spark server's"),
        col("rows", "long", "rows that it committed to bronze, silver and gold"),
        col("predictions", "long", "those of them that are scores of the champion"),
        col("commits", "int", "commits to any table"),
        col("bytes_written", "long", "bytes of committed, landed, delivered and published files"),
        col(
            "cost_micros",
            "long",
            "what it costs by the rate card, in millionths; null where there is none",
            nullable=True,
        ),
        col("money", "double", "the same in units of the currency", nullable=True),
        col("currency", "string", "of the rate card", nullable=True),
        col("rates_from", "date", "since when the rates count that it was costed by", nullable=True),
        col("actor", "string", "the person or program that asked"),
        col("host", "string", "the machine"),
        col("host_kind", "string", "its kind, as HOST_KIND names it; empty for any"),
        col("day", "date", "the day, in UTC, on which it began"),
        col("month", "string", "the month of that day, such as 2026-11"),
    ),
    key=("run_id",),
    partition_by=("month",),
    # Finds a day's runs of a host without opening those of all others.
    indexed=("day", "host"),
    few_rows=True,
    description="what each run used and what that costs: processor time, memory, rows, bytes, money by the rate card",
)

RETENTION = Table(
    layer="ops",
    name="retention",
    columns=(
        col("table", "string", "what rows or files were taken from: a table's full name, or landing.<source>"),
        col("first_day", "date", "the oldest day of the range; null of lines without a day", nullable=True),
        col("last_day", "date", "the newest day of it; likewise", nullable=True),
        col("days", "int", "how many of its days had rows or files"),
        col("rows", "long", "rows that went, by the log"),
        col("files", "long", "files that went"),
        col("bytes", "long", "their size"),
        col(
            "whole_from",
            "date",
            "what is read as it is known on a day is the same as before from this day on; of tables of reference data",
            nullable=True,
        ),
        col("rule", "string", "what was declared, and where"),
        col("state", "string", "removing: written down before; removed: nothing of it is left in the newest version"),
        col("actor", "string", "the person or program that asked"),
        col("planned_at", "timestamp", "when it was written down"),
        col("removed_at", "timestamp", "when it was gone; null before", nullable=True),
    ),
    key=("table", "planned_at", "first_day"),
    partition_by=(),
    few_rows=True,
    description="what retention took away: which days of which table, how much, by which rule, when, and who asked",
)
