"""Parses the DAG folder in a process of its own and writes what came of it as JSON; the tests read that."""

import json
import runpy
import sys
import time
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from tests import forks

made = []


def count(dag):
    """Count a DAG that is made, also one that Airflow does not find."""
    made.append(dag.dag_id)
    complete(dag)


complete, DAG.__attrs_post_init__ = DAG.__attrs_post_init__, count


def parse(folder, out, *before):
    """Run ``before``, parse the DAG files, and write what came of it to the file ``out``."""
    for file in before:
        runpy.run_path(file)
    started = time.perf_counter()
    bag = DagBag(folder)
    seconds = time.perf_counter() - started
    heavy = {
        "pyspark",
        "mlflow",
        "pandas",
        "evidently",
        "optuna",
        "deltalake",
        "xgboost",
        "pymongo",
        "bson",
        "confluent_kafka",
        "airflow.providers.mongo.hooks.mongo",
    } & set(sys.modules)
    dags = {}
    for dag_id, dag in bag.dags.items():
        stored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
        dags[dag_id] = {
            "doc": dag.doc_md or "",
            "tags": sorted(dag.tags),
            "params": sorted(dag.params),
            "max_active_runs": dag.max_active_runs,
            "deadlines": [[one.name, one.reference.hour, one.reference.days] for one in dag.deadline or ()],
            "schedule": type(stored.timetable).__name__,
            "edges": sorted(f"{task.task_id}>{down}" for task in dag.tasks for down in task.downstream_task_ids),
            "tasks": {
                task.task_id: {
                    "owner": task.owner,
                    "retries": task.retries,
                    "backoff": task.retry_exponential_backoff,
                    "timeout": task.execution_timeout and task.execution_timeout.total_seconds(),
                    "callback": bool(task.on_failure_callback),
                    "tells": bool(task.on_success_callback),
                    "trigger_rule": str(task.trigger_rule.value),
                    "asks": hasattr(task, "response_timeout")
                    and {
                        "options": task.options,
                        "defaults": task.defaults,
                        "hours": task.response_timeout.total_seconds() / 3600,
                    },
                    "outlets": [outlet.name for outlet in task.outlets],
                }
                for task in dag.tasks
            },
            "shifts": {
                name: [mapper.days, mapper.timezone]
                for name, mapper in getattr(stored.timetable, "_name_to_partition_mapper", {}).items()
            },
        }
    Path(out).write_text(
        json.dumps(
            {"dags": dags, "errors": bag.import_errors, "heavy": sorted(heavy), "seconds": seconds, "made": made}
        )
    )


if __name__ == "__main__":
    forks.serve(parse)
