"""The stages: the purpose, the command line and the room of each. Both are imported only for the stage that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from jobs import dataset_rooms, rooms
from jobs.arguments import Arguments
from jobs.result import Result


@dataclass(frozen=True)
class Stage:
    """A stage: its purpose in words, the class of its arguments as ``room.Class``, and the function that runs it."""

    purpose: str
    of_class: str
    run: Callable[[Any], Result]

    @property
    def arguments(self) -> type[Arguments]:
        """The class of its arguments, in its room or among those that stages share."""
        room, _, name = self.of_class.rpartition(".")
        found: type[Arguments] = getattr(import_module(f"jobs.{room}.arguments" if room else "jobs.arguments"), name)
        return found


STAGES = {
    "extract": Stage(
        "land what a source's database, or its fetch, has for some days", "extract.ExtractArguments", rooms.extract
    ),
    "ingest": Stage(
        "take a source's deliveries of some days through bronze into silver", "ingest.IngestArguments", rooms.ingest
    ),
    "replay": Stage(
        "check delivered rows again against the contract as it is now", "ingest.ReplayArguments", rooms.replay
    ),
    "migrate": Stage("give tables the shape that their declaration has now", "ingest.MigrateArguments", rooms.migrate),
    "features": Stage("build a use case's features of some days", "features.FeaturesArguments", rooms.features),
    "group": Stage("build a feature group's rows of some days", "groups.GroupArguments", rooms.group),
    "groups": Stage("list the feature groups, and who needs each version", "Arguments", rooms.groups),
    "train": Stage("tune, fit and register a challenger, as of a day", "train.TrainArguments", rooms.train),
    "gate": Stage("compare the challenger with the champion and promote or hold it", "gate.GateArguments", rooms.gate),
    "score": Stage("score a use case's entities of some days", "score.ScoreArguments", rooms.score),
    "deliver": Stage(
        "send the scores of some days to the targets that the use case declares",
        "deliver.DeliverArguments",
        rooms.deliver,
    ),
    "publish": Stage(
        "make a feature group's serving table have the newest row of each key",
        "publish.PublishArguments",
        rooms.publish,
    ),
    "parity": Stage(
        "compare a sample of keys of a feature group's serving table with gold", "publish.ParityArguments", rooms.parity
    ),
    "monitor": Stage(
        "mature labels, measure performance and drift, and give the verdict", "monitor.MonitorArguments", rooms.monitor
    ),
    "report": Stage("log the drift page of a day to MLflow", "report.ReportArguments", rooms.report),
    "calibrate": Stage(
        "propose limits of drift and margins of the gate from ordinary days, with their false-alarm rates",
        "calibrate.CalibrateArguments",
        rooms.calibrate,
    ),
    "backtest": Stage(
        "walk through history week by week: train, judge, score and measure, as it would have been",
        "backtest.BacktestArguments",
        rooms.backtest,
    ),
    "documents": Stage(
        "make a dataset's documents of some days' deliveries: text, measures, filter",
        "documents.DocumentsArguments",
        dataset_rooms.documents,
    ),
    "explore": Stage(
        "log to MLflow what a dataset's documents are like, and what each limit keeps",
        "explore.ExploreArguments",
        dataset_rooms.explore,
    ),
    "grade": Stage(
        "ask for marks of the documents that a dataset keeps, where it declares grade",
        "teach.TeachArguments",
        dataset_rooms.grade,
    ),
    "teach": Stage(
        "ask about the documents that a dataset keeps, within its budget", "teach.TeachArguments", dataset_rooms.teach
    ),
    "check": Stage("check the answers about a dataset's documents", "check.CheckArguments", dataset_rooms.check),
    "assemble": Stage(
        "make a version of a dataset: clusters, split, examples", "assemble.AssembleArguments", dataset_rooms.assemble
    ),
    "release": Stage(
        "publish a version of a dataset, when the gate lets it", "release.ReleaseArguments", dataset_rooms.release
    ),
    "erase": Stage("take what is about a key out of everything, and keep it out", "erase.EraseArguments", rooms.erase),
    "stale": Stage(
        "list the gold partitions whose inputs have changed since they were built, and why",
        "stale.StaleArguments",
        rooms.stale,
    ),
    "restate": Stage(
        "recompute what is stale: features, then scores, metrics and verdicts, and deliver corrections",
        "restate.RestateArguments",
        rooms.restate,
    ),
    "rollback": Stage("make the previous champion champion again", "rollback.RollbackArguments", rooms.rollback),
    "retire": Stage("retire the versions that nobody needs any more", "retire.RetireArguments", rooms.retire),
    "review": Stage(
        "say what a change of declarations would do, against another revision", "review.ReviewArguments", rooms.review
    ),
    "upgrade": Stage(
        "give the lakehouse of an earlier release what this one adds", "upgrade.UpgradeArguments", rooms.upgrade
    ),
    "costs": Stage("record what runs cost that were killed, and cost runs again", "costs.CostsArguments", rooms.costs),
    "maintain": Stage(
        "take away what is older than declared, compact and vacuum every table, check that its readers can read it",
        "maintain.MaintainArguments",
        rooms.maintain,
    ),
}
