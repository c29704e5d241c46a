"""Where events of lineage go."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARENT = "OPENLINEAGE_PARENT_ID"
ROOT = "OPENLINEAGE_ROOT_PARENT_ID"
TRANSPORT = "AIRFLOW__OPENLINEAGE__TRANSPORT"
OFF = ("OPENLINEAGE_DISABLED", "AIRFLOW__OPENLINEAGE__DISABLED")


@dataclass(frozen=True)
class Lineage:
    """Where events of lineage go, by OpenLineage's own settings.

    Attributes:
        transport: as AIRFLOW__OPENLINEAGE__TRANSPORT has it; None: its client reads the environment itself.
        namespace: of the jobs.
        schemas: where docs/lineage is published, for the schemas of the platform's own facets; when not set a name, and no address.
        parent: the run of the task that started this one, as ``namespace/job/run``; None when it was started by hand.
        root: the same of the DAG's run.
    """

    transport: Mapping[str, Any] | None
    namespace: str
    schemas: str
    parent: str | None
    root: str | None


def load() -> Lineage | None:
    """Where events of lineage go; None, the default, when nowhere.

    On by OPENLINEAGE_URL, OPENLINEAGE_CONFIG, OPENLINEAGE__TRANSPORT__TYPE and the like, or Airflow's own variables for its
    provider (AIRFLOW__OPENLINEAGE__TRANSPORT, AIRFLOW__OPENLINEAGE__CONFIG_PATH). Off by OPENLINEAGE_DISABLED=true.

    Raises:
        ValueError: the transport is no JSON object.
    """
    env = os.environ
    if any(env.get(name, "").lower() in ("true", "1", "t") for name in OFF):
        return None
    file = env.get("OPENLINEAGE_CONFIG") or env.get("AIRFLOW__OPENLINEAGE__CONFIG_PATH")
    text = env.get(TRANSPORT)
    of_client = env.get("OPENLINEAGE_URL") or any(name.startswith("OPENLINEAGE__TRANSPORT") for name in env)
    if not (file or text or of_client):
        return None
    if file and not env.get("OPENLINEAGE_CONFIG"):
        # The client looks for its file there alone.
        env["OPENLINEAGE_CONFIG"] = file
    transport = json.loads(text) if text else None
    if transport is not None and not isinstance(transport, dict):
        raise ValueError(f"{TRANSPORT}: expected a JSON object, found {type(transport).__name__}")
    namespace = env.get("AIRFLOW__OPENLINEAGE__NAMESPACE") or env.get("OPENLINEAGE_NAMESPACE") or "default"
    schemas = env.get("LINEAGE_SCHEMAS") or "urn:nightjar:docs:lineage"
    return Lineage(transport, namespace, schemas, env.get(PARENT) or None, env.get(ROOT) or None)
