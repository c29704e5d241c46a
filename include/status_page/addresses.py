"""The addresses that the page links to: its own are relative, so that any proxy may stand before it; others are http alone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

RUN_BOOK = "run-book"


def safe(address: str | None) -> str:
    """The address if a browser may open it, else nothing: what people typed may be a script."""
    text = (address or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""


@dataclass(frozen=True)
class Addresses:
    """The addresses as they are from one page.

    Attributes:
        up: from the page to the overview, such as ``../``.
        tracking: the tracking server; empty where it has no address.
    """

    up: str
    tracking: str

    @property
    def overview(self) -> str:
        """All use cases, datasets and sources."""
        return self.up or "./"

    def asset(self, name: str) -> str:
        """A file of the page's own."""
        return f"{self.up}assets/{name}"

    def use_case(self, name: str) -> str:
        """The page of a use case."""
        return f"{self.up}use-cases/{quote(name, safe='')}"

    def dataset(self, name: str) -> str:
        """The page of a dataset."""
        return f"{self.up}datasets/{quote(name, safe='')}"

    def source(self, name: str) -> str:
        """The page of a source."""
        return f"{self.up}sources/{quote(name, safe='')}"

    def run_book(self, anchor: str = "") -> str:
        """The run book, or a part of it."""
        return f"{self.up}{RUN_BOOK}{f'#{anchor}' if anchor else ''}"

    def airflow(self, path: str) -> str:
        """A page of Airflow's own, by its path."""
        return f"{self.up}../{path}"

    def dag(self, dag: str, run: str = "") -> str:
        """A DAG, or a run of it."""
        its = f"dags/{quote(dag, safe='')}"
        return self.airflow(f"{its}/runs/{quote(run, safe='')}" if run else its)

    def version(self, model: str, version: int) -> str:
        """A model's version in MLflow; empty where that has no address."""
        return self._of_tracking(f"models/{quote(model, safe='')}/versions/{version}")

    def model(self, model: str) -> str:
        """A model in MLflow; likewise."""
        return self._of_tracking(f"models/{quote(model, safe='')}")

    def drift_pages(self, use_case: str) -> str:
        """The experiment in MLflow whose runs have the pages of the days; likewise."""
        return self._of_tracking(f"experiments?searchFilter={quote(use_case, safe='')}")

    def _of_tracking(self, path: str) -> str:
        return f"{self.tracking.rstrip('/')}/#/{path}" if self.tracking else ""
