"""How a job ended: its result, or the error that it named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from lakehouse import errors


def read(file: Path) -> dict[str, Any]:
    """The JSON object that the job wrote, or an empty one when it died before it could."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def failure(stage: str, exit_code: int | None, result: dict[str, Any], last_line: str) -> AirflowException:
    """The exception that shows the job's own error, and whose class is retried by Airflow or not.

    A job that was killed, or that failed without a named error, is tried again: the cause may have been the machine. A
    named error declares whether it is retryable.
    """
    if "error" in result:
        message = f"{result['error']}: {result.get('message', '')}"
        retryable = bool(result.get("retryable", False))
    else:
        named = _named_in(last_line)
        retryable = named is None or named.retryable
        unnamed = f"{stage} ended with exit code {exit_code}: {last_line}"
        message = last_line.removeprefix("ERROR ") if named else unnamed
    return AirflowException(message) if retryable else AirflowFailException(message)


def _named_in(line: str) -> type[errors.NightjarError] | None:
    """The error class that a job's last line names, as ``ERROR <ClassName>: <message>``."""
    if not line.startswith("ERROR "):
        return None
    name = line.removeprefix("ERROR ").partition(":")[0]
    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, errors.NightjarError) else None
