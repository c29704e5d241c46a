"""Parses the DAG folder in a process of its own, twice, and prints what it took beyond Airflow's import, as JSON."""

import gc
import json
import sys
import time

from airflow.dag_processing.dagbag import DagBag

# Airflow's own, which its DAG processor has imported before it reads the first file.
from airflow.providers.standard.operators import empty, trigger_dagrun  # noqa: F401
from airflow.serialization import serialized_objects  # noqa: F401

# So does the DAG processor before its first file: else a collection looks through all that Airflow has imported.
gc.freeze()
seconds = []
for _ in range(2):
    wall, processor = time.perf_counter(), time.process_time()
    bag = DagBag(sys.argv[1])
    seconds.append([time.perf_counter() - wall, time.process_time() - processor])
print(json.dumps({"dags": len(bag.dags), "errors": bag.import_errors, "seconds": seconds}), file=sys.__stdout__)
