"""How OpenLineage calls tables, deliveries and models: a namespace for each storage root, and ``layer.table``."""

from __future__ import annotations

from urllib.parse import urlsplit

from lakehouse import settings
from lakehouse.lineage import redaction

# The layer of deliveries, and of registered models, among tables.
LANDING, MODELS = "landing", "models"


def namespace(root: str) -> str:
    """Of a root: ``file`` for a folder, ``s3://bucket`` for an address; of a server its address without a login."""
    if "://" not in root:
        return "file"
    parts = urlsplit(root)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}"


def of(table: str) -> tuple[str, str]:
    """Namespace and name of a table by its full name; also of ``landing.<source>`` and ``models.<name>``."""
    where = settings.load()
    roots = {LANDING: where.landing_root, MODELS: where.mlflow_tracking_uri}
    return namespace(roots.get(table.partition(".")[0], where.lakehouse_root)), table


def location(table: str) -> str | None:
    """Where it lies: the folder, or the address without a login; None for models, which the registry has."""
    layer, _, name = table.partition(".")
    where = settings.load()
    if layer == MODELS:
        return None
    root, below = (where.landing_root, name) if layer == LANDING else (where.lakehouse_root, f"{layer}/{name}")
    found: str = redaction.redacted(f"{root.rstrip('/')}/{below}")
    return found
