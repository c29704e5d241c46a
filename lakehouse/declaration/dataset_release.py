"""What a version of a dataset has to be like to be published, where it goes, and what its card says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lakehouse.declaration.learning import Approval
from lakehouse.declaration.section import Section

# As the Hub knows them: owner/name.
Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$")]


class LeastRows(Section):
    """How many examples each split has at least."""

    train: int = Field(default=1, ge=0)
    validation: int = Field(default=0, ge=0)
    test: int = Field(default=0, ge=0)


class DatasetGate(Section):
    """What is asked of a version besides what no version may lack: no leak between splits, no open call, nobody's data.

    Attributes:
        rows: at least so many examples.
        licences: those that are allowed, as the source writes them; empty: any, and none.
        most_change: the share of the last published version's examples that may be gone or changed.
        approval: who is asked before it is published; left out: nobody.
    """

    rows: LeastRows = Field(default_factory=LeastRows)
    licences: tuple[str, ...] = ()
    most_change: float = Field(default=0.5, ge=0, le=1)
    approval: Approval | None = None


class DatasetCard(Section):
    """What the card says that nobody can measure.

    Attributes:
        licence: of the dataset as a whole, as the Hub names it, such as cc-by-4.0; ``other`` where documents differ.
        limits: known limits, a sentence each.
        tags: of the Hub.
    """

    licence: str = Field(default="other", pattern=r"^[a-z0-9][a-z0-9.+-]{0,60}$")
    limits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Hub(Section):
    """A dataset repository of the Hugging Face Hub. The token is the value of the environment's ``token_variable``.

    ``endpoint`` is the address of another Hub; left out, huggingface.co.
    """

    repo: Repository
    private: bool = True
    token_variable: str = Field(default="HF_TOKEN", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s@?#]+$")


class Publish(Section):
    """Where versions go: a folder each, ``<folder>/v<version>``, and a repository of the Hub where one is declared.

    ``folder`` is absolute, or below the lakehouse's root; left out, ``<LAKEHOUSE_ROOT>/datasets/<name>``. ``when`` is ``asked``: a
    version is published by hand; or ``assembled``: each new one is, when the gate lets it.
    """

    folder: str | None = Field(default=None, min_length=1, max_length=500)
    hub: Hub | None = None
    when: Literal["asked", "assembled"] = "asked"
