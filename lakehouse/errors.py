"""The named errors: one class for each kind, with its exit code and whether another try can succeed.

A message says which table, delivery or model it is about, what was expected, what was found and what to do. The command line
prints it as one line and exits with ``exit_code``; Airflow retries only what is ``retryable``.
"""

from __future__ import annotations


class NightjarError(Exception):
    """Base of the errors that the platform explains."""

    exit_code = 1
    retryable = False


class BadArguments(NightjarError):
    """The arguments of a command are wrong."""

    exit_code = 2


class DeclarationError(NightjarError):
    """A use case's declaration is wrong: names the file, the field and what was expected."""

    exit_code = 3


class DeliveryMissing(NightjarError):
    """A source that delivers every day has no landed file for a requested partition."""

    exit_code = 10
    retryable = True


class DeliveryRejected(NightjarError):
    """A delivery as a whole breaks its contract; silver is unchanged."""

    exit_code = 11


class DeliveryChanged(NightjarError):
    """A delivery was replaced while it was read; nothing was ingested."""

    exit_code = 18
    retryable = True


class MigrationNeeded(NightjarError):
    """A source's tables do not have the shape that its contract has now; nothing was taken in."""

    exit_code = 19


class MigrationRefused(NightjarError):
    """The rows that are there do not fit the new contract, and nobody said that they may be rejected; nothing was changed."""

    exit_code = 28


class InputsMissing(NightjarError):
    """A partition can't be built, because inputs that it needs have not arrived."""

    exit_code = 12
    retryable = True


class FeaturesMissing(NightjarError):
    """A feature partition to score or to train on has not been built."""

    exit_code = 13
    retryable = True


class TransformBroken(NightjarError):
    """A use case's transform returned other columns or rows than the use case declares, or values that no model can use."""

    exit_code = 14


class WindowOpen(NightjarError):
    """A requested window of a source is not over yet, so a part of it would be read."""

    exit_code = 15
    retryable = True


class SourceUnavailable(NightjarError):
    """The server of a source did not answer, or the connection broke; nothing has landed."""

    exit_code = 16
    retryable = True


class SourceRefused(NightjarError):
    """The server of a source refused: the address, the password, or what is to be read is wrong."""

    exit_code = 17


class ModelMissing(NightjarError):
    """The registry has no such model, version or alias."""

    exit_code = 20


class ModelRefused(NightjarError):
    """A model's file, tags or features are not what was registered, or the version is retired."""

    exit_code = 21


class NotScorable(NightjarError):
    """The model can't score a row, and no declared fallback has a score for it."""

    exit_code = 52


class RegistryChanged(NightjarError):
    """The registry's version is not the one that the audit log recorded under its number, or is gone."""

    exit_code = 26


class ExperimentDeleted(NightjarError):
    """The tracking server has the use case's experiment, or the run of a version, as deleted."""

    exit_code = 27


class TrainingDataMissing(NightjarError):
    """There are too few labelled rows to train or to compare models on."""

    exit_code = 22


class ChampionChanged(NightjarError):
    """Another version became champion before a version could take the place of the former one."""

    exit_code = 25


class TrainingFailed(NightjarError):
    """A training can't continue: XGBoost refuses its parameters or labels, or the task was killed in every trial."""

    exit_code = 23


class RunMissing(NightjarError):
    """The tracking server has no such run, or the run is no training that can be repeated."""

    exit_code = 24


class WriteConflict(NightjarError):
    """Other writers kept changing the same partition; this write gave up after several tries."""

    exit_code = 30
    retryable = True


class ServiceUnavailable(NightjarError):
    """Spark, MLflow or another service did not answer."""

    exit_code = 31
    retryable = True


class TableUnreadable(NightjarError):
    """A table can't be read by readers for which the platform guarantees it."""

    exit_code = 32


class VersionGone(NightjarError):
    """A version of a table can't be read any more: its files were vacuumed, and its rows have changed since."""

    exit_code = 33


class NoLakehouse(NightjarError):
    """An analyst's command found no tables."""

    exit_code = 2


class UnknownTable(NightjarError):
    """An analyst's SQL names a table that does not exist."""

    exit_code = 2


