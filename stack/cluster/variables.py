"""The variables that jobs need, wherever they run: the settings of `lakehouse.settings`, and the credentials beside them."""

from __future__ import annotations

from stack.cluster.host import HOME, TRUST

BUCKET = "nightjar"
ARTIFACTS = "mlflow"
REGION = "us-east-1"
STORE_URL = "https://store:8333"

# For every process that meets the object store: Spark's, delta-rs, DuckDB and boto3 alike.
STORE: dict[str, str] = {
    "AWS_ENDPOINT_URL": STORE_URL,
    "AWS_ACCESS_KEY_ID": "$STORE_ACCESS_KEY",
    "AWS_SECRET_ACCESS_KEY": "$STORE_SECRET_KEY",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    # By which the store is known: delta-rs reads the one name, Amazon's own tools and Arrow the other.
    "AWS_CA_BUNDLE": TRUST,
    "SSL_CERT_FILE": TRUST,
}

# By default C's allocator keeps an arena for each of eight threads a core, and each keeps what was freed in it.
SPARING: dict[str, str] = {"MALLOC_ARENA_MAX": "2", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1"}

JOBS: dict[str, str] = {
    "LAKEHOUSE_ROOT": f"s3://{BUCKET}/warehouse",
    "LANDING_ROOT": f"s3://{BUCKET}/landing",
    # What may be lost: each host has its own.
    "NIGHTJAR_HOME": f"{HOME}/state",
    **STORE,
    "MLFLOW_TRACKING_URI": "https://mlflow:5000",
    "MLFLOW_TRACKING_SERVER_CERT_PATH": TRUST,
    "MLFLOW_TRACKING_USERNAME": "nightjar",
    "MLFLOW_TRACKING_PASSWORD": "$MLFLOW_PASSWORD",
    # Artifacts come from MLflow, which knows who may, and not from its store by an address that opens it to anyone who has it.
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # One session for all, as on one machine (stack/environment.py).
    "SPARK_REMOTE": "sc://spark-connect:15002/;user_id=nightjar;session_id=$SPARK_SESSION_ID",
    "PYSPARK_PYTHON": "$PYTHON",
    "PYSPARK_DRIVER_PYTHON": "$PYTHON",
    **SPARING,
}
