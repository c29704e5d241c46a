"""The facets that OpenLineage has no word for; docs/lineage/ has the JSON schema of each.

A name of a facet begins with ``nightjar_``, so that it is no other producer's.
"""

from __future__ import annotations

from typing import Any

import attr
from openlineage.client.generated.base import DatasetFacet, InputDatasetFacet, RunFacet

from lakehouse import code_version
from lakehouse.settings import lineage_target

DELIVERIES, BUILDS, MODEL = "nightjar_deliveries", "nightjar_builds", "nightjar_modelVersion"
UNKNOWN_COLUMNS, RUN = "nightjar_unknownColumns", "nightjar_run"


def producer() -> str:
    """Who makes the events: the platform, in its release."""
    return f"urn:nightjar:{code_version.RELEASE}"


def _schema(name: str) -> str:
    found = lineage_target.load()
    where = "urn:nightjar:docs:lineage" if found is None else found.schemas.rstrip("/")
    return f"{where}{':' if where.startswith('urn:') else '/'}{name}.json"


@attr.define
class DeliveriesFacet(InputDatasetFacet):
    """The deliveries of a source that a run took in or found taken in, from the ledger.

    Attributes:
        deliveries: one object each: id, day, checksum, status, and its rows: delivered, accepted, rejected, duplicates.
        leftOut: how many more there were.
    """

    deliveries: list[dict[str, Any]]
    leftOut: int = 0  # as the schema has it

    @staticmethod
    def _get_schema() -> str:
        return _schema("DeliveriesInputDatasetFacet")


@attr.define
class BuildsFacet(DatasetFacet):
    """What each day of a gold table was built from, as ops.builds has it.

    Attributes:
        builds: one object each: day, fingerprint, inputs.
        leftOut: how many more there were.
    """

    builds: list[dict[str, Any]]
    leftOut: int = 0

    @staticmethod
    def _get_schema() -> str:
        return _schema("BuildsDatasetFacet")


@attr.define
class ModelVersionFacet(DatasetFacet):
    """The versions of a registered model that a run read or made: number, MLflow run, digest of the file, features."""

    name: str
    versions: list[dict[str, Any]]

    @staticmethod
    def _get_schema() -> str:
        return _schema("ModelVersionDatasetFacet")


@attr.define
class UnknownColumnsFacet(DatasetFacet):
    """The columns whose origins can't be known, and why: they are missing in the column lineage on purpose."""

    columns: dict[str, str]

    @staticmethod
    def _get_schema() -> str:
        return _schema("UnknownColumnsDatasetFacet")


@attr.define
class JobRunFacet(RunFacet):
    """What was asked of the job, by which code, and how it ended.

    Attributes:
        stage: which job.
        arguments: of the command line, as texts.
        codeVersion: as scores carry it.
        status: of the result; null while it runs and when it failed.
        exitCode: 0, or that of the error; null while it runs.
        errorKind: the name of the error; null when there is none.
    """

    stage: str
    arguments: dict[str, str]
    codeVersion: str
    status: str | None = None
    exitCode: int | None = None
    errorKind: str | None = None

    @staticmethod
    def _get_schema() -> str:
        return _schema("JobRunFacet")
