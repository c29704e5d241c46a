"""The platform's own tables: the ledger of deliveries, the audit log of models, the record of builds, the pending verdicts,
what was delivered, and what people were told.
"""

from __future__ import annotations

from lakehouse.tables.table import PARTITION, Table, col

DELIVERIES = Table(
    layer="ops",
    name="deliveries",
    columns=(
        col("source", "string", "which source"),
        col("delivery_id", "string", "digest of source, partition and bytes"),
        PARTITION,
        col("origin", "string", "file or query window"),
        col("checksum", "string", "SHA-256 of the bytes"),
        col("delivered_rows", "long", "rows in the delivery"),
        col("accepted_rows", "long", "rows now in silver or superseded by a later correction"),
        col("rejected_rows", "long", "rows in the rejects"),
        col("duplicate_rows", "long", "rows that repeat a key within the delivery"),
        col("status", "string", "ingested or refused"),
        col("ingested_at", "timestamp", "when"),
    ),
    key=("delivery_id",),
    partition_by=("source",),
    # Finds the lines of a day without opening those of all others.
    indexed=("partition",),
    few_rows=True,
    description="the ledger: delivered = accepted + rejected + duplicates, for every delivery",
)

MODEL_EVENTS = Table(
    layer="ops",
    name="model_events",
    columns=(
        col("model_name", "string", "registered model"),
        col("model_version", "int", "its version"),
        col(
            "event",
            "string",
            "registered, promoted, held, rolled back, retired, retraining requested, or retraining failed",
        ),
        col("from_version", "int", "champion before the event", nullable=True),
        col("actor", "string", "the person or the job that decided"),
        col("reason", "string", "why"),
        col("evidence", "string", "the numbers, as JSON"),
        col("run_id", "string", "MLflow run that trained the version"),
        col("happened_at", "timestamp", "when"),
    ),
    key=("model_name", "model_version", "event", "happened_at"),
    partition_by=(),
    few_rows=True,
    description="registered, promoted, held, rolled back, retired: when, by whom, why, on what evidence",
)

BUILDS = Table(
    layer="ops",
    name="builds",
    columns=(
        col("table", "string", "which gold table"),
        PARTITION,
        col("fingerprint", "string", "of the inputs; the partition's rows carry it as inputs_fingerprint"),
        col("inputs", "string", "each input and its version, as a JSON object: deliveries, model, code"),
        col("recorded_at", "timestamp", "when, just before the partition was written"),
    ),
    key=("table", "partition", "fingerprint"),
    partition_by=("table",),
    indexed=("partition",),
    few_rows=True,
    description="what each gold partition was built from: the meaning of its rows' inputs_fingerprint",
)

OWED_VERDICTS = Table(
    layer="ops",
    name="owed_verdicts",
    columns=(
        col("use_case", "string", "whose verdict"),
        PARTITION,
        col("recorded_at", "timestamp", "when the restatement started"),
    ),
    key=("use_case", "partition"),
    partition_by=(),
    few_rows=True,
    description="days whose verdict a restatement that runs, or was killed, has yet to give again; empty when there are none",
)

EXPORTS = Table(
    layer="ops",
    name="exports",
    columns=(
        col("use_case", "string", "whose decisions"),
        col("target", "string", "the declared target that they were delivered to"),
        PARTITION,
        col("state", "string", "sending: written down before; sent: the target has exactly these rows"),
        col("address", "string", "where that is, without a login"),
        col("rows", "long", "rows in the target; null while sending", nullable=True),
        col(
            "checksum",
            "string",
            "of these rows, whatever their order: the sum of each row's SHA-256; null while sending",
            nullable=True,
        ),
        col(
            "model_versions",
            "string",
            "the versions that decided them, as a JSON list; null while sending",
            nullable=True,
        ),
        col("scores_version", "long", "Delta version of the scores table that was read"),
        col("fingerprint", "string", "digest of the scores' files, the declared target and the code"),
        col("sent_at", "timestamp", "when they were there; null while sending", nullable=True),
        col("started_at", "timestamp", "when sending began"),
        col("actor", "string", "the person or program that sent them"),
        col("earlier", "string", "what the target had of this day before, oldest first, as a JSON list"),
    ),
    key=("use_case", "target", "partition"),
    partition_by=("use_case",),
    indexed=("partition",),
    few_rows=True,
    description="the books of what was delivered: which rows of which day are in which target, since when, by which versions",
)

CONTRACTS = Table(
    layer="ops",
    name="contracts",
    columns=(
        col("source", "string", "whose contract"),
        col("version", "int", "the version that the contract declares"),
        col("digest", "string", "of the contract"),
        col("contract", "string", "the contract, as JSON"),
        col("recorded_at", "timestamp", "since when deliveries were taken in by it"),
        col("actor", "string", "the person or the job that recorded it"),
    ),
    key=("source", "recorded_at"),
    partition_by=("source",),
    few_rows=True,
    description="the contracts by which deliveries were taken in, since when",
)

PARITY = Table(
    layer="ops",
    name="parity",
    columns=(
        col("feature_group", "string", "which feature group"),
        col("version", "int", "its version"),
        PARTITION,
        col("address", "string", "where it is served, without a login"),
        col("keys", "long", "how many keys gold serves on this day"),
        col("served_keys", "long", "how many the serving table has"),
        col("compared", "long", "how many of them were compared, value by value, to the last digit"),
        col("differing", "long", "how many of the compared differ, or are missing there"),
        col("examples", "string", "some that differ, as a JSON list"),
        col("fingerprint", "string", "of what gold serves on this day"),
        col("checked_at", "timestamp", "when"),
        col("actor", "string", "the person or program that asked"),
    ),
    key=("feature_group", "version", "partition", "fingerprint"),
    partition_by=("feature_group",),
    indexed=("partition",),
    few_rows=True,
    description="whether serving tables have what gold has: a sample of keys each night, compared to the last digit",
)

ALERTS = Table(
    layer="ops",
    name="alerts",
    columns=(
        col("fact", "string", "digest of what happened: seen again, it is the same"),
        col("receiver", "string", "who is told, by which way; the address of a server is its connection's"),
        col(
            "event",
            "string",
            "late, failed, refused, violated, retraining, promoted, held, approval, rolled_back, fallback",
        ),
        col("whose", "string", "the use case or source"),
        col("subject", "string", "in a few words"),
        col("body", "string", "what happened, what it means, what to do, where to look"),
        col("run", "string", "address of the run in Airflow; empty where none is known"),
        col("page", "string", "address of a page with more; may be empty"),
        col("state", "string", "open, sending, sent, or failed, which is tried again"),
        col("tries", "int", "how often it was tried"),
        col("error", "string", "why the last try failed; null when none has", nullable=True),
        col("happened_at", "timestamp", "when it happened, or was seen"),
        col("recorded_at", "timestamp", "when it was written down"),
        col("tried_at", "timestamp", "when it was tried last; null before the first try", nullable=True),
        col("sent_at", "timestamp", "when it was sent; null before", nullable=True),
    ),
    key=("fact", "receiver"),
    partition_by=(),
    few_rows=True,
    description="what people are told: one message a fact and receiver, whether it was sent, and why not",
)
