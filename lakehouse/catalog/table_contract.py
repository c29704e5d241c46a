"""A table as an Open Data Contract Standard document, for those who read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    Description,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    ServiceLevelAgreementProperty,
)

from lakehouse import code_version, fingerprints
from lakehouse.analyst.odcs import API_VERSION, LOGICAL_TYPES
from lakehouse.declaration import Column
from lakehouse.lineage.declared import DeclaredTable


def contract(declared: DeclaredTable) -> OpenDataContractStandard:
    """The contract of a table; its version changes with what is declared of it."""
    table = declared.table
    return OpenDataContractStandard(
        apiVersion=API_VERSION,
        kind="DataContract",
        id=table.full_name,
        name=table.full_name,
        version=version(declared),
        status="active",
        domain=declared.of,
        dataProduct=declared.of,
        description=Description(
            purpose=table.description,
            usage=f"A Delta table at <LAKEHOUSE_ROOT>/{table.layer}/{table.name}; in SQL {table.full_name}",
            limitations=f"A version can be read for {table.retention_days} days after it was replaced",
        ),
        schema=[_object(declared)],
        slaProperties=[
            ServiceLevelAgreementProperty(
                property="retention", value=table.retention_days, unit="d", description="of a version that was replaced"
            )
        ],
        customProperties=[
            CustomProperty(property="owner", value=declared.owner),
            CustomProperty(property="upstream", value=list(declared.origins.upstream)),
            CustomProperty(property="unknownOrigins", value=dict(declared.origins.unknown)),
        ],
    )


def version(declared: DeclaredTable) -> str:
    """The release, and a digest of the declaration."""
    return f"{code_version.RELEASE}+{fingerprints.digest(repr(declared.table), repr(declared.origins))[:12]}"


def rules(declared: DeclaredTable) -> Iterator[str]:
    """What holds of the rows, in words."""
    table = declared.table
    if table.key:
        yield f"one row for each {', '.join(table.key)}"
    required = [column.name for column in table.columns if not column.nullable]
    if required:
        yield f"never null: {', '.join(required)}"


def _object(declared: DeclaredTable) -> SchemaObject:
    table = declared.table
    quality = []
    if table.key:
        fields: dict[str, Any] = {
            "metric": "duplicateValues",
            "arguments": {"properties": list(table.key)},
            "mustBe": 0,
        }
        quality.append(DataQuality.model_validate(fields | {"description": f"one row for each {', '.join(table.key)}"}))
    return SchemaObject(
        name=table.name,
        physicalName=table.full_name,
        physicalType="table",
        logicalType="object",
        description=table.description,
        properties=[_property(declared, column) for column in table.columns],
        quality=quality or None,
    )


def _property(declared: DeclaredTable, column: Column) -> SchemaProperty:
    table, origins = declared.table, declared.origins.columns.get(column.name, ())
    known: dict[str, Any] = {}
    if column.name in table.key:
        known |= {"primaryKey": True, "primaryKeyPosition": table.key.index(column.name) + 1}
    if column.name in table.partition_by:
        known |= {"partitioned": True, "partitionKeyPosition": table.partition_by.index(column.name) + 1}
    if origins:
        known["transformSourceObjects"] = [f"{one.table}.{one.column}" for one in origins]
        known["transformDescription"] = "; ".join(dict.fromkeys(one.words or one.how.lower() for one in origins))
    if (why := declared.origins.unknown.get(column.name)) is not None:
        known["transformDescription"] = why
    return SchemaProperty(
        name=column.name,
        logicalType=LOGICAL_TYPES[column.type],
        physicalType=column.type,
        description=column.description or None,
        required=not column.nullable,
        **known,
    )
