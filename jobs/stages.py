"""The stages: the purpose, the command line and the room of each. A room is entered, and imported, only when its stage runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs import dataset_rooms, rooms
from jobs.arguments import Arguments
from jobs.assemble.arguments import AssembleArguments
from jobs.backtest.arguments import BacktestArguments
from jobs.calibrate.arguments import CalibrateArguments
from jobs.check.arguments import CheckArguments
from jobs.costs.arguments import CostsArguments
from jobs.deliver.arguments import DeliverArguments
from jobs.documents.arguments import DocumentsArguments
from jobs.erase.arguments import EraseArguments
from jobs.explore.arguments import ExploreArguments
from jobs.extract.arguments import ExtractArguments
from jobs.features.arguments import FeaturesArguments
from jobs.gate.arguments import GateArguments
from jobs.groups.arguments import GroupArguments
from jobs.ingest.arguments import IngestArguments, MigrateArguments, ReplayArguments
from jobs.maintain.arguments import MaintainArguments
from jobs.monitor.arguments import MonitorArguments
from jobs.publish.arguments import ParityArguments, PublishArguments
from jobs.release.arguments import ReleaseArguments
from jobs.report.arguments import ReportArguments
from jobs.restate.arguments import RestateArguments
from jobs.result import Result
from jobs.retire.arguments import RetireArguments
from jobs.review.arguments import ReviewArguments
from jobs.rollback.arguments import RollbackArguments
from jobs.score.arguments import ScoreArguments
from jobs.stale.arguments import StaleArguments
from jobs.teach.arguments import TeachArguments
from jobs.train.arguments import TrainArguments
from jobs.upgrade.arguments import UpgradeArguments


@dataclass(frozen=True)
class Stage:
    """A stage: its purpose in words, its arguments, and the function that runs it."""

    purpose: str
    arguments: type[Arguments]
    run: Callable[[Any], Result]


STAGES = {
    "extract": Stage("land what a source's database, or its fetch, has for some days", ExtractArguments, rooms.extract),
    "ingest": Stage(
        "take a source's deliveries of some days through bronze into silver", IngestArguments, rooms.ingest
    ),
    "replay": Stage("check delivered rows again against the contract as it is now", ReplayArguments, rooms.replay),
    "migrate": Stage("give tables the shape that their declaration has now", MigrateArguments, rooms.migrate),
    "features": Stage("build a use case's features of some days", FeaturesArguments, rooms.features),
    "group": Stage("build a feature group's rows of some days", GroupArguments, rooms.group),
    "groups": Stage("list the feature groups, and who needs each version", Arguments, rooms.groups),
    "train": Stage("tune, fit and register a challenger, as of a day", TrainArguments, rooms.train),
    "gate": Stage("compare the challenger with the champion and promote or hold it", GateArguments, rooms.gate),
    "score": Stage("score a use case's entities of some days", ScoreArguments, rooms.score),
    "deliver": Stage(
        "send the scores of some days to the targets that the use case declares", DeliverArguments, rooms.deliver
    ),
    "publish": Stage(
        "make a feature group's serving table have the newest row of each key", PublishArguments, rooms.publish
    ),
    "parity": Stage(
        "compare a sample of keys of a feature group's serving table with gold", ParityArguments, rooms.parity
    ),
    "monitor": Stage(
        "mature labels, measure performance and drift, and give the verdict", MonitorArguments, rooms.monitor
    ),
    "report": Stage("log the drift page of a day to MLflow", ReportArguments, rooms.report),
    "calibrate": Stage(
        "propose limits of drift and margins of the gate from ordinary days, with their false-alarm rates",
        CalibrateArguments,
        rooms.calibrate,
    ),
    "backtest": Stage(
        "walk through history week by week: train, judge, score and measure, as it would have been",
        BacktestArguments,
        rooms.backtest,
    ),
    "documents": Stage(
        "make a dataset's documents of some days' deliveries: text, measures, filter",
        DocumentsArguments,
        dataset_rooms.documents,
    ),
    "explore": Stage(
        "log to MLflow what a dataset's documents are like, and what each limit keeps",
        ExploreArguments,
        dataset_rooms.explore,
    ),
    "grade": Stage(
        "ask for marks of the documents that a dataset keeps, where it declares grade",
        TeachArguments,
        dataset_rooms.grade,
    ),
    "teach": Stage(
        "ask about the documents that a dataset keeps, within its budget", TeachArguments, dataset_rooms.teach
    ),
    "check": Stage("check the answers about a dataset's documents", CheckArguments, dataset_rooms.check),
    "assemble": Stage(
        "make a version of a dataset: clusters, split, examples", AssembleArguments, dataset_rooms.assemble
    ),
    "release": Stage("publish a version of a dataset, when the gate lets it", ReleaseArguments, dataset_rooms.release),
    "erase": Stage("take what is about a key out of everything, and keep it out", EraseArguments, rooms.erase),
    "stale": Stage(
        "list the gold partitions whose inputs have changed since they were built, and why", StaleArguments, rooms.stale
    ),
    "restate": Stage(
        "recompute what is stale: features, then scores, metrics and verdicts, and deliver corrections",
        RestateArguments,
        rooms.restate,
    ),
    "rollback": Stage("make the previous champion champion again", RollbackArguments, rooms.rollback),
    "retire": Stage("retire the versions that nobody needs any more", RetireArguments, rooms.retire),
    "review": Stage(
        "say what a change of declarations would do, against another revision", ReviewArguments, rooms.review
    ),
    "upgrade": Stage("give the lakehouse of an earlier release what this one adds", UpgradeArguments, rooms.upgrade),
    "costs": Stage("record what runs cost that were killed, and cost runs again", CostsArguments, rooms.costs),
    "maintain": Stage(
        "take away what is older than declared, compact and vacuum every table, check that its readers can read it",
        MaintainArguments,
        rooms.maintain,
    ),
}
