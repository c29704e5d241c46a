"""The named errors: one class per kind, each with an exit code and whether trying again can help.

A message says which table, delivery or model; what was expected; what was found; what to do. The command line prints it
as one line and exits with ``exit_code``; Airflow retries only what is ``retryable``.
"""

from __future__ import annotations


class NightjarError(Exception):
    """Base of every error that is ours to explain."""

    exit_code = 1
    retryable = False


class BadArguments(NightjarError):
    """The command was called with arguments that make no sense."""

    exit_code = 2


class DeclarationError(NightjarError):
    """A use case's declaration is wrong: names the file, the field and what was expected."""

    exit_code = 3


class DeliveryMissing(NightjarError):
    """A source that delivers every day has nothing landed for a partition that was asked for."""

    exit_code = 10
    retryable = True


class DeliveryRejected(NightjarError):
    """A delivery as a whole breaks its contract; silver is left untouched."""

    exit_code = 11


class DeliveryChanged(NightjarError):
    """A delivery was replaced while it was read; nothing was taken in."""

    exit_code = 18
    retryable = True


class InputsMissing(NightjarError):
    """A partition cannot be built because inputs that it needs have not arrived."""

    exit_code = 12
    retryable = True


class FeaturesMissing(NightjarError):
    """A feature partition that is to be scored or trained on has not been built."""

    exit_code = 13
    retryable = True


class TransformBroken(NightjarError):
    """A use case's transform returned something else than what the use case declares."""

    exit_code = 14


class WindowOpen(NightjarError):
    """A window of a source is asked for that is not over yet: it would be read half."""

    exit_code = 15
    retryable = True


class SourceUnavailable(NightjarError):
    """The server that a source is read from did not answer, or went away; nothing has landed."""

    exit_code = 16
    retryable = True


class SourceRefused(NightjarError):
    """The server that a source is read from refused: the address, the password or the collection is wrong."""

    exit_code = 17


class ModelMissing(NightjarError):
    """The registry has no such model, version or alias."""

    exit_code = 20


class ModelRefused(NightjarError):
    """A model's files or signature are not what was registered."""

    exit_code = 21


class TrainingDataMissing(NightjarError):
    """Too few labelled rows to train or to judge a model on."""

    exit_code = 22


class ChampionChanged(NightjarError):
    """Another version became champion while one was to be made champion in the place of a former one."""

    exit_code = 25


class TrainingFailed(NightjarError):
    """A search can't continue: XGBoost refuses its parameters, or the task was killed in every trial."""

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
    """A table can't be read by the readers it is promised to."""

    exit_code = 32


class VersionGone(NightjarError):
    """A table can't be read any more as it was at a version: its files were vacuumed, and its rows have changed since."""

    exit_code = 33


class NoLakehouse(NightjarError):
    """An analyst's command found no tables."""

    exit_code = 2


class UnknownTable(NightjarError):
    """An analyst's SQL names a table that does not exist."""

    exit_code = 2


class QueryRefused(NightjarError):
    """An analyst's SQL is not a query, or DuckDB can't run it."""

    exit_code = 2


class NotScored(NightjarError):
    """An analyst asks for the score of an entity or a day that has none."""

    exit_code = 2
