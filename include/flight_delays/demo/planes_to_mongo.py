"""Puts the planes into a MongoDB, as an airline would that keeps its register there.

    MONGO_URI=mongodb://127.0.0.1:27017/ python -m include.flight_delays.demo.planes_to_mongo

A document a plane, in the database and collection that ``use_case.yaml`` names: its registration as ``_id``, whole
numbers and decimals as such, and no field for a value that is missing. All were changed last on the day before the year
begins, so that the window of January 1st takes them in. Repeating it changes nothing.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import UpdateOne
from pymongo.collection import Collection

from include.flight_delays.demo import nycflights
from lakehouse import settings
from lakehouse.declaration import loader
from lakehouse.errors import DeclarationError, NightjarError
from lakehouse.extraction import connection, failures

CAST = {"int": int, "double": float}


def seed(collection: Collection[dict[str, Any]], changed: dt.datetime) -> int:
    """Insert or correct a document for every plane; returns how many were new or different.

    Args:
        collection: where they go.
        changed: their ``updated_at``.
    """
    writes = [UpdateOne({"_id": plane["tailnum"]}, {"$set": plane}, upsert=True) for plane in _planes(changed)]
    result = collection.bulk_write(writes, ordered=False)
    return result.upserted_count + result.modified_count


def _planes(changed: dt.datetime) -> list[dict[str, Any]]:
    planes = nycflights.SOURCES["planes"]
    _, declared = loader.by_source(planes.name)
    types = {column.name: CAST.get(column.type, str) for column in declared.columns}
    rows = nycflights.read(planes.file, [], daily=False).rows(planes, nycflights.FIRST_DAY)
    return [
        {name: types[name](text) for name, text in zip(planes.columns, row, strict=True) if text}
        | {"updated_at": changed}
        for row in rows
    ]


def main() -> int:
    """Run the command line; returns its exit code."""
    try:
        use_case, source = loader.by_source("planes")
        mongo = source.mongo
        if mongo is None:
            raise DeclarationError("use_case.yaml: sources: planes: expected a mongo section, found none; add it")
        midnight = dt.datetime.combine(nycflights.FIRST_DAY, dt.time(), ZoneInfo(use_case.calendar.timezone))
        with connection.to(settings.load().mongo_uri) as client, failures.named("the planes"):
            count = seed(client[mongo.database][mongo.collection], midnight - dt.timedelta(days=1))
            # Spares the server a sort at every extraction.
            client[mongo.database][mongo.collection].create_index([(mongo.updated_at, 1), ("_id", 1)])
    except NightjarError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{mongo.database}.{mongo.collection}: {count} planes written, the others were there already")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
