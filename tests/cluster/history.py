"""The history of a cluster, as ranges from the command line of one of its hosts, and the first champion through Airflow."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from include.flight_delays.demo import feed
from stack.cluster import topology
from stack.cluster.airflow import WORKERS
from stack.cluster.native import Cluster
from stack.cluster.variables import JOBS
from tests.cluster.campaign import HISTORY, SOURCES, TRAINED_FOR, USE_CASE
from tests.cluster.compare import met
from tests.cluster.night import NotSurvived, Watcher

SECONDS = 600
TRAINING_SECONDS = 600


def load(cluster: Cluster, watcher: Watcher, say: Callable[[str], None]) -> None:
    """Land and take in January and most of February, build features, train.

    Raises:
        NotSurvived: naming the step that failed.
    """
    first, last = HISTORY
    with met(cluster):
        feed.deliver(JOBS["LANDING_ROOT"], first, last)
    days = ("--partition", str(first), "--through", str(last))
    with ThreadPoolExecutor(max_workers=len(WORKERS)) as pool:
        steps = [
            pool.submit(partial(job, cluster, WORKERS[number % len(WORKERS)], "ingest", "--source", source, *days))
            for number, source in enumerate(SOURCES)
        ]
        for step in steps:
            step.result()
    say("taken in")
    job(cluster, WORKERS[0], "features", "--use-case", USE_CASE, *days)
    say("features built")
    form: dict[str, object] = {"partition": str(TRAINED_FOR), "reason": "the first champion"}
    watcher.run(f"train__{USE_CASE}", f"first__{TRAINED_FOR}", form, TRAINING_SECONDS)
    say("trained and promoted")


def job(cluster: Cluster, host: str, *arguments: str) -> None:
    """Run a job on a host, as an operator would.

    Raises:
        NotSurvived: with the job's last line.
    """
    variables = cluster.variables(topology.named(host)) | {"HOME": "/srv/home", "TMPDIR": "/tmp"}
    command = cluster.within(host, ["python", "-m", "jobs", *arguments])
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=SECONDS)
    if ended.returncode != 0:
        lines = ended.stderr.strip().splitlines() or ["it said nothing"]
        raise NotSurvived(f"python -m jobs {' '.join(arguments)} on {host}: {lines[-1]}")
