"""The stages: the purpose, the command line and the room of each. A room is imported only when its stage runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


def _extract(arguments: ExtractArguments) -> Result:
    from jobs.extract.job import run

    return run(arguments)


def _ingest(arguments: IngestArguments) -> Result:
    from jobs.ingest.job import run

    return run(arguments)


def _replay(arguments: ReplayArguments) -> Result:
    from jobs.ingest.replay import run

    return run(arguments)


def _migrate(arguments: MigrateArguments) -> Result:
    from jobs.ingest.migrate import run

    return run(arguments)


def _features(arguments: FeaturesArguments) -> Result:
    from jobs.features.job import run

    return run(arguments)


def _group(arguments: GroupArguments) -> Result:
    from jobs.groups.job import run

    return run(arguments)


def _groups(arguments: Arguments) -> Result:
    from jobs.groups.listing import run

    return run(arguments)


def _train(arguments: TrainArguments) -> Result:
    from jobs.train.job import run

    return run(arguments)


def _gate(arguments: GateArguments) -> Result:
    from jobs.gate.job import run

    return run(arguments)


def _score(arguments: ScoreArguments) -> Result:
    from jobs.score.job import run

    return run(arguments)


def _deliver(arguments: DeliverArguments) -> Result:
    from jobs.deliver.job import run

    return run(arguments)


def _publish(arguments: PublishArguments) -> Result:
    from jobs.publish.job import run

    return run(arguments)


def _parity(arguments: ParityArguments) -> Result:
    from jobs.publish.parity import run

    return run(arguments)


def _monitor(arguments: MonitorArguments) -> Result:
    from jobs.monitor.job import run

    return run(arguments)


def _report(arguments: ReportArguments) -> Result:
    from jobs.report.job import run

    return run(arguments)


def _calibrate(arguments: CalibrateArguments) -> Result:
    from jobs.calibrate.job import run

    return run(arguments)


def _backtest(arguments: BacktestArguments) -> Result:
    from jobs.backtest.job import run

    return run(arguments)


def _stale(arguments: StaleArguments) -> Result:
    from jobs.stale.job import run

    return run(arguments)


def _restate(arguments: RestateArguments) -> Result:
    from jobs.restate.job import run

    return run(arguments)


def _rollback(arguments: RollbackArguments) -> Result:
    from jobs.rollback.job import run

    return run(arguments)


def _retire(arguments: RetireArguments) -> Result:
    from jobs.retire.job import run

    return run(arguments)


def _review(arguments: ReviewArguments) -> Result:
    from jobs.review.job import run

    return run(arguments)


def _upgrade(arguments: UpgradeArguments) -> Result:
    from jobs.upgrade.job import run

    return run(arguments)


def _maintain(arguments: MaintainArguments) -> Result:
    from jobs.maintain.job import run

    return run(arguments)


def _costs(arguments: CostsArguments) -> Result:
    from jobs.costs.job import run

    return run(arguments)


def _documents(arguments: DocumentsArguments) -> Result:
    from jobs.documents.job import run

    return run(arguments)


def _explore(arguments: ExploreArguments) -> Result:
    from jobs.explore.job import run

    return run(arguments)


def _grade(arguments: TeachArguments) -> Result:
    from jobs.teach.grade import run

    return run(arguments)


def _teach(arguments: TeachArguments) -> Result:
    from jobs.teach.job import run

    return run(arguments)


def _check(arguments: CheckArguments) -> Result:
    from jobs.check.job import run

    return run(arguments)


def _assemble(arguments: AssembleArguments) -> Result:
    from jobs.assemble.job import run

    return run(arguments)


def _release(arguments: ReleaseArguments) -> Result:
    from jobs.release.job import run

    return run(arguments)


def _erase(arguments: EraseArguments) -> Result:
    from jobs.erase import job, replaying

    return replaying.run(arguments) if arguments.replay else job.run(arguments)


@dataclass(frozen=True)
class Stage:
    """A stage: its purpose in words, its arguments, and the function that runs it."""

    purpose: str
    arguments: type[Arguments]
    run: Callable[[Any], Result]


STAGES = {
    "extract": Stage("land what a source's database, or its fetch, has for some days", ExtractArguments, _extract),
    "ingest": Stage("take a source's deliveries of some days through bronze into silver", IngestArguments, _ingest),
    "replay": Stage("check delivered rows again against the contract as it is now", ReplayArguments, _replay),
    "migrate": Stage("give tables the shape that their declaration has now", MigrateArguments, _migrate),
    "features": Stage("build a use case's features of some days", FeaturesArguments, _features),
    "group": Stage("build a feature group's rows of some days", GroupArguments, _group),
    "groups": Stage("list the feature groups, and who needs each version", Arguments, _groups),
    "train": Stage("tune, fit and register a challenger, as of a day", TrainArguments, _train),
    "gate": Stage("compare the challenger with the champion and promote or hold it", GateArguments, _gate),
    "score": Stage("score a use case's entities of some days", ScoreArguments, _score),
    "deliver": Stage(
        "send the scores of some days to the targets that the use case declares", DeliverArguments, _deliver
    ),
    "publish": Stage(
        "make a feature group's serving table have the newest row of each key", PublishArguments, _publish
    ),
    "parity": Stage("compare a sample of keys of a feature group's serving table with gold", ParityArguments, _parity),
    "monitor": Stage("mature labels, measure performance and drift, and give the verdict", MonitorArguments, _monitor),
    "report": Stage("log the drift page of a day to MLflow", ReportArguments, _report),
    "calibrate": Stage(
        "propose limits of drift and margins of the gate from ordinary days, with their false-alarm rates",
        CalibrateArguments,
        _calibrate,
    ),
    "backtest": Stage(
        "walk through history week by week: train, judge, score and measure, as it would have been",
        BacktestArguments,
        _backtest,
    ),
    "documents": Stage(
        "make a dataset's documents of some days' deliveries: text, measures, filter", DocumentsArguments, _documents
    ),
    "explore": Stage(
        "log to MLflow what a dataset's documents are like, and what each limit keeps", ExploreArguments, _explore
    ),
    "grade": Stage(
        "ask for marks of the documents that a dataset keeps, where it declares grade", TeachArguments, _grade
    ),
    "teach": Stage("ask about the documents that a dataset keeps, within its budget", TeachArguments, _teach),
    "check": Stage("check the answers about a dataset's documents", CheckArguments, _check),
    "assemble": Stage("make a version of a dataset: clusters, split, examples", AssembleArguments, _assemble),
    "release": Stage("publish a version of a dataset, when the gate lets it", ReleaseArguments, _release),
    "erase": Stage("take what is about a key out of everything, and keep it out", EraseArguments, _erase),
    "stale": Stage(
        "list the gold partitions whose inputs have changed since they were built, and why", StaleArguments, _stale
    ),
    "restate": Stage(
        "recompute what is stale: features, then scores, metrics and verdicts, and deliver corrections",
        RestateArguments,
        _restate,
    ),
    "rollback": Stage("make the previous champion champion again", RollbackArguments, _rollback),
    "retire": Stage("retire the versions that nobody needs any more", RetireArguments, _retire),
    "review": Stage("say what a change of declarations would do, against another revision", ReviewArguments, _review),
    "upgrade": Stage("give the lakehouse of an earlier release what this one adds", UpgradeArguments, _upgrade),
    "costs": Stage("record what runs cost that were killed, and cost runs again", CostsArguments, _costs),
    "maintain": Stage(
        "take away what is older than declared, compact and vacuum every table, check that its readers can read it",
        MaintainArguments,
        _maintain,
    ),
}
