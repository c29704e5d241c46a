"""What a team declares: the vocabulary of ``use_case.yaml``.

Every class here is one section of the file. Unknown fields are refused, so that a typing mistake is an error and not an
ignored setting. The model validators of :class:`UseCase` check what spans sections, such as that a label's column exists in its
source.
"""

from lakehouse.declaration.alerts import Alerts, Receiver
from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.deliver import FilesTarget, MongoTarget, SqlTarget, Target
from lakehouse.declaration.delivery import Files, Freshness, TextFormat, Volume
from lakehouse.declaration.feature_group import (
    DeltaServing,
    FeatureGroup,
    MongoServing,
    SqlServing,
)
from lakehouse.declaration.fetch import Fetch
from lakehouse.declaration.group_use import GroupUse, Taken
from lakehouse.declaration.kafka import Kafka, KafkaFields
from lakehouse.declaration.label_input import LabelInput
from lakehouse.declaration.learn_from import LearnFrom
from lakehouse.declaration.learning import (
    Approval,
    Card,
    Days,
    Drift,
    Fairness,
    Gate,
    Label,
    Reasons,
    Split,
)
from lakehouse.declaration.model import Model, Range
from lakehouse.declaration.mongo import Mongo
from lakehouse.declaration.owner import Owner
from lakehouse.declaration.retention import (
    DatasetRetention,
    Hold,
    Retention,
    SourceRetention,
    UseCaseRetention,
)
from lakehouse.declaration.retrain import Retrain
from lakehouse.declaration.rhythm import Rhythm
from lakehouse.declaration.rollout import Retirement, Rollout
from lakehouse.declaration.rules import Fallback, FallbackRule, LastScore, Rule
from lakehouse.declaration.section import Section
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.source import RESERVED, Column, ColumnType, RowRule, Source
from lakehouse.declaration.sql import Sql
from lakehouse.declaration.use_case import Entity, Feature, Input, UseCase

__all__ = [
    "RESERVED",
    "Alerts",
    "Approval",
    "Calendar",
    "Card",
    "Column",
    "ColumnType",
    "Dataset",
    "DatasetRetention",
    "Days",
    "DeltaServing",
    "Drift",
    "Entity",
    "Fairness",
    "Fallback",
    "FallbackRule",
    "Feature",
    "FeatureGroup",
    "Fetch",
    "Files",
    "FilesTarget",
    "Freshness",
    "Gate",
    "GroupUse",
    "Hold",
    "Input",
    "Kafka",
    "KafkaFields",
    "Label",
    "LabelInput",
    "LastScore",
    "LearnFrom",
    "Model",
    "Mongo",
    "MongoServing",
    "MongoTarget",
    "Owner",
    "Range",
    "Reasons",
    "Receiver",
    "Retention",
    "Retirement",
    "Retrain",
    "Rhythm",
    "Rollout",
    "RowRule",
    "Rule",
    "Section",
    "SharedSource",
    "Source",
    "SourceRetention",
    "Split",
    "Sql",
    "SqlServing",
    "SqlTarget",
    "Taken",
    "Target",
    "TextFormat",
    "UseCase",
    "UseCaseRetention",
    "Volume",
]
