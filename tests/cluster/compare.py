"""What two lakehouses hold, one in the object store and one in a folder: part by part, without what the clock and chance decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import environ
from unittest.mock import patch

from lakehouse.storage import places
from stack.cluster.native import Cluster
from stack.cluster.variables import JOBS
from tests.torture import digests
from tests.torture.digests import Contents

OF_VALUES = ("silver.", "gold.", "bronze.")
# The platform's own tables that are compared too, and what of them names a moment, a person or a way: the undisturbed run has no
# Airflow, whose runs, users and forms have names. `tests.torture.digests.AUDIT` says what is left out of every table.
#
# Not compared are those that say how a thing was done: ops.alerts (Airflow tells people), ops.exports (its addresses are the
# lakehouse's own) and whatever counts processor time.
OWN: Mapping[str, frozenset[str]] = {
    "ops.deliveries": frozenset(),
    "ops.builds": frozenset(),
    "ops.contracts": frozenset({"actor"}),
    "ops.model_events": frozenset({"actor", "reason"}),
}


def of_folder(root: str, landing: str) -> Contents:
    """The tables under a folder or an address."""
    return {
        part: digest
        for part, digest in digests.contents(places.of(root), places.of(landing), OWN).items()
        if part[0].startswith(OF_VALUES) or part[0] in OWN
    }


def of_cluster(cluster: Cluster) -> Contents:
    """The tables of a cluster, read from this machine."""
    with met(cluster):
        return of_folder(JOBS["LAKEHOUSE_ROOT"], JOBS["LANDING_ROOT"])


@contextmanager
def met(cluster: Cluster) -> Iterator[Mapping[str, str]]:
    """This process finds the cluster's object store meanwhile; gives the variables that it has then."""
    store = f"https://{cluster.network.address('store')}:8333"
    variables = {
        "LAKEHOUSE_ROOT": JOBS["LAKEHOUSE_ROOT"],
        "LANDING_ROOT": JOBS["LANDING_ROOT"],
        "AWS_ENDPOINT_URL": store,
        "AWS_ACCESS_KEY_ID": cluster.values["STORE_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": cluster.values["STORE_SECRET_KEY"],
        "AWS_REGION": JOBS["AWS_REGION"],
        "AWS_CA_BUNDLE": cluster.trust,
        "SSL_CERT_FILE": cluster.trust,
    }
    with patch.dict(environ, variables):
        yield variables
