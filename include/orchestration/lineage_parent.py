"""What a job has to know to tell its lineage as a part of its task: the task's run by OpenLineage's name, and where events go."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from airflow.configuration import conf

from lakehouse.settings import lineage_target

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

SECTION = "openlineage"


def environment(context: Context) -> dict[str, str]:
    """The variables of a job of this task; none where nobody is told, and then nothing is imported for it.

    Airflow's provider names the run by the DAG, the task, its try and the date: so the job can say whose child it is, whatever
    becomes of the task's own events.
    """
    try:
        return _environment(context) if _configured() and "ti" in context else {}
    except Exception as error:
        # Whatever is wrong with it, the job is more important.
        log.warning("lineage: the job is not told whose part it is: %s: %s", type(error).__name__, error)
        return {}


def _environment(context: Context) -> dict[str, str]:
    from airflow.providers.openlineage import conf as of_provider
    from airflow.providers.openlineage.plugins import macros

    if of_provider.is_disabled():
        return {}
    task = context["ti"]
    variables = {
        lineage_target.PARENT: macros.lineage_parent_id(task),
        lineage_target.ROOT: macros.lineage_root_parent_id(task),
        "OPENLINEAGE_NAMESPACE": of_provider.namespace(),
    }
    # Also what stands in airflow.cfg, which no job reads.
    if transport := of_provider.transport():
        variables[lineage_target.TRANSPORT] = json.dumps(transport)
    if file := of_provider.config_path():
        variables["OPENLINEAGE_CONFIG"] = file
    return variables


def _configured() -> bool:
    written = (conf.get(SECTION, name, fallback="") for name in ("transport", "config_path"))
    return any(written) or lineage_target.load() is not None
