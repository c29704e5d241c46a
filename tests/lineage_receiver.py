"""A receiver of OpenLineage events: checks each by the standard and the published schemas, and keeps the graph that they make."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import attr
import jsonschema
from openlineage.client import facet_v2

SCHEMAS = Path(__file__).resolve().parents[1] / "docs/lineage"

# What the standard requires of an event (OpenLineage 2-0-2), in its words and in the order of its text.
_FACETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["_producer", "_schemaURL"],
        "properties": {
            "_producer": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:"},
            "_schemaURL": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:"},
        },
    },
}


def _dataset(more: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["namespace", "name"],
        "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}, "facets": _FACETS, more: _FACETS},
    }


EVENT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job", "eventType"],
    "properties": {
        "eventTime": {"type": "string", "format": "date-time"},
        "producer": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:"},
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "run": {
            "type": "object",
            "required": ["runId"],
            "properties": {
                "runId": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                "facets": _FACETS,
            },
        },
        "job": _dataset("facets"),
        "inputs": {"type": "array", "items": _dataset("inputFacets")},
        "outputs": {"type": "array", "items": _dataset("outputFacets")},
    },
}


def problems(event: dict[str, Any]) -> list[str]:
    """What is wrong with an event; nothing when it keeps the standard."""
    wrong = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(EVENT).iter_errors(event)
    ]
    if not wrong:
        wrong = [problem for name, facet in facets(event) for problem in _of_facet(name, facet)]
    return wrong


def facets(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every facet of the event, by name."""
    places = [event["run"], event["job"], *event.get("inputs", ()), *event.get("outputs", ())]
    for place in places:
        for kind in ("facets", "inputFacets", "outputFacets"):
            yield from (place.get(kind) or {}).items()


def _of_facet(name: str, facet: dict[str, Any]) -> list[str]:
    address = facet["_schemaURL"]
    if name.startswith("nightjar_"):
        schema = json.loads((SCHEMAS / address.replace(":", "/").rpartition("/")[2]).read_text(encoding="utf-8"))
        return [f"{name}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(facet)]
    if address.startswith("https://openlineage.io/spec/"):
        called = address.rpartition("/")[2]
        if called in ("BaseFacet", "RunFacet", "JobFacet", "DatasetFacet"):
            # What others add, which may have any fields.
            return []
        known = _fields().get(called)
        if known is None:
            return [f"{name}: the standard has no facet {address}"]
        return [f"{name}: the standard's facet has no field {field}" for field in facet.keys() - known]
    # Another producer's, such as Airflow's.
    return []


@lru_cache
def _fields() -> dict[str, frozenset[str]]:
    """The fields of each facet of the standard, as its own client has them."""
    modules = [module for module in vars(facet_v2).values() if hasattr(module, "__file__")]
    classes = [one for module in modules for one in vars(module).values() if isinstance(one, type) and attr.has(one)]
    return {one.__name__: frozenset(field.name for field in attr.fields(one)) for one in classes}


class Receiver:
    """The events, in the order in which they came; ``delay`` seconds before each answer, which is ``status``."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.bodies: list[str] = []
        self.delay, self.status = 0.0, 201
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.receiver = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """Of the server; events go to its /api/v1/lineage."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: str) -> None:
        """Keep an event, or say what is wrong with it."""
        event = json.loads(body)
        self.bodies.append(body)
        self.wrong += problems(event)
        self.events.append(event)

    def clear(self) -> None:
        """Forget everything, and be quick."""
        self.events, self.wrong, self.bodies, self.delay, self.status = [], [], [], 0.0, 201

    def of(self, job: str, kind: str | None = None) -> list[dict[str, Any]]:
        """The events of a job, of one kind or of all."""
        return [one for one in self.events if one["job"]["name"] == job and kind in (None, one["eventType"])]

    def upstream(self) -> dict[str, set[str]]:
        """The graph: by dataset those that a job read which wrote it."""
        graph: dict[str, set[str]] = defaultdict(set)
        for event in self.events:
            for output in event.get("outputs", ()):
                graph[output["name"]] |= {one["name"] for one in event.get("inputs", ())} - {output["name"]}
        return graph

    def reached(self, name: str) -> set[str]:
        """All datasets that lead to this one, over any number of jobs."""
        graph, seen, open_names = self.upstream(), set[str](), [name]
        while open_names:
            for before in graph.get(open_names.pop(), set()) - seen:
                seen.add(before)
                open_names.append(before)
        return seen

    def columns(self, table: str, column: str) -> set[tuple[str, str]]:
        """All columns that lead to one, over any number of tables."""
        made: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        for output in (one for event in self.events for one in event.get("outputs", ())):
            for name, field in output.get("facets", {}).get("columnLineage", {}).get("fields", {}).items():
                made[output["name"], name] |= {(one["name"], one["field"]) for one in field["inputFields"]}
        seen, open_columns = set[tuple[str, str]](), [(table, column)]
        while open_columns:
            for before in made[open_columns.pop()] - seen:
                seen.add(before)
                open_columns.append(before)
        return seen

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        time.sleep(self.server.receiver.delay)
        self.server.receiver.take(body)
        self.send_response(self.server.receiver.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
