"""The rooms of the stages, entered: each is imported when its stage runs, and not before. Those of datasets are next to these."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.arguments import Arguments
    from jobs.backtest.arguments import BacktestArguments
    from jobs.calibrate.arguments import CalibrateArguments
    from jobs.costs.arguments import CostsArguments
    from jobs.deliver.arguments import DeliverArguments
    from jobs.erase.arguments import EraseArguments
    from jobs.extract.arguments import ExtractArguments
    from jobs.features.arguments import FeaturesArguments
    from jobs.gate.arguments import GateArguments
    from jobs.groups.arguments import GroupArguments
    from jobs.ingest.arguments import IngestArguments, MigrateArguments, ReplayArguments
    from jobs.maintain.arguments import MaintainArguments
    from jobs.monitor.arguments import MonitorArguments
    from jobs.publish.arguments import ParityArguments, PublishArguments
    from jobs.report.arguments import ReportArguments
    from jobs.restate.arguments import RestateArguments
    from jobs.result import Result
    from jobs.retire.arguments import RetireArguments
    from jobs.review.arguments import ReviewArguments
    from jobs.rollback.arguments import RollbackArguments
    from jobs.score.arguments import ScoreArguments
    from jobs.stale.arguments import StaleArguments
    from jobs.train.arguments import TrainArguments
    from jobs.upgrade.arguments import UpgradeArguments


def extract(arguments: ExtractArguments) -> Result:
    from jobs.extract.job import run

    return run(arguments)


def ingest(arguments: IngestArguments) -> Result:
    from jobs.ingest.job import run

    return run(arguments)


def replay(arguments: ReplayArguments) -> Result:
    from jobs.ingest.replay import run

    return run(arguments)


def migrate(arguments: MigrateArguments) -> Result:
    from jobs.ingest.migrate import run

    return run(arguments)


def features(arguments: FeaturesArguments) -> Result:
    from jobs.features.job import run

    return run(arguments)


def group(arguments: GroupArguments) -> Result:
    from jobs.groups.job import run

    return run(arguments)


def groups(arguments: Arguments) -> Result:
    from jobs.groups.listing import run

    return run(arguments)


def train(arguments: TrainArguments) -> Result:
    from jobs.train.job import run

    return run(arguments)


def gate(arguments: GateArguments) -> Result:
    from jobs.gate.job import run

    return run(arguments)


def score(arguments: ScoreArguments) -> Result:
    from jobs.score.job import run

    return run(arguments)


def deliver(arguments: DeliverArguments) -> Result:
    from jobs.deliver.job import run

    return run(arguments)


def publish(arguments: PublishArguments) -> Result:
    from jobs.publish.job import run

    return run(arguments)


def parity(arguments: ParityArguments) -> Result:
    from jobs.publish.parity import run

    return run(arguments)


def monitor(arguments: MonitorArguments) -> Result:
    from jobs.monitor.job import run

    return run(arguments)


def report(arguments: ReportArguments) -> Result:
    from jobs.report.job import run

    return run(arguments)


def calibrate(arguments: CalibrateArguments) -> Result:
    from jobs.calibrate.job import run

    return run(arguments)


def backtest(arguments: BacktestArguments) -> Result:
    from jobs.backtest.job import run

    return run(arguments)


def stale(arguments: StaleArguments) -> Result:
    from jobs.stale.job import run

    return run(arguments)


def restate(arguments: RestateArguments) -> Result:
    from jobs.restate.job import run

    return run(arguments)


def rollback(arguments: RollbackArguments) -> Result:
    from jobs.rollback.job import run

    return run(arguments)


def retire(arguments: RetireArguments) -> Result:
    from jobs.retire.job import run

    return run(arguments)


def review(arguments: ReviewArguments) -> Result:
    from jobs.review.job import run

    return run(arguments)


def upgrade(arguments: UpgradeArguments) -> Result:
    from jobs.upgrade.job import run

    return run(arguments)


def maintain(arguments: MaintainArguments) -> Result:
    from jobs.maintain.job import run

    return run(arguments)


def costs(arguments: CostsArguments) -> Result:
    from jobs.costs.job import run

    return run(arguments)


def erase(arguments: EraseArguments) -> Result:
    from jobs.erase import job, replaying

    return replaying.run(arguments) if arguments.replay else job.run(arguments)
