"""The folders of one walk through the campaign: a lakehouse, a landing zone, a registry and a use case of its own."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from stack.credentials import Credentials
from stack.environment import environment
from stack.plan import Plan
from stack.ports import Ports
from tests.use_cases import bakery

USE_CASE = "bakery_sales"

# The bakery with short windows and a small budget, so that a training takes seconds and the next one can be much better, with
# a verdict that one day's drift turns, so that a retraining is asked for, with versions that are put away as soon as no score
# of the last night names them, and with a limit of rejects that one bad row of four does not reach.
CHANGES = {
    "split": {
        "train": {"first": 44, "last": 32},
        "validation": {"first": 24, "last": 21},
        "holdout": {"first": 13, "last": 8},
    },
    "model": {"task": "regression", "trials": 2, "max_rounds": 3, "early_stopping_rounds": 5},
    "rollout": {"retirement": {"scores_days": 1}},
    "drift": {"window_days": 3, "violated_days": 1, "of_days": 1, "cooldown_days": 0},
}
MAX_REJECT_SHARE = 0.5


@dataclass(frozen=True)
class Place:
    """Everything lies under ``root``, but for the landing zone: files in it go by their path, so that a place which continues
    another has the same. ``ports`` say where Spark and MLflow listen.
    """

    root: Path
    ports: Ports

    @property
    def warehouse(self) -> Path:
        """The lakehouse."""
        return self.root / "warehouse"

    @property
    def landing(self) -> Path:
        """The landing zone, which the places of one folder use one after the other."""
        return self.root.parent / "landing"

    @property
    def declaration(self) -> Path:
        """The use case's file."""
        return self.root / "use_cases" / USE_CASE / "use_case.yaml"

    @property
    def plan(self) -> Plan:
        """The stack that the jobs of this place believe to work with."""
        return replace(
            Plan.from_environ({}),
            state_root=self.root / "state",
            ports=self.ports,
            lakehouse_root=str(self.warehouse),
            landing_root=str(self.landing),
            use_case_roots=str(self.root / "use_cases"),
        )

    def environ(self, credentials: Credentials) -> dict[str, str]:
        """The environment of a job, as a task of the stack has it; the credentials are those of the Spark server."""
        return environment(self.plan, credentials, os.environ)

    def declare(self) -> None:
        """Write the use case's folder."""
        shipped = Path(bakery.__file__).parent / USE_CASE
        content = yaml.safe_load((shipped / "use_case.yaml").read_text(encoding="utf-8"))
        for source in content["sources"]:
            source["max_reject_share"] = MAX_REJECT_SHARE
        self.declaration.parent.mkdir(parents=True)
        self.landing.mkdir()
        (self.declaration.parent / "features.py").write_bytes((shipped / "features.py").read_bytes())
        self._write(content | CHANGES)

    def keep(self, folder: Path) -> None:
        """Copy into ``folder`` what there is now."""
        shutil.copytree(self.root, folder / "root")
        shutil.copytree(self.landing, folder / "landing")

    def resume(self, folder: Path) -> None:
        """Begin with what was kept in ``folder``."""
        shutil.copytree(folder / "root", self.root)
        shutil.copytree(folder / "landing", self.landing)

    def remove(self) -> None:
        """Leave nothing."""
        shutil.rmtree(self.root)
        shutil.rmtree(self.landing)

    def allow(self, source: str, bread: str) -> None:
        """Mend the contract of ``source``: it knows one more bread."""
        content = self._read()
        for declared in content["sources"]:
            if declared["name"] == source:
                column = next(column for column in declared["columns"] if column["name"] == "bread")
                column["allowed"] = [*column["allowed"], bread]
        self._write(content)

    def retype(self, source: str, name: str, type_: str) -> None:
        """Change the contract of ``source``: one of its columns has another type."""
        content = self._read()
        for declared in content["sources"]:
            if declared["name"] == source:
                next(column for column in declared["columns"] if column["name"] == name)["type"] = type_
        self._write(content)

    def learn_longer(self) -> None:
        """Declare models that are clearly better than those before."""
        content = self._read()
        content["model"]["max_rounds"] = 60
        self._write(content)

    def _read(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load(self.declaration.read_text(encoding="utf-8"))
        return content

    def _write(self, content: dict[str, Any]) -> None:
        self.declaration.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
