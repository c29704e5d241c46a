"""The command line of the jobs: ``python -m jobs <stage> ...`` or ``spark-submit jobs/__main__.py <stage> ...``.

Exit code 0 is done, also when there was nothing left to do; 2 bad arguments; any other a named error, explained in the last
line. ``--result FILE`` gets the outcome as one JSON object, also that of a failure.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import logging
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs import actor, lineage_events, stages
from jobs.arguments import NOBODY
from jobs.command_line import Command, parse, result_file
from jobs.run_meter import RunMeter
from lakehouse import masking, settings, terminal
from lakehouse.errors import NightjarError, ServiceUnavailable
from lakehouse.storage import arrow_alone, object_store, spark_session, store_errors

log = logging.getLogger("jobs")

# The stages of a night that look at no data frame of pandas'.
WITHOUT_PANDAS = frozenset({"ingest", "score", "monitor"})

# The errors of a Spark Connect client whose server was restarted: the session that it holds is gone. Mostly the last, since
# the client asks the server for the details of that error in a session that it has closed by then.
RESTARTED = (
    "SESSION_CHANGED",
    "SESSION_NOT_FOUND",
    "OPERATION_NOT_FOUND",
    "RESPONSE_ALREADY_RECEIVED",
    "incorrect server side session identifier",
    "NO_ACTIVE_SESSION",
)
PYTHON_ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")


def main(argv: Sequence[str], whole_process: bool = False) -> int:
    """Run one stage and return the exit code.

    Args:
        argv: the command line behind ``python -m jobs``.
        whole_process: the process is this job's alone, and costs what it has used since it began.
    """
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(masking.MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_stderr])
    for chatty in ("py4j", "httpx", "urllib3", "git", "matplotlib", "alembic", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # MLflow's progress bars are for terminals; in a task log each step is a line.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Files of models come by way of the server, with its login and its certificate, and not from its store by an address that
    # opens it to anyone who has it; what fetches from there also knows the public authorities alone.
    os.environ.setdefault("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "false")
    os.environ.setdefault("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "false")
    # Its client tries seven times, four minutes, and warns each time. Five are a minute, as long as Spark is waited for.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    # A training's threads wait for one another thousands of times. By turning in circles they take the core from the one that they
    # wait for as soon as anything else runs: the same fit takes six times as long. Read when the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Pydantic looks for plugins in the entry points of every package that is installed, before it prepares its first class. Who has
    # one sets the variable to nothing.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    file, told = result_file(argv), None
    meter: RunMeter | None = None
    try:
        meter = RunMeter(whole_process)
        command = _by_whom(parse(argv))
        meter.name(command.stage, command.arguments)
        started = time.monotonic()
        if command.stage in WITHOUT_PANDAS:
            arrow_alone.import_alone()
        if (where := settings.load()).in_object_store:
            object_store.expect_answer(where.lakehouse_root, where.landing_root)
        # Not before: it imports Arrow, and Arrow pandas.
        from lakehouse.ops import releases

        releases.expect_readable(for_upgrade=command.stage == "upgrade")
        told = lineage_events.started(command)
        result = stages.STAGES[command.stage].run(command.arguments).as_json()
        log.info("%s done in %.1f s: %s", command.stage, time.monotonic() - started, json.dumps(result, default=str))
        _write(file, result)
        if told is not None:
            told.complete(result)
        meter.end(result)
        return 0
    except Exception as error:
        named = _named(error)
        if named is None:
            log.exception("an unexpected error")
            named = NightjarError(f"{type(error).__name__}: {_first_line(error)}")
            named.retryable = True
        kind = type(named).__name__
        said = masking.mask(str(named))
        _write(file, {"error": kind, "message": said, "retryable": named.retryable})
        if told is not None:
            told.fail(kind, said, named.exit_code)
        if meter is not None:
            meter.end({}, kind)
        print(f"ERROR {kind}: {terminal.one_line(said)}", file=sys.stderr, flush=True)
        return named.exit_code


def _by_whom(command: Command) -> Command:
    said = command.arguments.actor
    by = actor.recorded(None if said == NOBODY else said)
    return dataclasses.replace(command, arguments=dataclasses.replace(command.arguments, actor=by))


def _named(error: Exception) -> NightjarError | None:
    if isinstance(error, NightjarError):
        return error
    text = f"{type(error).__name__} {error}"
    if any(sign in text for sign in RESTARTED):
        return ServiceUnavailable(
            f"Spark: expected the server that this job started with, found one that was restarted since: {_first_line(error)}; "
            "no commit is half done: run the same command again"
        )
    if settings.load().in_object_store and (of_store := store_errors.named(error)) is not None:
        return of_store
    if "UNAVAILABLE" in text or "failed to connect to all addresses" in text or "Connection refused" in text:
        return ServiceUnavailable(
            f"Spark or MLflow: expected an answer, found: {_first_line(error)}; is the stack up? (make up)"
        )
    if "No space left on device" in text:
        return ServiceUnavailable(f"the disk is full: {_first_line(error)}; make room and run the same command again")
    return None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["no message"]
    # The error of a Spark Python worker is at the end of its traceback.
    cause = [line for line in lines[1:] if PYTHON_ERROR.match(line)] if lines[0].endswith(":") else []
    return " ".join([lines[0], *cause[-1:]])[:500]


def _write(file: Path | None, content: dict[str, Any]) -> None:
    """Write the result whole or not at all: a reader never sees half a file."""
    if file is None:
        return
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    draft.write_text(json.dumps(content, default=str, indent=1) + "\n", encoding="utf-8")
    draft.replace(file)


if __name__ == "__main__":
    # A job imports much, lives for seconds and leaves little garbage: collecting it at the usual pace took a tenth of its
    # time, and once more at the end, through all that was imported, up to two seconds. A day of a thousand rows is scored with
    # 110,000 objects, imports among them.
    gc.set_threshold(200_000, 50, 50)
    code = main(sys.argv[1:], whole_process=True)
    # While its threads live: what closes a connection at the interpreter's end may wait for them for ever.
    spark_session.leave()
    sys.stdout.flush()
    # DuckDB reports unreleased objects at exit, in lines below the job's own last one.
    if "duckdb" not in sys.modules:
        gc.freeze()
    sys.exit(code)
