"""A stage that fails with a secret in a library's words: neither the log, nor its traceback, nor the result has it."""

import json
import logging
import sys
from dataclasses import replace
from urllib.parse import quote

import pytest

from jobs import __main__ as jobs
from jobs import stages
from lakehouse.errors import SourceUnavailable
from lakehouse.masking import MaskingFormatter

SECRET = "Tr0ub4dor&3/x@y"
ENCODED = quote(SECRET, safe="")
# One of each kind of connection: where the environment has it, and how a library quotes it.
KINDS = {
    "SQL": (
        "NIGHTJAR_CONNECTION_DESK",
        f"postgresql://u:{ENCODED}@db/x",
        f"(psycopg2) could not connect: u:{SECRET}@db",
    ),
    "MongoDB": ("MONGO_URI", f"mongodb://u:{ENCODED}@mongo/admin", f"mongodb://u:{ENCODED}@mongo/admin: timed out"),
    "Kafka": ("NIGHTJAR_CONNECTION_TOPIC", f"kafka://u:{ENCODED}@one:9092", f"sasl.password={SECRET} refused"),
    "HTTP": (
        "NIGHTJAR_CONNECTION_API",
        f"https://h/x?api_key={ENCODED}",
        f"GET https://h/x?api_key={ENCODED}&page=2: 403",
    ),
    "S3": ("AWS_SECRET_ACCESS_KEY", SECRET, f"SignatureDoesNotMatch for key {SECRET}"),
    "SMTP": ("AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://u:{ENCODED}@mail", f"535 login u/{SECRET} refused"),
    "webhook": (
        "AIRFLOW_CONN_CHAT",
        json.dumps({"conn_type": "http", "extra": {"token": SECRET}}),
        f"POST with {SECRET}: 401",
    ),
    "teacher": ("TEACHER_API_KEY", SECRET, f"Authorization: Bearer {SECRET}"),
    "Hub": ("HF_TOKEN", SECRET, f"401 for token {SECRET}"),
    "MLflow": ("MLFLOW_TRACKING_PASSWORD", SECRET, f"http://u:{ENCODED}@mlflow:5000: Max retries exceeded"),
}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_no_failure_of_a_connection_shows_its_secret(monkeypatch, tmp_path, capfd, kind, named):
    variable, value, said = KINDS[kind]
    monkeypatch.setenv(variable, value)

    def fails(arguments):
        try:
            raise ConnectionRefusedError(said)
        except ConnectionRefusedError as error:
            raise (SourceUnavailable if named else RuntimeError)(f"source x: {error}") from error

    monkeypatch.setitem(stages.STAGES, "retire", replace(stages.STAGES["retire"], run=fails))
    # As in a process of its own: pytest has handlers of its own.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter("%(levelname)s %(message)s"))
    monkeypatch.setattr(logging.root, "handlers", [handler])
    result = tmp_path / "result.json"
    assert jobs.main(["retire", "--use-case=x", f"--result={result}"]) in (SourceUnavailable.exit_code, 1)
    told = capfd.readouterr()
    for text in (told.err, told.out, result.read_text()):
        assert SECRET not in text and ENCODED not in text
    assert "ERROR" in told.err and ("Traceback" in told.err) == (not named)
