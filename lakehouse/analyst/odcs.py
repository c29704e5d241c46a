"""A source's contract as an Open Data Contract Standard document, for the team that delivers it and for catalogues.

What the standard has no field for (the share of rejects, the expected volume) is there as text and as custom property, so that
the document is as complete as the declaration. Standard: https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

import re
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

from lakehouse import tables
from lakehouse.declaration import Column, Owner, Source

API_VERSION = "v3.1.0"

# Constructs of a pattern that Python takes and ECMA-262 does not, or means otherwise: flags, comments, Python's names of groups,
# conditions, atomic groups, possessive quantifiers, anchors of the text.
_PYTHON_ALONE = re.compile(r"\(\?(?:[aiLmsux]*(?:-[imsx]+)?[:)]|#|P|\(|>)(?<!\(\?:)|[*+?}]\+|\\[AZ]")

LOGICAL_TYPES = {
    "string": "string",
    "int": "integer",
    "long": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def contract(owner: Owner, source: Source, version: str) -> OpenDataContractStandard:
    """The contract of a source.

    Args:
        owner: whose source it is.
        source: whose contract.
        version: of the document; it changes with the declaration.
    """
    return OpenDataContractStandard(
        apiVersion=API_VERSION,
        kind="DataContract",
        id=source.name if owner.name == source.name else f"{owner.name}.{source.name}",
        name=source.name,
        version=version,
        status="active",
        domain=owner.name,
        dataProduct=owner.title,
        description=Description(
            purpose=source.description or source.name,
            usage=f"Delivered as <LANDING_ROOT>/{source.name}/<YYYY-MM-DD>.csv: UTF-8, comma-separated, with a header",
            limitations="A corrected file adds and changes rows; it never deletes",
        ),
        schema=[_object(source)],
        slaProperties=_service_levels(owner, source),
        customProperties=_custom(
            owner=owner.owner, maxRejectShare=source.max_reject_share, **_declared(volume=source.volume)
        ),
    )


def _object(source: Source) -> SchemaObject:
    return SchemaObject(
        name=source.name,
        physicalName=tables.silver(source).full_name,
        physicalType="table",
        logicalType="object",
        description=source.description or source.name,
        properties=[_property(source, column) for column in source.columns],
        quality=[
            _unique(source),
            *_row_rules(source),
            *(_quality(type="text", description=text) for text in of_a_delivery(source)),
        ],
    )


def _property(source: Source, column: Column) -> SchemaProperty:
    options: dict[str, Any] = _present(minimum=column.minimum, maximum=column.maximum)
    rules = []
    if column.pattern is not None:
        rules.append(
            _quality(type="text", description=f"the whole value has the form {column.pattern} (Python's re.fullmatch)")
        )
        # The standard's own field is of ECMA-262, which has most of Python's constructs and not these.
        if not _PYTHON_ALONE.search(column.pattern):
            options["pattern"] = f"^(?:{column.pattern})$"
    allowed = _quality(
        metric="invalidValues",
        arguments={"validValues": list(column.allowed or ())},
        mustBe=0,
        description="one of the declared values",
    )
    position = source.key.index(column.name) + 1 if column.name in source.key else None
    return SchemaProperty(
        name=column.name,
        logicalType=LOGICAL_TYPES[column.type],
        physicalType=column.type,
        description=column.description or None,
        required=not column.nullable,
        logicalTypeOptions=options or None,
        quality=[*([allowed] if column.allowed else []), *rules] or None,
        **_present(primaryKey=True if position else None, primaryKeyPosition=position),
    )


def _unique(source: Source) -> DataQuality:
    return _quality(
        metric="duplicateValues",
        arguments={"properties": [*source.key, "partition"]},
        mustBe=0,
        description="one row a key and day; of several in a delivery the last one counts",
    )


def _row_rules(source: Source) -> list[DataQuality]:
    return [
        _quality(
            type="sql",
            name=rule.name,
            query=f"SELECT COUNT(*) FROM {{object}} WHERE NOT ({rule.expression})",
            mustBe=0,
            description=f"{rule.expression}; a row that breaks it, or for which it can't be evaluated, is rejected",
        )
        for rule in source.row_rules
    ]


def of_a_delivery(source: Source) -> list[str]:
    """What is expected of a delivery as a whole, in words."""
    rules = [f"a delivery with more than {source.max_reject_share:.0%} rejected rows is refused as a whole"]
    if source.volume is not None:
        volume = source.volume
        rules.append(
            f"a day's first delivery has {volume.at_least:g} to {volume.at_most:g} times the rows of the median delivery of the "
            f"{volume.of_days} days before it, once there are {volume.min_days}"
        )
    return rules


def _service_levels(owner: Owner, source: Source) -> list[ServiceLevelAgreementProperty]:
    if source.cadence == "occasional":
        return [
            ServiceLevelAgreementProperty(
                property="frequency", value="occasional", description="delivered when it changes"
            )
        ]
    levels = [ServiceLevelAgreementProperty(property="frequency", value=1, unit="d", description="one delivery a day")]
    if source.freshness is not None:
        levels.append(
            ServiceLevelAgreementProperty(
                property="latency",
                value=source.arrives_after_days * 24 + source.freshness.hours,
                unit="h",
                description=f"hours after the midnight, in {owner.calendar.timezone}, that starts the day it describes",
            )
        )
    return levels


def _quality(**fields: Any) -> DataQuality:
    return DataQuality.model_validate(fields)


def _declared(**sections: Any) -> dict[str, Any]:
    return {name: section.model_dump() for name, section in sections.items() if section is not None}


def _custom(**values: Any) -> list[CustomProperty]:
    return [CustomProperty(property=name, value=value) for name, value in values.items()]


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
