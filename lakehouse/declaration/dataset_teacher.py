"""Who answers for a dataset: a service that speaks the OpenAI-compatible protocol, or the summariser that is built in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from lakehouse.declaration.alerts import Connection
from lakehouse.declaration.section import Name, Section, refuse, twice

# What a request's fields of other names can't be: these have a place of their own in the declaration, or would change its shape.
TAKEN = frozenset(
    {"model", "messages", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "stream", "n", "tools"}
)
PATH = "/chat/completions"

# The outcomes of calls that may be paid for once more: all but an answer.
PAID_AGAIN = frozenset({"truncated", "refused", "empty", "echo", "failed", "unknown"})

Parameter = bool | int | float | str | tuple[str, ...]


class Variant(Section):
    """One way to ask about a document: every variant of a document is a call of its own.

    ``temperature`` and ``top_p`` are the service's own; the built-in summariser draws its sentences by them. None: not sent, so
    the service's default holds.
    """

    name: Name
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = Field(default=None, ge=0, lt=2**63)


class Asked(Section):
    """What every teacher has: the variants that each document is asked about in."""

    variants: tuple[Variant, ...] = Field(default_factory=lambda: (Variant(name="first"),), min_length=1)

    @field_validator("variants")
    @classmethod
    def _names_differ(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        refuse(twice("variants", (one.name for one in variants)))
        return variants


class ExtractiveTeacher(Asked):
    """The built-in summariser: the ``sentences`` most telling ones of the document, in their order. Offline, free, repeatable."""

    by: Literal["extractive"] = "extractive"
    sentences: int = Field(default=5, ge=1, le=100)


class ServiceTeacher(Asked):
    """An OpenAI-compatible service.

    ``url`` is what its ``/chat/completions`` follows. ``prompt`` is a file beside the declaration. The key is the password of
    ``connection``, or the value of the environment's ``key_variable``; a service without a key needs neither.

    ``characters_per_token`` is for estimates alone. ``refusals`` are beginnings of answers that refuse, besides the known English
    ones. ``timeout_seconds`` is for a whole answer; ``tries`` is how often one call is sent in one run.
    """

    by: Literal["service"]
    url: str
    model: str = Field(min_length=1, max_length=200)
    prompt: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=100)
    connection: Connection | None = None
    key_variable: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)
    max_tokens: int = Field(default=512, ge=1, le=1_000_000)
    # Some services know the limit by its newer name alone.
    length_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    concurrency: int = Field(default=8, ge=1, le=256)
    requests_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    timeout_seconds: float = Field(default=120, gt=0, le=3600)
    tries: int = Field(default=6, ge=1, le=20)
    characters_per_token: float = Field(default=4, ge=0.5, le=20)
    refusals: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        refuse(_problems_of_address(url))
        return url

    @field_validator("refusals")
    @classmethod
    def _say_something(cls, refusals: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(one.strip()) < 3 for one in refusals):
            raise ValueError(
                "expected beginnings of at least 3 characters: a shorter one refuses answers that are none"
            )
        return refusals

    @model_validator(mode="after")
    def _fits(self) -> ServiceTeacher:
        refuse(self._problems())
        return self

    @property
    def endpoint(self) -> str:
        """Where a request is sent, written in one way."""
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/").removesuffix(PATH)
        return f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}{PATH}"

    def _problems(self) -> Iterator[str]:
        if self.connection is not None and self.key_variable is not None:
            yield "key_variable: expected the key in one place, found connection too; remove one of them"
        if taken := sorted(TAKEN.intersection(self.parameters)):
            yield f"parameters: {', '.join(taken)} can't be set here: they have a field of their own, or change what comes back"


class Marker(ServiceTeacher):
    """A service that gives marks from 0 to 1: to documents (``grade``), or to answers (``judge``).

    The prompt has ``{{ document }}`` once, and for answers ``{{ answer }}`` once after it. What comes back is a number, or a JSON
    object with a number ``score`` and perhaps a ``reason``. It is asked once about each: ``variants`` has one.
    """

    @field_validator("variants")
    @classmethod
    def _one_variant(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        refuse([] if len(variants) == 1 else [f"expected one, found {len(variants)}: a mark is given once"])
        return variants


class Judge(Marker):
    """A model that reads the document and an answer, and gives the answer a mark; one below ``least`` is not kept."""

    least: float = Field(default=0.5, ge=0, le=1)


def _problems_of_address(url: str) -> Iterator[str]:
    example = "https://api.example.org/v1"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield f"expected an address such as {example}, found one whose host or port can't be read"
        return
    # The address itself is not shown: a key may have been written into it.
    if parts.scheme.lower() not in ("http", "https") or not host or any(char.isspace() for char in url):
        yield f"expected an address such as {example}, found something else"
    if "@" in parts.netloc or parts.query or parts.fragment:
        yield f"expected an address without login, ? and #, such as {example}: the key is in connection or key_variable"


def _kind(value: Any) -> Any:
    return value.get("by", "extractive") if isinstance(value, dict) else getattr(value, "by", None)


Teacher = Annotated[
    Annotated[ServiceTeacher, Tag("service")] | Annotated[ExtractiveTeacher, Tag("extractive")], Discriminator(_kind)
]
