"""How a dataset's documents are divided into training, validation and test."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, model_validator

from lakehouse.declaration.section import Section, refuse

TRAIN = "train"
# In the order in which readers know them.
SPLITS = (TRAIN, "validation", "test")


class Shares(Section):
    """The share of the clusters in each split."""

    train: float = Field(default=0.8, gt=0, le=1)
    validation: float = Field(default=0.1, ge=0, lt=1)
    test: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _are_one(self) -> Shares:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            yield f"expected shares that make 1 together, found {total:g}"


class DatasetSplit(Section):
    """Where a new cluster goes is drawn from ``salt`` and its smallest id; where one was, its documents stay in all versions."""

    shares: Shares = Field(default_factory=Shares)
    salt: str = Field(default="", max_length=100)