class QueryRefused(NightjarError):
    """An analyst's SQL is no query, or DuckDB can't run it."""

    exit_code = 2


class NotScored(NightjarError):
    """The entity or the day that an analyst names has no score."""

    exit_code = 2


class ConnectionWrong(NightjarError):
    """A named connection is not set, is no address, or the driver of its database is not installed."""

    exit_code = 40


class TargetUnavailable(NightjarError):
    """The place that decisions are delivered to did not answer, or the connection broke; nothing is half there."""

    exit_code = 41
    retryable = True


class TargetRefused(NightjarError):
    """The place that decisions are delivered to refused: the login, a right, or columns that are not the declared ones."""

    exit_code = 42


class ParityBroken(NightjarError):
    """A serving table of a feature group does not have what gold has."""

    exit_code = 47


class ExtractBroken(NightjarError):
    """A use case's own fetch function failed, or yielded what is no row; nothing has landed."""

    exit_code = 43


class TeacherUnavailable(NightjarError):
    """The service that answers for a dataset did not answer, or asks to wait long; what it answered is kept."""

    exit_code = 60
    retryable = True


class TeacherRefused(NightjarError):
    """The service that answers for a dataset refuses the key, the model or the request; what it answered is kept."""

    exit_code = 61


class CallsBusy(NightjarError):
    """Another run makes the calls of the same dataset; nothing was sent."""

    exit_code = 62
    retryable = True


class WorkerLost(NightjarError):
    """A process that made documents was killed, by the system or by somebody; nothing of the day was written."""

    exit_code = 63
    retryable = True


class NothingToAssemble(NightjarError):
    """A dataset has no document that is kept and has an answer that is kept; no version was made."""

    exit_code = 64


class AssembleBusy(NightjarError):
    """Another run makes a version of the same dataset; this one made none."""

    exit_code = 65
    retryable = True


class ErasureIncomplete(NightjarError):
    """A document was asked to be erased, and something of it could not be taken out; it stays out all the same."""

    exit_code = 68
    retryable = True


class HubUnavailable(NightjarError):
    """The Hub did not answer, or another commit came in between; the folder is published, and another try goes on."""

    exit_code = 66
    retryable = True


class HubRefused(NightjarError):
    """The Hub refuses the token, the repository or the files, or its tag has other content than the version."""

    exit_code = 67


class VersionChanged(NightjarError):
    """A version of a dataset, in its tables or its published folder, is not what was recorded; nothing was written."""

    exit_code = 69


class StoreUnsafe(NightjarError):
    """The object store does not keep two commits from overwriting one another; nothing was committed."""

    exit_code = 70


class StoreRefused(NightjarError):
    """The object store refuses: the bucket, the key, what the key may do, its certificate, or the machine's clock is wrong."""

    exit_code = 71


class UpgradeNeeded(NightjarError):
    """The lakehouse has the layout of an earlier release, which this one does not write; nothing was changed."""

    exit_code = 82


class LakehouseNewer(NightjarError):
    """A later release has written the lakehouse in a layout that this one does not know; nothing was changed."""

    exit_code = 83


class ClockWrong(StoreRefused):
    """The object store finds this machine's clock minutes off; no commit is half done. Another machine may have a right one."""

    exit_code = 74
    retryable = True


class CertificateRefused(NightjarError):
    """A server's certificate is of an unknown authority, of another name, or has expired; the object store's is StoreRefused."""

    exit_code = 73


class KafkaGap(NightjarError):
    """Messages of a topic were deleted before they were read, or it is another topic; nothing has landed."""

    exit_code = 72


class RetentionRefused(NightjarError):
    """What retention took away is asked for: a day to build from inputs that expired, a delivery for a day that did."""

    exit_code = 77


class BackupIncomplete(NightjarError):
    """A backup could not be completed, or one lacks a file or has another in its place; what was copied is no backup."""

    exit_code = 78
    retryable = True


class RestoreRefused(NightjarError):
    """A backup is not restored: the place is not empty, or the backup is none; nothing is visible of it."""

    exit_code = 79
